package storetest

import (
	"strings"
	"sync"
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// ringing opens an offer of kind all at each agent.
func (w *World) ringing(t *testing.T, c store.Conversation) []store.Offer {
	t.Helper()
	var list []store.Offer
	for _, agent := range w.Agents {
		o := w.Offering(c, agent, 1<<60)
		o.Kind = protocol.OfferAll
		must(t, w.Store.OpenOffer(t.Context(), o, nil))
		list = append(list, o)
	}
	return list
}

func ringAll(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 4)
	c := w.Ask(t)
	offers := w.ringing(t, c)
	alone := w.Offering(c, w.Agents[0], 1<<60)
	want(t, s.OpenOffer(t.Context(), alone, nil), protocol.CodeWrongState)
	var mu sync.Mutex
	var winner store.Offer
	won, late := 0, 0
	var all sync.WaitGroup
	for _, o := range offers {
		all.Go(func() {
			got, _, err := s.Accept(t.Context(), w.ID, o.Agent, o.ID, op())
			mu.Lock()
			defer mu.Unlock()
			switch code(err) {
			case "":
				won, winner = won+1, got
			case protocol.CodeTaken:
				late++
				if !strings.Contains(err.Error(), "Agent took") {
					t.Errorf("the loser reads %v", err)
				}
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won != 1 || late != 3 || len(winner.Superseded) != 3 || len(winner.Touched) != 5 {
		t.Errorf("%d won, %d were late; superseded %+v, touched %v", won, late, winner.Superseded, winner.Touched)
	}
	joined := 0
	entries, _, err := s.Entries(t.Context(), w.ID, c.ID, 0, 100, false)
	must(t, err)
	for _, e := range entries {
		if e.Kind == protocol.EntryJoined {
			joined++
		}
	}
	slots, err := s.Slots(t.Context(), w.ID)
	must(t, err)
	if joined != 1 || len(slots) != 1 {
		t.Errorf("%d joined, slots %+v", joined, slots)
	}
	for _, o := range offers {
		now, err := s.Offer(t.Context(), w.ID, o.ID)
		must(t, err)
		if o.ID != winner.ID && (now.Outcome != store.OutcomeRescinded || now.Cause != store.CauseSuperseded || now.TakenBy != "Agent") {
			t.Errorf("an offer that came too late is %+v", now)
		}
		mine, err := s.RecentlyTaken(t.Context(), w.ID, o.Agent, 0)
		must(t, err)
		if (len(mine) == 1) == (o.ID == winner.ID) {
			t.Errorf("taken from this agent: %+v", mine)
		}
	}
}

func ringAllOut(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 2)
	for _, o := range w.ringing(t, w.Ask(t)) {
		_, settled, err := s.Settle(t.Context(), w.ID, o.ID, store.OutcomeTimedOut, "", "")
		must(t, err)
		if a, err := s.Agent(t.Context(), w.ID, o.Agent); err != nil || !settled || a.Declared != protocol.DeclaredReady {
			t.Errorf("settled %v, the agent is %s, %v", settled, a.Declared, err)
		}
	}
	o := w.Offer(t, w.Ask(t), w.Agents[0])
	_, _, err := s.Settle(t.Context(), w.ID, o.ID, store.OutcomeRejected, "busy", protocol.DeclaredPending)
	must(t, err)
	now, err := s.Offer(t.Context(), w.ID, o.ID)
	must(t, err)
	if now.Before != protocol.DeclaredReady || now.After != protocol.DeclaredNotReady {
		t.Errorf("rejected, to be pending, without a conversation: %+v", now)
	}
}
