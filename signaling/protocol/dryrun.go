package protocol

// DryRun asks what would become of a conversation that somebody asked for now.
type DryRun struct {
	Queue    string  `json:"queue"`              // its key
	Medium   string  `json:"medium,omitempty"`   // chat (if empty), audio, video
	Agent    AgentID `json:"agent,omitempty"`    // whom the visitor talked with last
	Waited   int64   `json:"waited,omitempty"`   // ms that it waits already
	Verified bool    `json:"verified,omitempty"` // the site has signed who the visitor is
}

// A DryRunResult answers DryRun. Nobody was asked, and nothing was kept.
type DryRunResult struct {
	Decision Decision   `json:"decision"`
	Refused  SiteReason `json:"refused,omitempty"` // the queue takes nobody now; the decision is what it would be if it did
	OpensAt  int64      `json:"opensAt,omitempty"` // of a closed one; 0: not known
}

// TryFile asks what a changed workspace file would have made of the last
// decisions, and would make of who waits now.
type TryFile struct {
	File      string `json:"file"`                // its text; passwords, secrets and files that it names are not looked at
	Decisions int    `json:"decisions,omitempty"` // how many of the last ones, at most 1000; 0: 1000
}

// TryResult answers TryFile. Nothing was changed, and nobody was asked.
type TryResult struct {
	Decisions     int      `json:"decisions"`     // of the past that were tried
	Left          int      `json:"left"`          // that were not: no rule had made them
	Differ        int      `json:"differ"`        // of those tried, how many would have been others
	Past          []TryRow `json:"past"`          // of these, newest first, at most 200
	Waiting       int      `json:"waiting"`       // who waits, at most the 500 who asked first
	WaitingDiffer int      `json:"waitingDiffer"` // of whom something else would become at once
	Now           []TryRow `json:"now"`           // of these, who asked first comes first, at most 200
}

// A TryRow is one decision that would be another one.
type TryRow struct {
	At           int64          `json:"at,omitempty"`           // of the decision
	Conversation ConversationID `json:"conversation,omitempty"` // empty: whoever waited first then
	Queue        string         `json:"queue"`                  // name
	Was          AgentID        `json:"was,omitempty"`          // who was, or is, asked first; empty: nobody
	WasName      string         `json:"wasName,omitempty"`
	Would        AgentID        `json:"would,omitempty"` // who would be asked first; empty: nobody
	WouldName    string         `json:"wouldName,omitempty"`
	Rule         string         `json:"rule,omitempty"`    // what would put the agent first
	Refused      SiteReason     `json:"refused,omitempty"` // closed: it would not have been taken, or would be sent away
	Unknown      int            `json:"unknown,omitempty"` // agents who might have been asked as well: how they stood then is not known
}
