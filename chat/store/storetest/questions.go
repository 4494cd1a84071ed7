package storetest

import (
	"testing"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// past waits until the record's clock has passed a time.
func past(t testing.TB, s *store.Store, at int64) {
	t.Helper()
	guard := time.Now().Add(20 * time.Second)
	for {
		now, err := s.Now(t.Context())
		must(t, err)
		if now > at {
			return
		}
		if time.Now().After(guard) {
			t.Fatalf("the record's clock stands at %d", now)
		}
	}
}

func unanswered(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	agent := w.Agents[0]
	c := w.Active(t, agent)
	by, actor := w.visitorOf(c)
	ask, share := w.askCall(c, agent), w.askCobrowse(c, agent)
	ask.Stands, share.Stands = time.Hour, time.Hour
	call, err := s.AskCall(t.Context(), ask)
	must(t, err)
	session, err := s.AskCobrowse(t.Context(), share)
	must(t, err)
	if call.Deadline != call.Asked+time.Hour.Milliseconds() || session.Deadline != session.Asked+time.Hour.Milliseconds() {
		t.Errorf("asked %+v, %+v", call, session)
	}
	if early, err := s.ExpireQuestions(t.Context(), w.ID); err != nil || len(early) != 0 {
		t.Errorf("ended before the deadline: %+v, %v", early, err)
	}
	_, _, err = s.End(t.Context(), w.ID, c.ID, by, actor, op(), "", 0)
	must(t, err)

	c = w.Active(t, agent)
	by, actor = w.visitorOf(c)
	ask, share = w.askCall(c, agent), w.askCobrowse(c, agent)
	ask.Stands, share.Stands = time.Millisecond, time.Millisecond
	call, err = s.AskCall(t.Context(), ask)
	must(t, err)
	session, err = s.AskCobrowse(t.Context(), share)
	must(t, err)
	past(t, s, max(call.Deadline, session.Deadline))
	_, err = s.AnswerCall(t.Context(), store.AnswerIn[protocol.CallID]{Workspace: w.ID, Step: call.ID, Allow: true, Author: by, Actor: actor, Op: op()})
	want(t, err, protocol.CodeExpired) // before any sweep
	_, err = s.AnswerCobrowse(t.Context(), store.AnswerIn[protocol.CobrowseID]{Workspace: w.ID, Step: session.ID, Allow: true, Author: by, Actor: actor, Op: op()})
	want(t, err, protocol.CodeExpired)
	ended, err := s.ExpireQuestions(t.Context(), w.ID)
	if err != nil || len(ended) != 2 {
		t.Fatalf("ended %+v, %v", ended, err)
	}
	for _, one := range ended {
		if one.State != store.StepEnded || one.Cause != store.CauseUnanswered || one.Conversation != c.ID || len(one.Touched) != 2 {
			t.Errorf("ended %+v", one)
		}
	}
	if again, err := s.ExpireQuestions(t.Context(), w.ID); err != nil || len(again) != 0 {
		t.Errorf("ended twice: %+v, %v", again, err)
	}
	log, _, err := s.Entries(t.Context(), w.ID, c.ID, 0, 100, true)
	must(t, err)
	for i, kind := range []protocol.EntryKind{protocol.EntryCallEnded, protocol.EntryCobrowseEnded} {
		e := log[len(log)-2+i]
		if e.Kind != kind || e.Body.Cause != store.CauseUnanswered || e.Author.Kind != protocol.KindSystem {
			t.Errorf("the visitor reads %+v", e)
		}
	}
	checkUnreleased(t, w, 2)
	ask.Op, ask.Stands = op(), 0
	_, err = s.AskCall(t.Context(), ask) // the place is free again, and without a deadline it stays taken
	must(t, err)
	if none, err := s.ExpireQuestions(t.Context(), w.ID); err != nil || len(none) != 0 {
		t.Errorf("a question without a deadline has ended: %+v, %v", none, err)
	}
}
