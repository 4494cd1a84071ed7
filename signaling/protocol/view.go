package protocol

// Declared is what an agent says of himself; connected and load are facts of
// their own (STATE-3).
type Declared string

const (
	DeclaredOffline  Declared = "offline"
	DeclaredNotReady Declared = "not_ready"
	DeclaredReady    Declared = "ready"
	// DeclaredPending is not ready after the last of the agent's conversations.
	DeclaredPending Declared = "pending_not_ready"
)

// A Label is the one word shown for an agent everywhere: computed, never stored.
type Label string

const (
	LabelOffline  Label = "offline"
	LabelNotReady Label = "not_ready"
	LabelReady    Label = "ready"
	LabelBusy     Label = "busy"
	LabelFull     Label = "full"
	LabelWrapUp   Label = "wrap_up"
)

// A ConversationState is where a conversation is in its life.
type ConversationState string

const (
	StateQueued ConversationState = "queued"
	StateActive ConversationState = "active"
	StateEnded  ConversationState = "ended"
	StateClosed ConversationState = "closed"
)

// A SlotState is what an agent's slot is taken by.
type SlotState string

const (
	SlotActive SlotState = "active"
	SlotParked SlotState = "parked"
	SlotWrapUp SlotState = "wrap_up"
)

// A Reach says whether the other side's page is there.
type Reach string

const (
	ReachHere         Reach = "here"
	ReachReconnecting Reach = "reconnecting"
	ReachAway         Reach = "away"
)

// A ConsentState is where a question to the other side stands.
type ConsentState string

const (
	ConsentAsked   ConsentState = "asked"
	ConsentRunning ConsentState = "running"
)

// An Item is one thing in a view: exactly one of its fields is set, and it
// gives the item's type.
type Item struct {
	Agent        *AgentItem        `json:"agent,omitempty"`        // desk: key agent/ID, the agent himself
	Offer        *OfferItem        `json:"offer,omitempty"`        // desk: key offer/ID
	Card         *CardItem         `json:"card,omitempty"`         // desk: key card/CONVERSATION
	Queue        *QueueItem        `json:"queue,omitempty"`        // desk: key queue/ID
	Waiting      *WaitingItem      `json:"waiting,omitempty"`      // desk: key waiting/CONVERSATION
	Site         *SiteItem         `json:"site,omitempty"`         // visitor: key site/ID
	Conversation *ConversationItem `json:"conversation,omitempty"` // visitor: key conversation/ID
	Call         *CallItem         `json:"call,omitempty"`         // both: key call/ID
	Cobrowse     *CobrowseItem     `json:"cobrowse,omitempty"`     // both: key cobrowse/ID
}

// An AgentItem is the agent's own state.
type AgentItem struct {
	Agent    AgentID  `json:"agent"`
	Name     string   `json:"name"`
	Declared Declared `json:"declared"`
	Reason   string   `json:"reason,omitempty"` // own reason, or no_answer, connection_lost
	Label    Label    `json:"label"`
	Used     int      `json:"used"`  // k of "Busy (k of n)"
	Total    int      `json:"total"` // n

	Profile       ProfileID `json:"profile,omitempty"`
	Profiles      []Named   `json:"profiles,omitempty"`   // that the agent may choose of
	AutoAccept    bool      `json:"autoAccept,omitempty"` // the agent's own switch
	AutoAllowed   bool      `json:"autoAllowed,omitempty"`
	Pending       bool      `json:"pending,omitempty"` // not ready after these conversations
	PauseReasons  []Named   `json:"pauseReasons,omitempty"`
	RejectReasons []Named   `json:"rejectReasons,omitempty"`
}

// Named is a key or an id, and what people read for it.
type Named struct {
	Key  string `json:"key"`
	Name string `json:"name"`
}

// An OfferItem is the question "will you take this conversation?" (ROUTE-3).
type OfferItem struct {
	Offer        OfferID           `json:"offer"`
	Conversation ConversationID    `json:"conversation"`
	Medium       string            `json:"medium"` // chat, audio, video
	Site         string            `json:"site"`   // the site's name
	Queue        string            `json:"queue"`  // the queue's name
	Name         string            `json:"name,omitempty"`
	Verified     bool              `json:"verified,omitempty"` // the name is signed by the site
	Form         map[string]string `json:"form,omitempty"`
	First        string            `json:"first"` // first message, at most 1,000 characters
	Since        int64             `json:"since"` // when it came to its queue last: "Q 2:57"
	Waited       bool              `json:"waited"`
	Offered      int64             `json:"offered"`
	Deadline     int64             `json:"deadline"`
	Rings        bool              `json:"rings"` // this tab sounds
	Kind         OfferKind         `json:"kind,omitempty"`
	From         string            `json:"from,omitempty"` // name of the agent who asks, of a request
	Note         string            `json:"note,omitempty"` // his note
	LastAgent    string            `json:"lastAgent,omitempty"`
	TakenBy      string            `json:"takenBy,omitempty"` // another was first: it no longer rings
}

// A CardItem is a conversation that holds one of the agent's slots.
type CardItem struct {
	Conversation ConversationID    `json:"conversation"`
	Slot         SlotState         `json:"slot"`
	State        ConversationState `json:"state"`
	Site         string            `json:"site"`
	Queue        string            `json:"queue"`
	Name         string            `json:"name,omitempty"`
	Verified     bool              `json:"verified,omitempty"`
	Started      int64             `json:"started"`             // the accept
	TurnSince    int64             `json:"turnSince,omitempty"` // the visitor's last message, while it is the agent's turn
	WrapUntil    int64             `json:"wrapUntil,omitempty"` // in wrap-up: when the slot is freed
	Visitor      Reach             `json:"visitor"`
	Audio        bool              `json:"audio"` // the site and the agent's right allow it
	Video        bool              `json:"video"`
	Cobrowse     bool              `json:"cobrowse"`
	Last         int64             `json:"last"` // newest seq
	Read         int64             `json:"read"` // the agent's own read mark

	Kind          string         `json:"kind,omitempty"`   // consult: an enquiry
	Parent        ConversationID `json:"parent,omitempty"` // of an enquiry
	Role          string         `json:"role,omitempty"`   // owner, guest, asker
	Agents        []CardAgent    `json:"agents,omitempty"`
	Request       *RequestItem   `json:"request,omitempty"` // the agent's own
	Transfer      bool           `json:"transfer,omitempty"`
	Over          bool           `json:"over,omitempty"` // over the agent's capacity
	CallOver      bool           `json:"callOver,omitempty"`
	ReplyDue      int64          `json:"replyDue,omitempty"`
	WaitsForOwner bool           `json:"waitsForOwner,omitempty"`
	Medium        string         `json:"medium,omitempty"`
}

// A CardAgent is one of the agents in a conversation.
type CardAgent struct {
	Agent AgentID `json:"agent"`
	Name  string  `json:"name"`
	Role  string  `json:"role"`
}

// A RequestItem is what the agent asked of colleagues, and how it stands.
type RequestItem struct {
	Request RequestID   `json:"request"`
	Kind    RequestKind `json:"kind"`
	To      string      `json:"to"`    // name of the agent or queue
	State   string      `json:"state"` // open, accepted, refused, withdrawn, expired
	Cause   string      `json:"cause,omitempty"`
}

// A WaitingItem is a conversation that waits to be picked.
type WaitingItem struct {
	Conversation ConversationID `json:"conversation"`
	Queue        QueueID        `json:"queue"`
	QueueName    string         `json:"queueName"`
	Name         string         `json:"name,omitempty"`
	Verified     bool           `json:"verified,omitempty"`
	First        string         `json:"first"` // at most 200 characters
	Since        int64          `json:"since"`
	Head         bool           `json:"head,omitempty"` // the one whose turn it is
}

// A QueueItem is a queue of the agent's profile.
type QueueItem struct {
	Queue   QueueID `json:"queue"`
	Name    string  `json:"name"`
	Waiting int     `json:"waiting"`
	Oldest  int64   `json:"oldest,omitempty"` // since when the one waits who waits longest

	Mode     string `json:"mode,omitempty"`     // empty: ring_one; ring_all, pull
	Ready    int    `json:"ready,omitempty"`    // agents who could take one now
	Closed   bool   `json:"closed,omitempty"`   // outside its hours
	Delayed  bool   `json:"delayed,omitempty"`  // somebody waits although somebody could take it
	Bare     bool   `json:"bare,omitempty"`     // somebody waits and nobody is ready
	AllAsked bool   `json:"allAsked,omitempty"` // everybody who is able has been asked
}

// A SiteItem is what the widget knows of its site (SITE-5).
type SiteItem struct {
	Site      SiteID `json:"site"`
	Name      string `json:"name"`
	Open      bool   `json:"open"`
	Staffed   bool   `json:"staffed"`
	Accepting bool   `json:"accepting"`
	Audio     bool   `json:"audio"`
	Video     bool   `json:"video"`
	Cobrowse  bool   `json:"cobrowse"`

	Reason  SiteReason `json:"reason,omitempty"`  // why it does not accept
	OpensAt int64      `json:"opensAt,omitempty"` // when closed: the next opening; 0: not known
	LowMs   int64      `json:"lowMs,omitempty"`   // of a queue that is full or slow: how long it would take, as a range; 0, 0: not known
	HighMs  int64      `json:"highMs,omitempty"`
}

// A SiteReason is why a site takes no conversations now.
type SiteReason string

const (
	SiteClosed SiteReason = "closed" // outside the hours
	SiteNobody SiteReason = "nobody" // no agent is there
	SiteFull   SiteReason = "full"   // too many wait
	SiteSlow   SiteReason = "slow"   // the wait would be too long
)

// A ConversationItem is the visitor's own conversation.
type ConversationItem struct {
	Conversation ConversationID    `json:"conversation"`
	State        ConversationState `json:"state"`
	Position     int               `json:"position,omitempty"` // while queued: 1 is next
	Agent        string            `json:"agent,omitempty"`    // the owner's name
	AgentReach   Reach             `json:"agentReach,omitempty"`
	Parked       bool              `json:"parked,omitempty"`
	Last         int64             `json:"last"`
	Read         int64             `json:"read"` // the visitor's own read mark

	Ahead    int      `json:"ahead,omitempty"` // of those before: who asked later
	LowMs    int64    `json:"lowMs,omitempty"` // estimate of the wait, as a range; 0, 0: not known
	HighMs   int64    `json:"highMs,omitempty"`
	Choice   bool     `json:"choice,omitempty"` // a message can be left instead
	Medium   string   `json:"medium,omitempty"`
	ChatOnly bool     `json:"chatOnly,omitempty"` // of those there, nobody can do the medium
	Agents   []string `json:"agents,omitempty"`   // names of all agents in it
}

// A PartyItem is one person in a call. Ordinal is fixed while the call lasts:
// for a viewer with ordinal v, party p is in receive slot p when p < v, else p-1.
type PartyItem struct {
	Ordinal int           `json:"ordinal"`
	Side    PrincipalKind `json:"side"`
	Name    string        `json:"name"`
	You     bool          `json:"you,omitempty"`
	Here    bool          `json:"here"`  // its leg is connected
	Audio   bool          `json:"audio"` // not muted
	Video   bool          `json:"video"`
}

// A CallItem is a call that is asked for or runs.
type CallItem struct {
	Call         CallID         `json:"call"`
	Conversation ConversationID `json:"conversation"`
	Media        Media          `json:"media"`
	State        ConsentState   `json:"state"`
	AskedBy      PrincipalKind  `json:"askedBy"`
	AskedByName  string         `json:"askedByName"`
	Deadline     int64          `json:"deadline,omitempty"` // asked: until when the question stands; empty: until it is answered
	Started      int64          `json:"started,omitempty"`
	Tab          ConnectionID   `json:"tab,omitempty"` // the connection of yours that holds the leg
	Parties      []PartyItem    `json:"parties,omitempty"`
}

// A CobrowseItem is a co-browse session that is asked for or runs.
type CobrowseItem struct {
	Cobrowse     CobrowseID     `json:"cobrowse"`
	Conversation ConversationID `json:"conversation"`
	State        ConsentState   `json:"state"`
	Agent        string         `json:"agent"`
	Deadline     int64          `json:"deadline,omitempty"` // asked: until when the question stands; empty: until it is answered
	Watchers     int            `json:"watchers"`
	Away         bool           `json:"away,omitempty"` // running: the page that is shown has gone, and the next one has not come
	Started      int64          `json:"started,omitempty"`
}
