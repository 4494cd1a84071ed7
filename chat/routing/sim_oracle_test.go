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
	if o, found := c.w.mem.conversations[choice.Place.Conv]; found && rules.Able(choice.Asked[0].Agent, rules.Place(*o, queueOf(o.Queue), nil).Classes[0]) != "" {
		return []string{fmt.Sprintf("ROUTE-10: %s could have overflowed to %s for more than %v", choice.Place.ID, choice.Asked[0].Agent.ID, promised)}
	}
	return []string{fmt.Sprintf("R4: %s could have been offered to %s for more than %v", choice.Place.ID, choice.Asked[0].Agent.ID, promised)}
}

// A made is an offer as it was made: what it is of, and all that its agent
// carried from a moment before the match until the record had it.
type made struct {
	places []rules.Waiting // one of them
	agents []rules.Agent
}

// unseen is for how long, before a match, what the record had need not be known to it.
const unseen = 2 * time.Millisecond

// made is an offer that the record has just taken. Holds the record's lock.
func (c *checker) made(o store.Offer) (m made) {
	at := time.UnixMilli(o.Offered)
	if o.Request != "" {
		m.places = []rules.Waiting{c.w.asks(*c.w.mem.requests[o.Request])}
	} else {
		m.places = c.may(c.w.mem.conversations[o.Conversation], at)
	}
	asked := c.agent(c.w.mem.agents[o.Agent])
	asked.Ready = true
	c.tell(o, asked)
	m.agents = append(m.agents, asked)
	for _, s := range c.w.mem.stood[o.Agent] {
		if !s.till.Before(at.Add(-unseen)) {
			asked.Load, asked.Last = s.load, s.last
			m.agents = append(m.agents, asked)
		}
	}
	return m
}

// chosen: an offer is of the place whose turn it was of those that its agent
// could take (R5, ROUTE-1), and goes to the best of those who could take it
// (ROUTE-9), as package rules has it. Where what the agent carries changed while
// it was being made, it is to be right by one of what it was.
func (c *checker) chosen(o store.Offer) (broken []string) {
	at := time.UnixMilli(o.Offered)
	m := c.w.proposed[o.ID]
	delete(c.w.proposed, o.ID)
	if at.Sub(c.from) <= promised {
		c.w.count("of trouble")
		return nil
	}
	c.w.count("judged")
	w := c.world(at, at.Add(-promised-time.Second))
	w.Places = slices.DeleteFunc(w.Places, func(p rules.Waiting) bool { // reserved by the same match, and refused
		tried := c.tried[p.ID].Sub(at)
		return tried >= 0 && tried < unseen
	})
	w.Agents = slices.DeleteFunc(w.Agents, func(a rules.Agent) bool { return a.ID == o.Agent })
	if broken = c.passedOver(o, m.places); len(broken) > 0 {
		return broken
	}
	for i, asked := range m.agents {
		for _, own := range m.places {
			if broken = c.chosenFrom(w, o, own, asked); len(broken) == 0 {
				if i > 0 {
					c.w.count("judged by what was")
				}
				return nil
			}
		}
	}
	return broken
}

// inTurn: what stands in several lines may have had its turn in another than its
// agent's, in which somebody else was free: by the weight of that line's queue.
func inTurn(w rules.World, own rules.Waiting, first rules.Choice) bool {
	rank := func(p rules.Waiting, c rules.Class) int64 { return (w.Now - p.Effective) * max(w.Weights[c.Queue], 1) }
	return slices.ContainsFunc(own.Lines(), func(c rules.Class) bool { return rank(own, c) >= rank(first.Place, first.Class) })
}

// enough: of all that was offered, what was judged is no small share.
func (c *checker) enough() {
	c.w.mu.Lock()
	judged, not := c.w.counts["judged"], c.w.counts["of trouble"]
	c.w.mu.Unlock()
	if all := judged + not; all >= 50 && judged*5 < all {
		c.w.broke(fmt.Sprintf("only %d of %d offers could be judged", judged, all))
	}
}

// chosenFrom says what is wrong with an offer of a place in a world of others,
// were its agent as given.
func (c *checker) chosenFrom(w rules.World, o store.Offer, own rules.Waiting, asked rules.Agent) (broken []string) {
	alone := w
	alone.Agents, alone.Places = []rules.Agent{asked}, append(slices.Clip(w.Places), own)
	if choice, found := rules.Choose(alone); !found || choice.Place.ID != own.ID && !inTurn(alone, own, choice) {
		broken = append(broken, fmt.Sprintf("R5: %s is offered to %s before %s (%v)", own.ID, o.Agent, choice.Place.ID, found))
	}
	own.Asked = c.notNow(own.ID, time.UnixMilli(o.Offered))
	delete(own.Asked, o.Agent) // it may have ended since
	order := rules.Candidates(append(slices.Clip(w.Agents), asked), own, o.Offered)
	if o.Kind == protocol.OfferAll {
		return append(broken, c.together(o, order)...)
	}
	if len(order) > 0 && order[0].Agent.ID != o.Agent {
		broken = append(broken, fmt.Sprintf("ROUTE-9: %s is offered to %s before %s: %v", own.ID, o.Agent, order[0].Agent.ID, order))
	}
	return broken
}

// together: of a place that is offered to all at once, nobody who could take it
// is left out (ROUTE-5).
func (c *checker) together(o store.Offer, order []rules.Candidate) (broken []string) {
	for _, who := range order[:min(len(order), rules.RingAll)] {
		if !slices.ContainsFunc(c.w.mem.opened[max(0, len(c.w.mem.opened)-100):], func(other store.Offer) bool {
			return other.Conversation == o.Conversation && other.Round == o.Round && other.Agent == who.Agent.ID
		}) {
			broken = append(broken, fmt.Sprintf("ROUTE-5: %s is offered to %s and not to %s", o.Conversation, o.Agent, who.Agent.ID))
		}
	}
	return broken
}

// place is what an offer is of, as it stood at a time before another; false: it is no more.
func (c *checker) place(o store.Offer, since, at time.Time) (rules.Waiting, bool) {
	if o.Request != "" {
		q := c.w.mem.requests[o.Request]
		return c.w.asks(*q), q.State == store.RequestOpen
	}
	conv := c.w.mem.conversations[o.Conversation]
	return c.stands(conv, since, at), conv.State == protocol.StateQueued
}

// world is all who could be offered something at a time, and what could be
// offered, as far as nothing has changed for either since before it.
func (c *checker) world(at, since time.Time) rules.World {
	w := rules.World{Now: at.UnixMilli(), Weights: map[protocol.QueueID]int64{}}
	for _, q := range simQueues {
		w.Weights[q.ID] = int64(q.Weight)
	}
	ringing, busy := map[string]bool{}, map[protocol.AgentID]bool{}
	for id := range c.open {
		ringing[placeOf(*c.w.mem.offers[id])], busy[c.w.mem.offers[id].Agent] = true, true
	}
	for _, a := range c.w.mem.agents {
		last := latest(c.w.mem.moved[a.ID], c.rested[a.ID].Add(resting))
		if !busy[a.ID] && last.Before(since) && c.w.thereSince(agentActor(a.ID), since) {
			w.Agents = append(w.Agents, c.agent(a))
		}
	}
	stands := func(o store.Offer, from time.Time) {
		p, there := c.place(o, since, at)
		if there && !ringing[p.ID] && latest(c.freed[p.ID], from).Before(since) {
			p.Asked = c.notNow(p.ID, at)
			w.Places = append(w.Places, p)
		}
	}
	for _, conv := range c.w.mem.conversations {
		if conv.State == protocol.StateQueued && c.w.thereSince(visitorActor(conv.Visitor), since) {
			stands(store.Offer{Conversation: conv.ID}, c.w.mem.queued[conv.ID])
		}
	}
	for _, q := range c.w.mem.requests {
		if q.State == store.RequestOpen {
			stands(store.Offer{Conversation: q.Conversation, Request: q.ID}, c.w.requested[q.ID].at)
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
func (c *checker) notNow(place string, at time.Time) map[protocol.AgentID]int64 {
	not := map[protocol.AgentID]int64{}
	for id := range c.w.mem.agents {
		if last, ok := c.asked[pair{place, id}]; ok && at.Sub(last) < excluded+promised {
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

// unclosed: who waits in a queue that gives up at closing is given up by two
// seconds after it should be (R13).
func (c *checker) unclosed(now time.Time) (broken []string) {
	if now.Before(c.mercy) {
		return nil
	}
	for _, conv := range c.w.mem.conversations {
		q := queueOf(conv.Queue)
		if conv.State != protocol.StateQueued || q.Rules.AtClosing != "stop" || !c.w.mem.queued[conv.ID].Before(now.Add(-promised-time.Second)) {
			continue
		}
		late := c.w.hours.closedFor(q, now) - time.Duration(q.Rules.AtClosingMs)*time.Millisecond
		if late > promised+time.Second && now.Sub(c.from) > promised+time.Second {
			broken = append(broken, fmt.Sprintf("R13: %s waits in %s, and should not for %v", conv.ID, q.ID, late))
		}
	}
	return broken
}

// listed: a waiting list has all who were to be in it since it was asked for, a
// moment later too (ROUTE-6). Who was being proposed to somebody just then stood
// aside before the record had it.
func (c *checker) listed(ids, before []protocol.ConversationID, asked time.Time) {
	<-time.After(time.Millisecond)
	after := c.w.waits("q5")
	for _, id := range before {
		var proposed time.Time
		c.w.mem.peek(func() { proposed = c.tried[string(id)] })
		if slices.Contains(after, id) && !slices.Contains(ids, id) && proposed.Before(asked) {
			c.suspect("ROUTE-6: %s is not in the waiting list: %v", id, ids)
		}
	}
}

// suspect notes what is wrong if nothing else is.
func (c *checker) suspect(format string, args ...any) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if time.Since(c.from) > promised {
		c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
	}
}

func (c *checker) takeWrong() []string {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	wrong := c.wrong
	c.wrong = nil
	return wrong
}

// proposed looks at a proposal as it reaches the record: who is asked is ready,
// was heard of, and has room, unless that has changed just now (STATE-1, R10, R1).
func (c *checker) proposed(o store.Offer, err error) {
	var a store.Agent
	settled, rings := true, protocol.AgentID("")
	c.w.mem.peek(func() {
		c.tried[placeOf(o)] = time.Now()
		a = *c.w.mem.agents[o.Agent]
		since := time.Now().Add(-promised)
		for _, other := range c.w.mem.ringing {
			if placeOf(*other) == placeOf(o) && other.ID != o.ID && (other.Kind != protocol.OfferAll || other.Round != o.Round) && time.UnixMilli(other.Offered).Before(since) {
				rings = other.Agent
			}
		}
		settled = c.w.mem.moved[o.Agent].Before(since) && c.rested[o.Agent].Before(since)
		if err == nil {
			c.w.proposed[o.ID] = c.made(o)
			c.rang[pair{placeOf(o), o.Agent}] = true
		}
	})
	if away, closed := c.w.awayFor(agentActor(o.Agent)), c.w.closedFor(agentActor(o.Agent)); (away > leaseOver || closed > 8*time.Second) && err == nil {
		c.suspect("R10: %s is asked, who has been away for %v", o.Agent, away)
	}
	if rings != "" {
		c.suspect("R2: %s is to ring at %s, and rings at %s", placeOf(o), o.Agent, rings)
	}
	switch {
	case !settled:
	case a.Declared != protocol.DeclaredReady:
		c.suspect("STATE-1: %s is asked, who is %s", o.Agent, a.Declared)
	case code(err) == protocol.CodeFull:
		c.suspect("R1: %s is to ring at %s, who has no room for it: %d and %d units", placeOf(o), o.Agent, a.Load, o.Cost)
	}
}
