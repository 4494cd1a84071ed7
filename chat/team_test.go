package chat_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// offeredKind waits for an offer of a kind at a desk.
func (h *house) offeredKind(who protocol.Caller, kind protocol.OfferKind) protocol.OfferItem {
	h.t.Helper()
	var found *protocol.OfferItem
	h.until("an offer of kind "+string(kind), func() bool {
		for _, item := range h.view(who) {
			if item.Offer != nil && item.Offer.Kind == kind {
				found = item.Offer
			}
		}
		return found != nil
	})
	return *found
}

func (h *house) card(who protocol.Caller, conv protocol.ConversationID) *protocol.CardItem {
	h.t.Helper()
	return h.view(who)["card/"+string(conv)].Card
}

func (h *house) accept(who protocol.Caller, offer protocol.OfferID) {
	h.t.Helper()
	_, err := h.Accept(h.t.Context(), who, op(), protocol.OfOffer{Offer: offer})
	h.must(err)
}

func (h *house) load(who protocol.Caller) int {
	h.t.Helper()
	a, err := h.store.Agent(h.t.Context(), h.ws, who.Agent)
	h.must(err)
	return a.Load
}

func TestATransferIsAnOffer(t *testing.T) { // TEAM-1, TEAM-6, ROUTE-3, D2
	h := newHouse(t)
	visitor, anna, conv := h.talk()
	ben := h.ready(1)
	ctx := t.Context()
	ask := protocol.TeamAsk{Conversation: conv, Agent: ben.Agent, Note: "canary-note: wants a refund"}
	once := op()
	ack, err := h.Transfer(ctx, anna, once, ask)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := h.Transfer(ctx, anna, once, ask); err != nil || again != ack {
		t.Errorf("the same again: %+v, %v; want %+v", again, err, ack)
	}
	if _, err := h.Transfer(ctx, anna, op(), protocol.TeamAsk{Conversation: conv, Agent: h.agents[2].Agent}); err == nil {
		t.Error("two colleagues are asked at once")
	}
	offer := h.offeredKind(ben, protocol.OfferTransfer)
	if offer.From != "Anna" || offer.Note != ask.Note || offer.Conversation != conv {
		t.Errorf("offer %+v", offer)
	}
	if card := h.card(anna, conv); card.Request == nil || card.Request.To != "Ben" || card.Request.State != store.RequestOpen || card.Role != store.RoleOwner || !card.Transfer {
		t.Errorf("while it rings Anna's card is %+v", card)
	}
	why, err := h.Why(ctx, anna.Principal, protocol.WhyOf{Conversation: conv}) // ROUTE-12
	h.must(err)
	if len(why.Decisions) != 2 || why.Decisions[0].What != "requested" || why.Decisions[0].ChosenName != "Ben" || len(why.Decisions[0].More) != 0 || why.Decisions[1].What != "offered" {
		t.Errorf("why Ben and Anna were asked: %+v", why.Decisions)
	}
	call := h.inCall(visitor, anna, conv)
	h.accept(ben, offer.Offer)
	if card := h.card(anna, conv); card != nil || h.load(anna) != 0 {
		t.Errorf("Anna still has %+v, load %d", card, h.load(anna))
	}
	if card := h.card(ben, conv); card == nil || card.Role != store.RoleOwner || card.Medium != "audio" {
		t.Errorf("Ben has %+v", card)
	}
	if item := h.view(visitor)["conversation/"+string(conv)].Conversation; item.Agent != "Ben" || item.State != protocol.StateActive {
		t.Errorf("the visitor sees %+v", item)
	}
	if !h.asked(protocol.MediaLeave, call) || h.asked(protocol.MediaEnd, call) {
		t.Error("the call has to go on without Anna's leg")
	}
	if _, err := h.CallJoin(ctx, ben, op(), protocol.CallJoin{Call: call, SDP: "b"}); err != nil {
		t.Errorf("Ben joins the call: %v", err)
	}
	if again, err := h.Transfer(ctx, anna, once, ask); err != nil || again != ack {
		t.Errorf("the same again, after it: %+v, %v; want %+v", again, err, ack)
	}
	if _, err := h.Post(ctx, anna, op(), protocol.Post{Conversation: conv, Text: "x"}); code(err) != protocol.CodeNotFound {
		t.Errorf("Anna posts: %v", err)
	}
	h.noNote(visitor, conv)
}

// inCall brings visitor and agent into a call, and gives it.
func (h *house) inCall(visitor, agent protocol.Caller, conv protocol.ConversationID) protocol.CallID {
	h.t.Helper()
	ctx := h.t.Context()
	ack, err := h.CallAsk(ctx, agent, op(), protocol.CallAsk{Conversation: conv, Media: protocol.MediaAudio})
	h.must(err)
	call := protocol.CallID(ack.ID)
	_, err = h.CallAnswer(ctx, visitor, op(), protocol.CallAnswer{Call: call, Allow: true})
	h.must(err)
	for _, who := range []protocol.Caller{visitor, agent} {
		_, err = h.CallJoin(ctx, who, op(), protocol.CallJoin{Call: call, SDP: "o"})
		h.must(err)
	}
	return call
}

// noNote fails when something that a visitor gets holds what agents wrote to each other.
func (h *house) noNote(visitor protocol.Caller, conv protocol.ConversationID) {
	h.t.Helper()
	log, err := h.Entries(h.t.Context(), visitor.Principal, conv, 0)
	h.must(err)
	for what, v := range map[string]any{"log": log, "view": h.view(visitor)} {
		text, err := json.Marshal(v)
		h.must(err)
		if strings.Contains(string(text), "canary") {
			h.t.Errorf("the visitor's %s holds the note: %s", what, text)
		}
	}
}

func TestARefusedTransferLeavesTheOwner(t *testing.T) { // TEAM-1
	h := newHouse(t)
	_, anna, conv := h.talk()
	ben := h.ready(1)
	ctx := t.Context()
	_, err := h.Transfer(ctx, anna, op(), protocol.TeamAsk{Conversation: conv, Agent: ben.Agent})
	h.must(err)
	_, err = h.Reject(ctx, ben, op(), protocol.OfOffer{Offer: h.offeredKind(ben, protocol.OfferTransfer).Offer, Reason: "busy"})
	h.must(err)
	if card := h.card(anna, conv); card == nil || card.Role != store.RoleOwner || card.Request.State != store.RequestRefused || card.Request.Cause != "busy" {
		t.Errorf("Anna's card is %+v", card)
	}
	if s := h.state(ben); s.Label != protocol.LabelReady {
		t.Errorf("Ben is %+v", s)
	}
	// and back: taken back by who asked
	ack, err := h.Transfer(ctx, anna, op(), protocol.TeamAsk{Conversation: conv, Agent: h.ready(2).Agent})
	h.must(err)
	offer := h.offeredKind(h.agents[2], protocol.OfferTransfer)
	request := protocol.OfRequest{Request: protocol.RequestID(ack.ID)}
	if _, err := h.Cancel(ctx, ben, op(), request); code(err) != protocol.CodeNotFound {
		t.Errorf("Ben takes back what Anna asked: %v", err)
	}
	for range 2 {
		_, err = h.Cancel(ctx, anna, op(), request)
		h.must(err)
	}
	if _, err := h.Accept(ctx, h.agents[2], op(), protocol.OfOffer{Offer: offer.Offer}); code(err) != protocol.CodeExpired {
		t.Errorf("Cara accepts what was taken back: %v", err)
	}
	if card := h.card(anna, conv); card == nil || card.Request != nil {
		t.Errorf("Anna's card is %+v", card)
	}
	h.until("Cara is free", func() bool { return h.state(h.agents[2]).Label == protocol.LabelReady })
}

func TestATransferToAQueue(t *testing.T) { // TEAM-1
	h := newHouse(t, secondQueue("support", "Support", store.QueueRules{}))
	visitor, anna, conv := h.talk()
	ctx := t.Context()
	support := h.world.Queues[1].ID
	first := h.offerTime(conv)
	ben := h.ready(1)
	_, err := h.Transfer(ctx, anna, op(), protocol.TeamAsk{Conversation: conv, Queue: support, Note: "canary"})
	h.must(err)
	h.accept(ben, h.offeredKind(ben, protocol.OfferTransfer).Offer)
	if card := h.card(ben, conv); card == nil || card.Role != store.RoleOwner {
		t.Errorf("Ben has %+v", card)
	}
	cara := h.ready(2)
	_, err = h.Declare(ctx, anna, op(), protocol.Declare{Declared: protocol.DeclaredNotReady})
	h.must(err)
	_, err = h.Transfer(ctx, ben, op(), protocol.TeamAsk{Conversation: conv, Queue: support, Note: "canary", Leave: true})
	h.must(err)
	if card := h.card(ben, conv); card != nil || h.load(ben) != 0 {
		t.Errorf("Ben still has %+v", card)
	}
	offer := h.offered(cara)
	if offer.Queue != "Support" || !h.kept(offer, first) {
		t.Errorf("Cara is offered %+v; first asked %d", offer, first)
	}
	h.noNote(visitor, conv)
}

// kept reports whether a conversation that came back has kept its place from when
// it was asked for, and its offer shows the wait since it came back.
func (h *house) kept(offer *protocol.OfferItem, asked int64) bool {
	h.t.Helper()
	c := h.conv(offer.Conversation)
	return c.Asked == asked && c.Requeued > asked && offer.Since == c.Requeued
}

func (h *house) offerTime(conv protocol.ConversationID) int64 {
	h.t.Helper()
	c, err := h.store.Conversation(h.t.Context(), h.ws, conv)
	h.must(err)
	return c.Asked
}

func TestInviteAndLeave(t *testing.T) { // TEAM-2, TEAM-6
	h := newHouse(t)
	visitor, anna, conv := h.talk()
	ctx := t.Context()
	ben := h.ready(1)
	call := h.inCall(visitor, anna, conv)
	_, err := h.Invite(ctx, anna, op(), protocol.TeamAsk{Conversation: conv, Agent: ben.Agent, Note: "canary"})
	h.must(err)
	h.accept(ben, h.offeredKind(ben, protocol.OfferInvite).Offer)
	if card := h.card(anna, conv); card.Role != store.RoleOwner || len(card.Agents) != 2 || card.Agents[1].Name != "Ben" {
		t.Errorf("Anna's card is %+v", card)
	}
	if card := h.card(ben, conv); card == nil || card.Role != store.RoleGuest || card.Transfer {
		t.Errorf("Ben's card is %+v", card)
	}
	if item := h.view(visitor)["conversation/"+string(conv)].Conversation; len(item.Agents) != 2 || item.Agent != "Anna" {
		t.Errorf("the visitor sees %+v", item)
	}
	if _, err := h.Post(ctx, ben, op(), protocol.Post{Conversation: conv, Text: "Hello from Ben"}); err != nil {
		t.Errorf("the guest posts: %v", err)
	}
	if _, err := h.CallJoin(ctx, ben, op(), protocol.CallJoin{Call: call, SDP: "b"}); err != nil {
		t.Errorf("the guest joins the call: %v", err)
	}
	if _, err := h.End(ctx, ben, op(), protocol.OfConversation{Conversation: conv}); code(err) != protocol.CodeForbidden {
		t.Errorf("the guest ends it: %v", err)
	}
	if _, err := h.CallHangUp(ctx, ben, op(), protocol.OfCall{Call: call}); err != nil || h.asked(protocol.MediaEnd, call) || !h.asked(protocol.MediaLeave, call) {
		t.Errorf("the guest hangs up: %v; the call goes on without him", err)
	}
	once := op()
	for range 2 {
		_, err = h.Depart(ctx, anna, once, protocol.Depart{Conversation: conv})
		h.must(err)
	}
	if card := h.card(ben, conv); card.Role != store.RoleOwner || len(card.Agents) != 0 {
		t.Errorf("after Anna has left Ben's card is %+v", card)
	}
	if h.card(anna, conv) != nil || h.load(anna) != 0 {
		t.Error("Anna still has it")
	}
	if _, err := h.Depart(ctx, ben, op(), protocol.Depart{Conversation: conv}); code(err) != protocol.CodeWrongState {
		t.Errorf("the last one leaves without a word: %v", err)
	}
	_, err = h.Declare(ctx, ben, op(), protocol.Declare{Declared: protocol.DeclaredNotReady})
	h.must(err)
	_, err = h.Depart(ctx, ben, op(), protocol.Depart{Conversation: conv, Then: "queue"})
	h.must(err)
	if !h.asked(protocol.MediaEnd, call) {
		t.Error("the call runs without an agent")
	}
	if offer := h.offered(anna); offer.Conversation != conv {
		t.Errorf("offered again: %+v", offer)
	}
	h.noNote(visitor, conv)
}

func TestAnEnquiryIsNotTheVisitors(t *testing.T) { // TEAM-3, S1
	h := newHouse(t)
	visitor, anna, conv := h.talk()
	ctx := t.Context()
	ben := h.ready(1)
	ack, err := h.Enquire(ctx, anna, op(), protocol.TeamAsk{Conversation: conv, Agent: ben.Agent, Note: "canary: is it in stock?"})
	if err != nil {
		t.Fatal(err)
	}
	consult := ack.Conversation
	if consult == conv || consult == "" {
		t.Fatalf("ack %+v", ack)
	}
	if card := h.card(anna, consult); card == nil || card.Kind != store.KindConsult || card.Parent != conv || card.Role != store.RoleAsker || card.Transfer || card.Video {
		t.Errorf("Anna's card of the enquiry is %+v", card)
	}
	h.accept(ben, h.offeredKind(ben, protocol.OfferConsult).Offer)
	for _, who := range []protocol.Caller{anna, ben} {
		_, err := h.Post(ctx, who, op(), protocol.Post{Conversation: consult, Text: "canary between us"})
		h.must(err)
	}
	if _, err := h.Post(ctx, ben, op(), protocol.Post{Conversation: conv, Text: "x"}); code(err) != protocol.CodeNotFound {
		t.Errorf("who is asked posts to the visitor: %v", err)
	}
	if _, err := h.Entries(ctx, visitor.Principal, consult, 0); code(err) != protocol.CodeNotFound {
		t.Errorf("the visitor reads it: %v", err)
	}
	if _, err := h.Transfer(ctx, anna, op(), protocol.TeamAsk{Conversation: consult, Agent: ben.Agent}); code(err) != protocol.CodeWrongState {
		t.Errorf("an enquiry is transferred: %v", err)
	}
	h.noNote(visitor, conv)
	if items := h.view(visitor); len(items) != 2 {
		t.Errorf("the visitor sees %+v", items)
	}
	_, err = h.End(ctx, visitor, op(), protocol.OfConversation{Conversation: conv})
	h.must(err)
	if h.card(ben, consult) != nil || h.card(anna, consult) != nil || h.load(ben) != 0 {
		t.Error("the enquiry outlives what it is about")
	}
	if s := h.state(ben); s.Label != protocol.LabelReady {
		t.Errorf("Ben is %+v", s)
	}
}

func TestWhoCanBeAsked(t *testing.T) { // TEAM-1
	h := newHouse(t, secondQueue("support", "Support", store.QueueRules{}), func(w *store.Workspace) { w.Agents[2].MaxChats = 1 })
	_, anna, conv := h.talk()
	ctx := t.Context()
	ben, cara := h.agents[1], h.ready(2)
	ready := 0
	reasons := func() map[string]protocol.Reason {
		targets, err := h.Targets(ctx, anna.Principal, conv)
		h.must(err)
		ready = targets.Queues[0].Ready
		if len(targets.Queues) != 2 || !targets.Queues[1].Able || targets.Queues[1].Name != "Support" {
			t.Errorf("queues %+v", targets.Queues)
		}
		found := map[string]protocol.Reason{}
		for _, a := range targets.Agents {
			found[a.Name] = a.Reason
			if a.Able != (a.Reason == "") {
				t.Errorf("target %+v", a)
			}
		}
		return found
	}
	h.until("Cara can be asked", func() bool { return reasons()["Cara"] == "" })
	h.until("both count as ready in the queue", func() bool {
		lines, err := h.router.Positions(ctx, h.queue.ID)
		h.must(err)
		return lines[h.queue.ID].Ready == 2
	})
	if reasons(); ready != 1 {
		t.Errorf("%d are ready besides who asks, want 1: Cara", ready)
	}
	if r := reasons(); r["Ben"] != protocol.ReasonNotReady || len(r) != 2 {
		t.Errorf("targets %v", r)
	}
	if _, err := h.Transfer(ctx, anna, op(), protocol.TeamAsk{Conversation: conv, Agent: ben.Agent}); code(err) != protocol.CodeNotAble {
		t.Errorf("Ben is asked: %v", err)
	}
	h.ask(h.visitor(), "hello")
	h.until("somebody has it", func() bool {
		for _, who := range []protocol.Caller{anna, cara} {
			for _, item := range h.view(who) {
				if item.Offer != nil {
					h.accept(who, item.Offer.Offer)
					return who.Agent == cara.Agent
				}
			}
		}
		return false
	})
	if r := reasons(); r["Cara"] != protocol.ReasonFull {
		t.Errorf("with her one chat Cara is %q", r["Cara"])
	}
	if _, err := h.Targets(ctx, ben.Principal, conv); code(err) != protocol.CodeNotFound {
		t.Errorf("Ben lists targets of what he is not in: %v", err)
	}
	for name, body := range map[string]protocol.TeamAsk{
		"nobody": {Conversation: conv}, "both": {Conversation: conv, Agent: cara.Agent, Queue: h.queue.ID},
		"a long note": {Conversation: conv, Agent: cara.Agent, Note: strings.Repeat("x", 1001)}, "herself": {Conversation: conv, Agent: anna.Agent},
	} {
		if _, err := h.Invite(ctx, anna, op(), body); err == nil {
			t.Errorf("%s is invited", name)
		}
	}
}

func TestALostGuestOnlyLeavesTheCall(t *testing.T) { // CALL-4, TEAM-6
	h := newHouse(t)
	visitor, anna, conv := h.talk()
	ben := h.ready(1)
	ctx := t.Context()
	call := h.inCall(visitor, anna, conv)
	_, err := h.Invite(ctx, anna, op(), protocol.TeamAsk{Conversation: conv, Agent: ben.Agent})
	h.must(err)
	h.accept(ben, h.offeredKind(ben, protocol.OfferInvite).Offer)
	_, err = h.CallJoin(ctx, ben, op(), protocol.CallJoin{Call: call, SDP: "b"})
	h.must(err)
	for ordinal := range 3 {
		h.MediaEvent(ctx, protocol.MediaEvent{Kind: protocol.MediaLegUp, Call: call, Ordinal: ordinal})
	}
	h.MediaEvent(ctx, protocol.MediaEvent{Kind: protocol.MediaLegGone, Call: call, Ordinal: 2})
	for _, who := range []protocol.Caller{visitor, anna, ben} {
		item := h.view(who)["call/"+string(call)].Call
		if item == nil || item.State != protocol.ConsentRunning || !item.Parties[0].Here || !item.Parties[1].Here || item.Parties[2].Here {
			t.Fatalf("after a guest's leg is lost %s sees %+v", who.Actor(), item)
		}
	}
	h.MediaEvent(ctx, protocol.MediaEvent{Kind: protocol.MediaLegGone, Call: call, Ordinal: 1})
	if item := h.view(visitor)["call/"+string(call)].Call; item != nil {
		t.Errorf("after the owner's leg is lost the visitor sees %+v", item)
	}
}
