package storetest

import (
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func abandoned(t *testing.T, s *store.Store) {
	t.Helper()
	never := Declaration(1)
	never.Settings.ShortAbandonMs = -1
	usual, patient := NewWorld(t, s, 1), worldOf(t, s, never) // in the second, leaving is never short

	waiting := func(w *World) store.Conversation { return w.Ask(t) }
	offered := func(w *World) store.Conversation {
		c := w.Ask(t)
		w.Offer(t, c, w.Agents[0])
		return c
	}
	rejected := func(w *World) store.Conversation {
		c := w.Ask(t)
		_, settled, err := s.Settle(t.Context(), w.ID, w.Offer(t, c, w.Agents[0]).ID, store.OutcomeRejected, "", "")
		if err != nil || !settled {
			t.Fatalf("rejected: %v, %v", settled, err)
		}
		return c
	}
	requeued := func(w *World) store.Conversation {
		c := w.Active(t, w.Agents[0])
		c, err := s.Requeue(t.Context(), w.ID, c.ID, "owner_full")
		must(t, err)
		return c
	}
	for _, tt := range []struct {
		name  string
		w     *World
		until func(*World) store.Conversation
		away  bool // the visitor stayed away, for the two minutes that places are kept
		want  string
	}{
		{"at once", usual, waiting, false, store.ConversationAbandonedShort},
		{"at once, while an agent is asked", usual, offered, false, store.ConversationAbandonedShort},
		{"after having talked", usual, requeued, false, store.ConversationAbandoned},
		{"the page was closed at once", usual, waiting, true, store.ConversationAbandonedShort},
		{"waiting", patient, waiting, false, store.ConversationAbandoned},
		{"while an agent is asked", patient, offered, false, store.ConversationAbandonedOffered},
		{"after an agent was asked", patient, rejected, false, store.ConversationAbandoned},
		{"the page was closed before an agent was asked", patient, offered, true, store.ConversationAbandoned},
	} {
		c := tt.until(tt.w)
		by, actor := tt.w.visitorOf(c)
		cause := "visitor_left"
		if tt.away {
			by, actor, cause = protocol.Author{Kind: protocol.KindSystem}, "system", store.CauseAbandoned
		}
		ending := op()
		left, _, err := s.End(t.Context(), tt.w.ID, c.ID, by, actor, ending, cause, 0)
		if err != nil || left.Outcome != tt.want {
			t.Errorf("%s: %q, %v; want %q", tt.name, left.Outcome, err, tt.want)
		}
		if kept, err := s.Conversation(t.Context(), tt.w.ID, c.ID); err != nil || kept.Outcome != tt.want {
			t.Errorf("%s: kept as %q, %v", tt.name, kept.Outcome, err)
		}
		_, _, err = s.End(t.Context(), tt.w.ID, c.ID, by, actor, ending, cause, 0) // counts once
		must(t, err)
	}
	ended := usual.Active(t, usual.Agents[0])
	_, _, err := s.End(t.Context(), usual.ID, ended.ID, By(ended.Owner), "agent:"+string(ended.Owner), op(), "", 0)
	must(t, err)
	if got, want := s.Endings(), (store.Endings{AbandonedShort: 3, AbandonedOffered: 1, Abandoned: 4}); got != want {
		t.Errorf("counted %+v, want %+v", got, want)
	}
}
