package protocol

import "reflect"

// A RequestKind is what an agent asks of a colleague.
type RequestKind string

const (
	RequestTransfer RequestKind = "transfer" // take this conversation over
	RequestInvite   RequestKind = "invite"   // come into it too
	RequestConsult  RequestKind = "consult"  // answer me a question about it
)

// An OfferKind is what an offer asks for.
type OfferKind string

const (
	OfferAlone    OfferKind = "offer" // take it: only this agent is asked
	OfferAll      OfferKind = "all"   // take it: several are asked, the first has it
	OfferTransfer OfferKind = "transfer"
	OfferInvite   OfferKind = "invite"
	OfferConsult  OfferKind = "consult"
)

// A Reason is why an agent was not chosen.
type Reason string

const (
	ReasonNotReady Reason = "not_ready"
	ReasonAway     Reason = "away"     // no live desk
	ReasonQueue    Reason = "queue"    // the profile does not have it
	ReasonMedium   Reason = "medium"   // the profile does not have it
	ReasonSkill    Reason = "skill"    // below the level that is needed
	ReasonFull     Reason = "full"     // the units do not fit
	ReasonSpare    Reason = "spare"    // the units that must stay free would not
	ReasonVideo    Reason = "video"    // as many videos as the agent may have
	ReasonRinging  Reason = "ringing"  // another offer rings
	ReasonResting  Reason = "resting"  // the ramp after the last one
	ReasonExcluded Reason = "excluded" // asked a moment ago, or in it already
	ReasonSticky   Reason = "sticky"   // the last agent is asked first
)

// Reasons lists every reason.
func Reasons() []Reason {
	return []Reason{
		ReasonNotReady, ReasonAway, ReasonQueue, ReasonMedium, ReasonSkill, ReasonFull, ReasonSpare, ReasonVideo, ReasonRinging, ReasonResting,
		ReasonExcluded, ReasonSticky,
	}
}

// A Candidate is one agent as a decision saw him.
type Candidate struct {
	Agent  AgentID `json:"agent"`
	Name   string  `json:"name,omitempty"`
	Reason Reason  `json:"reason,omitempty"` // why not; empty of who was eligible
	Load   int     `json:"load,omitempty"`
	Level  int     `json:"level,omitempty"` // sum over the skills wanted
	Caps   int     `json:"caps,omitempty"`  // number of media the profile has
	Last   int64   `json:"last,omitempty"`  // accepted
	Free   bool    `json:"free,omitempty"`  // of who was passed over: but for the reason he could have been asked
}

// A Decision is what routing decided and why, as it was when it was decided;
// it is never computed anew.
type Decision struct {
	At           int64          `json:"at"`
	What         string         `json:"what"`  // offered, nobody, picked, requested
	Queue        string         `json:"queue"` // name
	Class        string         `json:"class,omitempty"`
	Conversation ConversationID `json:"conversation,omitempty"`
	Chosen       AgentID        `json:"chosen,omitempty"`
	ChosenName   string         `json:"chosenName,omitempty"`
	Rule         string         `json:"rule,omitempty"` // which order decided: sticky, skill, capable, load, longest, hash, only
	Position     int            `json:"position,omitempty"`
	Waited       int64          `json:"waited,omitempty"`   // ms since it was first asked for, which order and rules count
	Back         int64          `json:"back,omitempty"`     // ms since it came back to its queue, which people read as its wait; 0: it never did
	Eligible     []Candidate    `json:"eligible,omitempty"` // in order, at most 16
	Skipped      []Candidate    `json:"skipped,omitempty"`  // at most 64
	More         map[Reason]int `json:"more,omitempty"`     // how many further ones
	Others       []Candidate    `json:"others,omitempty"`   // of those whom More counts by queue, at most 16 who were free
	Next         string         `json:"next,omitempty"`     // rings_until, slot_frees, round_at, step_at, visitor_back, picks
	NextAt       int64          `json:"nextAt,omitempty"`
}

// A PastOffer is how one offer went.
type PastOffer struct {
	Offer        OfferID        `json:"offer"`
	Conversation ConversationID `json:"conversation"`
	Kind         OfferKind      `json:"kind"`
	Agent        AgentID        `json:"agent"`
	Name         string         `json:"name"`
	Offered      int64          `json:"offered"`
	Settled      int64          `json:"settled,omitempty"` // 0: it rings
	RingMs       int64          `json:"ringMs,omitempty"`
	Outcome      string         `json:"outcome,omitempty"`
	Cause        string         `json:"cause,omitempty"`
	Load         int            `json:"load,omitempty"` // of the agent, when it rang
	Before       Declared       `json:"before,omitempty"`
	After        Declared       `json:"after,omitempty"`
}

// WhyOf asks about a conversation or an agent: exactly one of the two.
type WhyOf struct {
	Conversation ConversationID `json:"conversation,omitempty"`
	Agent        AgentID        `json:"agent,omitempty"`
	Before       int64          `json:"before,omitempty"` // what was before this time; 0: the newest
}

// Why answers WhyOf.
type Why struct {
	Conversation ConversationID `json:"conversation,omitempty"`
	Agent        AgentID        `json:"agent,omitempty"`
	Decisions    []Decision     `json:"decisions"`         // newest first, at most 200
	Offers       []PastOffer    `json:"offers"`            // at most 200
	Queue        []Decision     `json:"queue"`             // verdicts of its queue while it waited, at most 50
	Older        int64          `json:"older,omitempty"`   // there is more, before this time; 0: that is all
	Outcome      string         `json:"outcome,omitempty"` // of a conversation that is over: ended, missed, abandoned, abandoned_short, abandoned_offered
	Missed       string         `json:"missed,omitempty"`  // why a message was left: choice, hours, size, max_wait
}

// A TargetAgent is a colleague who can be asked, or why not.
type TargetAgent struct {
	Agent  AgentID `json:"agent"`
	Name   string  `json:"name"`
	Label  Label   `json:"label"`
	Used   int     `json:"used"`
	Total  int     `json:"total"`
	Able   bool    `json:"able"`
	Reason Reason  `json:"reason,omitempty"`
}

// A TargetQueue is a queue that can be asked, or why not.
type TargetQueue struct {
	Queue   QueueID    `json:"queue"`
	Name    string     `json:"name"`
	Open    bool       `json:"open"`
	Ready   int        `json:"ready"`
	Waiting int        `json:"waiting"`
	LowMs   int64      `json:"lowMs,omitempty"`
	HighMs  int64      `json:"highMs,omitempty"`
	Able    bool       `json:"able"`
	Reason  SiteReason `json:"reason,omitempty"`
}

// Targets lists whom an agent can ask about a conversation.
type Targets struct {
	Conversation ConversationID `json:"conversation"`
	Agents       []TargetAgent  `json:"agents"`
	Queues       []TargetQueue  `json:"queues"`
}

// An Alarm is a state of routing that people should know of.
type Alarm struct {
	Kind         string // bare, all_asked, delayed, reply_overdue, transfers
	Queue        QueueID
	Conversation ConversationID
	Agent        AgentID
}

// Shapes lists what travels by REST only, because it can be longer than a
// frame; it is generated like the frames are.
func Shapes() []reflect.Type {
	return []reflect.Type{body[Targets](), body[Why](), body[DryRun](), body[DryRunResult](), body[TryFile](), body[TryResult]()}
}
