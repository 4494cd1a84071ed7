package protocol

import "encoding/json"

// An EntryKind names what happened. System entries hold a code and parameters,
// never a sentence: each reader's catalogue renders them.
type EntryKind string

const (
	EntryMessage         EntryKind = "message"           // Text
	EntryAsked           EntryKind = "asked"             // the request was taken: Queue
	EntryOffered         EntryKind = "offered"           // agents only: Agent, Name
	EntryOfferEnded      EntryKind = "offer_ended"       // agents only: Agent, Name, Cause = outcome
	EntryJoined          EntryKind = "joined"            // Agent, Name
	EntryParked          EntryKind = "parked"            // Agent, Name
	EntryResumed         EntryKind = "resumed"           // Agent, Name
	EntryRequeued        EntryKind = "requeued"          // Cause
	EntryLeftQueue       EntryKind = "left_queue"        // the visitor left while waiting
	EntryEnded           EntryKind = "ended"             // By, Name
	EntryCleared         EntryKind = "cleared"           // agents only: Agent, Name, Cause
	EntryCallAsked       EntryKind = "call_asked"        // Call, Media, By
	EntryCallAllowed     EntryKind = "call_allowed"      // Call, Media, By
	EntryCallRefused     EntryKind = "call_refused"      // Call, Media, By, Cause
	EntryCallEnded       EntryKind = "call_ended"        // Call, Media, By, Cause, Seconds
	EntryCobrowseAsked   EntryKind = "cobrowse_asked"    // Cobrowse, Name
	EntryCobrowseAllowed EntryKind = "cobrowse_allowed"  // Cobrowse, Name
	EntryCobrowseRefused EntryKind = "cobrowse_refused"  // Cobrowse, Name
	EntryCobrowseEnded   EntryKind = "cobrowse_ended"    // Cobrowse, By, Cause, Seconds
	EntryTransferAsked   EntryKind = "transfer_asked"    // agents only: Agent, Name, To, Note, Request
	EntryInvited         EntryKind = "invited"           // agents only: Agent, Name, To, Note, Request
	EntryConsultAsked    EntryKind = "consult_asked"     // agents only: Agent, Name, To, Note, Request
	EntryRequestEnded    EntryKind = "request_ended"     // agents only: What, To, Cause, Request
	EntryTransferred     EntryKind = "transferred"       // Agent, Name: who has it now
	EntryLeft            EntryKind = "left"              // Agent, Name
	EntryOwnerChanged    EntryKind = "owner_changed"     // agents only: Agent, Name: who owns it now
	EntryMissed          EntryKind = "missed"            // a message is left for later: Cause
	EntryReplyOverdue    EntryKind = "reply_overdue"     // agents only: Agent, Name, Cause
	EntryWaitingForOwner EntryKind = "waiting_for_owner" // agents only: Agent, Name
	EntryOverflowed      EntryKind = "overflowed"        // agents only: Cause
)

// EntryKinds lists every kind.
func EntryKinds() []EntryKind {
	return []EntryKind{
		EntryMessage, EntryAsked, EntryOffered, EntryOfferEnded, EntryJoined, EntryParked, EntryResumed, EntryRequeued, EntryLeftQueue,
		EntryEnded, EntryCleared, EntryCallAsked, EntryCallAllowed, EntryCallRefused, EntryCallEnded, EntryCobrowseAsked,
		EntryCobrowseAllowed, EntryCobrowseRefused, EntryCobrowseEnded, EntryTransferAsked, EntryInvited, EntryConsultAsked,
		EntryRequestEnded, EntryTransferred, EntryLeft, EntryOwnerChanged, EntryMissed, EntryReplyOverdue, EntryWaitingForOwner,
		EntryOverflowed,
	}
}

// An Audience says who may ever see an entry. It never changes.
type Audience string

const (
	AudienceAll    Audience = "all"    // visitor and agents
	AudienceAgents Audience = "agents" // never sent to the visitor's browser
)

// An Author is who made an entry, as the reader may know it.
type Author struct {
	Kind PrincipalKind `json:"kind"`
	ID   string        `json:"id,omitempty"`
	Name string        `json:"name,omitempty"`
}

// An EntryBody holds the parameters that its kind names; the others are empty.
type EntryBody struct {
	Text     string        `json:"text,omitempty"`
	Queue    string        `json:"queue,omitempty"` // the queue's name
	Agent    AgentID       `json:"agent,omitempty"`
	Name     string        `json:"name,omitempty"`
	By       PrincipalKind `json:"by,omitempty"`
	Cause    string        `json:"cause,omitempty"`
	Call     CallID        `json:"call,omitempty"`
	Media    Media         `json:"media,omitempty"`
	Cobrowse CobrowseID    `json:"cobrowse,omitempty"`
	Seconds  int64         `json:"seconds,omitempty"`
	To       string        `json:"to,omitempty"`   // name of the agent or queue that is asked
	Note     string        `json:"note,omitempty"` // for agents only
	What     RequestKind   `json:"what,omitempty"`
	Request  RequestID     `json:"request,omitempty"`
}

// An Entry is one line of a conversation's record as one reader sees it. To
// agents Seq is the record's own; to the visitor it counts only the entries the
// visitor may see, so that nothing private shows as a gap (D3).
type Entry struct {
	Seq      int64     `json:"seq"`
	ID       EntryID   `json:"id"`
	Kind     EntryKind `json:"kind"`
	Audience Audience  `json:"audience"`
	Author   Author    `json:"author"`
	Op       Op        `json:"op,omitempty"` // only to its own author
	At       int64     `json:"at"`
	Body     EntryBody `json:"body"`
}

// Media is what a call carries at its most.
type Media string

const (
	MediaAudio Media = "audio"
	MediaVideo Media = "video"
)

// MarshalBody is the form in which a body is stored and hashed.
func (b EntryBody) MarshalBody() (json.RawMessage, error) { return json.Marshal(b) }
