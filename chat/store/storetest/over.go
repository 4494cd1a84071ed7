package storetest

import (
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A pair is a running call and a running co-browse session of a conversation.
type pair struct {
	call     store.Call
	cobrowse store.Cobrowse
}

func (w *World) visitorOf(c store.Conversation) (protocol.Author, string) {
	return protocol.Author{Kind: protocol.KindVisitor, ID: string(c.Visitor)}, "visitor:" + string(c.Visitor)
}

func (w *World) askCall(c store.Conversation, agent protocol.AgentID) store.AskCallIn {
	return store.AskCallIn{
		Workspace: w.ID, Conversation: c.ID, Media: protocol.MediaVideo, Node: "n1", Author: By(agent), Actor: "agent:" + string(agent), Op: op(),
	}
}

func (w *World) askCobrowse(c store.Conversation, agent protocol.AgentID) store.AskCobrowseIn {
	return store.AskCobrowseIn{Workspace: w.ID, Conversation: c.ID, Agent: agent, Author: By(agent), Op: op()}
}

// running asks for both and allows both.
func (w *World) running(t testing.TB, c store.Conversation, agent protocol.AgentID) (p pair) {
	t.Helper()
	by, actor := w.visitorOf(c)
	asked, err := w.Store.AskCall(t.Context(), w.askCall(c, agent))
	must(t, err)
	p.call, err = w.Store.AnswerCall(t.Context(), store.AnswerIn[protocol.CallID]{Workspace: w.ID, Step: asked.ID, Allow: true, Author: by, Actor: actor, Op: op()})
	must(t, err)
	session, err := w.Store.AskCobrowse(t.Context(), w.askCobrowse(c, agent))
	must(t, err)
	p.cobrowse, err = w.Store.AnswerCobrowse(t.Context(), store.AnswerIn[protocol.CobrowseID]{Workspace: w.ID, Step: session.ID, Allow: true, Author: by, Actor: actor, Op: op()})
	must(t, err)
	return p
}

// checkOver wants both ended for one cause, and nothing allowed any more.
func checkOver(t testing.TB, w *World, conv protocol.ConversationID, p pair, cause string) {
	t.Helper()
	call, err := w.Store.Call(t.Context(), w.ID, p.call.ID)
	must(t, err)
	session, err := w.Store.Cobrowse(t.Context(), w.ID, p.cobrowse.ID)
	must(t, err)
	for _, s := range []store.Step{call.Step, session.Step} {
		if s.State != store.StepEnded || s.Cause != cause || s.Ended == 0 {
			t.Errorf("a step is %+v, want it ended for %q", s, cause)
		}
	}
	ledger, err := w.Store.Consents(t.Context(), w.ID, conv)
	must(t, err)
	if len(ledger) != 2 || ledger[0].Revoked == 0 || ledger[1].Revoked == 0 {
		t.Errorf("consents %+v", ledger)
	}
}

// stepsGo shows that the end of a conversation, and its way back to the queue,
// take along what runs inside, in the one transaction.
func stepsGo(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	agent := w.Agents[0]
	c := w.Active(t, agent)
	p := w.running(t, c, agent)
	_, err := s.Requeue(t.Context(), w.ID, c.ID, "connection_lost")
	must(t, err)
	checkOver(t, w, c.ID, p, "requeued")
	checkDense(t, w, c.ID, 11)
	c = w.Active(t, agent)
	p = w.running(t, c, agent)
	_, _, err = s.End(t.Context(), w.ID, c.ID, By(agent), "agent:"+string(agent), op(), "", 0)
	must(t, err)
	checkOver(t, w, c.ID, p, "conversation_ended")
}

// released follows what is to be freed after calls and sessions.
func released(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	agent := w.Agents[0]
	c := w.Active(t, agent)
	before, err := s.Now(t.Context())
	must(t, err)
	p := w.running(t, c, agent)
	must(t, s.ReleaseCall(t.Context(), w.ID, p.call.ID)) // it is live: this means nothing
	checkUnreleased(t, w, 0)
	_, err = s.Requeue(t.Context(), w.ID, c.ID, "connection_lost")
	must(t, err)
	checkUnreleased(t, w, 1)
	if other, err := s.UnreleasedCalls(t.Context(), w.ID, "n2"); err != nil || len(other) != 0 {
		t.Errorf("another node has to free %+v, %v", other, err)
	}
	for range 2 {
		must(t, s.ReleaseCall(t.Context(), w.ID, p.call.ID))
		checkUnreleased(t, w, 0)
	}
	ended, err := s.CobrowsesEnded(t.Context(), w.ID, before)
	if err != nil || len(ended) != 1 || ended[0] != p.cobrowse.ID {
		t.Errorf("ended sessions %v, %v", ended, err)
	}
	if later, err := s.CobrowsesEnded(t.Context(), w.ID, 1<<60); err != nil || len(later) != 0 {
		t.Errorf("sessions that have ended in the future: %v, %v", later, err)
	}
	c = w.Active(t, agent)
	refused, err := s.AskCall(t.Context(), w.askCall(c, agent))
	must(t, err)
	by, actor := w.visitorOf(c)
	_, err = s.AnswerCall(t.Context(), store.AnswerIn[protocol.CallID]{Workspace: w.ID, Step: refused.ID, Author: by, Actor: actor, Op: op()})
	must(t, err)
	checkUnreleased(t, w, 1) // the asker may have warmed a leg
}

func checkUnreleased(t testing.TB, w *World, want int) {
	t.Helper()
	if calls, err := w.Store.UnreleasedCalls(t.Context(), w.ID, "n1"); err != nil || len(calls) != want {
		t.Errorf("%d calls to free, want %d: %+v, %v", len(calls), want, calls, err)
	}
}

// stranded finds the calls of nodes that have fallen silent, and no others.
func stranded(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	agent := w.Agents[0]
	call, err := s.AskCall(t.Context(), w.askCall(w.Active(t, agent), agent))
	must(t, err)
	find := func(before int64, want int, when string) {
		t.Helper()
		if calls, err := s.StrandedCalls(t.Context(), w.ID, before); err != nil || len(calls) != want {
			t.Errorf("%s: stranded calls %+v, %v; want %d", when, calls, err, want)
		}
	}
	find(call.Asked, 0, "asked for a moment ago")
	find(call.Asked+1, 1, "its node has never been heard of")
	past(t, s, call.Asked+1)
	must(t, s.Beat(t.Context(), w.ID, "n2"))
	find(call.Asked+1, 1, "another node has been heard of")
	for range 2 {
		must(t, s.Beat(t.Context(), w.ID, "n1"))
	}
	now, err := s.Now(t.Context())
	must(t, err)
	find(call.Asked+1, 0, "its node has been heard of")
	find(now+1, 1, "and then no more")
	_, err = s.EndCall(t.Context(), w.ID, call.ID, protocol.Author{Kind: protocol.KindSystem}, "system", "", store.CauseNodeLost)
	must(t, err)
	find(now+1, 0, "it has ended")
}
