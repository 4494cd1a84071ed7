package storetest

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func code(err error) protocol.Code {
	if err == nil {
		return ""
	}
	e, _ := protocol.AsError(err)
	return e.Code
}

func acceptRace(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	o := w.Offer(t, w.Ask(t), w.Agents[0])
	var mu sync.Mutex
	got := map[protocol.Code]int{}
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			_, _, err := s.Accept(t.Context(), w.ID, w.Agents[0], o.ID, op())
			mu.Lock()
			defer mu.Unlock()
			got[code(err)]++
		})
	}
	all.Wait()
	if got[""] != 1 || got[protocol.CodeExpired] != 199 {
		t.Errorf("200 accepts gave %v, want one winner and 199 expired", got)
	}
	slots, err := s.Slots(t.Context(), w.ID)
	must(t, err)
	a, err := s.Agent(t.Context(), w.ID, w.Agents[0])
	must(t, err)
	if len(slots) != 1 || a.Load != 25 || a.Slots != 1 || a.LastAccepted == 0 {
		t.Errorf("slots %+v, agent %+v", slots, a)
	}
}

// acceptedTold sees that an acceptance tells how its agent stands since, in the
// order of the commits, and that its op is good for nothing else.
func acceptedTold(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 2)
	accepting, last := op(), store.Standing{}
	for i := range 2 {
		o := w.Offer(t, w.Ask(t), w.Agents[0])
		before, err := s.Agent(t.Context(), w.ID, w.Agents[0])
		must(t, err)
		if i == 1 {
			_, _, err = s.Accept(t.Context(), w.ID, w.Agents[0], o.ID, accepting)
			want(t, err, protocol.CodeConflict)
			if again, err := s.Offer(t.Context(), w.ID, o.ID); err != nil || again.Outcome != "" {
				t.Fatalf("after a refused command the offer is %+v, %v", again, err)
			}
			accepting = op()
		}
		taken, c, err := s.Accept(t.Context(), w.ID, w.Agents[0], o.ID, accepting)
		must(t, err)
		a, err := s.Agent(t.Context(), w.ID, w.Agents[0])
		must(t, err)
		is := store.Standing{Version: a.Version, Load: a.Load, Slots: a.Slots, LastAccepted: a.LastAccepted}
		if diff := cmp.Diff(is, taken.Standing); diff != "" || is.Version <= before.Version || is.Version <= last.Version || is.Load != 25*(i+1) {
			t.Errorf("standing after %+v (before it version %d): (-record +told)\n%s", last, before.Version, diff)
		}
		last = is
		read, err := s.Offer(t.Context(), w.ID, o.ID)
		must(t, err)
		kept, err := s.Conversation(t.Context(), w.ID, c.ID)
		must(t, err)
		read.Standing, read.Touched, kept.Touched = taken.Standing, taken.Touched, c.Touched
		if diff := cmp.Diff(read, taken) + cmp.Diff(kept, c); diff != "" {
			t.Errorf("what Accept gives is not what is kept (-kept +given):\n%s", diff)
		}
		again, _, err := s.Accept(t.Context(), w.ID, w.Agents[0], o.ID, accepting)
		if err != nil || again.Standing.Version != 0 || again.Outcome != store.OutcomeAccepted {
			t.Errorf("the same accept again: %+v, %v", again, err)
		}
	}
	o := w.Offer(t, w.Ask(t), w.Agents[1])
	_, _, err := s.Accept(t.Context(), w.ID, w.Agents[0], o.ID, accepting)
	want(t, err, protocol.CodeConflict)
}

func staleOffer(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 2)
	c := w.Ask(t)
	first := w.Offer(t, c, w.Agents[0])
	_, settled, err := s.Settle(t.Context(), w.ID, first.ID, store.OutcomeTimedOut, "", "")
	if err != nil || !settled {
		t.Fatalf("settle: %v, %v", settled, err)
	}
	_, _, err = s.Accept(t.Context(), w.ID, w.Agents[0], first.ID, op())
	want(t, err, protocol.CodeExpired)
	second := w.Offer(t, c, w.Agents[1])
	_, _, err = s.Accept(t.Context(), w.ID, w.Agents[0], second.ID, op())
	want(t, err, protocol.CodeNotFound) // not the agent who was asked
	accepting := op()
	o, won, err := s.Accept(t.Context(), w.ID, w.Agents[1], second.ID, accepting)
	must(t, err)
	if won.Owner != w.Agents[1] || o.Outcome != store.OutcomeAccepted || o.Round != 2 || len(won.Touched) != 2 {
		t.Errorf("accepted %+v, %+v", o, won)
	}
	if _, again, err := s.Accept(t.Context(), w.ID, w.Agents[1], second.ID, accepting); err != nil || again.Owner != w.Agents[1] {
		t.Errorf("the same accept again: %+v, %v", again, err)
	}
	_, _, err = s.Accept(t.Context(), w.ID, w.Agents[0], first.ID, op())
	want(t, err, protocol.CodeTaken)
	if _, settled, err := s.Settle(t.Context(), w.ID, second.ID, store.OutcomeRescinded, "late", ""); err != nil || settled {
		t.Errorf("an accepted offer was settled: %v, %v", settled, err)
	}
}

func capacity(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 2)
	var convs []store.Conversation
	for range 24 {
		convs = append(convs, w.Ask(t))
	}
	var mu sync.Mutex
	accepted := 0
	var all sync.WaitGroup
	for i, c := range convs {
		all.Go(func() {
			o := w.Offering(c, w.Agents[i%2], 1<<60)
			if err := s.OpenOffer(t.Context(), o, nil); err != nil {
				if code(err) != protocol.CodeFull {
					t.Error(err)
				}
				return
			}
			if _, _, err := s.Accept(t.Context(), w.ID, o.Agent, o.ID, op()); err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			accepted++
		})
	}
	all.Wait()
	for _, id := range w.Agents {
		a, err := s.Agent(t.Context(), w.ID, id)
		must(t, err)
		slots, err := s.SlotsOfAgent(t.Context(), w.ID, id)
		must(t, err)
		if a.Load > store.Units || a.Slots != len(slots) {
			t.Errorf("agent has load %d, %d slots, %d rows", a.Load, a.Slots, len(slots))
		}
	}
	if accepted > 8 || accepted == 0 {
		t.Errorf("%d accepted, want at most 8", accepted)
	}
}

func acceptFull(t *testing.T, s *store.Store) {
	t.Helper()
	declared := Declaration(1)
	_, err := s.Apply(t.Context(), declared)
	must(t, err)
	w := &World{Store: s, ID: declared.ID, Site: declared.Sites[0].ID, Queue: declared.Queues[0].ID, Agents: []protocol.AgentID{declared.Agents[0].ID}}
	first := w.Active(t, w.Agents[0])
	c := w.Ask(t)
	o := w.Offer(t, c, w.Agents[0])
	w.Call(t, first, protocol.MediaVideo) // while it rings
	_, err = s.Weigh(t.Context(), w.ID, first.ID, store.QueueRules{})
	must(t, err)
	_, _, err = s.Accept(t.Context(), w.ID, w.Agents[0], o.ID, op())
	want(t, err, protocol.CodeFull)
	now, err := s.Offer(t.Context(), w.ID, o.ID)
	must(t, err)
	if now.Outcome != "" {
		t.Errorf("a refused accept left the offer %q", now.Outcome)
	}
}

func oneOffer(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 8)
	c := w.Ask(t)
	var mu sync.Mutex
	opened := 0
	var all sync.WaitGroup
	for _, agent := range w.Agents {
		all.Go(func() {
			o := w.Offering(c, agent, 1<<60)
			err := s.OpenOffer(t.Context(), o, nil)
			if err == nil {
				err = s.OpenOffer(t.Context(), o, nil) // again: nothing changes
				mu.Lock()
				opened++
				mu.Unlock()
			}
			if got := code(err); got != "" && got != protocol.CodeWrongState {
				t.Error(err)
			}
		})
	}
	all.Wait()
	open, err := s.OpenOffers(t.Context(), w.ID)
	must(t, err)
	if opened != 1 || len(open) != 1 {
		t.Fatalf("%d opened, %d ring, want 1", opened, len(open))
	}
	mine, err := s.OffersOfAgent(t.Context(), w.ID, open[0].Agent)
	must(t, err)
	if len(mine) != 1 || mine[0].ID != open[0].ID {
		t.Errorf("the agent's offers are %+v", mine)
	}
	checkDense(t, w, c.ID, 3)
}

func acceptAgainstSettle(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	for range 20 {
		o := w.Offer(t, w.Ask(t), w.Agents[0])
		var accepted, settled bool
		var all sync.WaitGroup
		all.Go(func() {
			_, _, err := s.Accept(t.Context(), w.ID, w.Agents[0], o.ID, op())
			accepted = err == nil
		})
		all.Go(func() {
			var err error
			if _, settled, err = s.Settle(t.Context(), w.ID, o.ID, store.OutcomeRejected, "busy", ""); err != nil {
				t.Error(err)
			}
		})
		all.Wait()
		if accepted == settled {
			t.Fatalf("accepted %v and settled %v", accepted, settled)
		}
		if accepted {
			agent := w.Agents[0]
			c, slots, err := s.End(t.Context(), w.ID, o.Conversation, By(agent), "agent:"+string(agent), op(), "", 0)
			must(t, err)
			if len(slots) != 1 || slots[0].State != protocol.SlotWrapUp {
				t.Fatalf("slots %+v", slots)
			}
			_, err = s.Clear(t.Context(), w.ID, agent, c.ID, op())
			must(t, err)
		}
	}
}

func ringOut(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	c := w.Ask(t)
	o := w.Offering(c, w.Agents[0], 1000)
	must(t, s.OpenOffer(t.Context(), o, nil))
	due, err := s.OverdueOffers(t.Context(), w.ID, 999)
	must(t, err)
	if len(due) != 0 {
		t.Errorf("overdue before the deadline: %+v", due)
	}
	due, err = s.OverdueOffers(t.Context(), w.ID, 1000)
	must(t, err)
	if len(due) != 1 {
		t.Fatalf("overdue: %+v", due)
	}
	_, settled, err := s.Settle(t.Context(), w.ID, due[0].ID, store.OutcomeTimedOut, "", "")
	must(t, err)
	a, err := s.Agent(t.Context(), w.ID, w.Agents[0])
	must(t, err)
	if !settled || a.Declared != protocol.DeclaredNotReady || a.Reason != "no_answer" {
		t.Errorf("settled %v, agent %s %s", settled, a.Declared, a.Reason)
	}
	line, err := s.AgentStates(t.Context(), w.ID, w.Agents[0]) // STATE-5
	must(t, err)
	if n := len(line); n != 2 || line[1].Actor != "system" || line[1].Cause == "" {
		t.Errorf("timeline %+v", line)
	}
}

func leaving(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	c := w.Ask(t)
	o := w.Offer(t, c, w.Agents[0])
	by := protocol.Author{Kind: protocol.KindVisitor, ID: string(c.Visitor)}
	left, slots, err := s.End(t.Context(), w.ID, c.ID, by, "visitor:"+string(c.Visitor), op(), "", 0)
	must(t, err)
	if left.State != protocol.StateClosed || left.Outcome != store.ConversationAbandonedShort || len(slots) != 0 || len(left.Touched) != 2 {
		t.Errorf("left %+v, slots %+v", left, slots)
	}
	now, err := s.Offer(t.Context(), w.ID, o.ID)
	must(t, err)
	if now.Outcome != store.OutcomeRescinded || now.Cause != "visitor_left" {
		t.Errorf("offer %+v", now)
	}
	_, _, err = s.Accept(t.Context(), w.ID, w.Agents[0], o.ID, op())
	want(t, err, protocol.CodeExpired)
	a, err := s.Agent(t.Context(), w.ID, w.Agents[0])
	must(t, err)
	if a.Declared != protocol.DeclaredReady {
		t.Errorf("the agent was blamed: %s", a.Declared)
	}
	checkDense(t, w, c.ID, 5)
}
