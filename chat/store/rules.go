package store

import "github.com/parlour-chat/parlour/signaling/protocol"

// Units is what an agent can carry; each conversation's cost is taken of it.
const (
	Units = 100
	Cost  = 25 // of a chat, where neither queue nor agent says otherwise
)

// Media of contact, and what is added to them.
const (
	MediumChat     = "chat"
	MediumAudio    = "audio"
	MediumVideo    = "video"
	MediumCobrowse = "cobrowse"
)

var usual = map[string]int{MediumChat: Cost, MediumAudio: 50, MediumVideo: Units, MediumCobrowse: 25}

// UnitsOf is what a conversation of a medium takes of an agent with room for
// maxChats chats (0 or less: 4), 1 to Units. Of chats, maxChats fit and one more
// does not, where the queue leaves their units at 25.
func UnitsOf(rules QueueRules, medium string, maxChats int) int {
	units, ok := rules.Units[medium]
	if !ok {
		if units, ok = usual[medium]; !ok {
			medium, units = MediumChat, rules.Units[MediumChat]
			if units == 0 {
				units = Cost
			}
		}
	}
	if medium == MediumChat && maxChats > 0 {
		units = units * (Units / Cost) / maxChats
	}
	return max(1, min(Units, units))
}

// Modes of a queue.
const (
	ModeRingOne = "ring_one" // also the empty mode: one agent is asked after the other
	ModeRingAll = "ring_all" // all who are able are asked at once, the first has it
	ModePull    = "pull"     // agents take from a list
)

// QueueRules are how a queue deals with what waits in it. Durations are
// milliseconds; a zero value means the default that stands beside it.
type QueueRules struct {
	Mode          string           `json:"mode,omitempty"` // ring_one
	AutoAccept    bool             `json:"autoAccept,omitempty"`
	Units         map[string]int   `json:"units,omitempty"`         // by medium: chat 25, audio 50, video 100; cobrowse adds 25
	Spare         map[string]int   `json:"spare,omitempty"`         // units that must be free besides, by medium
	ParkedShare   *int             `json:"parkedShare,omitempty"`   // percent that a parked one costs: 50
	Needs         map[string]int   `json:"needs,omitempty"`         // skill: least level
	MaxWaitMs     int64            `json:"maxWaitMs,omitempty"`     // then first of all; 0: never
	PullMaxMs     int64            `json:"pullMaxMs,omitempty"`     // pull: then it is offered; 300000
	StickyMs      int64            `json:"stickyMs,omitempty"`      // 30000; below 0: no stickiness
	ExcludeMs     int64            `json:"excludeMs,omitempty"`     // 120000
	FirstReplyMs  int64            `json:"firstReplyMs,omitempty"`  // 120000; below 0: no timer
	AfterReject   string           `json:"afterReject,omitempty"`   // "": stays ready; pending_not_ready
	ReturnMs      int64            `json:"returnMs,omitempty"`      // after no_answer: ready again by itself; 0: by hand
	HoldMs        int64            `json:"holdMs,omitempty"`        // agent lost: held for the owner before it is queued again
	Overflow      []OverflowStep   `json:"overflow,omitempty"`      // at most 8
	Boosts        map[string]int64 `json:"boosts,omitempty"`        // transfer 300000, returned 300000, verified 0
	Limit         int              `json:"limit,omitempty"`         // of those waiting; 100
	MaxEstimateMs int64            `json:"maxEstimateMs,omitempty"` // takes new ones only below; 0: no limit
	Calendar      string           `json:"calendar,omitempty"`      // key; "": always open
	ClosedUntil   int64            `json:"closedUntil,omitempty"`
	AtClosing     string           `json:"atClosing,omitempty"`   // what becomes of who waits: "" is served, stop, message
	AtClosingMs   int64            `json:"atClosingMs,omitempty"` // after the closing
}

// Share is what percentage of its cost a parked conversation takes.
func (r QueueRules) Share() int {
	if r.ParkedShare == nil {
		return 50
	}
	return max(0, min(100, *r.ParkedShare))
}

// An OverflowStep widens who is asked. The conditions that are set must all hold.
type OverflowStep struct {
	AfterMs    int64              `json:"afterMs,omitempty"`
	Waiting    int                `json:"waiting,omitempty"` // more than so many wait
	Ready      *int               `json:"ready,omitempty"`   // fewer than so many are ready
	EstimateMs int64              `json:"estimateMs,omitempty"`
	Queues     []protocol.QueueID `json:"queues,omitempty"`  // whose agents are asked too
	Relax      map[string]int     `json:"relax,omitempty"`   // lower levels of needs; 0: not needed
	Message    bool               `json:"message,omitempty"` // offers to leave a message
}

// SiteRules are what a site allows.
type SiteRules struct {
	NoTransfer   bool   `json:"noTransfer,omitempty"`
	Limit        int    `json:"limit,omitempty"`        // of those waiting; 0: none
	RunningLimit int    `json:"runningLimit,omitempty"` // 0: none
	Unstaffed    string `json:"unstaffed,omitempty"`    // with nobody there: "" waits, message
}

// AgentRules are what is particular to an agent.
type AgentRules struct {
	OfferMs    int64 `json:"offerMs,omitempty"`    // rings at least so long
	MaxVideo   int   `json:"maxVideo,omitempty"`   // 1
	AutoAccept bool  `json:"autoAccept,omitempty"` // allowed
}

// Settings are of the whole workspace.
type Settings struct {
	PauseReasons    []Reason `json:"pauseReasons,omitempty"`
	RejectReasons   []Reason `json:"rejectReasons,omitempty"`
	Skills          []string `json:"skills,omitempty"`
	WaitingLimit    int      `json:"waitingLimit,omitempty"` // in all queues together; 0: none
	RunningLimit    int      `json:"runningLimit,omitempty"` // 0: none
	PickWhilePaused *bool    `json:"pickWhilePaused,omitempty"`
	StickyDays      int      `json:"stickyDays,omitempty"`     // 30
	TransfersAlarm  int      `json:"transfersAlarm,omitempty"` // 5
	DecisionDays    int      `json:"decisionDays,omitempty"`   // 30
	ShortAbandonMs  int64    `json:"shortAbandonMs,omitempty"` // 5000; below 0: leaving is never short
}

// A Reason is one that agents choose of.
type Reason struct {
	Key  string `json:"key"`
	Name string `json:"name"`
}

// A Calendar says when queues are open.
type Calendar struct {
	ID   string             `json:"-"`
	Key  string             `json:"-"`
	Zone string             `json:"-"`              // IANA
	Week [7][]Hours         `json:"week"`           // Monday first
	Days map[string][]Hours `json:"days,omitempty"` // "2026-12-24"; no hours: closed
}

// Hours are minutes of the day, 0 to 1440. To at or before From is of the next day.
type Hours struct {
	From int `json:"from"`
	To   int `json:"to"`
}
