package rules

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // spreads and names; the scripts have no other
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

// RingAll is how many agents are asked at once at most.
const RingAll = 16

// A Choice is what is offered next, and to whom.
type Choice struct {
	Place Waiting
	Class Class       // in whose line its turn came
	Order []Candidate // all who could take it, best first
	Asked []Candidate // who is asked: the first, or of a ring-all queue the first RingAll
	Rule  string      // what put the first before the second
}

// Choose picks the place whose turn it is of those that somebody free can take,
// and whom it is offered to; false: nothing can be offered. In the line of a
// class the effective time counts, then the id. Among lines, the one wins whose
// head has the greatest wait times weight of the line's queue, then the earlier
// first enqueue, the id, the class.
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
	order := Candidates(w.Agents, best.place, w.Now)
	c := Choice{Place: best.place, Class: best.class, Rule: best.place.Rule(order), Order: order, Asked: order[:1]}
	if best.place.Kind == protocol.OfferAll {
		c.Asked = order[:min(len(order), RingAll)]
	}
	return c, true
}

// A head is the first of a class's line that somebody can take.
type head struct {
	class    Class
	place    Waiting
	weighted int64
}

func (h head) before(o head) bool {
	return cmp.Or(cmp.Compare(o.weighted, h.weighted), cmp.Compare(h.place.Since, o.place.Since), cmp.Compare(h.place.ID, o.place.ID),
		cmp.Compare(h.class.ID, o.class.ID)) < 0
}

func heads(w World) map[string]head {
	lines := map[string]head{}
	for _, p := range w.Places {
		if p.Pull != 0 || len(Candidates(w.Agents, p, w.Now)) == 0 {
			continue
		}
		for _, c := range p.Lines() {
			if !slices.ContainsFunc(w.Agents, func(a Agent) bool { return Fit(a, c) == "" }) {
				continue // nobody is free for the line
			}
			other, taken := lines[c.ID]
			if !taken || cmp.Or(cmp.Compare(p.Effective, other.place.Effective), cmp.Compare(p.ID, other.place.ID)) < 0 {
				lines[c.ID] = head{c, p, (w.Now - p.Effective) * max(w.Weights[c.Queue], 1)}
			}
		}
	}
	return lines
}

// Lines are the classes in whose lines a place stands.
func (w Waiting) Lines() []Class {
	if w.Sticky != nil {
		return []Class{*w.Sticky}
	}
	return w.Classes
}

// Excluded says whether an agent is not to be asked for a place now.
func (w Waiting) Excluded(a protocol.AgentID, now int64) bool {
	return w.Asked[a] > now || slices.Contains(w.By, a)
}

// A Candidate is an agent who can take a place, by the first of its classes
// that he fits.
type Candidate struct {
	Agent Agent
	Class Class
	Level int // sum of the levels in what the class needs
	Load  int // with the place
}

// Candidates are the free agents who can take a place, best first: the higher
// level, then who has fewer media, who has less to do with it, whose last
// accepted conversation is longer ago. Equal ones sit on a ring by the hash of their
// ids, which begins behind the hash of the place.
func Candidates(agents []Agent, w Waiting, now int64) (list []Candidate) {
	for _, a := range agents {
		if w.Excluded(a.ID, now) {
			continue
		}
		for _, c := range w.Lines() {
			if Fit(a, c) == "" {
				list = append(list, Candidate{a, c, a.level(c), a.Load + c.For(a.MaxChats)})
				break
			}
		}
	}
	slices.SortFunc(list, func(a, b Candidate) int {
		order, _ := compare(a, b, w.ID)
		return order
	})
	return list
}

// Rule names what put the first of an order before the second.
func (w Waiting) Rule(order []Candidate) string {
	switch {
	case w.Sticky != nil:
		return BySticky
	case len(order) < 2:
		return ByOnly
	}
	_, rule := compare(order[0], order[1], w.ID)
	return rule
}

func compare(a, b Candidate, place string) (int, string) {
	for _, by := range []struct {
		order int
		rule  string
	}{
		{cmp.Compare(b.Level, a.Level), BySkill},
		{cmp.Compare(len(a.Agent.Media), len(b.Agent.Media)), ByCapable},
		{cmp.Compare(a.Load, b.Load), ByLoad},
		{cmp.Compare(a.Agent.Last, b.Agent.Last), ByLongest},
	} {
		if by.order != 0 {
			return by.order, by.rule
		}
	}
	return cmp.Compare(hash(place, a.Agent.ID), hash(place, b.Agent.ID)), ByHash
}

// hash is where an agent sits on the ring as a place sees it.
func hash(place string, agent protocol.AgentID) string {
	at := point(string(agent))
	if at < point(place) {
		return "1" + at
	}
	return "0" + at
}

func point(id string) string {
	sum := sha1.Sum([]byte(id)) //nolint:gosec // no secret
	return hex.EncodeToString(sum[:])
}
