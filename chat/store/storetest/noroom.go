package storetest

import (
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// laden gives an agent three conversations that run and one that is put aside
// and costs nothing: there is room for one offer.
func (w *World) laden(t *testing.T, agent protocol.AgentID) (aside store.Conversation) {
	t.Helper()
	for range 4 {
		aside = w.Active(t, agent)
		if a, err := w.Store.Agent(t.Context(), w.ID, agent); err != nil || a.Slots == 4 {
			must(t, err)
			break
		}
	}
	_, err := w.Store.Park(t.Context(), w.ID, agent, aside.ID, op(), 0)
	must(t, err)
	return aside
}

// takeUp leaves no room for what rings.
func (w *World) takeUp(t *testing.T, agent protocol.AgentID, aside store.Conversation) {
	t.Helper()
	_, err := w.Store.Unpark(t.Context(), w.ID, agent, aside.ID, op())
	must(t, err)
}

// withdrawn wants an offer that its agent had no room for to have ended so.
func (w *World) withdrawn(t *testing.T, o store.Offer, n int) {
	t.Helper()
	got, settled, err := w.Store.Settle(t.Context(), w.ID, o.ID, store.OutcomeTimedOut, "", "")
	must(t, err)
	if !settled || got.Outcome != store.OutcomeRescinded || got.Cause != store.CauseAgentFull {
		t.Errorf("settled %v as %q (%s), want it taken back since there is no room", settled, got.Outcome, got.Cause)
	}
	if a := w.agent(t, n); a.Declared != protocol.DeclaredReady || got.After != protocol.DeclaredReady {
		t.Errorf("who had no room is %s (%s), and after it %q", a.Declared, a.Reason, got.After)
	}
	_, _, err = w.Store.Accept(t.Context(), w.ID, o.Agent, o.ID, op())
	want(t, err, protocol.CodeExpired)
}

func noRoomAtTheEnd(t *testing.T, s *store.Store) {
	t.Helper()
	for _, kind := range []protocol.OfferKind{protocol.OfferAlone, protocol.OfferAll} {
		w := NewWorld(t, s, 1)
		aside := w.laden(t, w.Agents[0])
		c := w.Ask(t)
		o := w.Offering(c, w.Agents[0], 1000)
		o.Kind = kind
		must(t, s.OpenOffer(t.Context(), o, nil))
		w.takeUp(t, w.Agents[0], aside)
		w.withdrawn(t, o, 0)
		entries, _, err := s.Entries(t.Context(), w.ID, c.ID, 0, 100, false)
		must(t, err)
		if last := entries[len(entries)-1]; last.Kind != protocol.EntryOfferEnded || last.Body.Cause != store.CauseAgentFull {
			t.Errorf("colleagues read %s %+v", last.Kind, last.Body)
		}
		if now := w.conv(t, c.ID); now.State != protocol.StateQueued || now.Asked != c.Asked {
			t.Errorf("the conversation is %+v", now)
		}
		// Who has room again, and lets it ring, is blamed as ever.
		_, err = s.Park(t.Context(), w.ID, w.Agents[0], aside.ID, op(), 0)
		must(t, err)
		second := w.Offer(t, c, w.Agents[0])
		got, _, err := s.Settle(t.Context(), w.ID, second.ID, store.OutcomeTimedOut, "", "")
		must(t, err)
		if a := w.agent(t, 0); got.Outcome != store.OutcomeTimedOut || a.Declared != protocol.DeclaredNotReady {
			t.Errorf("with room for it: %q, and the agent is %s", got.Outcome, a.Declared)
		}
	}
}

func roomWasMade(t *testing.T, s *store.Store) {
	t.Helper()
	for _, kind := range []protocol.RequestKind{"", protocol.RequestTransfer, protocol.RequestInvite} {
		w := NewWorld(t, s, 2)
		aside := w.laden(t, w.Agents[1])
		var o store.Offer
		if kind == "" {
			o = w.Offer(t, w.Ask(t), w.Agents[1])
		} else {
			o = w.ring(t, w.request(t, w.Active(t, w.Agents[0]), kind, 0, 1), 1)
		}
		w.takeUp(t, w.Agents[1], aside)
		accepting := op()
		for range 2 {
			_, _, err := s.Accept(t.Context(), w.ID, o.Agent, o.ID, accepting)
			want(t, err, protocol.CodeFull)
		}
		if open, err := s.OffersOfAgent(t.Context(), w.ID, o.Agent); err != nil || len(open) != 1 {
			t.Errorf("%s: what rings after it: %+v, %v", kind, open, err)
		}
		_, err := s.Park(t.Context(), w.ID, w.Agents[1], aside.ID, op(), 0)
		must(t, err)
		got, _, err := s.Accept(t.Context(), w.ID, o.Agent, o.ID, accepting)
		if err != nil || got.Outcome != store.OutcomeAccepted {
			t.Errorf("%s: with room again: %q, %v", kind, got.Outcome, err)
		}
	}
}

func noRoomForARequest(t *testing.T, s *store.Store) {
	t.Helper()
	for _, kind := range []protocol.RequestKind{protocol.RequestTransfer, protocol.RequestInvite, protocol.RequestConsult} {
		w := NewWorld(t, s, 2)
		aside := w.laden(t, w.Agents[1])
		c := w.Active(t, w.Agents[0])
		in := w.asking(c, kind, 0, 1)
		r, _, err := s.OpenRequest(t.Context(), in)
		must(t, err)
		o := w.ring(t, r, 1)
		w.takeUp(t, w.Agents[1], aside)
		w.withdrawn(t, o, 1)
		if r, err = s.Request(t.Context(), w.ID, r.ID); err != nil || r.State != store.RequestRefused || r.Cause != store.CauseAgentFull {
			t.Errorf("%s: the request is %+v, %v", kind, r, err)
		}
		w.sound(t, c, 0)
		in.Op, in.ToAgent, in.ToQueue = op(), "", w.Queue
		if r, _, err = s.OpenRequest(t.Context(), in); err != nil { // to a queue it goes to the next
			t.Fatal(err)
		}
		_, err = s.Park(t.Context(), w.ID, w.Agents[1], aside.ID, op(), 0)
		must(t, err)
		o = w.ring(t, r, 1)
		w.takeUp(t, w.Agents[1], aside)
		w.withdrawn(t, o, 1)
		if r, err = s.Request(t.Context(), w.ID, r.ID); err != nil || r.State != store.RequestOpen {
			t.Errorf("%s: the queue's request is %+v, %v", kind, r, err)
		}
	}
}
