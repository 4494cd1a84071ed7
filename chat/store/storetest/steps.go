package storetest

import (
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func calls(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 2)
	agent := w.Agents[0]
	actor := "agent:" + string(agent)
	waiting := w.Ask(t)
	ask := store.AskCallIn{
		Workspace: w.ID, Conversation: waiting.ID, Media: protocol.MediaVideo, Node: "n1", Author: By(agent), Actor: actor, Op: op(),
	}
	_, err := s.AskCall(t.Context(), ask)
	want(t, err, protocol.CodeWrongState)
	c := w.Active(t, agent)
	ask.Conversation = c.ID
	call, err := s.AskCall(t.Context(), ask)
	must(t, err)
	if call.State != store.StepAsked || call.Node != "n1" || len(call.Touched) != 2 {
		t.Errorf("asked %+v", call)
	}
	if again, err := s.AskCall(t.Context(), ask); err != nil || again.ID != call.ID {
		t.Errorf("the same question again: %+v, %v", again, err)
	}
	ask.Op = op()
	_, err = s.AskCall(t.Context(), ask)
	want(t, err, protocol.CodeWrongState)
	visitor := "visitor:" + string(c.Visitor)
	answer := store.AnswerIn[protocol.CallID]{
		Workspace: w.ID, Step: call.ID, Allow: true, Author: protocol.Author{Kind: protocol.KindVisitor, ID: string(c.Visitor)}, Actor: visitor, Op: op(),
	}
	call, err = s.AnswerCall(t.Context(), answer)
	must(t, err)
	if call.State != store.StepRunning || call.Started == 0 {
		t.Errorf("allowed %+v", call)
	}
	answer.Op, answer.Allow = op(), false
	_, err = s.AnswerCall(t.Context(), answer)
	want(t, err, protocol.CodeExpired)
	joinAndLeave(t, w, call, visitor, actor)
	node, err := s.CallsOfNode(t.Context(), w.ID, "n1")
	if err != nil || len(node) != 1 {
		t.Errorf("calls of the node: %+v, %v", node, err)
	}
	_, _, err = s.End(t.Context(), w.ID, c.ID, By(agent), actor, op(), "", 0)
	must(t, err)
	live, err := s.CallsOf(t.Context(), w.ID, c.ID)
	if err != nil || len(live) != 0 {
		t.Errorf("a call outlived its conversation: %+v, %v", live, err)
	}
	ledger, err := s.Consents(t.Context(), w.ID, c.ID)
	must(t, err)
	if len(ledger) != 1 || ledger[0].Kind != "video" || ledger[0].Actor != visitor || ledger[0].Revoked == 0 {
		t.Errorf("consents %+v", ledger)
	}
	_, err = s.EndCall(t.Context(), w.ID, call.ID, By(agent), actor, op(), "")
	want(t, err, protocol.CodeExpired)
	checkDense(t, w, c.ID, 8)
}

func joinAndLeave(t *testing.T, w *World, call store.Call, visitor, agent string) {
	t.Helper()
	join := func(actor string, side protocol.PrincipalKind, conn protocol.ConnectionID) store.Party {
		_, p, err := w.Store.JoinCall(t.Context(), w.ID, call.ID, store.Party{Actor: actor, Side: side, Name: "P", Connection: conn, Audio: true})
		must(t, err)
		return p
	}
	if p := join(agent, protocol.KindAgent, "c1"); p.Ordinal != 1 {
		t.Errorf("the agent has ordinal %d", p.Ordinal)
	}
	if p := join(visitor, protocol.KindVisitor, "c2"); p.Ordinal != 0 {
		t.Errorf("the visitor has ordinal %d", p.Ordinal)
	}
	_, err := w.Store.PartyHere(t.Context(), w.ID, call.ID, 0, true)
	must(t, err)
	now, err := w.Store.MuteParty(t.Context(), w.ID, call.ID, visitor, false, true)
	must(t, err)
	if p := now.Parties[0]; !p.Here || p.Audio || !p.Video {
		t.Errorf("the visitor is %+v", p)
	}
	_, err = w.Store.LeaveCall(t.Context(), w.ID, call.ID, visitor)
	must(t, err)
	if p := join(visitor, protocol.KindVisitor, "c3"); p.Ordinal != 0 || p.Connection != "c3" {
		t.Errorf("joined again: %+v", p)
	}
	// A page that joins anew by itself takes its own leg again, and none that another page has taken.
	anew := func(conn protocol.ConnectionID, had ...protocol.ConnectionID) error {
		_, _, err := w.Store.JoinCall(t.Context(), w.ID, call.ID, store.Party{Actor: visitor, Side: protocol.KindVisitor, Name: "P", Connection: conn}, had...)
		return err
	}
	must(t, anew("c4", "c1", "c3"))
	must(t, anew("c4", "c3"))
	want(t, anew("c5", "c3"), protocol.CodeWrongState)
	if now, err := w.Store.Call(t.Context(), w.ID, call.ID); err != nil || now.Parties[0].Connection != "c4" {
		t.Errorf("the leg is taken: %+v, %v", now.Parties[0], err)
	}
	must(t, anew("c6"))
	_, err = w.Store.MuteParty(t.Context(), w.ID, call.ID, "agent:stranger", true, true)
	want(t, err, protocol.CodeNotFound)
	fullCall(t, w, call.ID)
}

// fullCall holds that a call holds six people at once, and any number one
// after another. The visitor and one agent are in it.
func fullCall(t *testing.T, w *World, call protocol.CallID) {
	t.Helper()
	join := func(actor string, want int) {
		t.Helper()
		_, p, err := w.Store.JoinCall(t.Context(), w.ID, call, store.Party{Actor: actor, Side: protocol.KindAgent, Name: actor, Connection: "c", Audio: true})
		must(t, err)
		if p.Ordinal != want || p.Actor != actor {
			t.Errorf("%s is %s with ordinal %d, want %d", actor, p.Actor, p.Ordinal, want)
		}
	}
	leave := func(actor string) {
		t.Helper()
		_, err := w.Store.LeaveCall(t.Context(), w.ID, call, actor)
		must(t, err)
	}
	join("agent:g2", 2)
	leave("agent:g2")
	join("agent:g3", 3) // the place of one who may come back is the last to be given
	join("agent:g4", 4)
	join("agent:g5", 5)
	join("agent:g6", 2)
	seventh := store.Party{Actor: "agent:g2", Side: protocol.KindAgent, Name: "G", Connection: "c"}
	_, _, err := w.Store.JoinCall(t.Context(), w.ID, call, seventh)
	want(t, err, protocol.CodeFull)
	_, err = w.Store.PartyHere(t.Context(), w.ID, call, 4, false) // lost, not left
	must(t, err)
	_, _, err = w.Store.JoinCall(t.Context(), w.ID, call, seventh)
	want(t, err, protocol.CodeFull)
	leave("agent:g5")
	join("agent:g2", 5)
	leave("agent:g3")
	join("agent:g3", 3)
	for i := range 10 {
		leave("agent:g3")
		join("agent:g7", 3)
		leave("agent:g7")
		join("agent:g3", 3)
		if t.Failed() {
			t.Fatalf("in round %d", i)
		}
	}
}

func cobrowses(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	agent := w.Agents[0]
	actor := "agent:" + string(agent)
	c := w.Active(t, agent)
	visitor := protocol.Author{Kind: protocol.KindVisitor, ID: string(c.Visitor)}
	ask := store.AskCobrowseIn{Workspace: w.ID, Conversation: c.ID, Agent: agent, Author: By(agent), Op: op()}
	b, err := s.AskCobrowse(t.Context(), ask)
	must(t, err)
	ask.Op = op()
	_, err = s.AskCobrowse(t.Context(), ask)
	want(t, err, protocol.CodeWrongState)
	answer := store.AnswerIn[protocol.CobrowseID]{
		Workspace: w.ID, Step: b.ID, Author: visitor, Actor: "visitor:" + string(c.Visitor), Op: op(),
	}
	refused, err := s.AnswerCobrowse(t.Context(), answer)
	must(t, err)
	if refused.State != store.StepRefused {
		t.Errorf("refused %+v", refused)
	}
	b, err = s.AskCobrowse(t.Context(), ask)
	must(t, err)
	answer.Step, answer.Allow, answer.Op = b.ID, true, op()
	running, err := s.AnswerCobrowse(t.Context(), answer)
	must(t, err)
	if running.State != store.StepRunning || len(running.Touched) != 2 {
		t.Errorf("allowed %+v", running)
	}
	live, err := s.CobrowsesOf(t.Context(), w.ID, c.ID)
	if err != nil || len(live) != 1 || live[0].ID != b.ID {
		t.Errorf("live %+v, %v", live, err)
	}
	stopping := op()
	for range 2 {
		ended, err := s.EndCobrowse(t.Context(), w.ID, b.ID, visitor, answer.Actor, stopping, "stopped")
		if err != nil || ended.State != store.StepEnded {
			t.Errorf("ended %+v, %v", ended, err)
		}
	}
	_, err = s.EndCobrowse(t.Context(), w.ID, b.ID, By(agent), actor, op(), "")
	want(t, err, protocol.CodeExpired)
	ledger, err := s.Consents(t.Context(), w.ID, c.ID)
	must(t, err)
	if len(ledger) != 1 || ledger[0].Kind != "cobrowse" || ledger[0].Revoked == 0 {
		t.Errorf("consents %+v", ledger)
	}
	checkDense(t, w, c.ID, 9)
}
