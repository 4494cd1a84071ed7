package site

// Settings are of the whole workspace.
type Settings struct {
	Skills          []string `yaml:"skills"` // that queues may need and agents may have
	PauseReasons    []Reason `yaml:"pause_reasons"`
	RejectReasons   []Reason `yaml:"reject_reasons"`
	WaitingLimit    int      `yaml:"waiting_limit"`     // in all queues together; 0: the server's alone
	RunningLimit    int      `yaml:"running_limit"`     // of running conversations; 0: none
	StickyDays      int      `yaml:"sticky_days"`       // how long a visitor's last agent is asked first; 0: 30
	PickWhilePaused *bool    `yaml:"pick_while_paused"` // left out: on
	TransfersAlarm  int      `yaml:"transfers_alarm"`   // from which transfer of one conversation on people are told; 0: 5
	DecisionsDays   int      `yaml:"decisions_days"`    // how long "Why?" can be answered; 0: 30

	ShortAbandonSeconds *int64 `yaml:"short_abandon_seconds"` // leaving the queue sooner is counted apart; left out: 5, 0: none is
}

// A Reason is one that agents choose of.
type Reason struct {
	Key  string `yaml:"key"`
	Name string `yaml:"name"`
}

// A Calendar says when queues are open.
type Calendar struct {
	Key  string              `yaml:"key"`
	Zone string              `yaml:"zone"` // IANA
	Week map[string][]string `yaml:"week"` // "mon" or "mon-fri": 09:00-17:00, ...; days left out are closed
	Days map[string][]string `yaml:"days"` // "2026-12-24": instead of the week's; none: closed
}

// A Queue orders conversations. What is left out is the server's default.
type Queue struct {
	Key           string `yaml:"key"`
	Name          string `yaml:"name"`
	Weight        int    `yaml:"weight"`          // 1 to 10; 0: 1
	OfferSeconds  int64  `yaml:"offer_seconds"`   // 0: the server's default
	WrapUpSeconds *int64 `yaml:"wrap_up_seconds"` // left out: the server's default; 0: no limit

	Mode       string         `yaml:"mode"` // ring_one, ring_all, pull
	AutoAccept bool           `yaml:"auto_accept"`
	Units      map[string]int `yaml:"units"` // by medium, of an agent's 100
	Spare      map[string]int `yaml:"spare"` // that must be free besides
	Parked     *int           `yaml:"parked_percent"`
	Needs      map[string]int `yaml:"needs"` // skill: least level

	MaxWaitSeconds    int64            `yaml:"max_wait_seconds"`     // then first of all; 0: never
	PullSeconds       int64            `yaml:"pull_seconds"`         // pull: then it is offered; 0: 300
	StickySeconds     *int64           `yaml:"sticky_seconds"`       // 30; 0: no stickiness
	ExcludeSeconds    int64            `yaml:"exclude_seconds"`      // 0: the server's default
	FirstReplySeconds *int64           `yaml:"first_reply_seconds"`  // left out: the server's default; 0: no timer
	AfterReject       string           `yaml:"after_reject"`         // ready, pending_not_ready
	ReturnSeconds     int64            `yaml:"return_after_seconds"` // from No answer; 0: by hand
	HoldSeconds       int64            `yaml:"hold_for_owner_seconds"`
	Boosts            map[string]int64 `yaml:"boosts"` // seconds: transfer, returned, verified
	Overflow          []Step           `yaml:"overflow"`

	Limit              int    `yaml:"limit"`                // of those waiting; 0: 100
	MaxEstimateSeconds int64  `yaml:"max_estimate_seconds"` // 0: none
	Calendar           string `yaml:"calendar"`             // left out: always open
	ClosedUntil        string `yaml:"closed_until"`         // RFC 3339
	AtClosing          string `yaml:"at_closing"`           // who waits then: serve, stop, message
	AtClosingSeconds   int64  `yaml:"at_closing_seconds"`   // later than the closing
}

// A Step of overflow widens who is asked, once all the conditions that it
// names hold.
type Step struct {
	AfterSeconds    int64          `yaml:"after_seconds"`
	WaitingAbove    int            `yaml:"waiting_above"`
	ReadyBelow      *int           `yaml:"ready_below"`
	EstimateSeconds int64          `yaml:"estimate_above_seconds"`
	Add             []string       `yaml:"add"`     // queues whose agents are asked too
	Relax           map[string]int `yaml:"relax"`   // lower levels; 0: not needed
	Message         bool           `yaml:"message"` // offers to leave a message
}
