package routing

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

const (
	promised = 2 * time.Second                            // R4
	resting  = 5 * time.Second                            // between two offers at one agent
	excluded = 120*time.Second + 20*time.Second + resting // an agent is not asked again: the longest back-off included
)

// unoffered: nobody stays unoffered for more than 2 s while an agent could take
// the conversation (R4). The world is made of those only who have been able to
// for that long, by the record and by what people did; in it, package rules
// must find nothing to offer.
func (c *checker) unoffered(now time.Time) []string {
	w := c.world(now, now.Add(-promised))
	if now.Sub(c.from) <= promised {
		return nil
	}
	choice, found := rules.Choose(w)
	if !found {
		return nil
	}
	return []string{fmt.Sprintf("R4: %s could have been offered to %s for more than %v", choice.Place.ID, choice.Asked[0].Agent.ID, promised)}
}

// chosen: an offer is of the place whose turn it was of those that its agent
// could take (R5, ROUTE-1), and goes to the best of those who could take it
// (ROUTE-9), as package rules has it.
func (c *checker) chosen(o store.Offer) (broken []string) {
	at := time.UnixMilli(o.Offered)
	if at.Sub(c.from) <= promised {
		return nil
	}
	w := c.world(at, at.Add(-promised-time.Second))
	conv := c.w.mem.conversations[o.Conversation]
	own := rules.Place(*conv, queueOf(conv.Queue), nil)
	asked := c.agent(c.w.mem.agents[o.Agent])
	asked.Load, asked.Last, asked.Ready = o.Load, c.w.mem.accepted[o.ID], true
	alone := w
	alone.Agents, alone.Places = []rules.Agent{asked}, append(w.Places, own)
	if choice, found := rules.Choose(alone); !found || choice.Place.ID != own.ID {
		broken = append(broken, fmt.Sprintf("R5: %s is offered to %s before %s (%v)", own.ID, o.Agent, choice.Place.ID, found))
	}
	w.Agents = slices.DeleteFunc(w.Agents, func(a rules.Agent) bool { return a.ID == o.Agent })
	own.Asked = c.notNow(conv.ID, at)
	delete(own.Asked, o.Agent) // it may have ended since
	if order := rules.Candidates(append(w.Agents, asked), own, o.Offered); len(order) > 0 && order[0].Agent.ID != o.Agent {
		broken = append(broken, fmt.Sprintf("ROUTE-9: %s is offered to %s before %s: %v", own.ID, o.Agent, order[0].Agent.ID, order))
	}
	return broken
}

// world is all who could be offered something at a time, and what could be
// offered, as far as nothing has changed for either since before it.
func (c *checker) world(at, since time.Time) rules.World {
	w := rules.World{Now: at.UnixMilli(), Weights: map[protocol.QueueID]int64{}}
	for _, q := range simQueues {
		w.Weights[q.ID] = int64(q.Weight)
	}
	ringing, busy := map[protocol.ConversationID]bool{}, map[protocol.AgentID]bool{}
	for id := range c.open {
		ringing[c.w.mem.offers[id].Conversation], busy[c.w.mem.offers[id].Agent] = true, true
	}
	for _, a := range c.w.mem.agents {
		last := latest(c.w.mem.moved[a.ID], c.rested[a.ID].Add(resting))
		if !busy[a.ID] && last.Before(since) && c.w.thereSince(agentActor(a.ID), since) {
			w.Agents = append(w.Agents, c.agent(a))
		}
	}
	for _, conv := range c.w.mem.conversations {
		last := latest(c.freed[conv.ID], c.w.mem.queued[conv.ID])
		if conv.State == protocol.StateQueued && !ringing[conv.ID] && last.Before(since) && c.w.thereSince(visitorActor(conv.Visitor), since) {
			p := rules.Place(*conv, queueOf(conv.Queue), nil)
			p.Asked = c.notNow(conv.ID, at)
			w.Places = append(w.Places, p)
		}
	}
	slices.SortFunc(w.Agents, func(a, b rules.Agent) int { return cmp.Compare(a.ID, b.ID) })
	slices.SortFunc(w.Places, func(a, b rules.Waiting) int { return cmp.Compare(a.ID, b.ID) })
	return w
}

func (c *checker) agent(a *store.Agent) rules.Agent {
	return rules.Agent{
		ID: a.ID, Ready: a.Declared == protocol.DeclaredReady, Live: true, Queues: a.Profile.Queues, Media: a.Profile.Media, Skills: a.Skills,
		Load: a.Load, MaxChats: a.MaxChats, Last: a.LastAccepted,
	}
}

// notNow is who may not be asked for a conversation, since it was a moment ago.
func (c *checker) notNow(conv protocol.ConversationID, at time.Time) map[protocol.AgentID]int64 {
	not := map[protocol.AgentID]int64{}
	for id := range c.w.mem.agents {
		if last, ok := c.asked[pair{conv, id}]; ok && at.Sub(last) < excluded+promised {
			not[id] = at.Add(time.Second).UnixMilli()
		}
	}
	return not
}

func queueOf(id protocol.QueueID) store.Queue {
	return simQueues[slices.IndexFunc(simQueues, func(q store.Queue) bool { return q.ID == id })]
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// thereSince says that somebody has been there without a break since before a time.
func (w *world) thereSince(actor string, since time.Time) bool {
	there := w.presentFor(actor)
	return there > 0 && time.Now().Add(-there).Before(since)
}
