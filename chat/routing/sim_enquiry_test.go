package routing

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// enquire makes the conversation of an enquiry beside that of a visitor: who
// asks is in it from the start, and pays nothing for it (TEAM-3).
func (m *memory) enquire(q *store.Request) {
	now := time.Now().UnixMilli()
	q.Consult = protocol.ConversationID("e" + string(q.ID))
	m.conversations[q.Consult] = &store.Conversation{
		ID: q.Consult, Workspace: q.Workspace, Queue: m.conversations[q.Conversation].Queue, State: protocol.StateActive, Owner: q.By,
		Asked: now, Started: now, Kind: store.KindConsult, Parent: q.Conversation,
	}
	m.slots[slotKey{q.Consult, q.By}] = &store.Slot{
		Conversation: q.Consult, Agent: q.By, State: protocol.SlotActive, Since: now, Started: now, Role: store.RoleAsker,
	}
	m.enquiries = append(m.enquiries, q.ID)
}

// closeEnquiries closes those whose question has ended in vain, or which
// somebody has left: the conversation beside them, or this one.
func (m *memory) closeEnquiries() {
	m.enquiries = slices.DeleteFunc(m.enquiries, func(id protocol.RequestID) bool {
		q := m.requests[id]
		c, parent := m.conversations[q.Consult], m.conversations[q.Conversation]
		in := 0
		for k := range m.slots {
			if k.conv == c.ID {
				in++
			}
		}
		asks, there := m.slots[slotKey{c.ID, q.By}] != nil, m.slots[slotKey{parent.ID, q.By}] != nil
		if parent.State == protocol.StateActive && asks && there && (q.State == store.RequestOpen || q.State == store.RequestAccepted && in == 2) {
			return false
		}
		if q.State == store.RequestOpen {
			m.endRequest(q, store.RequestWithdrawn)
		}
		for k := range m.slots {
			if k.conv == c.ID {
				m.parted[slotKey{parent.ID, k.agent}] = true
				delete(m.slots, k)
			}
		}
		m.parted[slotKey{parent.ID, q.By}] = true
		c.State, c.Outcome = protocol.StateClosed, "ended"
		return true
	})
}

// left are the agents who were in enquiries about a conversation that have ended.
func (m *memory) left(parent protocol.ConversationID) (actors []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k := range m.parted {
		if k.conv == parent {
			actors = append(actors, agentActor(k.agent))
		}
	}
	slices.Sort(actors)
	return actors
}

// enquiry ends a side talk after a while: who asked leaves it, or who was asked,
// or the question is taken back.
func (w *world) enquiry(c store.Conversation) {
	w.mu.Lock()
	at, known := w.talks[c.ID]
	if !known {
		at = time.Now().Add(w.between(8*time.Second, 40*time.Second))
		w.talks[c.ID] = at
	}
	w.mu.Unlock()
	if time.Now().Before(at) && !w.eager {
		return
	}
	w.mu.Lock()
	w.talks[c.ID] = time.Now().Add(10 * time.Second) // to be tried again
	w.mu.Unlock()
	w.note("the enquiry %s ends", c.ID)
	n := w.some()
	w.do(func() {
		w.persist(n, func(n *simNode) error {
			withdrawn, err := n.ledger.endEnquiry(c)
			if err != nil {
				return err
			}
			w.count("enquiries ended")
			if withdrawn != "" {
				_ = n.r.RemoveRequest(w.ctx, withdrawn)
			}
			_ = n.r.refreshTouched(w.ctx, n.ledger.left(c.Parent))
			return n.r.Match(w.ctx)
		})
	})
}

func (l *ledger) endEnquiry(c store.Conversation) (withdrawn protocol.RequestID, err error) {
	if err := l.begin(c.ID); err != nil {
		return "", err
	}
	l.do(func() {
		for _, id := range l.enquiries {
			if q := l.requests[id]; q.Consult == c.ID {
				if q.State == store.RequestOpen {
					withdrawn = id
				}
				delete(l.slots, slotKey{c.ID, q.By})
			}
		}
	})
	return withdrawn, l.after(nil, c.ID)
}

// misread: what Redis has of an agent's load and state is what the record has,
// once everybody was told of it (R1, R4, STATE-1).
func (c *checker) misread(now time.Time) (broken []string) {
	key := keysOf(testWorkspace)[slices.Index(keyNames, "agents")]
	for id, a := range c.w.mem.agents {
		since := now.Add(-promised - time.Second)
		if !c.w.mem.moved[id].Before(since) || !c.from.Before(since) {
			continue
		}
		var row struct{ Load, Ready int }
		err := json.Unmarshal([]byte(c.w.server.HGet(key, string(id))), &row)
		if ready := a.Declared == protocol.DeclaredReady; err != nil || row.Load != a.Load || (row.Ready == 1) != ready {
			broken = append(broken, fmt.Sprintf("R1, STATE-1: %s carries %d units and is %s, and Redis has %+v (%v)", id, a.Load, a.Declared, row, err))
		}
	}
	return broken
}
