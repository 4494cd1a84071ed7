package storetest

import (
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// ruled is a world whose queue has rules, with an agent for each number of chats.
func ruled(t *testing.T, s *store.Store, rules store.QueueRules, most ...int) *World {
	t.Helper()
	declared := Declaration(len(most))
	declared.Queues[0].Rules = rules
	for i, n := range most {
		declared.Agents[i].MaxChats = n
	}
	_, err := s.Apply(t.Context(), declared)
	must(t, err)
	w := &World{Store: s, ID: declared.ID, Site: declared.Sites[0].ID, Queue: declared.Queues[0].ID}
	for _, a := range declared.Agents {
		_, err := s.Declare(t.Context(), w.ID, a.ID, protocol.DeclaredReady, "", "agent:"+string(a.ID), "test")
		must(t, err)
		w.Agents = append(w.Agents, a.ID)
	}
	return w
}

func (w *World) agent(t *testing.T, n int) store.Agent {
	t.Helper()
	a, err := w.Store.Agent(t.Context(), w.ID, w.Agents[n])
	must(t, err)
	return a
}

func (w *World) slot(t *testing.T, agent protocol.AgentID, conv protocol.ConversationID) store.Slot {
	t.Helper()
	slots, err := w.Store.SlotsOf(t.Context(), w.ID, conv)
	must(t, err)
	for _, l := range slots {
		if l.Agent == agent {
			return l
		}
	}
	return store.Slot{}
}

func units(t *testing.T, s *store.Store) {
	t.Helper()
	most := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	w := ruled(t, s, store.QueueRules{}, most...)
	for i, n := range most {
		for range n {
			w.Active(t, w.Agents[i])
		}
		want(t, s.OpenOffer(t.Context(), w.Offering(w.Ask(t), w.Agents[i], 1<<60), nil), protocol.CodeFull)
	}
	dear := ruled(t, s, store.QueueRules{Units: map[string]int{"chat": 40}}, 4)
	dear.Active(t, dear.Agents[0])
	dear.Active(t, dear.Agents[0])
	want(t, s.OpenOffer(t.Context(), dear.Offering(dear.Ask(t), dear.Agents[0], 1<<60), nil), protocol.CodeFull)
	if a := dear.agent(t, 0); a.Load != 80 {
		t.Errorf("two chats of 40 units are a load of %d", a.Load)
	}
	if got := store.UnitsOf(store.QueueRules{}, store.MediumVideo, 10); got != store.Units {
		t.Errorf("a video takes %d units of somebody with room for ten chats", got)
	}
}

func weights(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	agent := w.Agents[0]
	c := w.Active(t, agent)
	call := w.Call(t, c, protocol.MediaAudio)
	for range 2 { // again: nothing changes
		now, err := s.Weigh(t.Context(), w.ID, c.ID, store.QueueRules{})
		must(t, err)
		if a := w.agent(t, 0); a.Load != 50 || a.Videos != 0 {
			t.Errorf("with audio the agent is %+v, touched %v", a, now.Touched)
		}
	}
	_, err := s.Park(t.Context(), w.ID, agent, c.ID, op(), 50)
	must(t, err)
	if l := w.slot(t, agent, c.ID); l.Cost != 25 || l.Whole != 50 || l.Medium != store.MediumAudio {
		t.Errorf("parked with audio: %+v", l)
	}
	_, err = s.EndCall(t.Context(), w.ID, call.ID, By(agent), "agent:"+string(agent), op(), "hung_up")
	must(t, err)
	_, err = s.Weigh(t.Context(), w.ID, c.ID, store.QueueRules{})
	must(t, err)
	_, err = s.Unpark(t.Context(), w.ID, agent, c.ID, op())
	must(t, err)
	w.Call(t, c, protocol.MediaVideo)
	now, err := s.Weigh(t.Context(), w.ID, c.ID, store.QueueRules{Units: map[string]int{"video": 70}})
	must(t, err)
	if a := w.agent(t, 0); a.Load != 70 || a.Videos != 1 || len(now.Touched) != 1 {
		t.Errorf("with video the agent is %+v, touched %v", a, now.Touched)
	}
	if n, err := s.AuditLoads(t.Context(), w.ID); n != 0 || err != nil {
		t.Errorf("%d loads differ, %v", n, err)
	}
}

func overCapacity(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	agent := w.Agents[0]
	first := w.Active(t, agent)
	_, err := s.Park(t.Context(), w.ID, agent, first.ID, op(), 0)
	must(t, err)
	var others []store.Conversation
	for range 4 {
		others = append(others, w.Active(t, agent))
	}
	_, err = s.Unpark(t.Context(), w.ID, agent, first.ID, op())
	must(t, err)
	if l := w.slot(t, agent, first.ID); !l.Over || l.Cost != store.Cost || w.agent(t, 0).Load != 125 {
		t.Errorf("the fifth is %+v", l)
	}
	want(t, s.OpenOffer(t.Context(), w.Offering(w.Ask(t), agent, 1<<60), nil), protocol.CodeFull)
	for _, c := range others[:2] {
		_, _, err := s.End(t.Context(), w.ID, c.ID, By(agent), "agent:"+string(agent), op(), "", 0)
		must(t, err)
		_, err = s.Clear(t.Context(), w.ID, agent, c.ID, op())
		must(t, err)
	}
	_, err = s.Park(t.Context(), w.ID, agent, first.ID, op(), 50)
	must(t, err)
	if l := w.slot(t, agent, first.ID); l.Over {
		t.Errorf("where all fits again the slot is %+v", l)
	}
}

func pending(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	agent := w.Agents[0]
	actor := "agent:" + string(agent)
	c := w.Active(t, agent)
	a, err := s.Declare(t.Context(), w.ID, agent, protocol.DeclaredPending, "lunch", actor, "agent")
	must(t, err)
	if a.Declared != protocol.DeclaredPending {
		t.Fatalf("with a conversation the agent is %s", a.Declared)
	}
	_, _, err = s.End(t.Context(), w.ID, c.ID, By(agent), actor, op(), "", 0)
	must(t, err)
	if a := w.agent(t, 0); a.Declared != protocol.DeclaredPending {
		t.Errorf("in wrap-up the agent is %s", a.Declared)
	}
	_, err = s.Clear(t.Context(), w.ID, agent, c.ID, op())
	must(t, err)
	if a := w.agent(t, 0); a.Declared != protocol.DeclaredNotReady || a.Reason != "lunch" {
		t.Errorf("after the last one the agent is %s (%s)", a.Declared, a.Reason)
	}
	line, err := s.AgentStates(t.Context(), w.ID, agent) // STATE-5
	must(t, err)
	if last := line[len(line)-1]; last.Declared != protocol.DeclaredNotReady || last.Actor != "system" || last.Cause == "" {
		t.Errorf("timeline %+v", line)
	}
	a, err = s.Declare(t.Context(), w.ID, agent, protocol.DeclaredPending, "", actor, "agent")
	must(t, err)
	if a.Declared != protocol.DeclaredNotReady {
		t.Errorf("without any conversation the agent is %s", a.Declared)
	}
}
