package routing

import (
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
	slots         map[protocol.ConversationID]*store.Slot
	queues        []store.Queue
	opened        []store.Offer // in order
	refuse        error         // what OpenOffer answers, if set
	broken        []string      // invariants seen broken
}

func newMemory(queues ...store.Queue) *memory {
	return &memory{
		agents: map[protocol.AgentID]*store.Agent{}, conversations: map[protocol.ConversationID]*store.Conversation{},
		offers: map[protocol.OfferID]*store.Offer{}, slots: map[protocol.ConversationID]*store.Slot{}, queues: queues,
	}
}

func (m *memory) do(f func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f()
	for id, a := range m.agents {
		used, load := 0, 0
		for _, s := range m.slots {
			if s.Agent == id {
				used, load = used+1, load+s.Cost
			}
		}
		a.Slots, a.Load = used, load
		for _, o := range m.offers {
			if o.Agent == id && o.Outcome == "" {
				used, load = used+1, load+o.Cost
			}
		}
		if load > 100 || used > a.MaxChats {
			m.broken = append(m.broken, fmt.Sprintf("R1: %s holds %d slots, %d units", id, used, load))
		}
	}
}

func refusal(c protocol.Code) error { return protocol.NewError(c, "refused") }

func (m *memory) Epoch() string { return "epoch" }

func (m *memory) OpenOffer(_ context.Context, o store.Offer, _ *store.Decision) (err error) {
	m.do(func() {
		if err = m.refuse; err != nil {
			return
		}
		c, a := m.conversations[o.Conversation], m.agents[o.Agent]
		if c == nil || c.State != protocol.StateQueued {
			err = refusal(protocol.CodeWrongState)
			return
		}
		used, load := 0, 0
		for _, s := range m.slots {
			if s.Agent == o.Agent {
				used, load = used+1, load+s.Cost
			}
		}
		for _, other := range m.offers {
			if other.Outcome != "" {
				continue
			}
			if other.Conversation == o.Conversation {
				err = refusal(protocol.CodeWrongState)
				return
			}
			if other.Agent == o.Agent {
				used, load = used+1, load+other.Cost
			}
		}
		if used >= a.MaxChats || load+o.Cost > 100 {
			err = refusal(protocol.CodeFull)
			return
		}
		c.Rounds++
		m.offers[o.ID] = &o
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
		c := m.conversations[row.Conversation]
		if c.Owner != "" {
			m.broken = append(m.broken, "R2: second owner of "+string(c.ID))
		}
		now := time.Now().UnixMilli()
		row.Outcome, row.Settled = store.OutcomeAccepted, now
		c.State, c.Owner, c.Started = protocol.StateActive, agent, now
		m.slots[c.ID] = &store.Slot{Conversation: c.ID, Agent: agent, State: protocol.SlotActive, Cost: row.Cost, Since: now, Started: now}
		m.agents[agent].LastAccepted = now
		o = *row
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
			row.Outcome, row.Cause, row.Settled = outcome, cause, time.Now().UnixMilli()
			if outcome == store.OutcomeTimedOut {
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
		for _, o := range m.offers {
			if o.Outcome == "" && o.Deadline <= now {
				list = append(list, *o)
			}
		}
	})
	return list, nil
}

func (m *memory) OpenOffers(context.Context, protocol.WorkspaceID) (list []store.Offer, _ error) {
	m.do(func() {
		for _, o := range m.offers {
			if o.Outcome == "" {
				list = append(list, *o)
			}
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
	slices.SortFunc(list, func(a, b store.Conversation) int { return int(a.Asked - b.Asked) })
	return list, nil
}

func (m *memory) Queues(context.Context, protocol.WorkspaceID) ([]store.Queue, error) {
	return m.queues, nil
}

func (m *memory) Requeue(_ context.Context, _ protocol.WorkspaceID, conv protocol.ConversationID, _ string) (c store.Conversation, err error) {
	m.do(func() {
		row := m.conversations[conv]
		if row.State != protocol.StateActive {
			err = refusal(protocol.CodeWrongState)
			return
		}
		row.State, row.Owner = protocol.StateQueued, ""
		delete(m.slots, conv)
		c = *row
	})
	return c, err
}

func (m *memory) End(_ context.Context, _ protocol.WorkspaceID, conv protocol.ConversationID, _ protocol.Author, _ string, _ protocol.Op, _ string, wrapMs int64) (c store.Conversation, slots []store.Slot, err error) {
	m.do(func() {
		row := m.conversations[conv]
		switch row.State {
		case protocol.StateQueued:
			row.Outcome = "abandoned"
			for _, o := range m.offers {
				if o.Conversation == conv && o.Outcome == "" {
					o.Outcome, o.Cause = store.OutcomeRescinded, "visitor_left"
				}
			}
		case protocol.StateActive:
			s := m.slots[conv]
			s.State, s.WrapUntil = protocol.SlotWrapUp, time.Now().UnixMilli()+wrapMs
			slots = append(slots, *s)
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
		agent = m.slots[conv].Agent
		delete(m.slots, conv)
	})
	return agent
}

func (m *memory) Agents(context.Context, protocol.WorkspaceID) (list []store.Agent, _ error) {
	m.do(func() {
		for _, a := range m.agents {
			list = append(list, *a)
		}
	})
	return list, nil
}

func (m *memory) Agent(_ context.Context, _ protocol.WorkspaceID, id protocol.AgentID) (a store.Agent, err error) {
	m.do(func() {
		if row := m.agents[id]; row != nil {
			a = *row
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
	return list, nil
}

func (m *memory) AuditLoads(context.Context, protocol.WorkspaceID) (int, error) { return 0, nil }
