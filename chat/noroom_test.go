package chat_test

import (
	"testing"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// oneChat gives an agent room for one conversation; what is put aside costs nothing.
func oneChat(n int) []func(*store.Workspace) {
	share := 0
	return []func(*store.Workspace){
		ruled(store.QueueRules{ParkedShare: &share}),
		func(w *store.Workspace) { w.Agents[n].MaxChats = 1 },
	}
}

// aside gives an agent, the only one who is ready, a conversation that is put aside.
func (h *house) aside(n int) (who protocol.Caller, own protocol.ConversationID) {
	h.t.Helper()
	who = h.ready(n)
	own = h.ask(h.visitor(), "mine")
	h.accept(who, h.offered(who).Offer)
	h.park(who, own)
	return who, own
}

func (h *house) park(who protocol.Caller, conv protocol.ConversationID) {
	h.t.Helper()
	_, err := h.Park(h.t.Context(), who, op(), protocol.OfConversation{Conversation: conv})
	h.must(err)
}

func (h *house) takeUp(who protocol.Caller, conv protocol.ConversationID) {
	h.t.Helper()
	_, err := h.Unpark(h.t.Context(), who, op(), protocol.OfConversation{Conversation: conv})
	h.must(err)
}

// noRoom wants an accept to be refused, and the offer to ring on.
func (h *house) noRoom(who protocol.Caller, offer protocol.OfferID) {
	h.t.Helper()
	if _, err := h.Accept(h.t.Context(), who, op(), protocol.OfOffer{Offer: offer}); code(err) != protocol.CodeFull {
		h.t.Errorf("accepted without room: %v", err)
	}
	if item := h.view(who)["offer/"+string(offer)].Offer; item == nil {
		h.t.Error("after it the offer does not ring any more")
	}
}

// takenBack waits for an offer's end, and wants nobody to be blamed for it.
func (h *house) takenBack(who protocol.Caller, offer protocol.OfferID) {
	h.t.Helper()
	var o store.Offer
	h.until("the offer ends", func() bool {
		var err error
		o, err = h.store.Offer(h.t.Context(), h.ws, offer)
		h.must(err)
		return o.Outcome != ""
	})
	a, err := h.store.Agent(h.t.Context(), h.ws, who.Agent)
	h.must(err)
	if o.Outcome != store.OutcomeRescinded || o.Cause != store.CauseAgentFull || a.Declared != protocol.DeclaredReady {
		h.t.Errorf("the offer is %q (%s), %s is %s (%s); want it taken back without blame", o.Outcome, o.Cause, who.Name, a.Declared, a.Reason)
	}
	if o.Settled < o.Deadline {
		h.t.Errorf("it ended %d ms before its time", o.Deadline-o.Settled)
	}
}

// STATE-4, ROUTE-2, ROUTE-4, DESK-3: who has no room when an offer rings out is
// not blamed; it keeps its place, and who has made room may be asked again at once.
func TestWhoHasNoRoomWhenItRingsOutIsNotBlamed(t *testing.T) {
	everywhere(t, func(t *testing.T, g ground) {
		g.timers.Offer = 2 * time.Second
		h := g.house(t, oneChat(1)...)
		ben, own := h.aside(1)
		visitor := h.visitor()
		asked := h.ask(visitor, "me too")
		for _, presses := range []bool{true, false} {
			offer := h.offered(ben)
			if offer.Conversation != asked {
				t.Fatalf("Ben is asked for %s", offer.Conversation)
			}
			h.takeUp(ben, own)
			if presses {
				h.noRoom(ben, offer.Offer)
			}
			h.takenBack(ben, offer.Offer)
			if place, err := h.router.Place(t.Context(), asked); err != nil || place.Position != 1 {
				t.Errorf("its place is %+v, %v", place, err)
			}
			why, err := h.Why(t.Context(), ben.Principal, protocol.WhyOf{Agent: ben.Agent}) // ROUTE-12
			h.must(err)
			if past := why.Offers[0]; past.Outcome != string(store.OutcomeRescinded) || past.Cause != store.CauseAgentFull || past.After != protocol.DeclaredReady {
				t.Errorf("why: %+v", past)
			}
			h.park(ben, own)
		}
		again := h.offered(ben) // he is not passed over for what he could not take
		h.takeUp(ben, own)
		h.takenBack(ben, again.Offer)
		if cara := h.ready(2); h.offered(cara).Conversation != asked {
			t.Error("it is not offered to who is ready")
		}
	})
}

// DESK-3, ROUTE-2, TEAM-1..3: who is told that there is no room makes room, and
// accepts what still rings.
func TestWhoMakesRoomAcceptsAfterAll(t *testing.T) {
	everywhere(t, func(t *testing.T, g ground) {
		h := g.house(t, oneChat(1)...)
		ben, own := h.aside(1)
		h.must(h.declare(ben, protocol.DeclaredNotReady))
		_, anna, conv := h.talk()
		for _, kind := range []protocol.OfferKind{protocol.OfferConsult, protocol.OfferInvite, protocol.OfferTransfer, protocol.OfferAlone} {
			h.must(h.declare(ben, protocol.DeclaredReady))
			if kind == protocol.OfferAlone {
				h.must(h.declare(anna, protocol.DeclaredNotReady))
				h.ask(h.visitor(), "me too")
			} else {
				h.must(h.request(anna, kind, protocol.TeamAsk{Conversation: conv, Agent: ben.Agent}))
			}
			offer := h.offeredKind(ben, kind)
			h.takeUp(ben, own)
			h.noRoom(ben, offer.Offer)
			h.park(ben, own)
			h.accept(ben, offer.Offer)
			card := h.card(ben, offer.Conversation)
			if card == nil || card.Slot != protocol.SlotActive {
				t.Fatalf("%s: Ben's card is %+v", kind, card)
			}
			switch kind {
			case protocol.OfferConsult:
				_, err := h.End(t.Context(), anna, op(), protocol.OfConversation{Conversation: offer.Conversation})
				h.must(err)
			case protocol.OfferInvite:
				_, err := h.Depart(t.Context(), ben, op(), protocol.Depart{Conversation: conv})
				h.must(err)
			case protocol.OfferTransfer:
				h.close(ben, conv)
			}
		}
	})
}

func (h *house) declare(who protocol.Caller, declared protocol.Declared) error {
	_, err := h.Declare(h.t.Context(), who, op(), protocol.Declare{Declared: declared})
	return err
}

// request asks a colleague.
func (h *house) request(who protocol.Caller, kind protocol.OfferKind, ask protocol.TeamAsk) (err error) {
	switch kind {
	case protocol.OfferConsult:
		_, err = h.Enquire(h.t.Context(), who, op(), ask)
	case protocol.OfferInvite:
		_, err = h.Invite(h.t.Context(), who, op(), ask)
	default:
		_, err = h.Transfer(h.t.Context(), who, op(), ask)
	}
	return err
}

// TEAM-1..3, STATE-4: a colleague who has no room when a request rings out is not
// blamed, and who asked reads why; of a queue the next one is asked.
func TestARequestToWhoHasNoRoomComesBack(t *testing.T) {
	everywhere(t, func(t *testing.T, g ground) {
		g.timers.Offer = 2 * time.Second
		h := g.house(t, oneChat(1)...)
		ben, own := h.aside(1)
		h.must(h.declare(ben, protocol.DeclaredNotReady))
		_, anna, conv := h.talk()
		h.must(h.declare(ben, protocol.DeclaredReady))
		for _, kind := range []protocol.OfferKind{protocol.OfferConsult, protocol.OfferInvite, protocol.OfferTransfer} {
			h.must(h.request(anna, kind, protocol.TeamAsk{Conversation: conv, Agent: ben.Agent}))
			offer := h.offeredKind(ben, kind)
			h.takeUp(ben, own)
			h.takenBack(ben, offer.Offer)
			card := h.card(anna, conv)
			if card == nil || card.Role != store.RoleOwner || card.Request == nil || card.Request.State != store.RequestRefused || card.Request.Cause != store.CauseAgentFull {
				t.Errorf("%s: Anna's card is %+v", kind, card)
			}
			h.park(ben, own)
		}
		h.must(h.request(anna, protocol.OfferTransfer, protocol.TeamAsk{Conversation: conv, Queue: h.queue.ID}))
		offer := h.offeredKind(ben, protocol.OfferTransfer)
		h.takeUp(ben, own)
		h.takenBack(ben, offer.Offer)
		cara := h.ready(2)
		h.accept(cara, h.offeredKind(cara, protocol.OfferTransfer).Offer)
		if card := h.card(cara, conv); card == nil || card.Role != store.RoleOwner {
			t.Errorf("Cara's card is %+v", card)
		}
	})
}

// ROUTE-9, STATE-4: the agent whom a visitor knows, and who has no room when it
// rings out, leaves the conversation to all.
func TestWhoIsAskedFirstAndHasNoRoomLeavesItToAll(t *testing.T) {
	everywhere(t, func(t *testing.T, g ground) {
		g.timers.Offer = 2 * time.Second
		h := g.house(t, append(oneChat(1), func(w *store.Workspace) { w.Queues[0].Rules.StickyMs = time.Hour.Milliseconds() })...)
		visitor, ben := h.visitor(), h.ready(1)
		known := h.ask(visitor, "hello")
		h.accept(ben, h.offered(ben).Offer)
		h.close(ben, known)
		_, own := h.aside(1)
		cara := h.ready(2)
		again := h.ask(visitor, "one more question")
		offer := h.offered(ben)
		if offer.Conversation != again {
			t.Fatalf("Ben is asked for %s", offer.Conversation)
		}
		h.takeUp(ben, own)
		h.takenBack(ben, offer.Offer)
		if offer := h.offered(cara); offer.Conversation != again {
			t.Errorf("Cara is asked for %s", offer.Conversation)
		}
	})
}
