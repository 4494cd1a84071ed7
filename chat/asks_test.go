package chat_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestAStalePageAsksWhenClosed(t *testing.T) { // SITE-5, ROUTE-10, VIS-1; corner case 8
	h := newHouse(t)
	visitor := h.visitor()
	first := op()
	ack, err := h.Ask(t.Context(), visitor, first, protocol.Ask{Text: "before closing"})
	h.must(err)
	h.shut(true)
	if item := h.SiteItem(t.Context(), h.site); item.Open || item.Accepting || item.Reason != protocol.SiteClosed || item.OpensAt != opening {
		t.Errorf("the site says %+v", item)
	}
	late := h.visitor()
	if _, err := h.Ask(t.Context(), late, op(), protocol.Ask{Text: "hello"}); code(err) != protocol.CodeClosed {
		t.Errorf("asked while closed: %v", err)
	}
	if again, err := h.Ask(t.Context(), visitor, first, protocol.Ask{Text: "before closing"}); err != nil || again != ack { // D2
		t.Errorf("the same op again: %+v, %v", again, err)
	}
	once := op()
	left, err := h.LeaveMessage(t.Context(), late, once, protocol.LeaveMessage{Text: "hello", Name: "Lara", Email: "lara@home.test"})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := h.LeaveMessage(t.Context(), late, once, protocol.LeaveMessage{Text: "hello", Name: "Lara", Email: "lara@home.test"}); err != nil || again.Conversation != left.Conversation {
		t.Errorf("the same op again: %+v, %v", again, err)
	}
	c, err := h.store.Conversation(t.Context(), h.ws, left.Conversation)
	h.must(err)
	if c.Outcome != store.ConversationMissed || c.Missed != "hours" || c.Email != "lara@home.test" || c.State != protocol.StateClosed {
		t.Errorf("what is left is %+v", c)
	}
	log, err := h.Entries(t.Context(), late.Principal, c.ID, 0)
	h.must(err)
	if diff := cmp.Diff([]string{"message", "missed"}, kinds(log.Entries)); diff != "" {
		t.Errorf("the log (-want +got):\n%s", diff)
	}
}

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

func TestWhoWritesAfterTheEndComesToTheLastAgent(t *testing.T) { // ROUTE-9, D2; corner case 15
	h := newHouse(t)
	visitor, anna, conv := h.talk()
	ctx := t.Context()
	h.router.Gone(visitor)
	_, err := h.End(ctx, anna, op(), protocol.OfConversation{Conversation: conv})
	h.must(err)
	_, err = h.Clear(ctx, anna, op(), protocol.OfConversation{Conversation: conv})
	h.must(err)
	h.ready(1)
	h.router.Here(visitor)
	if _, err := h.Post(ctx, visitor, op(), protocol.Post{Conversation: conv, Text: "one more thing"}); code(err) != protocol.CodeWrongState {
		t.Fatalf("a post into what has ended: %v", err) // it says so: nothing is lost in silence
	}
	again := h.ask(visitor, "one more thing")
	c, err := h.store.Conversation(ctx, h.ws, again)
	h.must(err)
	if c.Previous != conv || c.Sticky != anna.Agent {
		t.Errorf("the new one is %+v", c)
	}
	offer := h.offered(anna) // not Ben, who has rested longer
	if offer.Conversation != again || offer.LastAgent != "Anna" {
		t.Errorf("offer %+v", offer)
	}
}

func TestAParkedOneWakes(t *testing.T) { // DESK-3, ROUTE-2, R1; corner case 7
	h := newHouse(t, func(w *store.Workspace) { w.Agents[0].MaxChats = 1 })
	visitor, anna, conv := h.talk()
	ctx := t.Context()
	of := protocol.OfConversation{Conversation: conv}
	_, err := h.Park(ctx, anna, op(), of)
	h.must(err)
	if h.load(anna) != 50 {
		t.Errorf("parked it weighs %d", h.load(anna))
	}
	_, err = h.Post(ctx, visitor, op(), protocol.Post{Conversation: conv, Text: "are you there?"})
	h.must(err)
	if card := h.card(anna, conv); card.Slot != protocol.SlotActive || card.TurnSince == 0 || h.load(anna) != 100 {
		t.Errorf("after the visitor's message the card is %+v, load %d", card, h.load(anna))
	}
}

func TestAParkedOneWaitsForItsOwner(t *testing.T) { // ROUTE-2, R1; corner case 7
	h := newHouse(t)
	visitor, anna, conv := h.talk() // two chats of 50
	ctx := t.Context()
	of := protocol.OfConversation{Conversation: conv}
	_, err := h.Park(ctx, anna, op(), of)
	h.must(err)
	anna.Permissions = append([]protocol.Permission{protocol.PermExceed}, anna.Permissions...)
	others := make([]protocol.ConversationID, 0, 3)
	for range 3 { // taken by right over the capacity
		c := h.ask(h.visitor(), "hello")
		_, _, err := h.store.Pick(ctx, store.PickIn{Workspace: h.ws, Agent: anna.Agent, Conversation: c, Op: op(), Over: true, Cost: 50})
		for code(err) == protocol.CodeTaken { // it rings already
			h.accept(anna, h.offered(anna).Offer)
			err = nil
		}
		h.must(err)
		h.must(h.router.Picked(ctx, c, anna.Agent))
		others = append(others, c)
	}
	_, err = h.Post(ctx, visitor, op(), protocol.Post{Conversation: conv, Text: "are you there?"})
	h.must(err)
	if card := h.card(anna, conv); card.Slot != protocol.SlotParked || !card.WaitsForOwner {
		t.Fatalf("with %d units taken the card is %+v", h.load(anna), card)
	}
	for _, c := range others[:2] {
		_, err = h.End(ctx, anna, op(), protocol.OfConversation{Conversation: c})
		h.must(err)
		_, err = h.Clear(ctx, anna, op(), protocol.OfConversation{Conversation: c})
		h.must(err)
	}
	if card := h.card(anna, conv); card.Slot != protocol.SlotActive || card.WaitsForOwner {
		t.Errorf("with room again the card is %+v", card)
	}
}

func TestWhoMayNotAnswerIsNeverAsked(t *testing.T) { // S1, TEAM-1; corner case 16
	h := newHouse(t, func(w *store.Workspace) {
		mute := store.Role{ID: protocol.NewID[protocol.RoleID](), Name: "reader", Permissions: []protocol.Permission{protocol.PermWatch}}
		w.Roles = append(w.Roles, mute)
		w.Agents[1].Role = mute.ID
	})
	_, anna, conv := h.talk()
	ben := h.agents[1]
	h.router.Here(ben)
	_, err := h.store.Declare(t.Context(), h.ws, ben.Agent, protocol.DeclaredReady, "", "system", "test")
	h.must(err)
	targets, err := h.Targets(t.Context(), anna.Principal, conv)
	h.must(err)
	for _, a := range targets.Agents {
		if a.Agent == ben.Agent {
			t.Errorf("who may not answer can be chosen: %+v", a)
		}
	}
	if _, err := h.Transfer(t.Context(), anna, op(), protocol.TeamAsk{Conversation: conv, Agent: ben.Agent}); code(err) != protocol.CodeNotAble {
		t.Errorf("who may not answer is asked: %v", err)
	}
	if rule, _ := protocol.RuleOf(protocol.UpDeclare); rule.Permission != protocol.PermDesk {
		t.Error("who may not answer can become ready")
	}
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
