package storetest

import (
	"strings"
	"sync"
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// canary stands in notes, which no visitor may ever read.
const canary = "canary-4711"

func (w *World) asking(c store.Conversation, kind protocol.RequestKind, by, to int) store.RequestIn {
	return store.RequestIn{Workspace: w.ID, Conversation: c.ID, Kind: kind, By: w.Agents[by], ToAgent: w.Agents[to], Note: canary, Op: op()}
}

func (w *World) request(t *testing.T, c store.Conversation, kind protocol.RequestKind, by, to int) store.Request {
	t.Helper()
	r, _, err := w.Store.OpenRequest(t.Context(), w.asking(c, kind, by, to))
	must(t, err)
	return r
}

// ask rings at an agent for a request.
func (w *World) ring(t *testing.T, r store.Request, agent int) store.Offer {
	t.Helper()
	o := w.Offering(store.Conversation{ID: r.Conversation}, w.Agents[agent], 1<<60)
	o.Kind, o.Request = protocol.OfferKind(r.Kind), r.ID
	must(t, w.Store.OpenOffer(t.Context(), o, nil))
	return o
}

func (w *World) accept(t *testing.T, o store.Offer) store.Conversation {
	t.Helper()
	_, c, err := w.Store.Accept(t.Context(), w.ID, o.Agent, o.ID, op())
	must(t, err)
	return c
}

func (w *World) conv(t *testing.T, id protocol.ConversationID) store.Conversation {
	t.Helper()
	c, err := w.Store.Conversation(t.Context(), w.ID, id)
	must(t, err)
	return c
}

// sound checks who is in a conversation, its loads, and that its visitor reads no note.
func (w *World) sound(t *testing.T, c store.Conversation, owner int, guests ...int) {
	t.Helper()
	slots, err := w.Store.SlotsOf(t.Context(), w.ID, c.ID)
	must(t, err)
	roles := map[protocol.AgentID]string{}
	for _, l := range slots {
		roles[l.Agent] = l.Role
	}
	want := map[protocol.AgentID]string{w.Agents[owner]: store.RoleOwner}
	for _, g := range guests {
		want[w.Agents[g]] = store.RoleGuest
	}
	for agent, role := range want {
		if roles[agent] != role {
			t.Errorf("roles %v, want %v", roles, want)
		}
	}
	if now := w.conv(t, c.ID); len(roles) != len(want) || now.Owner != w.Agents[owner] {
		t.Errorf("roles %v, owner %s", roles, now.Owner)
	}
	w.quiet(t, c)
}

func (w *World) quiet(t *testing.T, c store.Conversation) {
	t.Helper()
	entries, _, err := w.Store.Entries(t.Context(), w.ID, c.ID, 0, 200, true)
	must(t, err)
	for _, e := range entries {
		body, err := e.Body.MarshalBody()
		must(t, err)
		if strings.Contains(string(body), canary) || e.Body.Request != "" || e.Body.Agent != "" {
			t.Errorf("the visitor reads %s of %s", body, e.Kind)
		}
	}
	if n, err := w.Store.AuditLoads(t.Context(), w.ID); n != 0 || err != nil {
		t.Errorf("%d loads differ, %v", n, err)
	}
}

func transfer(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 3)
	c := w.Active(t, w.Agents[0])
	w.Call(t, c, protocol.MediaAudio)
	_, err := s.Weigh(t.Context(), w.ID, c.ID, store.QueueRules{})
	must(t, err)
	in := w.asking(c, protocol.RequestTransfer, 0, 1)
	r, _, err := s.OpenRequest(t.Context(), in)
	must(t, err)
	again, _, err := s.OpenRequest(t.Context(), in)
	must(t, err)
	if again.ID != r.ID || r.Deadline != r.Asked+60_000 {
		t.Errorf("asked %+v, again %+v", r, again)
	}
	other := w.Offering(c, w.Agents[2], 1<<60)
	other.Kind, other.Request = protocol.OfferTransfer, r.ID
	want(t, s.OpenOffer(t.Context(), other, nil), protocol.CodeWrongState) // another was asked
	o := w.ring(t, r, 1)
	accepting := op()
	for range 2 {
		_, _, err = s.Accept(t.Context(), w.ID, o.Agent, o.ID, accepting)
		must(t, err)
	}
	w.sound(t, c, 1)
	now := w.conv(t, c.ID)
	if now.Transfers != 1 || now.ReplyDue <= now.Started || w.agent(t, 0).Load != 0 || w.agent(t, 1).Load != 50 {
		t.Errorf("transferred %+v, loads %d and %d", now, w.agent(t, 0).Load, w.agent(t, 1).Load)
	}
	calls, err := s.CallsOf(t.Context(), w.ID, c.ID)
	must(t, err)
	if len(calls) != 1 || calls[0].State != store.StepRunning {
		t.Errorf("the call is %+v", calls)
	}
	if r, err = s.Request(t.Context(), w.ID, r.ID); err != nil || r.State != store.RequestAccepted || r.Taker != w.Agents[1] {
		t.Errorf("request %+v, %v", r, err)
	}
	if _, ended, err := s.EndRequest(t.Context(), w.ID, r.ID, "withdrawn", "agent:"+string(w.Agents[0])); ended || err != nil {
		t.Errorf("taken, and then taken back: %v, %v", ended, err)
	}
}

func refusal(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 2)
	c := w.Active(t, w.Agents[0])
	for _, outcome := range []store.Outcome{store.OutcomeRejected, store.OutcomeTimedOut} {
		r := w.request(t, c, protocol.RequestTransfer, 0, 1)
		o := w.ring(t, r, 1)
		_, _, err := s.Settle(t.Context(), w.ID, o.ID, outcome, "", "")
		must(t, err)
		r, err = s.Request(t.Context(), w.ID, r.ID)
		must(t, err)
		if r.State != store.RequestRefused || r.Cause != string(outcome) {
			t.Errorf("after %s the request is %+v", outcome, r)
		}
		_, _, err = s.Accept(t.Context(), w.ID, o.Agent, o.ID, op())
		want(t, err, protocol.CodeExpired)
		w.sound(t, c, 0)
	}
	mine, err := s.RequestsOf(t.Context(), w.ID, w.Agents[0])
	must(t, err)
	open, err := s.Requests(t.Context(), w.ID)
	must(t, err)
	if len(mine) != 1 || mine[0].Cause != string(store.OutcomeTimedOut) || len(open) != 0 {
		t.Errorf("own requests %+v, open %+v", mine, open)
	}
	if a := w.agent(t, 1); a.Declared != protocol.DeclaredNotReady {
		t.Errorf("who let it ring is %s", a.Declared)
	}
}

func transferNow(t *testing.T, s *store.Store) {
	t.Helper()
	declared := Declaration(2)
	second := store.Queue{ID: protocol.NewID[protocol.QueueID](), Key: "second", Name: "Second", Weight: 1}
	declared.Queues = append(declared.Queues, second)
	_, err := s.Apply(t.Context(), declared)
	must(t, err)
	w := &World{Store: s, ID: declared.ID, Site: declared.Sites[0].ID, Queue: declared.Queues[0].ID}
	for _, a := range declared.Agents {
		w.Agents = append(w.Agents, a.ID)
	}
	c := w.Active(t, w.Agents[0])
	_, err = s.TransferNow(t.Context(), w.ID, w.Agents[1], c.ID, second.ID, canary, op(), 0)
	want(t, err, protocol.CodeForbidden)
	leaving := op()
	for range 2 {
		now, err := s.TransferNow(t.Context(), w.ID, w.Agents[0], c.ID, second.ID, canary, leaving, 300_000)
		must(t, err)
		if now.State != protocol.StateQueued || now.Queue != second.ID || now.Asked != c.Asked || now.Boost != 300_000 || now.Owner != "" {
			t.Errorf("left to a queue: %+v", now)
		}
	}
	checkFree(t, w, w.Agents[0])
	w.quiet(t, c)
	lost := w.Active(t, w.Agents[0]) // while he asks another queue
	in := w.asking(lost, protocol.RequestTransfer, 0, 1)
	in.ToAgent, in.ToQueue = "", second.ID
	_, _, err = s.OpenRequest(t.Context(), in)
	must(t, err)
	if at, _, err := s.Lose(t.Context(), w.ID, w.Agents[0], lost.ID, "connection_lost"); err != nil || at.Queue != second.ID {
		t.Errorf("lost while he asked another queue: %+v, %v", at, err)
	}
	now := w.accept(t, w.Offer(t, w.conv(t, c.ID), w.Agents[1]))
	if now.Boost != 0 || now.Transfers != 1 {
		t.Errorf("taken there: %+v", now)
	}
}

func takers(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 3)
	c := w.Active(t, w.Agents[0])
	in := w.asking(c, protocol.RequestTransfer, 0, 1)
	in.ToAgent, in.ToQueue = "", w.Queue
	r, _, err := s.OpenRequest(t.Context(), in)
	must(t, err)
	offers := []store.Offer{w.ring(t, r, 1), w.ring(t, r, 2)}
	var mu sync.Mutex
	got := map[protocol.Code]int{}
	var all sync.WaitGroup
	for _, o := range offers {
		all.Go(func() {
			_, _, err := s.Accept(t.Context(), w.ID, o.Agent, o.ID, op())
			mu.Lock()
			defer mu.Unlock()
			got[code(err)]++
		})
	}
	all.Wait()
	if got[""] != 1 || got[protocol.CodeTaken] != 1 {
		t.Errorf("two takers got %v", got)
	}
	r, err = s.Request(t.Context(), w.ID, r.ID)
	must(t, err)
	for i, agent := range w.Agents {
		if agent == r.Taker {
			w.sound(t, c, i)
		}
	}
}

func inviting(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 3)
	c := w.Active(t, w.Agents[0])
	w.accept(t, w.ring(t, w.request(t, c, protocol.RequestInvite, 0, 1), 1))
	w.sound(t, c, 0, 1)
	w.accept(t, w.ring(t, w.request(t, c, protocol.RequestInvite, 1, 2), 2)) // guests invite too
	w.sound(t, c, 0, 1, 2)
	_, err := s.Depart(t.Context(), w.ID, w.Agents[0], c.ID, op(), "", 0)
	must(t, err)
	w.sound(t, c, 1, 2) // who was there longest
	_, err = s.Depart(t.Context(), w.ID, w.Agents[2], c.ID, op(), "", 0)
	must(t, err)
	w.sound(t, c, 1)
	_, err = s.Depart(t.Context(), w.ID, w.Agents[1], c.ID, op(), "", 0)
	want(t, err, protocol.CodeWrongState)
	_, err = s.Depart(t.Context(), w.ID, w.Agents[0], c.ID, op(), "queue", 0)
	want(t, err, protocol.CodeForbidden)
	leaving := op()
	for range 2 {
		now, err := s.Depart(t.Context(), w.ID, w.Agents[1], c.ID, leaving, "queue", 0)
		must(t, err)
		if now.State != protocol.StateQueued || now.Owner != "" {
			t.Errorf("the last one left it %+v", now)
		}
	}
	last := w.Active(t, w.Agents[2])
	now, err := s.Depart(t.Context(), w.ID, w.Agents[2], last.ID, op(), "end", 5000)
	must(t, err)
	if l := w.slot(t, w.Agents[2], last.ID); now.State != protocol.StateEnded || l.State != protocol.SlotWrapUp || l.WrapUntil == 0 {
		t.Errorf("the last one ended it: %+v, %+v", now, l)
	}
}

func enquiry(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 3)
	c := w.Active(t, w.Agents[0])
	before, _, err := s.Entries(t.Context(), w.ID, c.ID, 0, 100, true)
	must(t, err)
	r := w.request(t, c, protocol.RequestConsult, 0, 1)
	consult := w.conv(t, r.Consult)
	if consult.Kind != store.KindConsult || consult.Parent != c.ID || consult.Owner != w.Agents[0] || w.agent(t, 0).Load != store.Cost {
		t.Errorf("enquiry %+v, load %d", consult, w.agent(t, 0).Load)
	}
	w.accept(t, w.ring(t, r, 1))
	if l := w.slot(t, w.Agents[1], r.Consult); l.Role != store.RoleGuest || l.Cost != store.Cost {
		t.Errorf("who is asked holds %+v", l)
	}
	if l := w.slot(t, w.Agents[0], r.Consult); l.Role != store.RoleAsker || l.Cost != 0 {
		t.Errorf("who asks holds %+v", l)
	}
	_, _, err = s.OpenRequest(t.Context(), w.asking(consult, protocol.RequestInvite, 0, 2))
	want(t, err, protocol.CodeWrongState)
	after, _, err := s.Entries(t.Context(), w.ID, c.ID, 0, 100, true)
	must(t, err)
	if len(after) != len(before) {
		t.Errorf("the visitor read %d entries, now %d", len(before), len(after))
	}
	of, err := s.ConversationsOfVisitor(t.Context(), w.ID, c.Visitor, 10)
	must(t, err)
	if len(of) != 1 {
		t.Errorf("the visitor's conversations are %+v", of)
	}
	_, err = s.Depart(t.Context(), w.ID, w.Agents[1], r.Consult, op(), "", 0)
	must(t, err)
	if now := w.conv(t, r.Consult); now.State != protocol.StateClosed || w.agent(t, 1).Slots != 0 || w.agent(t, 0).Slots != 1 {
		t.Errorf("after the answer: %+v, slots %d and %d", now, w.agent(t, 0).Slots, w.agent(t, 1).Slots)
	}
	early := w.request(t, c, protocol.RequestConsult, 0, 1)
	rings := w.ring(t, early, 1)
	_, _, err = s.End(t.Context(), w.ID, early.Consult, By(w.Agents[0]), "agent:"+string(w.Agents[0]), op(), "", 0) // before anybody took it
	must(t, err)
	early, err = s.Request(t.Context(), w.ID, early.ID)
	must(t, err)
	rings, err = s.Offer(t.Context(), w.ID, rings.ID)
	must(t, err)
	if early.State != store.RequestWithdrawn || rings.Outcome != store.OutcomeRescinded {
		t.Errorf("an enquiry that was ended early: %+v, its offer %+v", early, rings)
	}
	refused := w.request(t, c, protocol.RequestConsult, 0, 2)
	o := w.ring(t, refused, 2)
	_, _, err = s.Settle(t.Context(), w.ID, o.ID, store.OutcomeRejected, "busy", "")
	must(t, err)
	if now := w.conv(t, refused.Consult); now.State != protocol.StateClosed || w.agent(t, 0).Slots != 1 {
		t.Errorf("a refused enquiry is %+v", now)
	}
	w.sound(t, c, 0)
}

func losing(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 3)
	c := w.Active(t, w.Agents[0])
	w.accept(t, w.ring(t, w.request(t, c, protocol.RequestInvite, 0, 1), 1))
	_, requeued, err := s.Lose(t.Context(), w.ID, w.Agents[0], c.ID, "connection_lost")
	must(t, err)
	w.sound(t, c, 1)
	open := w.request(t, c, protocol.RequestTransfer, 1, 2)
	o := w.ring(t, open, 2)
	now, again, err := s.Lose(t.Context(), w.ID, w.Agents[1], c.ID, "connection_lost")
	must(t, err)
	if requeued || !again || now.State != protocol.StateQueued || now.Boost != 24*60*60*1000 || now.Asked != c.Asked {
		t.Errorf("lost %v, then %v: %+v", requeued, again, now)
	}
	open, err = s.Request(t.Context(), w.ID, open.ID)
	must(t, err)
	o, err = s.Offer(t.Context(), w.ID, o.ID)
	must(t, err)
	if open.State != store.RequestWithdrawn || open.Cause != "sender_gone" || o.Outcome != store.OutcomeRescinded {
		t.Errorf("request %+v, its offer %+v", open, o)
	}
	_, _, err = s.Lose(t.Context(), w.ID, w.Agents[1], c.ID, "connection_lost")
	want(t, err, protocol.CodeWrongState)
	w.quiet(t, c)
}

func endOfRequests(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 3)
	c := w.Active(t, w.Agents[0])
	asked := w.request(t, c, protocol.RequestConsult, 0, 1)
	w.accept(t, w.ring(t, asked, 1))
	open := w.request(t, c, protocol.RequestTransfer, 0, 2)
	o := w.ring(t, open, 2)
	by := protocol.Author{Kind: protocol.KindVisitor, ID: string(c.Visitor)}
	ended, slots, err := s.End(t.Context(), w.ID, c.ID, by, "visitor:"+string(c.Visitor), op(), "ended", 0)
	must(t, err)
	o, err = s.Offer(t.Context(), w.ID, o.ID)
	must(t, err)
	if o.Outcome != store.OutcomeRescinded || len(slots) != 1 || len(ended.Touched) != 4 {
		t.Errorf("offer %+v, slots %+v, touched %v", o, slots, ended.Touched)
	}
	if now := w.conv(t, asked.Consult); now.State != protocol.StateClosed || w.agent(t, 1).Load != 0 {
		t.Errorf("the enquiry is %+v", now)
	}
	list, err := s.Requests(t.Context(), w.ID)
	must(t, err)
	if len(list) != 0 {
		t.Errorf("open requests %+v", list)
	}
	w.quiet(t, c)
}

func requestRights(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 3)
	c := w.Active(t, w.Agents[0])
	_, _, err := s.OpenRequest(t.Context(), w.asking(c, protocol.RequestTransfer, 1, 2))
	want(t, err, protocol.CodeForbidden)
	_, _, err = s.OpenRequest(t.Context(), w.asking(c, protocol.RequestTransfer, 0, 0))
	want(t, err, protocol.CodeInvalid)
	r := w.request(t, c, protocol.RequestTransfer, 0, 1)
	_, _, err = s.OpenRequest(t.Context(), w.asking(c, protocol.RequestInvite, 0, 2))
	want(t, err, protocol.CodeWrongState) // one at a time
	_, _, err = s.EndRequest(t.Context(), w.ID, r.ID, "withdrawn", "agent:"+string(w.Agents[1]))
	want(t, err, protocol.CodeNotFound)
	o := w.ring(t, r, 1)
	r, ended, err := s.EndRequest(t.Context(), w.ID, r.ID, "withdrawn", "agent:"+string(w.Agents[0]))
	must(t, err)
	if !ended || r.State != store.RequestWithdrawn || len(r.Touched) != 2 {
		t.Errorf("taken back: %v, %+v", ended, r)
	}
	_, _, err = s.Accept(t.Context(), w.ID, o.Agent, o.ID, op())
	want(t, err, protocol.CodeExpired)
	w.sound(t, c, 0)
}
