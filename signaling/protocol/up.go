package protocol

// Kinds that clients send. Each has a Rule in rules.go.
const (
	UpHello          = "connection.hello"
	UpResume         = "connection.resume"
	UpPong           = "connection.pong"
	UpAsk            = "chat.ask"
	UpPost           = "chat.post"
	UpSince          = "chat.since"
	UpTyping         = "chat.typing"
	UpMark           = "chat.mark"
	UpLeave          = "chat.leave"
	UpLeaveMessage   = "chat.leave_message"
	UpStay           = "chat.stay"
	UpEnd            = "chat.end"
	UpPark           = "chat.park"
	UpUnpark         = "chat.unpark"
	UpClear          = "chat.clear"
	UpDeclare        = "agent.declare"
	UpProfile        = "agent.profile"
	UpAutoAccept     = "agent.auto_accept"
	UpUsed           = "agent.used"
	UpAccept         = "offer.accept"
	UpReject         = "offer.reject"
	UpPick           = "queue.pick"
	UpNext           = "queue.next"
	UpTransfer       = "team.transfer"
	UpInvite         = "team.invite"
	UpEnquire        = "team.enquire"
	UpCancel         = "team.cancel"
	UpDepart         = "team.leave"
	UpCallAsk        = "call.ask"
	UpCallAnswer     = "call.answer"
	UpCallJoin       = "call.join"
	UpCallTrickle    = "call.trickle"
	UpCallMute       = "call.mute"
	UpCallHangUp     = "call.hang_up"
	UpCobrowseAsk    = "cobrowse.ask"
	UpCobrowseAnswer = "cobrowse.answer"
	UpCobrowseStop   = "cobrowse.stop"
	UpCobrowseWatch  = "cobrowse.watch"
)

// A Cursor says how far a client has read a conversation: it wants what comes
// after After.
type Cursor struct {
	Conversation ConversationID `json:"conversation"`
	After        int64          `json:"after"`
}

// Hello opens a connection. It is the first frame on a WebSocket. A visitor
// brings its token; an agent is known by the session cookie and brings none.
// Connection and Secret name a connection to go on with; if it is gone, a new
// one is made and the answer says so by its id.
type Hello struct {
	Token      string       `json:"token,omitempty"`
	Connection ConnectionID `json:"connection,omitempty"`
	Secret     string       `json:"secret,omitempty"`
	Cursors    []Cursor     `json:"cursors,omitempty"`
}

// Resume is the first frame on a transport that joins an open connection. The
// server sends from now on by this transport, then every entry after the
// cursors and a fresh snapshot of the view: a switch loses and repeats nothing.
type Resume struct {
	Cursors []Cursor `json:"cursors,omitempty"`
}

// Pong answers Ping, from the message handler and not from a page timer.
type Pong struct{}

// Ask is a visitor's first message: it makes the conversation.
type Ask struct {
	Text  string            `json:"text"`
	Name  string            `json:"name,omitempty"`
	Email string            `json:"email,omitempty"`
	Queue string            `json:"queue,omitempty"` // a queue's key; empty: the site's first
	Form  map[string]string `json:"form,omitempty"`
	// Medium is what the visitor wants to talk by: chat, audio or video; empty: chat.
	Medium string `json:"medium,omitempty"`
}

// LeaveMessage leaves a message for later: a conversation that is missed from
// its first moment, or, with Conversation, one that waits and now leaves its
// queue as missed. Text may be empty only with Conversation.
type LeaveMessage struct {
	Conversation ConversationID    `json:"conversation,omitempty"`
	Text         string            `json:"text,omitempty"`
	Name         string            `json:"name,omitempty"`
	Email        string            `json:"email,omitempty"`
	Queue        string            `json:"queue,omitempty"` // a queue's key; empty: the site's first
	Form         map[string]string `json:"form,omitempty"`
}

// Post says something in a conversation.
type Post struct {
	Conversation ConversationID `json:"conversation"`
	Text         string         `json:"text"`
}

// Since asks for entries after a seq; the answer is one or more Entries frames.
type Since struct {
	Conversation ConversationID `json:"conversation"`
	After        int64          `json:"after"`
}

// Typing is passed on to the other side and never stored.
type Typing struct {
	Conversation ConversationID `json:"conversation"`
	Typing       bool           `json:"typing"`
}

// Mark tells how far this reader's page has shown the log. Marks never go down.
type Mark struct {
	Conversation ConversationID `json:"conversation"`
	Delivered    int64          `json:"delivered"`
	Read         int64          `json:"read"`
}

// OfConversation is the body of the commands that need nothing but the
// conversation: leave, stay, end, park, unpark, clear, queue.pick, cobrowse.ask.
type OfConversation struct {
	Conversation ConversationID `json:"conversation"`
}

// Declare sets the agent's own state.
type Declare struct {
	Declared Declared `json:"declared"`
	Reason   string   `json:"reason,omitempty"`
}

// OfOffer accepts or rejects an offer.
type OfOffer struct {
	Offer  OfferID `json:"offer"`
	Reason string  `json:"reason,omitempty"`
}

// ChooseProfile takes another of the agent's own profiles (work levels). It is
// possible while the agent is not ready or has no conversation.
type ChooseProfile struct {
	Profile ProfileID `json:"profile"`
}

// Switch turns the agent's own auto-accept on or off.
type Switch struct {
	On bool `json:"on"`
}

// Used tells that a visible desk was used just now; at most one each 20 s.
type Used struct{}

// OfQueue names a queue of the agent's profile: the next that waits in it is taken.
type OfQueue struct {
	Queue QueueID `json:"queue"`
}

// TeamAsk is the body of transfer, invite and enquire: exactly one of Agent
// and Queue says who is asked. The note is for agents only.
type TeamAsk struct {
	Conversation ConversationID `json:"conversation"`
	Agent        AgentID        `json:"agent,omitempty"`
	Queue        QueueID        `json:"queue,omitempty"`
	Note         string         `json:"note,omitempty"`
	Leave        bool           `json:"leave,omitempty"` // transfer to a queue only: without waiting for somebody to take it
}

// OfRequest takes back what its sender asked of a colleague.
type OfRequest struct {
	Request RequestID `json:"request"`
}

// Depart leaves a conversation that goes on with the others in it. The last
// agent says what then becomes of it: "queue" or "end".
type Depart struct {
	Conversation ConversationID `json:"conversation"`
	Then         string         `json:"then,omitempty"`
}

// CallAsk asks the other side for a call.
type CallAsk struct {
	Conversation ConversationID `json:"conversation"`
	Media        Media          `json:"media"`
}

// CallAnswer allows or refuses a call that the other side asked for.
type CallAnswer struct {
	Call  CallID `json:"call"`
	Allow bool   `json:"allow"`
	Cause string `json:"cause,omitempty"` // refused by the person, or by a missing device
}

// CallJoin opens a leg: the browser's SDP offer with the fixed pool of m-lines.
// The same party joining again replaces its old leg. A page that joins anew by
// itself says which connections it has had: CodeWrongState when the leg is
// another's by now, which keeps it. Without them the leg is taken.
type CallJoin struct {
	Call CallID         `json:"call"`
	SDP  string         `json:"sdp"`
	Had  []ConnectionID `json:"had,omitempty"`
}

// CallTrickle brings one more ICE candidate of the leg's browser.
type CallTrickle struct {
	Call      CallID `json:"call"`
	Candidate string `json:"candidate"`
}

// CallMute tells which of the party's own media are on.
type CallMute struct {
	Call  CallID `json:"call"`
	Audio bool   `json:"audio"`
	Video bool   `json:"video"`
}

// OfCall hangs a call up.
type OfCall struct {
	Call CallID `json:"call"`
}

// CobrowseAnswer is the visitor's consent, or the lack of it.
type CobrowseAnswer struct {
	Cobrowse CobrowseID `json:"cobrowse"`
	Allow    bool       `json:"allow"`
}

// OfCobrowse stops or watches a co-browse session.
type OfCobrowse struct {
	Cobrowse CobrowseID `json:"cobrowse"`
}
