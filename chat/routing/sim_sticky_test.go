package routing

import (
	"fmt"
	"slices"
	"time"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Standings of which each condition of a step holds, and none: what stood when
// the product looked is not known, so both may have been.
var (
	pressed = rules.Standing{Waiting: 1000, Estimate: 1 << 40}
	relaxed = rules.Standing{Ready: 1000}
)

var queuesByID = func() map[protocol.QueueID]store.Queue {
	all := map[protocol.QueueID]store.Queue{}
	for _, q := range simQueues {
		all[q.ID] = q
	}
	return all
}()

// familiar is an agent whom a visitor may have talked with before: one who can
// take what is asked at all, as who asks finds out.
func (w *world) familiar(q store.Queue) protocol.AgentID {
	var all []protocol.AgentID
	w.mem.peek(func() {
		for id, a := range w.mem.agents {
			known := rules.Agent{ID: id, Ready: true, Live: true, Queues: a.Profile.Queues, Media: a.Profile.Media, Skills: a.Skills}
			if rules.Able(known, rules.QueueClass(q.ID, store.MediumChat, 0, 0, q.Rules.Needs)) == "" {
				all = append(all, id)
			}
		}
	})
	slices.Sort(all)
	if i := w.rng.IntN(8 * 3); i < len(all) {
		return all[i]
	}
	return ""
}

// A patience says whether a place still waits for the agent whom its visitor
// knows, and for nobody else (ROUTE-9).
type patience int

const (
	unsure  patience = iota // it may: something happened to that agent
	waits                   // it has to
	general                 // it must not any more
)

// patience is that of a conversation at a time, of which what is younger than
// since is not known to all. Holds the record's lock.
func (c *checker) patience(conv *store.Conversation, since, at time.Time) patience {
	a := c.w.mem.agents[conv.Sticky]
	if a == nil {
		return general
	}
	both := pair{string(conv.ID), a.ID}
	there, refused := c.w.thereSince(agentActor(a.ID), since), c.refused[both]
	switch ready, turned := a.Declared == protocol.DeclaredReady, c.w.mem.declared[a.ID]; {
	case !ready && turned.Before(since), c.w.awayFor(agentActor(a.ID)) > leaseOver+at.Sub(since):
		return general
	case refused.After(c.from) && refused.After(c.w.mem.queued[conv.ID]) && refused.Before(since):
		return general
	case ready && there && !c.rang[both] && !c.favoured[conv.ID] && c.from.Add(promised).Before(c.w.mem.queued[conv.ID]) &&
		turned.Before(c.w.mem.queued[conv.ID].Add(-promised)) && c.w.thereSince(agentActor(a.ID), c.w.mem.queued[conv.ID].Add(-promised)):
		return waits
	}
	return unsure
}

// stands is a queued conversation's place as it is at least known to stand: who
// may take it then may take it if something of it is not known, too.
func (c *checker) stands(conv *store.Conversation, since, at time.Time) rules.Waiting {
	p, _ := rules.Ripen(rules.Place(*conv, queueOf(conv.Queue), queuesByID), since.UnixMilli(), relaxed)
	if p.Sticky != nil && c.patience(conv, since, at) == general {
		p.Sticky = nil
	}
	return p
}

// may are all the places that a conversation's may have been at a time.
func (c *checker) may(conv *store.Conversation, at time.Time) (all []rules.Waiting) {
	for _, s := range []rules.Standing{relaxed, pressed} {
		p, _ := rules.Ripen(rules.Place(*conv, queueOf(conv.Queue), queuesByID), at.UnixMilli(), s)
		if p.Sticky == nil {
			all = append(all, p)
			continue
		}
		how := c.patience(conv, at.Add(-promised-time.Second), at)
		if how != general {
			all = append(all, p)
		}
		if how != waits {
			p.Sticky = nil
			all = append(all, p)
		}
	}
	return all
}

// passedOver: who is known to the visitor is asked first, as long as nothing
// speaks against it (ROUTE-9).
func (c *checker) passedOver(o store.Offer, places []rules.Waiting) []string {
	if slices.ContainsFunc(places, func(p rules.Waiting) bool { return p.Sticky == nil || p.Sticky.Agent == o.Agent }) {
		return nil
	}
	return []string{fmt.Sprintf("ROUTE-9: %s is offered to %s, and its visitor knows %s, who is there", o.Conversation, o.Agent, places[0].Sticky.Agent)}
}

// tell counts the offers to whom a visitor knows, and to others than those of
// the queue asked, or who need less skill.
func (c *checker) tell(o store.Offer, asked rules.Agent) {
	if o.Request != "" {
		return
	}
	conv := c.w.mem.conversations[o.Conversation]
	first := rules.Place(*conv, queueOf(conv.Queue), nil)
	switch {
	case conv.Sticky == o.Agent:
		c.w.count("to whom they know")
	case rules.Able(asked, first.Classes[0]) != "":
		c.w.count("overflowed")
	}
}
