package chat_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestTheQueueIsFull(t *testing.T) { // ROUTE-10, SITE-5
	h := newHouse(t, ruled(store.QueueRules{Limit: 1}))
	first := h.visitor()
	conv := h.ask(first, "hello")
	second := h.visitor()
	if _, err := h.Ask(t.Context(), second, op(), protocol.Ask{Text: "me too"}); code(err) != protocol.CodeFull {
		t.Errorf("one more: %v", err)
	}
	anna := h.agents[0]
	_, err := h.LeaveMessage(t.Context(), first, op(), protocol.LeaveMessage{Conversation: conv, Text: "please call me", Email: "vera@home.test"})
	h.must(err)
	if missed, err := h.store.Conversation(t.Context(), h.ws, conv); err != nil || missed.Email != "vera@home.test" || missed.Name == "" {
		t.Errorf("the answer goes to %q, %q: %v", missed.Name, missed.Email, err)
	}
	log, err := h.Entries(t.Context(), first.Principal, conv, 0)
	h.must(err)
	if diff := cmp.Diff([]string{"message", "asked", "message", "missed"}, kinds(log.Entries)); diff != "" {
		t.Errorf("the log of who waited (-want +got):\n%s", diff)
	}
	if _, err := h.Ask(t.Context(), second, op(), protocol.Ask{Text: "me too"}); err != nil {
		t.Errorf("after it there is room: %v", err)
	}
	if _, err := h.LeaveMessage(t.Context(), second, op(), protocol.LeaveMessage{Conversation: conv}); code(err) != protocol.CodeNotFound {
		t.Errorf("another's: %v", err)
	}
	h.router.Here(anna)
}

func TestNobodyIsReady(t *testing.T) { // VIS-1: the choice of leaving a message at once
	h := newHouse(t)
	visitor := h.visitor()
	conv := h.ask(visitor, "hello")
	choice := func() bool {
		item := h.view(visitor)["conversation/"+string(conv)].Conversation
		return item != nil && item.Choice
	}
	h.until("leaving a message is offered", choice)
}

func TestTheSiteIsFull(t *testing.T) { // ROUTE-10, SITE-5: what the widget shows is what asking meets
	for name, limit := range map[string]func(*store.Workspace){
		"waiting on the site":      func(w *store.Workspace) { w.Sites[0].Rules.Limit = 1 },
		"waiting in the workspace": func(w *store.Workspace) { w.Settings.WaitingLimit = 1 },
		"running on the site":      func(w *store.Workspace) { w.Sites[0].Rules.RunningLimit = 1 },
		"running in the workspace": func(w *store.Workspace) { w.Settings.RunningLimit = 1 },
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, limit)
			if item := h.SiteItem(t.Context(), h.site); !item.Accepting || item.Reason != "" {
				t.Errorf("with nobody there the site says %+v", item)
			}
			first := h.visitor()
			conv := h.ask(first, "hello")
			if h.site.Rules.RunningLimit+h.world.Settings.RunningLimit > 0 {
				anna := h.ready(0)
				h.accept(anna, h.offered(anna).Offer)
			}
			second := h.visitor()
			if _, err := h.Ask(t.Context(), second, op(), protocol.Ask{Text: "me too"}); code(err) != protocol.CodeFull {
				t.Errorf("one more: %v", err)
			}
			h.until("the site says that it is full", func() bool {
				item := h.SiteItem(t.Context(), h.site)
				return item.Open && !item.Accepting && item.Reason == protocol.SiteFull
			})
			left, err := h.LeaveMessage(t.Context(), second, op(), protocol.LeaveMessage{Text: "me too", Name: "Lara", Email: "lara@home.test"})
			h.must(err)
			if c, err := h.store.Conversation(t.Context(), h.ws, left.Conversation); err != nil || c.Missed != "size" {
				t.Errorf("it was missed for %q, %v", c.Missed, err)
			}
			_, err = h.End(t.Context(), first, op(), protocol.OfConversation{Conversation: conv})
			h.must(err)
			h.until("the site accepts again", func() bool { return h.SiteItem(t.Context(), h.site).Accepting })
		})
	}
}
