package chat_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func (h *house) state(who protocol.Caller) protocol.AgentItem {
	h.t.Helper()
	return *h.view(who)["agent/"+string(who.Agent)].Agent
}

func TestNotReadyAfterTheseConversations(t *testing.T) { // STATE-3
	h := newHouse(t)
	_, anna, conv := h.talk()
	ctx := t.Context()
	_, err := h.Declare(ctx, anna, op(), protocol.Declare{Declared: protocol.DeclaredPending, Reason: "lunch"})
	h.must(err)
	if s := h.state(anna); !s.Pending || s.Label != protocol.LabelBusy || s.Used != 1 || s.Reason != "lunch" {
		t.Errorf("while one runs Anna is %+v", s)
	}
	h.ask(h.visitor(), "me too")
	_, err = h.End(ctx, anna, op(), protocol.OfConversation{Conversation: conv})
	h.must(err)
	if s := h.state(anna); s.Label != protocol.LabelWrapUp || s.Declared != protocol.DeclaredPending {
		t.Errorf("after the end Anna is %+v", s)
	}
	_, err = h.Clear(ctx, anna, op(), protocol.OfConversation{Conversation: conv})
	h.must(err)
	if s := h.state(anna); s.Label != protocol.LabelNotReady || s.Declared != protocol.DeclaredNotReady || s.Pending || s.Reason != "lunch" {
		t.Errorf("after the last card Anna is %+v", s)
	}
	for key := range h.view(anna) {
		if len(key) > 6 && key[:6] == "offer/" {
			t.Error("she is offered the next one")
		}
	}
	_, err = h.Declare(ctx, h.ready(1), op(), protocol.Declare{Declared: "asleep"})
	if code(err) != protocol.CodeInvalid {
		t.Errorf("a state that is none: %v", err)
	}
}

func TestLabelsCountUnits(t *testing.T) { // STATE-3, ROUTE-2, R1
	h := newHouse(t, ruled(store.QueueRules{Units: map[string]int{"chat": 40, "audio": 80}}), func(w *store.Workspace) {
		for i := range w.Agents {
			w.Agents[i].MaxChats = 4
		}
	})
	anna := h.ready(0)
	take := func() protocol.ConversationID {
		conv := h.ask(h.visitor(), "hello")
		_, err := h.Accept(t.Context(), anna, op(), protocol.OfOffer{Offer: h.offered(anna).Offer})
		h.must(err)
		return conv
	}
	first := take()
	if s := h.state(anna); s.Label != protocol.LabelBusy || s.Used != 1 || s.Total != 4 {
		t.Errorf("with 40 of 100 units taken Anna is %+v", s)
	}
	if card := h.view(anna)["card/"+string(first)].Card; card.CallOver || card.Medium != "chat" || card.Role != store.RoleOwner || card.Over {
		t.Errorf("the only card is %+v", card)
	}
	take()
	if s := h.state(anna); s.Label != protocol.LabelFull || s.Used != 2 {
		t.Errorf("with 80 of 100 units taken, where the cheapest costs 40, Anna is %+v", s)
	}
	if card := h.view(anna)["card/"+string(first)].Card; !card.CallOver {
		t.Error("a video call beside another chat is not said to be too much")
	}
}

func TestReasonsAndProfilesComeFromTheFile(t *testing.T) { // STATE-1, STATE-2, ROUTE-4
	h := newHouse(t, ruled(store.QueueRules{AfterReject: "pending_not_ready"}), func(w *store.Workspace) {
		w.Settings = store.Settings{PauseReasons: []store.Reason{{Key: "lunch", Name: "Lunch"}}, RejectReasons: []store.Reason{{Key: "busy", Name: "Too busy"}}}
	})
	anna := h.ready(0)
	s := h.state(anna)
	if diff := cmp.Diff([]protocol.Named{{Key: "lunch", Name: "Lunch"}}, s.PauseReasons); diff != "" {
		t.Errorf("pause (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]protocol.Named{{Key: "busy", Name: "Too busy"}}, s.RejectReasons); diff != "" {
		t.Errorf("reject (-want +got):\n%s", diff)
	}
	h.ask(h.visitor(), "hello")
	_, err := h.Reject(t.Context(), anna, op(), protocol.OfOffer{Offer: h.offered(anna).Offer, Reason: "busy"})
	h.must(err)
	if s := h.state(anna); s.Label != protocol.LabelNotReady {
		t.Errorf("who rejects in this queue is %+v", s)
	}
}

func TestACallWeighsWhileItRuns(t *testing.T) { // ROUTE-2, R1
	h := newHouse(t)
	visitor, anna, conv := h.talk()
	ctx := t.Context()
	load := func() int {
		a, err := h.store.Agent(ctx, h.ws, anna.Agent)
		h.must(err)
		return a.Load
	}
	chat := load()
	ack, err := h.CallAsk(ctx, anna, op(), protocol.CallAsk{Conversation: conv, Media: protocol.MediaVideo})
	h.must(err)
	call := protocol.CallID(ack.ID)
	if load() != chat {
		t.Errorf("the question weighs: %d", load())
	}
	_, err = h.CallAnswer(ctx, visitor, op(), protocol.CallAnswer{Call: call, Allow: true})
	h.must(err)
	if s := h.state(anna); load() != store.Units || s.Label != protocol.LabelFull {
		t.Errorf("in a video call the load is %d, and Anna is %+v", load(), s)
	}
	h.ask(h.visitor(), "hello") // nobody can take it now
	_, err = h.CallHangUp(ctx, anna, op(), protocol.OfCall{Call: call})
	h.must(err)
	if load() != chat {
		t.Errorf("after it the load is %d, want %d", load(), chat)
	}
	second := h.offered(anna) // routing knows that there is room again
	_, err = h.Accept(ctx, anna, op(), protocol.OfOffer{Offer: second.Offer})
	h.must(err)
	ack, err = h.CobrowseAsk(ctx, anna, op(), protocol.OfConversation{Conversation: conv})
	h.must(err)
	_, err = h.CobrowseAnswer(ctx, visitor, op(), protocol.CobrowseAnswer{Cobrowse: protocol.CobrowseID(ack.ID), Allow: true})
	h.must(err)
	if card := h.view(anna)["card/"+string(conv)].Card; !card.Over || load() != 2*chat+25 {
		t.Errorf("co-browsing beside two of two chats: load %d, card %+v", load(), card)
	}
	_, err = h.CobrowseStop(ctx, visitor, op(), protocol.OfCobrowse{Cobrowse: protocol.CobrowseID(ack.ID)})
	h.must(err)
	if card := h.view(anna)["card/"+string(conv)].Card; card.Over || load() != 2*chat {
		t.Errorf("after it: load %d, card %+v", load(), card)
	}
}

func TestWhatASiteSaysOfItself(t *testing.T) { // SITE-5
	h := newHouse(t, func(w *store.Workspace) { w.Sites[0].Rules.Unstaffed = "message" })
	item := h.SiteItem(t.Context(), h.site)
	if !item.Open || item.Staffed || item.Accepting || item.Reason != protocol.SiteNobody {
		t.Errorf("with nobody there it says %+v", item)
	}
	h.ready(0)
	h.until("the site accepts", func() bool {
		item = h.SiteItem(t.Context(), h.site)
		return item.Open && item.Staffed && item.Accepting && item.Reason == ""
	})
}
