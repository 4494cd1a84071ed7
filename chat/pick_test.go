package chat_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// waiting lists what an agent's waiting lists hold, the head first.
func (h *house) waiting(who protocol.Caller) (list []protocol.WaitingItem) {
	h.t.Helper()
	for _, item := range h.view(who) {
		if item.Waiting != nil {
			list = append(list, *item.Waiting)
		}
	}
	slices.SortFunc(list, func(a, b protocol.WaitingItem) int { return int(a.Since - b.Since) })
	return list
}

func TestPickAndNext(t *testing.T) { // ROUTE-6, ROUTE-2
	h := newHouse(t, ruled(store.QueueRules{Mode: store.ModePull}))
	anna, ben := h.ready(0), h.ready(1)
	ctx := t.Context()
	var convs []protocol.ConversationID
	for _, text := range []string{"first", "second", strings.Repeat("ü", 300), "fourth"} {
		convs = append(convs, h.ask(h.visitor(), text))
		h.until("it is listed", func() bool { return len(h.waiting(anna)) == len(convs) })
	}
	list := h.waiting(anna)
	if list[0].Conversation != convs[0] || !list[0].Head || list[1].Head || len([]rune(list[2].First)) != 200 {
		t.Errorf("the list is %+v", list)
	}
	for _, item := range h.view(anna) {
		if item.Offer != nil {
			t.Error("what is to be picked is offered")
		}
	}
	if _, err := h.Pick(ctx, anna, op(), protocol.OfConversation{Conversation: convs[1]}); code(err) != protocol.CodeForbidden {
		t.Errorf("out of turn: %v", err)
	}
	once := op()
	for range 2 {
		ack, err := h.Pick(ctx, anna, once, protocol.OfConversation{Conversation: convs[0]})
		if err != nil || ack.Conversation != convs[0] {
			t.Fatalf("pick: %+v, %v", ack, err)
		}
	}
	why, err := h.Why(ctx, anna.Principal, protocol.WhyOf{Conversation: convs[0]}) // ROUTE-12
	h.must(err)
	if len(why.Decisions) != 1 || why.Decisions[0].What != "picked" || why.Decisions[0].ChosenName != "Anna" || why.Decisions[0].Queue != h.queue.Name {
		t.Errorf("why it was picked: %+v", why.Decisions)
	}
	if _, err := h.Pick(ctx, ben, op(), protocol.OfConversation{Conversation: convs[0]}); code(err) != protocol.CodeTaken || !strings.Contains(err.Error(), "Anna") {
		t.Errorf("who comes second reads %v", err)
	}
	next := op()
	for range 2 {
		ack, err := h.Next(ctx, anna, next, protocol.OfQueue{Queue: h.queue.ID})
		if err != nil || ack.Conversation != convs[1] {
			t.Fatalf("next: %+v, %v", ack, err)
		}
	}
	if _, err := h.Next(ctx, anna, op(), protocol.OfQueue{Queue: h.queue.ID}); code(err) != protocol.CodeFull {
		t.Errorf("over the capacity without the right: %v", err)
	}
	anna.Permissions = append([]protocol.Permission{protocol.PermExceed, protocol.PermPickAny}, anna.Permissions...)
	if _, err := h.Pick(ctx, anna, op(), protocol.OfConversation{Conversation: convs[3]}); err != nil {
		t.Errorf("by right, over the capacity and out of turn: %v", err)
	}
	if card := h.card(anna, convs[3]); card == nil || !card.Over {
		t.Errorf("the card is %+v", card)
	}
	_, err = h.Declare(ctx, ben, op(), protocol.Declare{Declared: protocol.DeclaredNotReady})
	h.must(err)
	if ack, err := h.Next(ctx, ben, op(), protocol.OfQueue{Queue: h.queue.ID}); err != nil || ack.Conversation != convs[2] {
		t.Errorf("while paused: %+v, %v", ack, err)
	}
	if _, err := h.Next(ctx, ben, op(), protocol.OfQueue{Queue: h.queue.ID}); code(err) != protocol.CodeNotFound {
		t.Errorf("nobody waits: %v", err)
	}
	if _, err := h.Pick(ctx, h.agents[2], op(), protocol.OfConversation{Conversation: convs[2]}); code(err) != protocol.CodeNoDesk {
		t.Errorf("without a desk: %v", err)
	}
}

func TestPickingIsNotForEverybody(t *testing.T) { // ROUTE-6, S1
	off := false
	h := newHouse(t, ruled(store.QueueRules{Mode: store.ModePull}), func(w *store.Workspace) {
		w.Settings.PickWhilePaused = &off
		narrow := store.Profile{ID: protocol.NewID[protocol.ProfileID](), Name: "narrow", Media: []string{"chat"}}
		w.Profiles = append(w.Profiles, narrow)
		w.Agents[2].Profile = narrow
	})
	anna, cara := h.agents[0], h.ready(2)
	h.router.Here(anna)
	conv := h.ask(h.visitor(), "hello")
	h.until("it is listed", func() bool { return len(h.waiting(anna)) == 1 })
	if list := h.waiting(cara); len(list) != 0 {
		t.Errorf("who does not serve the queue sees %+v", list)
	}
	for name, attempt := range map[string]func(who protocol.Caller) error{
		"pick": func(who protocol.Caller) error {
			_, err := h.Pick(t.Context(), who, op(), protocol.OfConversation{Conversation: conv})
			return err
		},
		"next": func(who protocol.Caller) error {
			_, err := h.Next(t.Context(), who, op(), protocol.OfQueue{Queue: h.queue.ID})
			return err
		},
	} {
		if err := attempt(cara); code(err) != protocol.CodeNotFound {
			t.Errorf("%s by who does not serve the queue: %v", name, err)
		}
		if err := attempt(anna); code(err) != protocol.CodeWrongState {
			t.Errorf("%s while paused, where that is off: %v", name, err)
		}
	}
}
