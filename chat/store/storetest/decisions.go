package storetest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func (w *World) decision(c store.Conversation, at int64, seen ...protocol.Candidate) store.Decision {
	return store.Decision{
		ID: protocol.NewID[string](), Workspace: w.ID, Conversation: c.ID, Queue: w.Queue, At: at,
		Body: protocol.Decision{At: at, What: "nobody", Queue: "Sales", Conversation: c.ID, Skipped: seen},
	}
}

func decisions(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 2)
	c := w.Ask(t)
	nobody := w.decision(store.Conversation{}, 100, protocol.Candidate{Agent: w.Agents[0], Reason: protocol.ReasonFull})
	for range 2 {
		must(t, s.Decide(t.Context(), []store.Decision{nobody}))
	}
	offered := w.decision(c, 200)
	offered.Agent, offered.Body.What = w.Agents[0], "offered"
	o := w.Offering(c, w.Agents[0], 1<<60)
	must(t, s.OpenOffer(t.Context(), o, &offered))
	refused := w.decision(c, 300)
	want(t, s.OpenOffer(t.Context(), w.Offering(c, w.Agents[1], 1<<60), &refused), protocol.CodeWrongState)
	got, err := s.Decisions(t.Context(), w.ID, c.ID, 0, 10)
	must(t, err)
	if diff := cmp.Diff([]store.Decision{offered}, got); diff != "" {
		t.Errorf("of the conversation (-want +got):\n%s", diff)
	}
	got, err = s.DecisionsOfAgent(t.Context(), w.ID, w.Agents[0], 0, 10)
	must(t, err)
	if len(got) != 2 || got[0].ID != offered.ID {
		t.Errorf("of the agent: %+v", got)
	}
	got, err = s.DecisionsSince(t.Context(), w.ID, w.Queue, 100, 200, 10)
	must(t, err)
	if diff := cmp.Diff([]store.Decision{nobody}, got); diff != "" {
		t.Errorf("of the queue (-want +got):\n%s", diff)
	}
	last, err := s.LastDecisions(t.Context(), w.ID, 10)
	must(t, err)
	if diff := cmp.Diff([]store.PastDecision{{Decision: offered, Kind: o.Kind}, {Decision: nobody}}, last); diff != "" {
		t.Errorf("of all (-want +got):\n%s", diff)
	}
	if last, err = s.LastDecisions(t.Context(), w.ID, 1); err != nil || len(last) != 1 || last[0].ID != offered.ID {
		t.Errorf("the last: %+v, %v", last, err)
	}
	past, err := s.PastOffers(t.Context(), w.ID, c.ID, "", 0, 10)
	must(t, err)
	if len(past) != 1 || past[0].Before != protocol.DeclaredReady {
		t.Errorf("offers %+v", past)
	}
	got, err = s.Decisions(t.Context(), w.ID, c.ID, 200, 10)
	must(t, err)
	earlier, err := s.PastOffers(t.Context(), w.ID, c.ID, "", past[0].Offered, 10)
	must(t, err)
	if len(got)+len(earlier) > 0 {
		t.Errorf("before the first: %+v, %+v", got, earlier)
	}
}

// pastOffers are told newest first, an agent's by their ends; those that ring
// come first, and on no later page.
func pastOffers(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	var made []store.Offer
	for range 4 {
		o := w.Offer(t, w.Ask(t), w.Agents[0])
		made = append(made, o)
		if len(made) == 4 {
			break // this one rings
		}
		ended, _, err := s.Settle(t.Context(), w.ID, o.ID, store.OutcomeRejected, "busy", "")
		must(t, err)
		made[len(made)-1] = ended
	}
	list, err := s.PastOffers(t.Context(), w.ID, "", w.Agents[0], 0, 3)
	must(t, err)
	if len(list) != 3 || list[0].ID != made[3].ID || list[1].Settled < list[2].Settled {
		t.Errorf("with a limit of 3: %+v", list)
	}
	list, err = s.PastOffers(t.Context(), w.ID, "", w.Agents[0], made[0].Settled+1, 10)
	must(t, err)
	for _, o := range list {
		if o.Settled == 0 || o.Settled > made[0].Settled {
			t.Errorf("on a later page: %+v", o)
		}
	}
	if len(list) == 0 || list[len(list)-1].Offered > made[0].Offered {
		t.Errorf("the first offer is not on the last page: %+v", list)
	}
}

func longDecision(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	c := w.Ask(t)
	var seen []protocol.Candidate
	for i := range 300 {
		seen = append(seen, protocol.Candidate{Agent: protocol.NewID[protocol.AgentID](), Name: fmt.Sprint("Agent ", i), Reason: protocol.ReasonFull})
	}
	must(t, s.Decide(t.Context(), []store.Decision{w.decision(c, 100, seen...)}))
	got, err := s.Decisions(t.Context(), w.ID, c.ID, 0, 1)
	must(t, err)
	if n := len(got[0].Body.Skipped); n == 0 || n+got[0].Body.More[protocol.ReasonFull] != 300 {
		t.Errorf("%d kept, %v more", n, got[0].Body.More)
	}
}

func forgetting(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	var list []store.Decision
	for i := range 1200 {
		list = append(list, w.decision(store.Conversation{}, int64(i+1)))
	}
	must(t, s.Decide(t.Context(), list))
	n, err := s.ForgetDecisions(t.Context(), w.ID, 601, 0)
	must(t, err)
	more, err := s.ForgetDecisions(t.Context(), w.ID, 0, 100)
	must(t, err)
	left, err := s.DecisionsSince(t.Context(), w.ID, w.Queue, 0, 1<<50, 1000)
	must(t, err)
	if n != 600 || more != 500 || len(left) != 100 || left[99].At != 1101 {
		t.Errorf("forgot %d, then %d; %d are left", n, more, len(left))
	}
}
