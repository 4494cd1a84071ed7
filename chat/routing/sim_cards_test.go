package routing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// carry lets the owner of a running conversation put it aside and take it up
// again, by hand or since its visitor wrote (ROUTE-2, DESK-3).
func (w *world) carry(c store.Conversation) {
	if w.eager {
		return
	}
	parked := false
	w.mem.peek(func() {
		s := w.mem.slots[slotKey{c.ID, c.Owner}]
		parked = s != nil && s.State == protocol.SlotParked
	})
	there := w.presentFor(agentActor(c.Owner)) > 0
	switch chance, n := w.rng.IntN(100), w.some(); {
	case !parked && there && chance < 4:
		w.note("%s puts %s aside", c.Owner, c.ID)
		w.move(n, c, "parked", func(n *simNode) error { return n.ledger.park(c.Owner, c.ID, true) })
	case parked && there && chance < 2:
		w.note("%s takes %s up", c.Owner, c.ID)
		w.move(n, c, "taken up", func(n *simNode) error { return n.ledger.park(c.Owner, c.ID, false) })
	case parked && chance >= 95:
		w.note("the visitor of %s writes", c.ID)
		w.move(n, c, "written", func(n *simNode) error { return n.ledger.wake(c.ID) })
	}
}

// move does something with a card by a node, whose agent may have more room, or less, by that.
func (w *world) move(n *simNode, c store.Conversation, what string, f func(n *simNode) error) {
	w.do(func() {
		w.persist(n, func(n *simNode) error {
			err := f(n)
			if err == nil {
				w.count(what)
				w.wakeWaiting(n, c.Owner)
				_ = n.r.AgentChanged(w.ctx, c.Owner)
			}
			return err
		})
	})
}

// wakeWaiting takes up what waits for an agent who may have more room now.
func (w *world) wakeWaiting(n *simNode, agent protocol.AgentID) {
	var waits []protocol.ConversationID
	w.mem.peek(func() {
		for _, s := range w.mem.slots {
			if s.Agent == agent && s.WakeUntil > 0 {
				waits = append(waits, s.Conversation)
			}
		}
	})
	slices.Sort(waits)
	for _, conv := range waits {
		_ = n.ledger.wake(conv)
	}
}

// park puts a card aside at a share of its cost, or takes it up at its whole cost.
func (l *ledger) park(agent protocol.AgentID, conv protocol.ConversationID, aside bool) error {
	if err := l.begin(agent, conv); err != nil {
		return err
	}
	var err error
	l.do(func() {
		s := l.slots[slotKey{conv, agent}]
		switch {
		case s == nil || s.State == protocol.SlotWrapUp:
			err = refusal(protocol.CodeWrongState)
		case aside && s.State == protocol.SlotActive:
			s.State, s.Cost, s.Over = protocol.SlotParked, s.Whole*queueOf(l.conversations[conv].Queue).Rules.Share()/100, false
		case !aside && s.State == protocol.SlotParked:
			l.takeUp(s)
		}
	})
	return l.after(err, agent, conv)
}

// takeUp lets a parked slot run: own work is carried on also where it does not
// fit. What rings at the agent was reserved before.
func (l *ledger) takeUp(s *store.Slot) {
	over := l.exceeds(s.Agent, s.Whole-s.Cost)
	s.State, s.Cost, s.WakeUntil, s.Over = protocol.SlotActive, s.Whole, 0, over
}

// wake takes up a parked conversation whose visitor wrote, where its owner has
// room, or in most queues is over by no more than one; else it waits for a while.
func (l *ledger) wake(conv protocol.ConversationID) error {
	if err := l.begin(conv, "wake"); err != nil {
		return err
	}
	l.do(func() {
		c := l.conversations[conv]
		s := l.slots[slotKey{conv, c.Owner}]
		over := 1 // of one's own
		if c.Queue == "q2" {
			over = 0
		}
		switch {
		case s == nil || c.State != protocol.StateActive || s.State != protocol.SlotParked:
		case l.agents[c.Owner].Load-s.Cost+s.Whole <= store.Units+over*s.Whole:
			l.takeUp(s)
		case s.WakeUntil == 0:
			s.WakeUntil = time.Now().Add(8 * time.Second).UnixMilli()
		}
	})
	return l.after(nil, conv, "wake")
}

func (l *ledger) DueWakes(ctx context.Context, ws protocol.WorkspaceID, now int64) ([]store.Slot, error) {
	if err := l.out(); err != nil {
		return nil, err
	}
	return l.memory.DueWakes(ctx, ws, now)
}

// Requeue gives a conversation to others: not before its time, and not to its owner first.
func (l *ledger) Requeue(ctx context.Context, ws protocol.WorkspaceID, conv protocol.ConversationID, cause string) (store.Conversation, error) {
	if err := l.begin(conv); err != nil {
		return store.Conversation{}, err
	}
	var early int64
	var row store.Conversation
	l.peek(func() {
		c := l.conversations[conv]
		row = *c
		if s := l.slots[slotKey{conv, c.Owner}]; cause == "owner_full" && s != nil && c.State == protocol.StateActive {
			early = s.WakeUntil - time.Now().UnixMilli()
		}
		l.w.check.asked[pair{string(conv), c.Owner}] = time.Now()
	})
	if early > 0 {
		l.w.broke(fmt.Sprintf("ROUTE-2: %s is taken from its owner %d ms before its time", conv, early))
	}
	if cause == store.CauseNoReply {
		if err := l.givesBack(row); err != nil {
			return store.Conversation{}, err
		}
	}
	c, err := l.memory.Requeue(ctx, ws, conv, cause)
	c.Touched = append(slices.Clone(c.Touched), l.left(conv)...)
	if err == nil {
		l.w.count(cause)
	}
	return c, l.after(err, conv)
}
