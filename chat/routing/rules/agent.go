package rules

import (
	"slices"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// An Agent is what choosing looks at.
type Agent struct {
	ID       protocol.AgentID
	Name     string
	Ready    bool               // declared
	Live     bool               // a desk is connected
	Ringing  bool               // an offer rings
	Resting  bool               // in the ramp after the last one
	Queues   []protocol.QueueID // of the profile
	Media    []string           // of the profile
	Skills   map[string]int
	Load     int // cost of what the agent has
	MaxChats int
	Videos   int
	MaxVideo int   // 0: 1
	Last     int64 // accepted
}

// Able says why an agent cannot be asked for a class at all, were nobody
// ringing and everything free just now; empty: the agent can.
func Able(a Agent, c Class) protocol.Reason {
	switch {
	case c.Agent != "" && c.Agent != a.ID:
		return protocol.ReasonSticky
	case c.Agent == "" && !slices.Contains(a.Queues, c.Queue):
		return protocol.ReasonQueue
	case !slices.Contains(a.Media, c.Medium):
		return protocol.ReasonMedium
	}
	for skill, level := range c.Needs {
		if a.Skills[skill] < level {
			return protocol.ReasonSkill
		}
	}
	switch {
	case !a.Ready:
		return protocol.ReasonNotReady
	case !a.Live:
		return protocol.ReasonAway
	}
	return ""
}

// Fit says why an agent cannot be asked for a class now; empty: the agent can.
// Exclusions are the place's own.
func Fit(a Agent, c Class) protocol.Reason {
	if reason := Able(a, c); reason != "" {
		return reason
	}
	after := a.Load + c.For(a.MaxChats)
	switch {
	case c.Medium == "video" && a.Videos >= max(a.MaxVideo, 1):
		return protocol.ReasonVideo
	case after > 100:
		return protocol.ReasonFull
	case after+c.Spare > 100:
		return protocol.ReasonSpare
	case a.Ringing:
		return protocol.ReasonRinging
	case a.Resting:
		return protocol.ReasonResting
	}
	return ""
}

// level is the sum of an agent's levels in what the class needs.
func (a Agent) level(c Class) (sum int) {
	for skill := range c.Needs {
		sum += a.Skills[skill]
	}
	return sum
}
