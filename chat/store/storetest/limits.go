package storetest

import (
	"encoding/json"
	"sync"
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// limits lets more ask at once than there is room for (corner case 13).
func limits(t *testing.T, s *store.Store) {
	t.Helper()
	for name, limit := range map[string]store.AskLimits{
		"queue": {Queue: 10}, "site": {Site: 10, Queue: 100}, "workspace": {Workspace: 10, Site: 100, Queue: 100},
	} {
		w := NewWorld(t, s, 1)
		var asks []store.AskIn
		for range 25 {
			in := w.Asked(w.Visitor(t))
			in.Limits = limit
			asks = append(asks, in)
		}
		var mu sync.Mutex
		got := map[protocol.Code]int{}
		var all sync.WaitGroup
		for _, in := range asks {
			all.Go(func() {
				_, _, _, err := s.Ask(t.Context(), in)
				mu.Lock()
				defer mu.Unlock()
				got[code(err)]++
			})
		}
		all.Wait()
		waiting, err := s.Waiting(t.Context(), w.ID)
		must(t, err)
		if got[""] != 10 || got[protocol.CodeFull] != 15 || len(waiting) != 10 {
			t.Errorf("limit of the %s: %v, %d wait", name, got, len(waiting))
		}
	}
	w := NewWorld(t, s, 1)
	w.Active(t, w.Agents[0])
	in := w.Asked(w.Visitor(t))
	in.Limits.SiteRunning = 1
	want(t, askError(t, s, in), protocol.CodeFull)
}

func askedAgain(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	before := w.Active(t, w.Agents[0])
	in := w.Asked(before.Visitor)
	c, _, _, err := s.Ask(t.Context(), in)
	must(t, err)
	in.Previous, in.Sticky, in.Boost, in.Limits.Queue = before.ID, w.Agents[0], 1000, 1 // the server knows more now
	again, _, existed, err := s.Ask(t.Context(), in)
	must(t, err)
	if !existed || again.ID != c.ID {
		t.Errorf("asked again: %v, %+v", existed, again)
	}
	if raw, err := json.Marshal(in); err != nil || contains(string(raw), "Sticky", "Medium", "Limits") { //nolint:musttag // as the ledger hashes it
		t.Errorf("an older program reads %s, %v", raw, err)
	}
	in = w.Asked(before.Visitor)
	in.Previous, in.Sticky, in.Boost, in.Medium = before.ID, w.Agents[0], 1000, store.MediumVideo
	c, _, _, err = s.Ask(t.Context(), in)
	must(t, err)
	if c = w.conv(t, c.ID); c.Previous != before.ID || c.Sticky != w.Agents[0] || c.Boost != 1000 || c.Medium != store.MediumVideo {
		t.Errorf("asked %+v", c)
	}
	o := w.Offering(c, w.Agents[0], 1<<60)
	want(t, s.OpenOffer(t.Context(), o, nil), protocol.CodeFull) // video takes all units
}

func leftMessage(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	in := w.Asked(w.Visitor(t))
	in.Limits.Queue = 1
	for i := range 2 {
		c, message, existed, err := s.LeaveMessage(t.Context(), in, "hours")
		must(t, err)
		if existed != (i == 1) || c.State != protocol.StateClosed || c.Outcome != store.ConversationMissed || c.Missed != "hours" || message.Body.Text != in.Text {
			t.Errorf("left %+v, %+v, existed %v", c, message, existed)
		}
		checkDense(t, w, c.ID, 2)
	}
	want(t, askError(t, s, in), protocol.CodeConflict)
	c := w.Ask(t)
	offers := w.ringing(t, c)
	must(t, s.Introduce(t.Context(), w.ID, c.ID, "", "vera@home.test"))
	leaving := op()
	for range 2 {
		now, err := s.Abandon(t.Context(), w.ID, c.ID, leaving, "system", "closing")
		must(t, err)
		must(t, s.Introduce(t.Context(), w.ID, c.ID, "Late", "late@home.test")) // it is over: nothing changes
		if now.Email != "vera@home.test" || now.Name != "Vera" || now.State != protocol.StateClosed || now.Outcome != store.ConversationMissed || now.Missed != "closing" {
			t.Errorf("given up: %+v", now)
		}
	}
	if o, err := s.Offer(t.Context(), w.ID, offers[0].ID); err != nil || o.Outcome != store.OutcomeRescinded || o.Cause != "closed" {
		t.Errorf("its offer is %+v, %v", o, err)
	}
	_, err := s.Abandon(t.Context(), w.ID, c.ID, op(), "system", "closing")
	want(t, err, protocol.CodeWrongState)
}
