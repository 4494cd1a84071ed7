package chat_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat"
	"github.com/parlour-chat/parlour/chat/routing"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// The cases that other products get wrong and that need the whole of the chat,
// on both kinds of database and of Redis.

// one and its visitor: a conversation that an agent has.
type one struct {
	visitor protocol.Caller
	conv    protocol.ConversationID
}

func (h *house) says(who protocol.Caller, conv protocol.ConversationID, text string) {
	h.t.Helper()
	_, err := h.Post(h.t.Context(), who, op(), protocol.Post{Conversation: conv, Text: text})
	h.must(err)
}

func (h *house) close(who protocol.Caller, conv protocol.ConversationID) {
	h.t.Helper()
	_, err := h.End(h.t.Context(), who, op(), protocol.OfConversation{Conversation: conv})
	h.must(err)
	_, err = h.Clear(h.t.Context(), who, op(), protocol.OfConversation{Conversation: conv})
	h.must(err)
}

func (h *house) conv(id protocol.ConversationID) store.Conversation {
	h.t.Helper()
	c, err := h.store.Conversation(h.t.Context(), h.ws, id)
	h.must(err)
	return c
}

// parking is an agent of one chat who has parked two, which cost nothing then,
// and talks in a third.
func parking(t *testing.T, g ground) (h *house, anna protocol.Caller, parked [2]one, third one) {
	t.Helper()
	share := 0
	h = g.again(t).house(t, ruled(store.QueueRules{ParkedShare: &share}), func(w *store.Workspace) { w.Agents[0].MaxChats = 1 })
	anna = h.ready(0)
	for i := range 3 {
		third = one{visitor: h.visitor()}
		third.conv = h.ask(third.visitor, "hello")
		h.accept(anna, h.offered(anna).Offer)
		if i < 2 {
			_, err := h.Park(t.Context(), anna, op(), protocol.OfConversation{Conversation: third.conv})
			h.must(err)
			parked[i] = third
		}
	}
	if h.load(anna) != 100 {
		t.Fatalf("load %d", h.load(anna))
	}
	return h, anna, parked, third
}

func TestCorner07AParkedChatWakes(t *testing.T) { // DESK-3, ROUTE-2, R1, RC#28252, RC#23185
	everywhere(t, func(t *testing.T, g ground) {
		t.Run("its owner has room", func(t *testing.T) {
			h := g.again(t).house(t, func(w *store.Workspace) { w.Agents[0].MaxChats = 1 })
			visitor, anna, conv := h.talk()
			_, err := h.Park(t.Context(), anna, op(), protocol.OfConversation{Conversation: conv})
			h.must(err)
			if h.load(anna) != 50 {
				t.Errorf("parked it weighs %d", h.load(anna))
			}
			h.says(visitor, conv, "are you there?")
			if card := h.card(anna, conv); card.Slot != protocol.SlotActive || card.TurnSince == 0 || card.Over || h.load(anna) != 100 {
				t.Errorf("after the visitor's message the card is %+v, load %d", card, h.load(anna))
			}
		})
		t.Run("its owner has no room", func(t *testing.T) {
			h, anna, parked, third := parking(t, g)
			h.says(parked[0].visitor, parked[0].conv, "are you there?")
			if card := h.card(anna, parked[0].conv); card.Slot != protocol.SlotActive || !card.Over || h.load(anna) != 200 {
				t.Fatalf("one more than fits: %+v, load %d", card, h.load(anna))
			}
			h.says(parked[1].visitor, parked[1].conv, "and you?")
			if card := h.card(anna, parked[1].conv); card.Slot != protocol.SlotParked || !card.WaitsForOwner || h.load(anna) != 200 {
				t.Fatalf("two more than fit: %+v, load %d", card, h.load(anna))
			}
			h.close(anna, third.conv)
			if card := h.card(anna, parked[1].conv); card.Slot != protocol.SlotActive || card.WaitsForOwner {
				t.Errorf("with less to do: %+v", card)
			}
		})
		t.Run("its owner has no room for too long", func(t *testing.T) {
			g.ownerWait = 300 * time.Millisecond
			h, anna, parked, _ := parking(t, g)
			for i := range parked {
				h.says(parked[i].visitor, parked[i].conv, "are you there?")
			}
			h.ask(h.visitor(), "me too") // waits already when the parked one comes back
			waited := parked[1].conv
			asked := h.conv(waited).Asked
			h.until("it is back in the queue", func() bool { return h.conv(waited).State == protocol.StateQueued })
			ben := h.ready(1)
			if offer := h.offered(ben); offer.Conversation != waited || !h.kept(offer, asked) || h.card(anna, waited) != nil {
				t.Errorf("offered next: %+v, want %s asked at %d", offer, waited, asked)
			}
		})
		t.Run("its owner is offline", func(t *testing.T) {
			g.timers = routing.Timers{Closed: 50 * time.Millisecond, AgentGone: time.Second}
			h := g.again(t).house(t)
			visitor, anna, conv := h.talk()
			before := h.conv(conv)
			_, err := h.Park(t.Context(), anna, op(), protocol.OfConversation{Conversation: conv})
			h.must(err)
			h.router.Gone(anna)
			h.says(visitor, conv, "are you there?")
			h.until("it is back in the queue", func() bool { return h.conv(conv).State == protocol.StateQueued })
			ben := h.ready(1)
			if offer := h.offered(ben); offer.Conversation != conv || !h.kept(offer, before.Asked) || h.load(anna) != 0 {
				t.Errorf("offered %+v, load of who is gone %d", offer, h.load(anna))
			}
		})
	})
}

func TestCorner08AnOldPageWritesAfterClosing(t *testing.T) { // SITE-5, ROUTE-10, VIS-1, D2, zammad#4970
	everywhere(t, func(t *testing.T, g ground) {
		h := g.house(t)
		ctx := t.Context()
		visitor, first := h.visitor(), op()
		ack, err := h.Ask(ctx, visitor, first, protocol.Ask{Text: "before closing"})
		h.must(err)
		late := h.visitor() // whose page says that we are open
		h.shut(true)
		if item := h.SiteItem(ctx, h.site); item.Open || item.Accepting || item.Reason != protocol.SiteClosed || item.OpensAt != opening {
			t.Errorf("the site says %+v", item)
		}
		if _, err := h.Ask(ctx, late, op(), protocol.Ask{Text: "hello"}); code(err) != protocol.CodeClosed {
			t.Errorf("asked while closed: %v", err)
		}
		if again, err := h.Ask(ctx, visitor, first, protocol.Ask{Text: "before closing"}); err != nil || again != ack {
			t.Errorf("the same op again: %+v, %v", again, err)
		}
		once, body := op(), protocol.LeaveMessage{Text: "hello", Name: "Lara", Email: "lara@home.test"}
		left, err := h.LeaveMessage(ctx, late, once, body)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := h.LeaveMessage(ctx, late, once, body); err != nil || again.Conversation != left.Conversation {
			t.Errorf("the same op again: %+v, %v", again, err)
		}
		if c := h.conv(left.Conversation); c.Outcome != store.ConversationMissed || c.Missed != "hours" || c.Email != "lara@home.test" || c.State != protocol.StateClosed {
			t.Errorf("what is left is %+v", c)
		}
		log, err := h.Entries(ctx, late.Principal, left.Conversation, 0)
		h.must(err)
		if diff := cmp.Diff([]string{"message", "missed"}, kinds(log.Entries)); diff != "" {
			t.Errorf("the log (-want +got):\n%s", diff)
		}
		h.shut(false)
		anna := h.ready(0)
		if offer := h.offered(anna); offer.Conversation != ack.Conversation {
			t.Errorf("what rings after opening is %+v", offer)
		}
		h.accept(anna, h.offered(anna).Offer)
		if lines, err := h.router.Positions(ctx, h.queue.ID); err != nil || lines[h.queue.ID].Waiting != 0 {
			t.Errorf("a message that was left waits for an agent: %+v, %v", lines, err)
		}
	})
}

func TestCorner15EndedWhileAwayThenHeWrites(t *testing.T) { // ROUTE-9, D2, D5, CW#14683
	everywhere(t, func(t *testing.T, g ground) {
		h := g.house(t)
		visitor, anna, conv := h.talk()
		ctx := t.Context()
		h.router.Gone(visitor)
		h.says(anna, conv, "It is in stock.")
		h.close(anna, conv)
		h.ready(1)
		h.router.Here(visitor)
		if _, err := h.Post(ctx, visitor, op(), protocol.Post{Conversation: conv, Text: "one more thing"}); code(err) != protocol.CodeWrongState {
			t.Fatalf("a post into what has ended: %v", err) // it says so: nothing is lost in silence
		}
		log, err := h.Entries(ctx, visitor.Principal, conv, 0)
		h.must(err)
		if diff := cmp.Diff([]string{"message", "asked", "joined", "message", "ended"}, kinds(log.Entries)); diff != "" {
			t.Errorf("what he missed (-want +got):\n%s", diff)
		}
		if item := h.view(visitor)["conversation/"+string(conv)].Conversation; item == nil || item.State != protocol.StateClosed {
			t.Errorf("his page shows %+v", item)
		}
		again := h.ask(visitor, "one more thing")
		if c := h.conv(again); c.Previous != conv || c.Sticky != anna.Agent {
			t.Errorf("the new one is %+v", c)
		}
		offer := h.offered(anna) // not Ben, who has rested longer
		if offer.Conversation != again || offer.LastAgent != "Anna" {
			t.Errorf("offer %+v", offer)
		}
	})
}

func TestCorner16AnOwnerWhoMayNotReply(t *testing.T) { // S1, S5, TEAM-1, LD#634
	everywhere(t, func(t *testing.T, g ground) {
		readers := store.Role{ID: protocol.NewID[protocol.RoleID](), Name: "reader", Permissions: []protocol.Permission{protocol.PermWatch}}
		clerks := store.Role{ID: protocol.NewID[protocol.RoleID](), Name: "clerk", Permissions: []protocol.Permission{protocol.PermDesk}}
		h := g.house(t, func(w *store.Workspace) {
			w.Roles = append(w.Roles, readers, clerks)
			w.Agents[0].Role, w.Agents[1].Role = clerks.ID, readers.ID
		})
		ctx := t.Context()
		_, anna, conv := h.talk()
		ben := h.agents[1]
		ben.Permissions = readers.Permissions
		h.router.Here(ben)
		_, err := h.store.Declare(ctx, h.ws, ben.Agent, protocol.DeclaredReady, "", "system", "test") // the desk could not
		h.must(err)
		h.must(h.router.AgentChanged(ctx, ben.Agent))
		for _, kind := range []string{protocol.UpPost, protocol.UpDeclare, protocol.UpAccept, protocol.UpPick} {
			if rule, _ := protocol.RuleOf(kind); code(rule.Allows(ben.Principal)) != protocol.CodeForbidden {
				t.Errorf("who may not answer may %s", kind)
			}
		}
		targets, err := h.Targets(ctx, anna.Principal, conv)
		h.must(err)
		if slices.ContainsFunc(targets.Agents, func(a protocol.TargetAgent) bool { return a.Agent == ben.Agent }) {
			t.Error("who may not answer can be chosen")
		}
		if _, err := h.Transfer(ctx, anna, op(), protocol.TeamAsk{Conversation: conv, Agent: ben.Agent}); code(err) != protocol.CodeNotAble {
			t.Errorf("who may not answer is asked: %v", err)
		}

		for i := range h.world.Roles {
			if h.world.Roles[i].ID == clerks.ID {
				h.world.Roles[i].Permissions = readers.Permissions // while Anna talks; her page stays open
			}
		}
		asked := h.conv(conv).Asked
		_, err = h.store.Apply(ctx, h.world)
		h.must(err)
		h.until("it waits for somebody who may answer", func() bool { return h.conv(conv).State == protocol.StateQueued })
		h.until("nobody counts as ready", func() bool {
			lines, err := h.router.Positions(ctx, h.queue.ID)
			return err == nil && lines[h.queue.ID].Bare
		})
		cara := h.ready(2)
		if offer := h.offered(cara); offer.Conversation != conv || !h.kept(offer, asked) || h.load(anna) != 0 {
			t.Errorf("offered %+v, asked at %d; load of the one who had it %d", offer, asked, h.load(anna))
		}
		h.accept(cara, h.offered(cara).Offer)
		offers, err := h.store.PastOffers(ctx, h.ws, "", ben.Agent, 0, 10)
		if err != nil || len(offers) != 0 {
			t.Errorf("who may not answer was asked: %+v, %v", offers, err)
		}
	})
}

// chatting gives an agent a profile of chat alone, and another room for one.
func chatting(n int) func(*store.Workspace) {
	return func(w *store.Workspace) {
		p := w.Profiles[0]
		p.ID, p.Name, p.Media = protocol.NewID[protocol.ProfileID](), "chat only", []string{"chat"}
		w.Profiles = append(w.Profiles, p)
		w.Agents[n].Profile, w.Agents[n].MaxChats = p, 1
	}
}

func TestCorner19VideoWantedOnlyChatAgents(t *testing.T) { // ROUTE-9, VIS-1, D2
	everywhere(t, func(t *testing.T, g ground) {
		h := g.house(t, chatting(1))
		ctx := t.Context()
		wants := func() one {
			it := one{visitor: h.visitor()}
			ack, err := h.Ask(ctx, it.visitor, op(), protocol.Ask{Text: "Can you see this?", Medium: store.MediumVideo})
			h.must(err)
			it.conv = ack.Conversation
			return it
		}
		item := func(it one) protocol.ConversationItem {
			if i := h.view(it.visitor)["conversation/"+string(it.conv)].Conversation; i != nil {
				return *i
			}
			return protocol.ConversationItem{}
		}
		chats, waits := wants(), wants()
		ben := h.ready(1)
		for _, it := range []one{chats, waits} {
			h.until("the choice is shown: chat now, leave a message, or wait", func() bool { i := item(it); return i.ChatOnly && i.Choice && i.Medium == store.MediumVideo })
		}
		later := one{visitor: h.visitor()}
		later.conv = h.ask(later.visitor, "only text")
		h.accept(ben, h.offered(ben).Offer) // the only one for whom he can be asked; now he is full, and still the only one there
		last := one{visitor: h.visitor()}
		last.conv = h.ask(last.visitor, "only text, too")
		once := op()
		for range 2 {
			_, err := h.Stay(ctx, chats.visitor, once, protocol.OfConversation{Conversation: chats.conv})
			h.must(err)
		}
		if i := item(chats); i.ChatOnly || i.Medium != store.MediumChat || i.Position != 1 {
			t.Errorf("who stays with chat sees %+v", i)
		}
		if _, err := h.Stay(ctx, waits.visitor, op(), protocol.OfConversation{Conversation: chats.conv}); code(err) != protocol.CodeNotFound {
			t.Errorf("another decides for him: %v", err)
		}
		h.close(ben, later.conv)
		if offer := h.offered(ben); offer.Conversation != chats.conv || offer.Medium != store.MediumChat {
			t.Errorf("Ben is offered %+v", offer)
		}
		h.accept(ben, h.offered(ben).Offer)
		if h.load(ben) != 100 || !item(waits).ChatOnly || item(last).Position == 0 {
			t.Errorf("load %d; who waits for video sees %+v", h.load(ben), item(waits))
		}
		if _, err := h.Stay(ctx, chats.visitor, op(), protocol.OfConversation{Conversation: chats.conv}); code(err) != protocol.CodeWrongState {
			t.Errorf("chosen again while he talks: %v", err)
		}

		anna := h.ready(0)
		if offer := h.offered(anna); offer.Conversation != waits.conv || offer.Medium != store.MediumVideo {
			t.Errorf("the first who can do video is offered %+v", offer)
		}
		h.until("nothing is to be chosen", func() bool { return !item(waits).ChatOnly })
		if _, err := h.Stay(ctx, waits.visitor, op(), protocol.OfConversation{Conversation: waits.conv}); err != nil {
			t.Error(err) // he chooses chat while it rings as video
		}
		offer := h.offered(anna)
		h.until("it rings as what it is now", func() bool { offer = h.offered(anna); return offer.Medium == store.MediumChat })
		h.accept(anna, offer.Offer)
		if h.load(anna) != 50 { // a chat, and the other one has the place of a chat too
			t.Errorf("a chat weighs %d", h.load(anna))
		}
	})
}

func TestCorner20ClosingTheTabLosesNothing(t *testing.T) { // D1, D2, D4, VIS-5, ServiceNow#77
	everywhere(t, func(t *testing.T, g ground) {
		h := g.house(t)
		ctx := t.Context()
		newTab := func(who protocol.Caller) protocol.Caller {
			who.Connection = protocol.NewID[protocol.ConnectionID]()
			h.router.Here(who)
			return who
		}
		visitor := h.visitor()
		conv := h.ask(visitor, "one")
		h.router.Gone(visitor) // while he waits
		visitor = newTab(visitor)
		if item := h.view(visitor)["conversation/"+string(conv)].Conversation; item == nil || item.State != protocol.StateQueued {
			t.Fatalf("after closing the tab in the queue: %+v", item)
		}
		anna := h.ready(0)
		h.accept(anna, h.offered(anna).Offer)
		h.says(anna, conv, "two")
		once := op()
		unheard, err := h.Post(ctx, visitor, once, protocol.Post{Conversation: conv, Text: "three"})
		h.must(err)
		h.router.Gone(visitor) // before the answer was there
		h.says(anna, conv, "four")
		h.router.Gone(anna)
		anna = newTab(anna)
		if card := h.card(anna, conv); card == nil || card.State != protocol.StateActive || card.Slot != protocol.SlotActive {
			t.Fatalf("the new desk's card is %+v", card)
		}
		visitor = newTab(visitor)
		if again, err := h.Post(ctx, visitor, once, protocol.Post{Conversation: conv, Text: "three"}); err != nil || again != unheard {
			t.Errorf("sent again by the new tab: %+v, %v; want %+v", again, err, unheard)
		}
		texts := func(who protocol.Principal) (list []string) {
			for _, svc := range []*chat.Service{h.Service, h.again(chat.Limits{})} { // and after a restart
				log, err := svc.Entries(ctx, who, conv, 0)
				h.must(err)
				list = list[:0]
				for i, e := range log.Entries {
					if e.Seq != int64(i+1) {
						t.Errorf("entry %d has seq %d", i, e.Seq)
					}
					if e.Kind == protocol.EntryMessage {
						list = append(list, e.Body.Text)
					}
				}
			}
			return list
		}
		want := []string{"one", "two", "three", "four"}
		for _, who := range []protocol.Principal{visitor.Principal, anna.Principal} {
			if diff := cmp.Diff(want, texts(who)); diff != "" {
				t.Errorf("%s reads (-want +got):\n%s", who.Kind, diff)
			}
		}
		h.close(anna, conv)
		h.router.Gone(visitor)
		visitor = newTab(visitor)
		if diff := cmp.Diff(want, texts(visitor.Principal)); diff != "" {
			t.Errorf("after the end the visitor reads (-want +got):\n%s", diff)
		}
		sam := h.agents[2].Principal
		sam.Permissions = append([]protocol.Permission{protocol.PermWatch}, sam.Permissions...)
		if diff := cmp.Diff(want, texts(sam)); diff != "" {
			t.Errorf("who may read all reads (-want +got):\n%s", diff)
		}
	})
}
