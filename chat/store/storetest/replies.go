package storetest

import (
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func (w *World) overdue(t *testing.T, why string) {
	t.Helper()
	list, err := w.Store.OverdueReplies(t.Context(), w.ID, 1<<50)
	must(t, err)
	for _, c := range list {
		t.Errorf("%s: the first reply is overdue: %+v", why, c)
	}
}

// repliedByCall: who speaks with the visitor, or sees the page, has replied.
func repliedByCall(t *testing.T, s *store.Store) {
	t.Helper()
	w := ruled(t, s, store.QueueRules{FirstReplyMs: 1000}, 4, 4)
	agent := w.Agents[0]
	called, shown, refused := w.Active(t, agent), w.Active(t, agent), w.Active(t, agent)
	visitor := protocol.Author{Kind: protocol.KindVisitor}
	call := w.Call(t, called, protocol.MediaAudio)
	if now := w.conv(t, called.ID); now.ReplyDue != 0 {
		t.Errorf("a call was allowed, and the first reply is due at %d", now.ReplyDue)
	}
	for _, allow := range []bool{true, false} {
		c := refused
		if allow {
			c = shown
		}
		b, err := s.AskCobrowse(t.Context(), store.AskCobrowseIn{Workspace: w.ID, Conversation: c.ID, Agent: agent, Author: By(agent), Op: op()})
		must(t, err)
		_, err = s.AnswerCobrowse(t.Context(), store.AnswerIn[protocol.CobrowseID]{
			Workspace: w.ID, Step: b.ID, Allow: allow, Author: visitor, Actor: "visitor:" + string(c.Visitor), Op: op(),
		})
		must(t, err)
		if now := w.conv(t, c.ID); (now.ReplyDue == 0) != allow {
			t.Errorf("the page was shown: %v, and the first reply is due at %d", allow, now.ReplyDue)
		}
	}
	_, err := s.Requeue(t.Context(), w.ID, called.ID, store.CauseNoReply)
	want(t, err, protocol.CodeWrongState)
	_, err = s.Requeue(t.Context(), w.ID, refused.ID, store.CauseNoReply) // it was not alarmed yet
	want(t, err, protocol.CodeWrongState)
	_, _, err = s.End(t.Context(), w.ID, refused.ID, By(agent), "agent:"+string(agent), op(), "", 0)
	must(t, err)

	r, _, err := s.OpenRequest(t.Context(), w.asking(called, protocol.RequestTransfer, 0, 1))
	must(t, err)
	o := w.ring(t, r, 1)
	_, _, err = s.Accept(t.Context(), w.ID, o.Agent, o.ID, op())
	must(t, err)
	if now := w.conv(t, called.ID); now.ReplyDue == 0 {
		t.Fatal("the new owner has no timer")
	}
	w.overdue(t, "the call goes on with the next owner")
	if now := w.conv(t, called.ID); now.ReplyDue != 0 {
		t.Errorf("a call runs, and the first reply is due at %d", now.ReplyDue)
	}
	_, err = s.EndCall(t.Context(), w.ID, call.ID, visitor, "visitor:"+string(called.Visitor), op(), "hung_up")
	must(t, err)
	w.overdue(t, "the call has ended")
}

// repliedByWords: the owner's first message stops the timer, and says so; what
// others say does not.
func repliedByWords(t *testing.T, s *store.Store) {
	t.Helper()
	w := ruled(t, s, store.QueueRules{FirstReplyMs: 1000}, 4, 4, 4)
	c := w.Active(t, w.Agents[0])
	says := func(agent protocol.AgentID) store.AppendIn {
		in := w.Saying(c, "Hello")
		in.Actor, in.Author, in.TurnOf, in.Agent = "agent:"+string(agent), By(agent), protocol.KindVisitor, agent
		return in
	}
	check := func(what string, due, turned bool, all ...store.AppendIn) {
		t.Helper()
		posted, errs := s.PostAll(t.Context(), all)
		for _, err := range errs {
			must(t, err)
		}
		if now := w.conv(t, c.ID); (now.ReplyDue != 0) != due {
			t.Errorf("%s: the first reply is due at %d", what, now.ReplyDue)
		}
		if got := posted[0].Turned; got != turned {
			t.Errorf("%s: the owner's card has changed: %v", what, got)
		}
	}
	check("the visitor says more", true, false, w.Saying(c, "Well?"))
	check("the owner replies", false, true, says(w.Agents[0]))
	r, _, err := s.OpenRequest(t.Context(), w.asking(c, protocol.RequestTransfer, 0, 1))
	must(t, err)
	o := w.ring(t, r, 1)
	_, _, err = s.Accept(t.Context(), w.ID, o.Agent, o.ID, op())
	must(t, err)
	r, _, err = s.OpenRequest(t.Context(), w.asking(c, protocol.RequestInvite, 1, 2))
	must(t, err)
	o = w.ring(t, r, 2)
	_, _, err = s.Accept(t.Context(), w.ID, o.Agent, o.ID, op())
	must(t, err)
	check("a guest says something", true, false, says(w.Agents[2]))
	check("the next owner replies, whose turn it is not", false, true, says(w.Agents[1]), says(w.Agents[1]))
	check("and says more", false, false, says(w.Agents[1]))
}
