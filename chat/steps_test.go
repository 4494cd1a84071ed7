package chat_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/chat"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestCallIsAskedAllowedJoinedAndHungUp(t *testing.T) { // CALL-1, CALL-4, PRIV-2
	h := newHouse(t)
	visitor, agent, conv := h.talk()
	ctx := t.Context()
	ack, err := h.CallAsk(ctx, agent, op(), protocol.CallAsk{Conversation: conv, Media: protocol.MediaVideo})
	if err != nil {
		t.Fatal(err)
	}
	call := protocol.CallID(ack.ID)
	key := "call/" + string(call)
	if item := h.view(visitor)[key].Call; item == nil || item.State != protocol.ConsentAsked || item.AskedByName != "Anna" {
		t.Fatalf("the visitor sees %+v", item)
	}
	if _, err := h.CallJoin(ctx, visitor, op(), protocol.CallJoin{Call: call, SDP: "v"}); code(err) != protocol.CodeWrongState || !strings.Contains(err.Error(), "not been allowed yet") {
		t.Errorf("the visitor joins without having allowed: %v", err)
	}
	if _, err := h.CallJoin(ctx, agent, op(), protocol.CallJoin{Call: call, SDP: "a"}); err != nil {
		t.Errorf("the agent's leg cannot be warmed: %v", err)
	}
	if _, err := h.CallAnswer(ctx, agent, op(), protocol.CallAnswer{Call: call, Allow: true}); code(err) != protocol.CodeForbidden {
		t.Errorf("the agent allows his own question: %v", err)
	}
	if _, err := h.CallAsk(ctx, visitor, op(), protocol.CallAsk{Conversation: conv, Media: protocol.MediaAudio}); err == nil {
		t.Error("a second call is asked for")
	}
	if _, err := h.CallAnswer(ctx, visitor, op(), protocol.CallAnswer{Call: call, Allow: true}); err != nil {
		t.Fatal(err)
	}
	once, asked := op(), len(h.requests)
	for range 2 { // the transport broke before the answer came
		joined, err := h.CallJoin(ctx, visitor, once, protocol.CallJoin{Call: call, SDP: "v"})
		if err != nil || joined.SDP != "answer to v" {
			t.Fatalf("the visitor joins: %+v, %v", joined, err)
		}
	}
	if len(h.requests) != asked+1 {
		t.Errorf("one op made %d legs", len(h.requests)-asked)
	}
	h.MediaEvent(ctx, protocol.MediaEvent{Kind: protocol.MediaLegUp, Call: call, Ordinal: 0})
	item := h.view(agent)[key].Call
	if item.State != protocol.ConsentRunning || len(item.Parties) != 2 {
		t.Fatalf("the agent sees %+v", item)
	}
	for _, p := range item.Parties {
		if p.Here != (p.Side == protocol.KindVisitor) || p.You != (p.Side == protocol.KindAgent) || (p.Ordinal == 0) != (p.Side == protocol.KindVisitor) {
			t.Errorf("party %+v", p)
		}
	}
	if _, err := h.CallMute(ctx, visitor, op(), protocol.CallMute{Call: call, Audio: false, Video: true}); err != nil {
		t.Fatal(err)
	}
	if last := h.requests[len(h.requests)-1]; last.Do != protocol.MediaMute || last.Ordinal != 0 || last.Audio || !last.Video {
		t.Errorf("the media node was asked %+v", last)
	}
	if _, err := h.CallHangUp(ctx, visitor, op(), protocol.OfCall{Call: call}); err != nil {
		t.Fatal(err)
	}
	if h.view(agent)[key].Call != nil || !h.asked(protocol.MediaEnd, call) {
		t.Error("the call goes on after it was hung up")
	}
	if _, err := h.Post(ctx, visitor, op(), protocol.Post{Conversation: conv, Text: "the chat goes on"}); err != nil {
		t.Error(err)
	}
	log, err := h.Entries(ctx, visitor.Principal, conv, 0)
	h.must(err)
	if got := strings.Join(kinds(log.Entries), " "); !strings.Contains(got, "call_asked call_allowed call_ended message") {
		t.Errorf("log %s", got)
	}
}

func TestLostLegEndsTheCallOnly(t *testing.T) { // CALL-4, CALL-6
	h := newHouse(t)
	visitor, agent, conv := h.talk()
	ack, err := h.CallAsk(t.Context(), visitor, op(), protocol.CallAsk{Conversation: conv, Media: protocol.MediaAudio})
	if err != nil {
		t.Fatal(err)
	}
	call := protocol.CallID(ack.ID)
	_, err = h.CallAnswer(t.Context(), agent, op(), protocol.CallAnswer{Call: call, Allow: true})
	h.must(err)
	for _, who := range []protocol.Caller{visitor, agent} {
		_, err := h.CallJoin(t.Context(), who, op(), protocol.CallJoin{Call: call})
		h.must(err)
	}
	h.MediaEvent(t.Context(), protocol.MediaEvent{Kind: protocol.MediaLegGone, Call: call, Ordinal: 0})
	items := h.view(agent)
	if items["call/"+string(call)].Call != nil || items["card/"+string(conv)].Card.State != protocol.StateActive {
		t.Errorf("after a leg was lost the agent sees %+v", items)
	}
}

// A tab that has lost its way joins its leg anew by itself: not when another tab
// of the agent has taken the call meanwhile, which keeps it.
func TestALegThatAnotherTabHasTakenStaysThere(t *testing.T) { // CALL-6, R7
	h := newHouse(t)
	_, agent, conv := h.talk()
	ack, err := h.CallAsk(t.Context(), agent, op(), protocol.CallAsk{Conversation: conv, Media: protocol.MediaAudio})
	h.must(err)
	call := protocol.CallID(ack.ID)
	join := func(conn protocol.ConnectionID, had ...protocol.ConnectionID) error {
		tab := agent
		tab.Connection = conn
		_, err := h.CallJoin(t.Context(), tab, op(), protocol.CallJoin{Call: call, Had: had})
		return err
	}
	h.must(join("first"))
	h.must(join("first-again", "first"))
	h.must(join("second")) // takes it
	legs := len(h.requests)
	if err := join("first-back", "first", "first-again"); code(err) != protocol.CodeWrongState {
		t.Errorf("the first tab takes the leg again: %v", err)
	}
	if len(h.requests) != legs {
		t.Error("the leg of the second tab is replaced")
	}
	h.must(join("second-again", "second"))
	if tab := h.view(agent)["call/"+string(call)].Call.Tab; tab != "second-again" {
		t.Errorf("the leg is named as %q's", tab)
	}
	h.must(join("first-back")) // wanted there
}

func TestCobrowseNeedsConsent(t *testing.T) { // COB-1, PRIV-2
	h := newHouse(t)
	visitor, agent, conv := h.talk()
	ctx := t.Context()
	ack, err := h.CobrowseAsk(ctx, agent, op(), protocol.OfConversation{Conversation: conv})
	if err != nil {
		t.Fatal(err)
	}
	id := protocol.CobrowseID(ack.ID)
	if _, _, err := h.CobrowseConsent(ctx, agent.Principal, id); code(err) != protocol.CodeNotFound {
		t.Errorf("consent before the answer: %v", err)
	}
	if _, err := h.CobrowseAnswer(ctx, visitor, op(), protocol.CobrowseAnswer{Cobrowse: id, Allow: true}); err != nil {
		t.Fatal(err)
	}
	for _, who := range []protocol.Caller{visitor, agent} {
		if v, a, err := h.CobrowseConsent(ctx, who.Principal, id); err != nil || v != visitor.Actor() || a != agent.Actor() {
			t.Errorf("consent for %s: %s, %s, %v", who.Kind, v, a, err)
		}
	}
	if _, _, err := h.CobrowseConsent(ctx, h.agents[1].Principal, id); err == nil {
		t.Error("another agent may watch")
	}
	if _, err := h.CobrowseStop(ctx, visitor, op(), protocol.OfCobrowse{Cobrowse: id}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.CobrowseConsent(ctx, agent.Principal, id); err == nil || !h.hasStopped(id) {
		t.Errorf("after Stop: %v, stopped %v", err, h.hasStopped(id))
	}
}

func TestEndEndsCallAndCobrowse(t *testing.T) { // DESK-6
	h := newHouse(t)
	visitor, agent, conv := h.talk()
	ctx := t.Context()
	call, err := h.CallAsk(ctx, agent, op(), protocol.CallAsk{Conversation: conv, Media: protocol.MediaVideo})
	h.must(err)
	cobrowse, err := h.CobrowseAsk(ctx, agent, op(), protocol.OfConversation{Conversation: conv})
	h.must(err)
	_, err = h.CobrowseAnswer(ctx, visitor, op(), protocol.CobrowseAnswer{Cobrowse: protocol.CobrowseID(cobrowse.ID), Allow: true})
	h.must(err)
	if _, err := h.End(ctx, agent, op(), protocol.OfConversation{Conversation: conv}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.CobrowseConsent(ctx, agent.Principal, protocol.CobrowseID(cobrowse.ID)); err == nil {
		t.Error("the consent outlives the conversation")
	}
	if _, err := h.CallAnswer(ctx, visitor, op(), protocol.CallAnswer{Call: protocol.CallID(call.ID), Allow: true}); err == nil {
		t.Error("the call can be allowed after the end")
	}
	log, err := h.Entries(ctx, visitor.Principal, conv, 0)
	h.must(err)
	got := kinds(log.Entries)
	if len(got) == 0 || got[len(got)-1] != "ended" {
		t.Errorf("log %v", got)
	}
}

// both has a call and a co-browse session run.
func (h *house) both(visitor, agent protocol.Caller, conv protocol.ConversationID) (protocol.CallID, protocol.CobrowseID) {
	h.t.Helper()
	ctx := h.t.Context()
	call, err := h.CallAsk(ctx, agent, op(), protocol.CallAsk{Conversation: conv, Media: protocol.MediaVideo})
	h.must(err)
	_, err = h.CallAnswer(ctx, visitor, op(), protocol.CallAnswer{Call: protocol.CallID(call.ID), Allow: true})
	h.must(err)
	_, err = h.CallJoin(ctx, visitor, op(), protocol.CallJoin{Call: protocol.CallID(call.ID)})
	h.must(err)
	session, err := h.CobrowseAsk(ctx, agent, op(), protocol.OfConversation{Conversation: conv})
	h.must(err)
	_, err = h.CobrowseAnswer(ctx, visitor, op(), protocol.CobrowseAnswer{Cobrowse: protocol.CobrowseID(session.ID), Allow: true})
	h.must(err)
	return protocol.CallID(call.ID), protocol.CobrowseID(session.ID)
}

func TestAnEndThatFailsEndsNothingInside(t *testing.T) { // DESK-6: all or nothing
	h := newHouse(t)
	visitor, agent, conv := h.talk()
	call, session := h.both(visitor, agent, conv)
	used := op()
	_, err := h.Post(t.Context(), agent, used, protocol.Post{Conversation: conv, Text: "one moment"})
	h.must(err)
	if _, err := h.End(t.Context(), agent, used, protocol.OfConversation{Conversation: conv}); code(err) != protocol.CodeConflict {
		t.Fatalf("ended under a used op: %v", err)
	}
	items := h.view(visitor)
	if items["call/"+string(call)].Call == nil || items["cobrowse/"+string(session)].Cobrowse == nil {
		t.Errorf("a conversation that runs has lost its call or co-browsing: %+v", items)
	}
	if h.asked(protocol.MediaEnd, call) || h.hasStopped(session) {
		t.Error("media or packets were stopped for an end that was refused")
	}
	_, err = h.End(t.Context(), agent, op(), protocol.OfConversation{Conversation: conv})
	h.must(err)
	if !h.asked(protocol.MediaEnd, call) || !h.hasStopped(session) {
		t.Error("the end has not stopped media and packets")
	}
}

func TestGoingBackToTheQueueStopsCallAndCobrowse(t *testing.T) { // STATE-6, PRIV-2
	h := newHouse(t)
	visitor, agent, conv := h.talk()
	call, session := h.both(visitor, agent, conv)
	_, err := h.store.Requeue(t.Context(), h.ws, conv, "connection_lost") // what routing does with the chats of a lost agent
	h.must(err)
	h.until("the call's legs are closed and the packets stopped", func() bool { return h.asked(protocol.MediaEnd, call) && h.hasStopped(session) })
	h.until("the record knows that the call is freed", func() bool {
		calls, err := h.store.UnreleasedCalls(t.Context(), h.ws, "n1")
		h.must(err)
		return len(calls) == 0
	})
	if _, _, err := h.CobrowseConsent(t.Context(), visitor.Principal, session); code(err) != protocol.CodeNotFound {
		t.Errorf("the consent outlives the agent it was given to: %v", err)
	}
	ledger, err := h.store.Consents(t.Context(), h.ws, conv)
	h.must(err)
	for _, c := range ledger {
		if c.Revoked == 0 {
			t.Errorf("consent %+v", c)
		}
	}
	if len(ledger) != 2 {
		t.Errorf("%d consents", len(ledger))
	}
}

func TestALegThatComesUpAfterTheEndIsClosed(t *testing.T) { // CALL-4
	h := newHouse(t)
	visitor, agent, conv := h.talk()
	call, _ := h.both(visitor, agent, conv)
	_, err := h.CallHangUp(t.Context(), agent, op(), protocol.OfCall{Call: call})
	h.must(err)
	h.mu.Lock()
	h.requests = nil
	h.mu.Unlock()
	h.MediaEvent(t.Context(), protocol.MediaEvent{Kind: protocol.MediaLegUp, Call: call, Ordinal: 0})
	if !h.asked(protocol.MediaEnd, call) {
		t.Error("the leg stays")
	}
}

func TestAQuestionThatNobodyAnswersIsTakenBack(t *testing.T) { // CALL-1, COB-1
	h := newHouse(t)
	visitor, agent, conv := h.talk()
	ctx := t.Context()
	hasty := h.again(chat.Limits{Question: time.Millisecond})
	call, err := hasty.CallAsk(ctx, agent, op(), protocol.CallAsk{Conversation: conv, Media: protocol.MediaAudio})
	h.must(err)
	_, err = hasty.CallJoin(ctx, agent, op(), protocol.CallJoin{Call: protocol.CallID(call.ID)}) // who asks may warm a leg
	if code(err) != "" && code(err) != protocol.CodeNotFound && code(err) != protocol.CodeExpired {
		t.Error(err)
	}
	_, err = hasty.CobrowseAsk(ctx, agent, op(), protocol.OfConversation{Conversation: conv})
	h.must(err)
	for _, who := range []protocol.Caller{visitor, agent} {
		h.until("the questions close at "+string(who.Kind), func() bool {
			for _, item := range h.view(who) {
				if item.Call != nil || item.Cobrowse != nil {
					return false
				}
			}
			return true
		})
		log, err := h.Entries(ctx, who.Principal, conv, 0)
		h.must(err)
		causes := map[protocol.EntryKind]string{}
		for _, e := range log.Entries {
			causes[e.Kind] = e.Body.Cause
		}
		if causes[protocol.EntryCallEnded] != "unanswered" || causes[protocol.EntryCobrowseEnded] != "unanswered" {
			t.Errorf("%s reads %v", who.Kind, causes)
		}
	}
	h.until("the warmed leg is closed", func() bool { return h.asked(protocol.MediaEnd, protocol.CallID(call.ID)) })
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.viewed[visitor.Actor()] == 0 || h.viewed[agent.Actor()] == 0 {
		t.Errorf("views told: %v", h.viewed)
	}
}

func TestAQuestionSaysForHowLongItStands(t *testing.T) { // CALL-1, COB-1
	h := newHouse(t)
	visitor, agent, conv := h.talk()
	now, err := h.store.Now(t.Context())
	h.must(err)
	asking := h.again(chat.Limits{Question: time.Hour})
	_, err = asking.CallAsk(t.Context(), agent, op(), protocol.CallAsk{Conversation: conv, Media: protocol.MediaAudio})
	h.must(err)
	shared, err := asking.CobrowseAsk(t.Context(), agent, op(), protocol.OfConversation{Conversation: conv})
	h.must(err)
	until := map[string]int64{}
	for _, item := range h.view(visitor) {
		if item.Call != nil {
			until["call"] = item.Call.Deadline
		}
		if item.Cobrowse != nil {
			until["cobrowse"] = item.Cobrowse.Deadline
		}
	}
	for _, what := range []string{"call", "cobrowse"} {
		if left := time.Duration(until[what]-now) * time.Millisecond; left < time.Hour || left > time.Hour+time.Minute {
			t.Errorf("the question for a %s stands for %s, want an hour", what, left)
		}
	}
	_, err = h.CobrowseAnswer(t.Context(), visitor, op(), protocol.CobrowseAnswer{Cobrowse: protocol.CobrowseID(shared.ID), Allow: true})
	h.must(err)
	for _, item := range h.view(visitor) {
		if item.Cobrowse != nil && item.Cobrowse.Deadline != 0 {
			t.Error("what runs still has a question's end")
		}
	}
}

func TestACallWhoseNodeStaysAwayEnds(t *testing.T) { // CALL-4, CALL-6
	h := newHouse(t)
	visitor, agent, conv := h.talk()
	limits := chat.Limits{LegGrace: time.Second, Sweep: sweeping}
	run := func(node protocol.NodeID) (*chat.Service, func()) {
		s := h.on(node, limits)
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		var work sync.WaitGroup
		work.Go(func() { h.must(s.Run(ctx)) })
		return s, func() { cancel(); work.Wait() }
	}
	far, farStops := run("n2")
	_, nearStops := run("n1")
	defer nearStops()
	ack, err := far.CallAsk(t.Context(), agent, op(), protocol.CallAsk{Conversation: conv, Media: protocol.MediaVideo})
	h.must(err)
	id := protocol.CallID(ack.ID)
	_, err = far.CallAnswer(t.Context(), visitor, op(), protocol.CallAnswer{Call: id, Allow: true})
	h.must(err)
	_, _, err = h.store.JoinCall(t.Context(), h.ws, id, store.Party{Actor: visitor.Actor(), Side: protocol.KindVisitor, Here: true})
	h.must(err)
	call, err := h.store.Call(t.Context(), h.ws, id)
	h.must(err)
	h.until("the grace has passed since the call was asked for, and its node was there", func() bool {
		now, err := h.store.Now(t.Context())
		h.must(err)
		return now > call.Asked+2*limits.LegGrace.Milliseconds()
	})
	if call, err = h.store.Call(t.Context(), h.ws, id); err != nil || call.State != store.StepRunning {
		t.Fatalf("the call of a node that is there is %+v, %v", call, err)
	}
	farStops()
	h.until("the call has ended, the chat has not", func() bool {
		items := h.view(agent)
		return items["call/"+string(id)].Call == nil && items["card/"+string(conv)].Card.State == protocol.StateActive
	})
	if call, err = h.store.Call(t.Context(), h.ws, id); err != nil || call.Cause != store.CauseNodeLost || call.Parties[0].Here {
		t.Errorf("ended %+v, %v", call, err)
	}
	if left, err := h.store.UnreleasedCalls(t.Context(), h.ws, "n2"); err != nil || len(left) != 1 {
		t.Errorf("the node, if it comes back, finds %+v to free, %v", left, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.viewed[visitor.Actor()] == 0 || h.viewed[agent.Actor()] == 0 {
		t.Errorf("views told: %v", h.viewed)
	}
}

func TestCallsOfAnEarlierRunEndWhenNobodyComesBack(t *testing.T) { // CALL-6
	h := newHouse(t)
	visitor, agent, conv := h.talk()
	ack, err := h.CallAsk(t.Context(), agent, op(), protocol.CallAsk{Conversation: conv, Media: protocol.MediaAudio})
	h.must(err)
	call := protocol.CallID(ack.ID)
	_, err = h.CallAnswer(t.Context(), visitor, op(), protocol.CallAnswer{Call: call, Allow: true})
	h.must(err)
	_, err = h.CallJoin(t.Context(), visitor, op(), protocol.CallJoin{Call: call})
	h.must(err)
	h.MediaEvent(t.Context(), protocol.MediaEvent{Kind: protocol.MediaLegUp, Call: call, Ordinal: 0})
	next := h.again(chat.Limits{LegGrace: time.Millisecond})
	h.must(next.Recover(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	var work sync.WaitGroup
	work.Go(func() { h.must(next.Run(ctx)) })
	h.until("the call has ended, the chat has not", func() bool {
		items := h.view(agent)
		return items["call/"+string(call)].Call == nil && items["card/"+string(conv)].Card.State == protocol.StateActive
	})
	cancel()
	work.Wait()
}
