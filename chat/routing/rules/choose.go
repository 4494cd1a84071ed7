package rules

import (
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"slices"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A World is all that one choice depends on.
type World struct {
	Now     int64
	Weights map[protocol.QueueID]int64 // of the queues, 1 to 10; missing: 1
	Agents  []Agent
	Places  []Waiting // that can be offered now: in order, their visitors connected
}

// What decided between the first and the second candidate.
const (
	BySkill   = "skill"
	ByCapable = "capable"
	ByLoad    = "load"
	ByLongest = "longest"
	ByHash    = "hash"
	ByOnly    = "only" // there was no second one
	BySticky  = "sticky"
)

// ringAll is how many agents are asked at once at most.
const ringAll = 16

// A Choice is what is offered next, and to whom.
type Choice struct {
	Place  Waiting
	Class  Class
	Agents []Agent // who is asked: one, or of a ring-all queue the first sixteen, in order
	Rule   string  // what put the first before the second
}

// Choose picks the place whose turn it is of those that somebody free can take,
// and whom it is offered to; false: nothing can be offered. In the line of a
// class the effective time counts, then the id. Among lines, the one wins whose
// head has the greatest wait times weight of the line's queue (of a line for one
// agent: of the place's), then the earlier first enqueue, the id, the class.
func Choose(w World) (Choice, bool) {
	var best *head
	for _, h := range heads(w) {
		if best == nil || h.before(*best) {
			best = &h
		}
	}
	if best == nil {
		return Choice{}, false
	}
	asked := Order(best.free, best.class, best.place)
	c := Choice{Place: best.place, Class: best.class, Rule: Rule(asked, best.class, best.place)}
	if best.place.Kind == protocol.OfferAll {
		c.Agents = asked[:min(len(asked), ringAll)]
	} else {
		c.Agents = asked[:1]
	}
	return c, true
}

// A head is the first of a class's line that somebody can take.
type head struct {
	class    Class
	place    Waiting
	free     []Agent
	weighted int64
}

func (h head) before(o head) bool {
	return cmp.Or(cmp.Compare(o.weighted, h.weighted), cmp.Compare(h.place.Since, o.place.Since), cmp.Compare(h.place.ID, o.place.ID),
		cmp.Compare(h.class.ID, o.class.ID)) < 0
}

func heads(w World) map[string]head {
	lines := map[string]head{}
	fit := map[string][]Agent{}
	for _, p := range w.Places {
		for _, c := range p.lines() {
			if _, known := fit[c.ID]; !known {
				fit[c.ID] = fitting(w.Agents, c)
			}
			other, taken := lines[c.ID]
			if taken && cmp.Or(cmp.Compare(other.place.Effective, p.Effective), cmp.Compare(other.place.ID, p.ID)) < 0 {
				continue
			}
			if free := p.allowed(fit[c.ID], w.Now); len(free) > 0 {
				lines[c.ID] = head{c, p, free, (w.Now - p.Effective) * w.weight(c, p)}
			}
		}
	}
	return lines
}

func (w World) weight(c Class, p Waiting) int64 {
	queue := c.Queue
	if queue == "" {
		queue = p.Queue
	}
	return max(w.Weights[queue], 1)
}

// lines are the classes in whose lines a place stands.
func (w Waiting) lines() []Class {
	if w.Sticky != nil {
		return []Class{*w.Sticky}
	}
	return w.Classes
}

// Excluded says whether an agent is not to be asked for a place now.
func (w Waiting) Excluded(a protocol.AgentID, now int64) bool {
	return w.Asked[a] > now || slices.Contains(w.By, a)
}

func fitting(agents []Agent, c Class) (list []Agent) {
	for _, a := range agents {
		if Fit(a, c) == "" {
			list = append(list, a)
		}
	}
	return list
}

func (w Waiting) allowed(agents []Agent, now int64) (list []Agent) {
	for _, a := range agents {
		if !w.Excluded(a.ID, now) {
			list = append(list, a)
		}
	}
	return list
}

// Order sorts those who can take a place: the higher sum of levels in the
// skills wanted, then who has fewer media, who has less to do with it, whose
// last accepted conversation is longer ago, and by hash of place and agent. The
// sticky agent has a line of its own.
func Order(agents []Agent, c Class, w Waiting) []Agent {
	return slices.SortedFunc(slices.Values(agents), func(a, b Agent) int {
		order, _ := compare(a, b, c, w)
		return order
	})
}

// Rule names what put the first of an order before the second.
func Rule(order []Agent, c Class, w Waiting) string {
	switch {
	case c.Agent != "" && w.Sticky != nil:
		return BySticky
	case len(order) < 2:
		return ByOnly
	}
	_, rule := compare(order[0], order[1], c, w)
	return rule
}

func compare(a, b Agent, c Class, w Waiting) (int, string) {
	for _, by := range []struct {
		order int
		rule  string
	}{
		{cmp.Compare(b.level(c), a.level(c)), BySkill},
		{cmp.Compare(len(a.Media), len(b.Media)), ByCapable},
		{cmp.Compare(a.Load+c.For(a.MaxChats), b.Load+c.For(b.MaxChats)), ByLoad},
		{cmp.Compare(a.Last, b.Last), ByLongest},
	} {
		if by.order != 0 {
			return by.order, by.rule
		}
	}
	return cmp.Compare(hash(w.ID, a.ID), hash(w.ID, b.ID)), ByHash
}

func hash(place string, agent protocol.AgentID) string {
	sum := sha1.Sum([]byte(place + string(agent)))
	return hex.EncodeToString(sum[:])
}
