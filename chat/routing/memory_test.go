package routing

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

const testWorkspace protocol.WorkspaceID = "w1"

// A memory is a plain record with the rules of the real one, which also checks
// R1 and R2 at every step.
type memory struct {
	mu            sync.Mutex // guards all
	agents        map[protocol.AgentID]*store.Agent
	conversations map[protocol.ConversationID]*store.Conversation
	offers        map[protocol.OfferID]*store.Offer
	slots         map[slotKey]*store.Slot
	requests      map[protocol.RequestID]*store.Request
	queues        []store.Queue
	version       int64
	figures       map[protocol.QueueID]store.Figures
	opened        []store.Offer // in order
	ringing       []*store.Offer
	accepted      map[protocol.OfferID]int64            // when its agent had last accepted one, as it was opened
	moved         map[protocol.AgentID]time.Time        // when load or state changed
	stood         map[protocol.AgentID][]stood          // as before the last few changes
	declared      map[protocol.AgentID]time.Time        // when state changed
	queued        map[protocol.ConversationID]time.Time // when it came back to its queue
	enquiries     []protocol.RequestID                  // that run
	parted        map[slotKey]bool                      // who was in enquiries about a conversation that have ended
	decisions     []store.Decision
	taken         *store.Offer // by the step under way: told how its agent stands then
	refuse        error        // what OpenOffer answers, if set
	broken        []string     // invariants seen broken
}

// A stood is what an agent carried until a time.
type stood struct {
	load int
	last int64 // accepted
	till time.Time
}

// A slotKey is a conversation and an agent in it.
type slotKey struct {
	conv  protocol.ConversationID
	agent protocol.AgentID
}

func newMemory(queues ...store.Queue) *memory {
	return &memory{
		agents: map[protocol.AgentID]*store.Agent{}, conversations: map[protocol.ConversationID]*store.Conversation{},
		offers: map[protocol.OfferID]*store.Offer{}, slots: map[slotKey]*store.Slot{}, queues: queues,
		requests: map[protocol.RequestID]*store.Request{}, moved: map[protocol.AgentID]time.Time{}, stood: map[protocol.AgentID][]stood{},
		declared: map[protocol.AgentID]time.Time{}, parted: map[slotKey]bool{}, accepted: map[protocol.OfferID]int64{}, queued: map[protocol.ConversationID]time.Time{},
	}
}

func (m *memory) do(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen, was := make(map[protocol.AgentID][2]any, len(m.agents)), make(map[protocol.AgentID]stood, len(m.agents))
	for id, a := range m.agents {
		seen[id], was[id] = [2]any{a.Load, a.Declared}, stood{a.Load, a.LastAccepted, time.Now()}
	}
	f()
	m.closeEnquiries()
	defer func() { m.taken = nil }()
	m.ringing = slices.DeleteFunc(m.ringing, func(o *store.Offer) bool { return o.Outcome != "" })
	for id, a := range m.agents {
		used, over := 0, 0 // over: what was carried on by right, apart
		a.Slots, a.Load = 0, 0
		for _, s := range m.slots {
			if s.Agent != id {
				continue
			}
			a.Slots, a.Load = a.Slots+1, a.Load+s.Cost
			if s.Over {
				over += s.Cost
			} else if s.State != protocol.SlotParked && s.Role != store.RoleAsker {
				used++
			}
		}
		if w := was[id]; w.load != a.Load || w.last != a.LastAccepted {
			m.stood[id] = append(m.stood[id][max(0, len(m.stood[id])-3):], w)
		}
		if seen[id][1] != any(a.Declared) {
			m.declared[id] = time.Now()
		}
		load := a.Load - over
		if seen[id] != [2]any{a.Load, a.Declared} {
			a.Version++
		}
		if o := m.taken; o != nil && o.Agent == id && o.Request == "" {
			o.Standing = store.Standing{Version: a.Version, Load: a.Load, Slots: a.Slots, LastAccepted: a.LastAccepted}
		}
		for _, o := range m.ringing {
			if o.Agent == id {
				used, load = used+1, load+o.Cost
			}
		}
		if m.moved[id].IsZero() || seen[id] != [2]any{a.Load, a.Declared} {
			m.moved[id] = time.Now()
		}
		if load > 100 || used > a.MaxChats {
			m.broken = append(m.broken, fmt.Sprintf("R1: %s holds %d slots, %d units", id, used, load))
		}
	}
}

// exceeds: have an agent's slots and what rings there no room for more units?
func (m *memory) exceeds(agent protocol.AgentID, more int) bool {
	for _, s := range m.slots {
		if s.Agent == agent {
			more += s.Cost
		}
	}
	for _, o := range m.ringing {
		if o.Agent == agent && o.Outcome == "" {
			more += o.Cost
		}
	}
	return more > store.Units
}

// ring adds an offer that is open.
func (m *memory) ring(o store.Offer) {
	m.offers[o.ID] = &o
	m.ringing = append(m.ringing, &o)
}

func refusal(c protocol.Code) error { return protocol.NewError(c, "refused") }

func (m *memory) Epoch() string { return "epoch" }

func (m *memory) Decide(_ context.Context, decisions []store.Decision) error {
	m.do(func() { m.decisions = append(m.decisions, decisions...) })
	return nil
}

func (m *memory) OpenOffer(_ context.Context, o store.Offer, why *store.Decision) (err error) {
	m.do(func() {
		defer func() {
			if err == nil && why != nil {
				m.decisions = append(m.decisions, *why)
			}
		}()
		if err = m.refuse; err != nil {
			return
		}
		c, q := m.conversations[o.Conversation], m.requests[o.Request]
		if q != nil && q.Consult != "" {
			o.Conversation, c = q.Consult, m.conversations[q.Consult]
		}
		if o.Request == "" && (c == nil || c.State != protocol.StateQueued) || o.Request != "" && (q == nil || q.State != store.RequestOpen) {
			err = refusal(protocol.CodeWrongState)
			return
		}
		load := m.agents[o.Agent].Load
		for _, other := range m.ringing {
			together := o.Kind == protocol.OfferAll && other.Kind == protocol.OfferAll && other.Agent != o.Agent
			if other.Conversation == o.Conversation && other.Request == o.Request && !together {
				err = refusal(protocol.CodeWrongState)
				return
			}
			if other.Agent == o.Agent {
				err = refusal(protocol.CodeFull)
				return
			}
		}
		if load+o.Cost > store.Units {
			err = refusal(protocol.CodeFull)
			return
		}
		c.Rounds++
		o.Load, m.accepted[o.ID] = load, m.agents[o.Agent].LastAccepted
		m.ring(o)
		m.opened = append(m.opened, o)
	})
	return err
}

func (m *memory) Accept(agent protocol.AgentID, id protocol.OfferID) (o store.Offer, err error) {
	m.do(func() {
		row := m.offers[id]
		if row == nil || row.Agent != agent || row.Outcome != "" {
			err = refusal(protocol.CodeExpired)
			return
		}
		c, now := m.conversations[row.Conversation], time.Now().UnixMilli()
		if m.agents[agent].Load+row.Cost > store.Units { // own work was taken up meanwhile
			err = refusal(protocol.CodeFull)
			return
		}
		row.Outcome, row.Settled = store.OutcomeAccepted, now
		slot := &store.Slot{Conversation: c.ID, Agent: agent, State: protocol.SlotActive, Cost: row.Cost, Since: now, Started: now, Role: store.RoleOwner, Whole: row.Cost}
		switch row.Kind {
		case protocol.OfferTransfer:
			delete(m.slots, slotKey{c.ID, c.Owner})
			row.Touched = []string{agentActor(c.Owner)}
			c.Owner = agent
		case protocol.OfferInvite, protocol.OfferConsult:
			slot.Role = store.RoleGuest
		default:
			if c.Owner != "" {
				m.broken = append(m.broken, "R2: second owner of "+string(c.ID))
			}
			c.State, c.Owner, c.Started = protocol.StateActive, agent, now
		}
		if q := m.requests[row.Request]; q != nil {
			q.State, q.Taker = store.RequestAccepted, agent
		}
		for _, other := range m.ringing {
			if other.Conversation == c.ID && other.Request == row.Request && other.Outcome == "" {
				other.Outcome, other.Cause, other.Settled = store.OutcomeRescinded, "superseded", now
				row.Superseded = append(row.Superseded, *other)
			}
		}
		m.slots[slotKey{c.ID, agent}] = slot
		m.agents[agent].LastAccepted = now
		o, m.taken = *row, &o
	})
	return o, err
}

func (m *memory) Settle(_ context.Context, _ protocol.WorkspaceID, id protocol.OfferID, outcome store.Outcome, cause string, _ protocol.Declared) (o store.Offer, settled bool, err error) {
	m.do(func() {
		row := m.offers[id]
		if row == nil {
			err = refusal(protocol.CodeNotFound)
			return
		}
		if row.Outcome == "" {
			settled = true
			if outcome == store.OutcomeTimedOut && m.agents[row.Agent].Load+row.Cost > store.Units {
				outcome, cause = store.OutcomeRescinded, store.CauseAgentFull
			}
			row.Outcome, row.Cause, row.Settled = outcome, cause, time.Now().UnixMilli()
			if q := m.requests[row.Request]; q != nil && q.ToAgent != "" {
				q.State = store.RequestRefused
			}
			if outcome == store.OutcomeTimedOut && row.Kind != protocol.OfferAll {
				a := m.agents[row.Agent]
				a.Declared, a.Reason = protocol.DeclaredNotReady, "no_answer"
			}
		}
		o = *row
	})
	return o, settled, err
}

func (m *memory) OverdueOffers(_ context.Context, _ protocol.WorkspaceID, now int64) (list []store.Offer, _ error) {
	m.do(func() {
		for _, o := range m.ringing {
			if o.Deadline <= now {
				list = append(list, *o)
			}
		}
	})
	return list, nil
}

func (m *memory) OpenOffers(context.Context, protocol.WorkspaceID) (list []store.Offer, _ error) {
	m.do(func() {
		for _, o := range m.ringing {
			list = append(list, *o)
		}
	})
	return list, nil
}

func (m *memory) Waiting(context.Context, protocol.WorkspaceID) (list []store.Conversation, _ error) {
	m.do(func() {
		for _, c := range m.conversations {
			if c.State == protocol.StateQueued {
				list = append(list, *c)
			}
		}
	})
	slices.SortFunc(list, func(a, b store.Conversation) int {
		return cmp.Or(cmp.Compare(a.Asked, b.Asked), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

func (m *memory) Queues(context.Context, protocol.WorkspaceID) ([]store.Queue, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.queues), nil
}

func (m *memory) Version(context.Context, protocol.WorkspaceID) (v int64, _ error) {
	m.do(func() { v = m.version })
	return v, nil
}

func (m *memory) Figures(context.Context, protocol.WorkspaceID, int64) (f map[protocol.QueueID]store.Figures, _ error) {
	m.do(func() { f = m.figures })
	return f, nil
}

func (m *memory) Lose(_ context.Context, _ protocol.WorkspaceID, agent protocol.AgentID, conv protocol.ConversationID, _ string) (c store.Conversation, requeued bool, err error) {
	m.do(func() {
		row, slot := m.conversations[conv], m.slots[slotKey{conv, agent}]
		if slot == nil || row.State != protocol.StateActive {
			err = refusal(protocol.CodeWrongState)
			return
		}
		delete(m.slots, slotKey{conv, agent})
		if slot.Role != store.RoleGuest && row.Kind != store.KindConsult {
			requeued = true
			row.State, row.Owner, row.Requeued = protocol.StateQueued, "", time.Now().UnixMilli()
			m.queued[conv] = time.Now()
		}
		for _, q := range m.requests {
			if q.Conversation == conv && q.By == agent && q.State == store.RequestOpen {
				m.endRequest(q, store.RequestWithdrawn)
			}
		}
		c = *row
	})
	return c, requeued, err
}

func bySlot(a, b store.Slot) int {
	return cmp.Or(cmp.Compare(a.Conversation, b.Conversation), cmp.Compare(a.Agent, b.Agent))
}

func (m *memory) endRequest(q *store.Request, state string) {
	q.State = state
	for _, o := range m.ringing {
		if o.Request == q.ID && o.Outcome == "" {
			o.Outcome, o.Cause, o.Settled = store.OutcomeRescinded, "superseded", time.Now().UnixMilli()
		}
	}
}

func (m *memory) Requests(context.Context, protocol.WorkspaceID) (list []store.Request, _ error) {
	m.do(func() {
		for _, q := range m.requests {
			if q.State == store.RequestOpen {
				list = append(list, *q)
			}
		}
	})
	slices.SortFunc(list, func(a, b store.Request) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

func (m *memory) Conversation(_ context.Context, _ protocol.WorkspaceID, id protocol.ConversationID) (c store.Conversation, err error) {
	m.do(func() {
		if row := m.conversations[id]; row != nil {
			c = *row
		} else {
			err = refusal(protocol.CodeNotFound)
		}
	})
	return c, err
}

func (m *memory) SlotsOf(_ context.Context, _ protocol.WorkspaceID, conv protocol.ConversationID) (list []store.Slot, _ error) {
	m.do(func() {
		for k, s := range m.slots {
			if k.conv == conv {
				list = append(list, *s)
			}
		}
	})
	slices.SortFunc(list, bySlot)
	return list, nil
}

func (m *memory) End(_ context.Context, _ protocol.WorkspaceID, conv protocol.ConversationID, _ protocol.Author, _ string, _ protocol.Op, _ string, wrapMs int64) (c store.Conversation, slots []store.Slot, err error) {
	m.do(func() {
		row := m.conversations[conv]
		switch row.State {
		case protocol.StateQueued:
			row.Outcome = "abandoned"
			for _, o := range m.ringing {
				if o.Conversation == conv && o.Outcome == "" {
					o.Outcome, o.Cause = store.OutcomeRescinded, "visitor_left"
				}
			}
		case protocol.StateActive:
			for k, s := range m.slots {
				if k.conv == conv {
					s.Over = s.Over || s.Cost < s.Whole && m.exceeds(s.Agent, s.Whole-s.Cost)
					s.State, s.WrapUntil, s.WakeUntil, s.Cost = protocol.SlotWrapUp, time.Now().UnixMilli()+wrapMs, 0, max(s.Cost, s.Whole)
					slots = append(slots, *s)
				}
			}
			for _, q := range m.requests {
				if q.Conversation == conv && q.State == store.RequestOpen {
					m.endRequest(q, store.RequestWithdrawn)
				}
			}
		default:
			err = refusal(protocol.CodeWrongState)
			return
		}
		row.State = protocol.StateEnded
		c = *row
	})
	return c, slots, err
}

func (m *memory) Clear(conv protocol.ConversationID) (agent protocol.AgentID) {
	m.do(func() {
		for k := range m.slots {
			if k.conv == conv {
				agent = k.agent
				delete(m.slots, k)
			}
		}
	})
	return agent
}

// answering gives the right to answer to an agent of whose rights nothing is said.
func answering(a store.Agent) store.Agent {
	if a.Permissions == nil {
		a.Permissions = []protocol.Permission{protocol.PermDesk}
	}
	return a
}

func (m *memory) Agents(context.Context, protocol.WorkspaceID) (list []store.Agent, _ error) {
	m.do(func() {
		for _, a := range m.agents {
			list = append(list, answering(*a))
		}
	})
	slices.SortFunc(list, func(a, b store.Agent) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

func (m *memory) Agent(_ context.Context, _ protocol.WorkspaceID, id protocol.AgentID) (a store.Agent, err error) {
	m.do(func() {
		if row := m.agents[id]; row != nil {
			a = answering(*row)
		} else {
			err = refusal(protocol.CodeNotFound)
		}
	})
	return a, err
}

func (m *memory) SlotsOfAgent(_ context.Context, _ protocol.WorkspaceID, id protocol.AgentID) (list []store.Slot, _ error) {
	m.do(func() {
		for _, s := range m.slots {
			if s.Agent == id {
				list = append(list, *s)
			}
		}
	})
	slices.SortFunc(list, bySlot)
	return list, nil
}

func (m *memory) Declare(_ context.Context, _ protocol.WorkspaceID, id protocol.AgentID, declared protocol.Declared, reason, _, _ string) (a store.Agent, _ error) {
	m.do(func() {
		row := m.agents[id]
		row.Declared, row.Reason, row.DeclaredAt = declared, reason, time.Now().UnixMilli()
		a = *row
	})
	return a, nil
}

func (m *memory) ExpireWrapUps(_ context.Context, _ protocol.WorkspaceID, now int64) (list []store.Slot, _ error) {
	m.do(func() {
		for id, s := range m.slots {
			if s.State == protocol.SlotWrapUp && s.WrapUntil <= now {
				list = append(list, *s)
				delete(m.slots, id)
			}
		}
	})
	slices.SortFunc(list, bySlot)
	return list, nil
}

func (m *memory) AuditLoads(context.Context, protocol.WorkspaceID) (int, error) { return 0, nil }
