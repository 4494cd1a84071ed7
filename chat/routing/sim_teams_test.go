package routing

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// An asking is a request when it was made.
type asking struct {
	at time.Time
	by []protocol.AgentID // who was in the conversation
}

// asks is the place of a request. Holds the record's lock.
func (w *world) asks(q store.Request) rules.Waiting {
	queue := q.ToQueue
	if queue == "" {
		queue = w.mem.conversations[q.Conversation].Queue
	}
	return rules.Request(q, queueOf(queue), store.MediumChat, w.requested[q.ID].by)
}

func (w *world) count(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counts[what]++
}

// persist does something by a node until it is answered, as a page does.
func (w *world) persist(n *simNode, f func(n *simNode) error) bool {
	for range 5 {
		if err := f(n); err == nil || code(err) != "" {
			return err == nil
		}
		<-time.After(time.Second + time.Duration(n.ledger.chance("persist")%1000)*time.Microsecond)
		n = w.alive(n)
	}
	return false
}

// consider lets the owner of a running conversation ask a colleague or a queue
// to take it over, or to come into it too.
func (w *world) consider(c store.Conversation) {
	if w.eager || w.rng.IntN(60) != 0 || w.presentFor(agentActor(c.Owner)) == 0 {
		return
	}
	w.wishes++
	q := store.Request{
		ID: protocol.RequestID(fmt.Sprintf("r%04d", w.wishes)), Workspace: testWorkspace, Conversation: c.ID,
		Kind: protocol.RequestTransfer, By: c.Owner, State: store.RequestOpen,
	}
	switch w.rng.IntN(3) {
	case 0:
		q.Kind = protocol.RequestInvite
	case 1:
		q.Kind = protocol.RequestConsult
	}
	stands := 2 * time.Minute
	if w.rng.IntN(2) == 0 {
		q.ToAgent, stands = protocol.AgentID(fmt.Sprintf("a%d", w.rng.IntN(8))), time.Minute
	} else {
		q.ToQueue = simQueues[w.rng.IntN(4)].ID
	}
	n := w.some()
	now := time.Now().Add(n.ledger.skew)
	q.Asked, q.Deadline = now.UnixMilli(), time.Now().Add(stands).UnixMilli()
	if q.ToAgent == q.By {
		return
	}
	w.note("%s asks %s%s to %s of %s", q.By, q.ToAgent, q.ToQueue, q.Kind, c.ID)
	w.do(func() {
		w.persist(n, func(n *simNode) error {
			if err := n.ledger.openRequest(q); err != nil {
				return err
			}
			w.count(string(q.Kind))
			_ = n.r.Request(w.ctx, q, c)
			return nil
		})
	})
}

// openRequest is an agent's request by this node; once, however often it is sent.
func (l *ledger) openRequest(q store.Request) error {
	if err := l.begin(q.ID); err != nil {
		return err
	}
	var err error
	l.do(func() {
		c := l.conversations[q.Conversation]
		if l.requests[q.ID] != nil {
			return
		}
		own := l.slots[slotKey{c.ID, q.By}]
		for _, other := range l.requests {
			if other.Conversation == c.ID && other.By == q.By && other.State == store.RequestOpen {
				own = nil
			}
		}
		if c.State != protocol.StateActive || c.Owner != q.By || own == nil {
			err = refusal(protocol.CodeForbidden)
			return
		}
		made := asking{at: time.Now()}
		for k := range l.slots {
			if k.conv == c.ID {
				made.by = append(made.by, k.agent)
			}
		}
		l.requests[q.ID], l.w.requested[q.ID] = &q, made
		if q.Kind == protocol.RequestConsult {
			l.enquire(&q)
		}
	})
	return l.after(err, q.ID)
}

func (l *ledger) Requests(ctx context.Context, ws protocol.WorkspaceID) ([]store.Request, error) {
	if err := l.out(); err != nil {
		return nil, err
	}
	return l.memory.Requests(ctx, ws)
}

func (l *ledger) EndRequest(ctx context.Context, ws protocol.WorkspaceID, id protocol.RequestID, cause, actor string) (store.Request, bool, error) {
	if err := l.begin(id); err != nil {
		return store.Request{}, false, err
	}
	q, ended, err := l.memory.EndRequest(ctx, ws, id, cause, actor)
	q.Touched = append(slices.Clone(q.Touched), l.left(q.Conversation)...)
	if early := q.Deadline - time.Now().UnixMilli(); ended && cause == store.RequestExpired && early > 0 {
		l.w.broke(fmt.Sprintf("TEAM-1: request %s expired %d ms before its time", id, early))
	}
	return q, ended, l.after(err, id)
}

// Lose is of the memory but where a guest is in it, who takes over.
func (l *ledger) Lose(ctx context.Context, ws protocol.WorkspaceID, agent protocol.AgentID, conv protocol.ConversationID, cause string) (c store.Conversation, requeued bool, err error) {
	if err := l.begin(agent, conv); err != nil {
		return c, false, err
	}
	inherited := false
	l.do(func() {
		row, own := l.conversations[conv], l.slots[slotKey{conv, agent}]
		if own == nil || own.Role == store.RoleGuest || row.Kind == store.KindConsult || row.State != protocol.StateActive {
			return
		}
		var guests []*store.Slot
		for k, s := range l.slots {
			if k.conv == conv && s.Role == store.RoleGuest {
				guests = append(guests, s)
			}
		}
		if len(guests) == 0 {
			return
		}
		heir := slices.MinFunc(guests, func(a, b *store.Slot) int {
			return cmp.Or(cmp.Compare(a.Started, b.Started), cmp.Compare(a.Agent, b.Agent))
		})
		inherited = true
		delete(l.slots, slotKey{conv, agent})
		heir.Role, row.Owner = store.RoleOwner, heir.Agent
		for _, q := range l.requests {
			if q.Conversation == conv && q.By == agent && q.State == store.RequestOpen {
				l.endRequest(q, store.RequestWithdrawn)
			}
		}
		c = *row
		c.Touched = []string{agentActor(heir.Agent)}
	})
	if !inherited {
		c, requeued, err = l.memory.Lose(ctx, ws, agent, conv, cause)
	}
	c.Touched = append(slices.Clone(c.Touched), append(l.left(c.ID), l.left(c.Parent)...)...)
	return c, requeued, l.after(err, agent, conv)
}

// pick lets an agent who has room take somebody from the waiting list, and
// looks whether all who wait are in it (ROUTE-6).
func (w *world) pick(a store.Agent) {
	const queue = protocol.QueueID("q5")
	now := time.Now()
	if !slices.Contains(a.Profile.Queues, queue) || w.rng.IntN(12) != 0 || w.presentFor(agentActor(a.ID)) == 0 {
		return
	}
	n, wrong := w.some(), w.rng.IntN(4) == 0 // or not the head
	waits := w.waits(queue)
	w.do(func() {
		ids, err := n.r.Waits(w.ctx, queue, 50)
		if err != nil {
			return
		}
		if len(ids) < 50 {
			w.check.listed(ids, waits, now)
		}
		if len(ids) == 0 {
			return
		}
		conv := ids[0]
		if wrong {
			conv = ids[len(ids)-1]
		}
		w.persist(n, func(n *simNode) error {
			err := n.ledger.pick(a.ID, conv)
			if err == nil {
				w.note("%s picks %s", a.ID, conv)
				w.count("picked")
				_ = n.r.Picked(w.ctx, conv, a.ID)
			}
			return err
		})
	})
}

// waits are those who have waited in a queue for so long that all must know,
// are there and are not being asked.
func (w *world) waits(queue protocol.QueueID) (ids []protocol.ConversationID) {
	now := time.Now()
	w.mem.peek(func() {
		ringing := map[protocol.ConversationID]bool{}
		for _, o := range w.mem.ringing {
			ringing[o.Conversation] = true
		}
		for _, c := range w.mem.conversations {
			since := now.Add(-promised - time.Second)
			if c.State == protocol.StateQueued && c.Queue == queue && !ringing[c.ID] && w.thereSince(visitorActor(c.Visitor), since) &&
				w.mem.queued[c.ID].Before(since) && w.check.freedBefore(string(c.ID), since) {
				ids = append(ids, c.ID)
			}
		}
	})
	slices.Sort(ids)
	return ids
}

// pick takes a conversation that waits; once, however often it is sent.
func (l *ledger) pick(agent protocol.AgentID, conv protocol.ConversationID) error {
	if err := l.begin(agent, conv); err != nil {
		return err
	}
	var err error
	l.do(func() {
		c, a, load := l.conversations[conv], l.agents[agent], 0
		if c.State == protocol.StateActive && c.Owner == agent {
			return
		}
		for _, s := range l.slots {
			if s.Agent == agent {
				load += s.Cost
			}
		}
		alone := false
		for _, o := range l.ringing {
			if o.Agent == agent && o.Conversation != conv {
				load += o.Cost
			}
			alone = alone || o.Conversation == conv && o.Kind == protocol.OfferAlone
		}
		cost := store.UnitsOf(queueOf(c.Queue).Rules, store.MediumChat, a.MaxChats)
		switch {
		case c.State != protocol.StateQueued || alone:
			err = refusal(protocol.CodeTaken)
			return
		case load+cost > store.Units:
			err = refusal(protocol.CodeFull)
			return
		}
		now := time.Now().UnixMilli()
		c.State, c.Owner, c.Started, a.LastAccepted = protocol.StateActive, agent, now, now
		expectReply(c)
		l.slots[slotKey{conv, agent}] = &store.Slot{
			Conversation: conv, Agent: agent, State: protocol.SlotActive, Cost: cost, Since: now, Started: now, Role: store.RoleOwner, Whole: cost,
		}
	})
	return l.after(err, agent, conv)
}

// simHours closes what has a calendar for the last minute of every four.
type simHours struct{ start time.Time }

func (h simHours) Open(q store.Queue, at int64) (open bool, changes int64) {
	if q.Rules.Calendar == "" {
		return true, 0
	}
	const cycle, closes = 240_000, 180_000
	in := (at - h.start.UnixMilli()) % cycle
	if in < closes {
		return true, at - in + closes
	}
	return false, at - in + cycle
}

// closedFor is for how long a queue has been closed; 0: it is open.
func (h simHours) closedFor(q store.Queue, now time.Time) time.Duration {
	if open, changes := h.Open(q, now.UnixMilli()); open || changes == 0 {
		return 0
	}
	at := now.UnixMilli()
	for at > h.start.UnixMilli() {
		if open, _ := h.Open(q, at-1000); open {
			break
		}
		at -= 1000
	}
	return time.Duration(now.UnixMilli()-at) * time.Millisecond
}

// accepting asks a node whether a queue takes somebody: it says closed when it is (R13).
func (w *world) accepting(n *simNode, q store.Queue) {
	now := time.Now().UnixMilli()
	open, changes := w.hours.Open(q, now)
	was, _ := w.hours.Open(q, now-1000)
	if was != open || changes != 0 && changes-now < 1000 {
		return // may be told from just before or behind it
	}
	if reason, _ := n.r.Accepting(w.ctx, store.Site{}, q); (reason == protocol.SiteClosed) == open {
		w.broke(fmt.Sprintf("R13: %s is open: %v, and a node says %q", q.ID, open, reason))
	}
}

// Abandon ends the waiting where a queue has closed: not before (R13).
func (l *ledger) Abandon(ctx context.Context, ws protocol.WorkspaceID, conv protocol.ConversationID, op protocol.Op, actor, why string) (store.Conversation, error) {
	if err := l.begin(conv); err != nil {
		return store.Conversation{}, err
	}
	c, err := l.memory.Abandon(ctx, ws, conv, op, actor, why)
	if err == nil {
		q := queueOf(c.Queue)
		l.w.count("missed")
		if shut := l.w.hours.closedFor(q, time.Now()); shut.Milliseconds() < q.Rules.AtClosingMs {
			l.w.broke(fmt.Sprintf("R13: %s is given up in %s, which has been closed for %v", conv, q.ID, shut))
		}
	}
	return c, l.after(err, conv)
}
