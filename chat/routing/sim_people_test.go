package routing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A plan is what an agent will do about an offer.
type plan struct {
	at   time.Time
	what string
}

// tick is how often people act.
const tick = 500 * time.Millisecond

// act lets everybody do what they do in one tick.
func (w *world) act(tick int) {
	w.breathe(tick)
	w.check.changes(time.Now())
	w.answer()
	w.talk()
	w.people = slices.DeleteFunc(w.people, w.over)
	for _, p := range w.people {
		switch {
		case p.who.Kind == protocol.KindAgent:
			w.agentActs(p)
		case p.node != nil && !w.eager:
			w.visitorActs(p)
		}
	}
}

func over(s protocol.ConversationState) bool {
	return s == protocol.StateEnded || s == protocol.StateClosed
}

// over lets a visitor go whose conversation has ended.
func (w *world) over(p *person) bool {
	if p.who.Kind == protocol.KindAgent || !over(w.state(p)) {
		return false
	}
	if p.node != nil {
		p.node.r.Gone(p.who)
		w.beat()
	}
	w.mu.Lock()
	delete(w.here, p.who.Actor())
	w.mu.Unlock()
	return true
}

// state is that of a visitor's conversation.
func (w *world) state(p *person) (s protocol.ConversationState) {
	w.mem.peek(func() { s = w.mem.conversations[conversationOf(p)].State })
	return s
}

func conversationOf(p *person) protocol.ConversationID {
	return protocol.ConversationID(strings.TrimPrefix(string(p.who.Visitor), "v-"))
}

// peek reads without looking at what is to hold at each change.
func (m *memory) peek(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
}

// answer does with each offer what its agent has decided.
func (w *world) answer() {
	for _, o := range w.asked() {
		p, decided := w.plans[o.ID]
		if !decided {
			p = w.decide(o)
			w.plans[o.ID] = p
		}
		if time.Now().Before(p.at) || w.presentFor(agentActor(o.Agent)) == 0 {
			continue
		}
		w.plans[o.ID] = plan{time.Now().Add(time.Hour), "nothing"}
		w.note("%s: %s by %s", p.what, placeOf(o), o.Agent)
		switch p.what {
		case "accept", "late":
			w.accept(o, w.some())
		case "twice":
			w.twice(o)
		case "reject":
			w.reject(o, w.some())
		}
	}
}

// asked are the offers that pages show: those that ring, and those to be
// accepted late, from a page that has not heard of the end.
func (w *world) asked() (list []store.Offer) {
	w.mem.peek(func() {
		for id := range w.check.open {
			if o := w.mem.offers[id]; o.Outcome == "" && w.plans[id].what != "late" {
				list = append(list, *o)
			}
		}
		for id, p := range w.plans {
			if o := w.mem.offers[id]; p.what == "late" {
				list = append(list, *o)
			} else if o.Outcome != "" {
				delete(w.plans, id)
			}
		}
	})
	slices.SortFunc(list, func(a, b store.Offer) int {
		return cmp.Or(cmp.Compare(a.Conversation, b.Conversation), cmp.Compare(a.Agent, b.Agent), cmp.Compare(a.ID, b.ID))
	})
	return list
}

func (w *world) decide(o store.Offer) plan {
	p := plan{time.Now().Add(w.between(0, 8*time.Second)), []string{
		"accept", "accept", "accept", "accept", "accept", "twice", "late", "reject", "reject", "nothing",
	}[w.rng.IntN(10)]}
	if _, _, two := w.tabsOf(o.Agent); two && p.what == "accept" && w.rng.IntN(2) == 0 {
		p.what = "twice"
	}
	switch {
	case w.eager:
		p = plan{time.Now(), "accept"}
	case p.what == "late":
		p.at = time.UnixMilli(o.Deadline).Add(1500 * time.Millisecond)
	}
	return p
}

// accept takes an offer by a node. Whoever gets no answer asks again.
func (w *world) accept(o store.Offer, n *simNode) {
	w.do(func() { w.persist(n, func(n *simNode) error { return w.take(o, n) }) })
}

func (w *world) take(o store.Offer, n *simNode) error {
	got, err := n.ledger.accept(o.Agent, o.ID)
	if row := w.row(o.ID); code(err) != "" && row.Outcome == store.OutcomeAccepted {
		got, err = row, nil // by what was not answered
	}
	if code(err) == protocol.CodeFull { // own work was taken up: there is no room for it now
		w.count("no room")
		w.noRoom(o, n, []string{"give back", "let it ring", "try again"}[n.ledger.chance(o.Conversation, o.Agent)%3])
	}
	if err == nil {
		_ = n.r.Settled(w.ctx, got, store.OutcomeAccepted)
	}
	return err
}

// noRoom is what agents do who read that they have no room for what they accept.
func (w *world) noRoom(o store.Offer, n *simNode, what string) {
	switch what {
	case "give back":
		w.persist(n, func(n *simNode) error { return w.refuse(o, n) })
	case "try again": // until it fits or has ended
		<-time.After(2 * time.Second)
		w.persist(w.alive(n), func(n *simNode) error { return w.take(o, n) })
	}
}

func (w *world) row(id protocol.OfferID) (o store.Offer) {
	w.mem.do(func() { o = *w.mem.offers[id] })
	return o
}

func (w *world) reject(o store.Offer, n *simNode) {
	w.do(func() { w.persist(n, func(n *simNode) error { return w.refuse(o, n) }) })
}

func (w *world) refuse(o store.Offer, n *simNode) error {
	got, _, err := n.ledger.Settle(w.ctx, testWorkspace, o.ID, store.OutcomeRejected, "busy", "")
	if err == nil {
		_ = n.r.Settled(w.ctx, got, got.Outcome)
	}
	return err
}

// talk ends conversations when their time has come, and clears their cards.
func (w *world) talk() {
	running := w.running()
	w.respond(running)
	for _, c := range running {
		if c.Kind == store.KindConsult {
			w.enquiry(c)
			continue
		}
		w.mu.Lock()
		at, known := w.talks[c.ID]
		if !known {
			at = time.Now().Add(w.between(15*time.Second, 80*time.Second))
			w.talks[c.ID] = at
		}
		w.mu.Unlock()
		if time.Now().Before(at) && !w.eager {
			w.consider(c)
			w.carry(c)
			continue
		}
		w.mu.Lock()
		w.talks[c.ID] = time.Now().Add(10 * time.Second) // to be tried again
		w.mu.Unlock()
		w.finish(c, w.some(), w.rng.IntN(4) == 0 && !w.eager, w.between(0, 10*time.Second))
	}
}

// finish ends a conversation; its cards are cleared after a while, or by themselves.
func (w *world) finish(c store.Conversation, n *simNode, byItself bool, after time.Duration) {
	w.note("%s of %s ends", c.ID, c.Owner)
	w.do(func() {
		w.persist(n, func(n *simNode) error {
			_, _, err := n.ledger.End(w.ctx, testWorkspace, c.ID, protocol.Author{}, "agent", "", "", 60_000)
			if err == nil || code(err) != "" {
				w.tell(n, c.ID)
			}
			return err
		})
		if byItself {
			return
		}
		<-time.After(after)
		w.persist(w.alive(n), func(n *simNode) error {
			agents, err := n.ledger.clear(c.ID)
			for _, id := range agents {
				w.wakeWaiting(n, id)
				_ = n.r.AgentChanged(w.ctx, id)
			}
			return err
		})
	})
}

// tell lets a node know that a conversation has ended, with what was asked in it.
func (w *world) tell(n *simNode, conv protocol.ConversationID) {
	var agents []protocol.AgentID
	var requests []protocol.RequestID
	w.mem.peek(func() {
		for k := range w.mem.slots {
			if k.conv == conv {
				agents = append(agents, k.agent)
			}
		}
		for id, q := range w.mem.requests {
			if q.Conversation == conv && q.State == store.RequestWithdrawn {
				requests = append(requests, id)
			}
		}
	})
	for _, actor := range w.mem.left(conv) {
		agents = append(agents, protocol.AgentID(strings.TrimPrefix(actor, agentActor(""))))
	}
	slices.Sort(agents)
	agents = slices.Compact(agents)
	slices.Sort(requests)
	for _, id := range requests {
		_ = n.r.RemoveRequest(w.ctx, id)
	}
	for _, id := range agents {
		_ = n.r.AgentChanged(w.ctx, id)
	}
}

// agentActs lets an agent pause, come back, and lose the connection.
func (w *world) agentActs(p *person) {
	id := p.who.Agent
	var row store.Agent
	w.mem.peek(func() { row = *w.mem.agents[id] })
	if row.Declared != protocol.DeclaredReady {
		if p.idle.IsZero() {
			p.idle = time.Now().Add(w.between(2*time.Second, 30*time.Second))
		}
		if p.node != nil && !p.silent && (w.eager || time.Now().After(p.idle)) {
			p.idle = time.Time{}
			w.declare(id, protocol.DeclaredReady)
		}
		return
	}
	p.idle = time.Time{}
	w.pick(row)
	if w.eager {
		return
	}
	switch w.rng.IntN(400) {
	case 0, 1:
		w.declare(id, protocol.DeclaredNotReady)
	case 2:
		w.leave(p, w.between(time.Second, 10*time.Second))
	case 3:
		w.leave(p, w.between(20*time.Second, 100*time.Second))
	case 5, 6, 7, 8:
		w.second(p)
	case 9, 10:
		w.closeOne(p, false)
	case 11, 12:
		w.closeOne(p, true)
	case 4:
		w.hush(p, w.between(5*time.Second, 90*time.Second))
	}
}

func (w *world) declare(id protocol.AgentID, d protocol.Declared) {
	n := w.some()
	w.note("%s declares %s", id, d)
	w.do(func() {
		w.persist(n, func(n *simNode) error {
			_, err := n.ledger.Declare(w.ctx, testWorkspace, id, d, "", "agent", "")
			if err == nil {
				_ = n.r.AgentChanged(w.ctx, id)
			}
			return err
		})
	})
}

// visitorActs lets a visitor who waits give up, or lose the connection.
func (w *world) visitorActs(p *person) {
	conv := conversationOf(p)
	if w.state(p) != protocol.StateQueued {
		return
	}
	switch w.rng.IntN(500) {
	case 0, 1:
		n := w.some()
		w.note("%s leaves the queue", conv)
		w.do(func() {
			w.persist(n, func(n *simNode) error {
				_, _, err := n.ledger.leave(conv)
				if err == nil {
					_ = n.r.Remove(w.ctx, conv)
				}
				return err
			})
		})
	case 2:
		w.leave(p, w.between(time.Second, 100*time.Second))
	case 3:
		w.hush(p, w.between(5*time.Second, 200*time.Second))
	}
}

// arrive lets somebody ask now and then, where it is open.
func (w *world) arrive(next *int, every time.Duration) {
	if w.rng.Int64N(int64(every)) >= int64(tick) {
		return
	}
	q := simQueues[w.rng.IntN(len(simQueues))]
	if open, _ := w.hours.Open(q, time.Now().UnixMilli()); !open {
		w.count("closed")
		n := w.some()
		w.do(func() { w.accepting(n, q) })
		return
	}
	*next++
	w.ask(protocol.ConversationID(fmt.Sprintf("c%04d", *next)), q)
}
