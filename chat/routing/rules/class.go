package rules

import (
	"crypto/sha1" //nolint:gosec // spreads and names; the scripts have no other
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A Class is all on which "who could take it" depends, exclusions apart. Two
// places of one class differ only in their turn, so when nobody free fits a
// class its whole line is passed over by one look. Equal ids mean equal classes.
type Class struct {
	ID     string           `json:"i"`
	Queue  protocol.QueueID `json:"q,omitempty"` // whose weight counts, and whose agents are asked unless Agent is set
	Agent  protocol.AgentID `json:"a,omitempty"` // the only one asked
	Medium string           `json:"m"`
	Units  int              `json:"c"`            // of an agent with room for four chats: see For
	Spare  int              `json:"sp,omitempty"` // units that must be free besides
	Needs  map[string]int   `json:"nd,omitempty"` // skill: least level
}

// QueueClass is the class of what may be taken by the agents of a queue. The
// needs are copied; those of level 0 are not needed.
func QueueClass(queue protocol.QueueID, medium string, units, spare int, needs map[string]int) Class {
	c := Class{Queue: queue, Medium: medium, Units: units, Spare: spare, Needs: wanted(needs)}
	c.ID = strings.Join([]string{string(queue), medium, c.weight(), signature(c.Needs)}, ".")
	return c
}

// AgentClass is the class of what may be taken by one agent alone, whatever the
// profile's queues and the agent's skills are. The queue is the place's.
func AgentClass(agent protocol.AgentID, queue protocol.QueueID, medium string, units, spare int) Class {
	c := Class{Queue: queue, Agent: agent, Medium: medium, Units: units, Spare: spare}
	c.ID = strings.Join([]string{"@" + string(agent), string(queue), medium, c.weight()}, ".")
	return c
}

// MediumOf is the medium of the class with an id; empty where it is none.
func MediumOf(id string) string {
	parts := strings.Split(id, ".")
	if strings.HasPrefix(id, "@") {
		parts = parts[1:]
	}
	if len(parts) < 3 {
		return ""
	}
	return parts[1]
}

// AgentOf is the one agent of the class with an id; empty where it is a queue's.
func AgentOf(id string) protocol.AgentID {
	agent, ok := strings.CutPrefix(id, "@")
	agent, _, _ = strings.Cut(agent, ".")
	if !ok {
		return ""
	}
	return protocol.AgentID(agent)
}

func (c Class) weight() string {
	if c.Spare == 0 {
		return strconv.Itoa(c.Units)
	}
	return strconv.Itoa(c.Units) + "+" + strconv.Itoa(c.Spare)
}

func wanted(needs map[string]int) map[string]int {
	var list map[string]int
	for skill, level := range needs {
		if level > 0 {
			if list == nil {
				list = make(map[string]int, len(needs))
			}
			list[skill] = level
		}
	}
	return list
}

// signature names a set of needs: "-" for none, else eight hexadecimal digits.
func signature(needs map[string]int) string {
	if len(needs) == 0 {
		return "-"
	}
	var b strings.Builder
	for _, skill := range slices.Sorted(maps.Keys(needs)) {
		b.WriteString(strconv.Quote(skill) + ">=" + strconv.Itoa(needs[skill]) + "\n")
	}
	sum := sha1.Sum([]byte(b.String())) //nolint:gosec // no secret
	return hex.EncodeToString(sum[:4])
}

// For is what a conversation of the class takes of an agent with room for
// maxChats chats; 0 or less counts as four. It is the store's rule: of chats of
// 25 units maxChats fit, and one more does not.
func (c Class) For(maxChats int) int {
	return store.UnitsOf(store.QueueRules{Units: map[string]int{c.Medium: c.Units}}, c.Medium, maxChats)
}
