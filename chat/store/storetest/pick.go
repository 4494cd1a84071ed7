package storetest

import (
	"strings"
	"sync"
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func (w *World) picking(c store.Conversation, agent int) store.PickIn {
	return store.PickIn{Workspace: w.ID, Agent: w.Agents[agent], Conversation: c.ID, Op: op(), Cost: store.Cost}
}

func picking(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 3)
	c := w.Ask(t)
	var mu sync.Mutex
	got := map[protocol.Code]int{}
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			_, _, err := s.Pick(t.Context(), w.picking(c, i%3))
			mu.Lock()
			defer mu.Unlock()
			got[code(err)]++
			if code(err) == protocol.CodeTaken && !strings.Contains(err.Error(), "Agent took") {
				t.Errorf("the second one reads %v", err)
			}
		})
	}
	all.Wait()
	if got[""] != 1 || got[protocol.CodeTaken] != 29 {
		t.Errorf("30 picks gave %v", got)
	}
	slots, err := s.Slots(t.Context(), w.ID)
	must(t, err)
	if now := w.conv(t, c.ID); len(slots) != 1 || now.State != protocol.StateActive || now.Owner != slots[0].Agent || now.ReplyDue == 0 {
		t.Errorf("picked %+v, slots %+v", now, slots)
	}
	several := w.Ask(t)
	w.ringing(t, several)
	_, _, err = s.Pick(t.Context(), w.picking(several, 1))
	must(t, err)
	if open, err := s.OpenOffers(t.Context(), w.ID); err != nil || len(open) != 0 {
		t.Errorf("after the pick there ring %+v, %v", open, err)
	}
	asked := w.Ask(t)
	w.Offer(t, asked, w.Agents[0])
	_, _, err = s.Pick(t.Context(), w.picking(asked, 1))
	want(t, err, protocol.CodeTaken) // another is being asked
}

func pickingOver(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	for range 4 {
		w.Active(t, w.Agents[0])
	}
	in := w.picking(w.Ask(t), 0)
	_, _, err := s.Pick(t.Context(), in)
	want(t, err, protocol.CodeFull)
	in.Over = true
	for range 2 {
		_, over, err := s.Pick(t.Context(), in)
		must(t, err)
		if l := w.slot(t, w.Agents[0], in.Conversation); !over || !l.Over || w.agent(t, 0).Load != 125 {
			t.Errorf("over %v, slot %+v", over, l)
		}
	}
	left := w.Ask(t)
	_, err = s.Abandon(t.Context(), w.ID, left.ID, op(), "visitor:"+string(left.Visitor), "choice")
	must(t, err)
	in = w.picking(left, 0)
	in.Over = true
	_, _, err = s.Pick(t.Context(), in)
	want(t, err, protocol.CodeExpired)
}

func waking(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	agent := w.Agents[0]
	c := w.Active(t, agent)
	for _, world := range []struct {
		name          string
		others        int
		overflow      int
		woken, waits  bool
		marked        bool
		parkedForFree bool
	}{
		{"with room", 0, 0, true, false, false, false},
		{"one over", 4, 1, true, false, true, true},
		{"none over", 4, 0, false, true, false, true},
	} {
		share := 50
		if world.parkedForFree {
			share = 0
		}
		_, err := s.Park(t.Context(), w.ID, agent, c.ID, op(), share)
		must(t, err)
		for w.agent(t, 0).Slots < world.others+1 {
			w.Active(t, agent)
		}
		_, _, err = s.Append(t.Context(), w.Saying(c, "Are you there?"))
		must(t, err)
		var r store.WakeResult
		for range 2 {
			got, err := s.Wake(t.Context(), w.ID, c.ID, world.overflow)
			must(t, err)
			if r.Agent == "" || got.Waiting {
				r = got
			}
		}
		l := w.slot(t, agent, c.ID)
		if r.Woken != world.woken || r.Waiting != world.waits || l.Over != world.marked || (l.State == protocol.SlotActive) != world.woken {
			t.Errorf("%s: %+v, slot %+v", world.name, r, l)
		}
		if w.conv(t, c.ID).TurnSince == 0 {
			t.Errorf("%s: it is not the agent's turn", world.name)
		}
	}
	due, err := s.DueWakes(t.Context(), w.ID, 1<<60)
	must(t, err)
	if len(due) != 1 || due[0].Conversation != c.ID {
		t.Fatalf("waits for its owner: %+v", due)
	}
	if early, err := s.DueWakes(t.Context(), w.ID, due[0].WakeUntil-1); err != nil || len(early) != 0 {
		t.Errorf("due before its time: %+v, %v", early, err)
	}
	now, requeued, err := s.Lose(t.Context(), w.ID, agent, c.ID, "owner_full")
	must(t, err)
	if !requeued || now.State != protocol.StateQueued {
		t.Errorf("after a minute it is %+v", now)
	}
}
