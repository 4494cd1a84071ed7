package storetest

import (
	"fmt"
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func failedSetup(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	agent := w.Agents[0]
	for _, tt := range []struct {
		medium string
		calls  []int // how many parties each comes to have connected
		want   store.Outcome
	}{
		{store.MediumVideo, []int{2}, store.OutcomeAccepted},
		{store.MediumVideo, []int{1}, store.OutcomeFailedSetup},
		{store.MediumAudio, []int{0}, store.OutcomeFailedSetup},
		{store.MediumVideo, []int{0, 2}, store.OutcomeFailedSetup}, // it was
		{store.MediumVideo, []int{2, 0}, store.OutcomeAccepted},    // by a later call
		{store.MediumChat, []int{0}, store.OutcomeAccepted},
	} {
		t.Run(fmt.Sprint(tt.medium, tt.calls), func(t *testing.T) {
			in := w.Asked(w.Visitor(t))
			in.Medium = tt.medium
			c, _, _, err := s.Ask(t.Context(), in)
			must(t, err)
			o := w.Offer(t, c, agent)
			_, c, err = s.Accept(t.Context(), w.ID, agent, o.ID, op())
			must(t, err)
			for _, n := range tt.calls {
				w.connect(t, c, agent, n)
			}
			if now, err := s.Offer(t.Context(), w.ID, o.ID); err != nil || now.Outcome != tt.want {
				t.Errorf("the offer is %s, %v; want %s", now.Outcome, err, tt.want)
			}
			if now, err := s.Conversation(t.Context(), w.ID, c.ID); err != nil || now.State != protocol.StateActive || now.Owner != agent {
				t.Errorf("the chat is %s, of %q, %v", now.State, now.Owner, err)
			}
			_, _, err = s.End(t.Context(), w.ID, c.ID, By(agent), "agent:"+string(agent), op(), "", 0)
			must(t, err)
			_, err = s.Clear(t.Context(), w.ID, agent, c.ID, op())
			must(t, err)
		})
	}
	if n := s.Endings().FailedSetups; n != 5 {
		t.Errorf("%d calls are counted as not come about, want 5", n)
	}
}

// connect lets parties of a call be connected, one after the other and never
// those before, and then its time be over.
func (w *World) connect(t *testing.T, c store.Conversation, agent protocol.AgentID, parties int) {
	t.Helper()
	s := w.Store
	by, actor := w.visitorOf(c)
	call, err := s.AskCall(t.Context(), w.askCall(c, agent))
	must(t, err)
	if _, _, err := s.FailSetup(t.Context(), w.ID, call.ID); err == nil {
		t.Error("a question failed to be set up")
	}
	call, err = s.AnswerCall(t.Context(), store.AnswerIn[protocol.CallID]{Workspace: w.ID, Step: call.ID, Allow: true, Author: by, Actor: actor, Op: op()})
	must(t, err)
	for i, who := range []store.Party{{Actor: actor, Side: protocol.KindVisitor}, {Actor: "agent:" + string(agent), Side: protocol.KindAgent}}[:parties] {
		_, _, err := s.JoinCall(t.Context(), w.ID, call.ID, who)
		must(t, err)
		_, err = s.PartyHere(t.Context(), w.ID, call.ID, i, true)
		must(t, err)
		must(t, s.SetUp(t.Context(), w.ID, call.ID))
	}
	for i := range parties { // whoever was connected may lose it
		_, err = s.PartyHere(t.Context(), w.ID, call.ID, i, false)
		must(t, err)
	}
	early, err := s.LateSetups(t.Context(), w.ID, call.Node, call.Started-1)
	if err != nil || len(early) != 0 {
		t.Errorf("late before its time: %+v, %v", early, err)
	}
	late, err := s.LateSetups(t.Context(), w.ID, call.Node, call.Started)
	if err != nil || (len(late) == 1) != (parties < 2) {
		t.Errorf("with %d connected late are %+v, %v", parties, late, err)
	}
	if others, err := s.LateSetups(t.Context(), w.ID, "another", call.Started); err != nil || len(others) != 0 {
		t.Errorf("another node's: %+v, %v", others, err)
	}
	ended, failed, err := s.FailSetup(t.Context(), w.ID, call.ID)
	if err != nil || failed != (parties < 2) || failed && (ended.State != store.StepEnded || ended.Cause != store.CauseFailedSetup || len(ended.Touched) != 2) {
		t.Fatalf("with %d connected: failed %v, %+v, %v", parties, failed, ended, err)
	}
	if !failed {
		_, err := s.EndCall(t.Context(), w.ID, call.ID, by, actor, op(), "hung_up")
		must(t, err)
	}
	_, _, err = s.FailSetup(t.Context(), w.ID, call.ID)
	want(t, err, protocol.CodeExpired)
}
