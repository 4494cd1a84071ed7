package chat_test

import (
	"testing"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// S5, SITE-5: a message that was left after the running conversation does not keep
// that one from ending with the visitor's token.
func TestASignOutEndsWhatRunsBesideAMessage(t *testing.T) {
	everywhere(t, func(t *testing.T, g ground) {
		h := g.house(t)
		visitor, agent, conv := h.talk()
		h.shut(true)
		_, err := h.LeaveMessage(t.Context(), visitor, op(), protocol.LeaveMessage{Text: "also this", Email: "a@b.test"})
		h.must(err)
		h.signOutVisitor(visitor)
		if c := h.conv(conv); c.State != protocol.StateEnded {
			t.Errorf("the running conversation is %s", c.State)
		}
		if last := h.last(agent, conv); last.Kind != protocol.EntryEnded || last.Body.By != protocol.KindVisitor {
			t.Errorf("the agent reads %s %+v", last.Kind, last.Body)
		}
	})
}

// S5, ROUTE-11: a first message that was on its way when its visitor logged out
// begins nothing, and rings nowhere.
func TestAQuestionThatCrossesTheVisitorsSignOutIsRefused(t *testing.T) {
	everywhere(t, func(t *testing.T, g ground) {
		h := g.house(t)
		visitor, anna := h.visitor(), h.ready(0)
		again := op()
		h.signOutVisitor(visitor)
		for range 2 {
			if ack, err := h.Ask(t.Context(), visitor, again, protocol.Ask{Text: "was on its way"}); code(err) != protocol.CodeUnauthenticated {
				t.Errorf("taken: %+v, %v", ack, err)
			}
		}
		if list, err := h.store.ConversationsOfVisitor(t.Context(), h.ws, visitor.Visitor, 1); err != nil || len(list) > 0 {
			t.Errorf("kept: %+v, %v", list, err)
		}
		for key, item := range h.view(anna) {
			if item.Offer != nil {
				t.Errorf("the agent is offered %s", key)
			}
		}
	})
}

// S5, D2: what was taken before the sign-out and is asked again after it has its
// first answer, and stays ended.
func TestAQuestionAskedAgainAfterTheSignOutStaysEnded(t *testing.T) {
	h := newHouse(t)
	visitor, again := h.visitor(), op()
	first, err := h.Ask(t.Context(), visitor, again, protocol.Ask{Text: "hello"})
	h.must(err)
	h.signOutVisitor(visitor)
	second, err := h.Ask(t.Context(), visitor, again, protocol.Ask{Text: "hello"})
	if err != nil || second.Conversation != first.Conversation {
		t.Errorf("%+v, %v; want %s", second, err, first.Conversation)
	}
	if c := h.conv(first.Conversation); c.State != protocol.StateClosed {
		t.Errorf("it is %s", c.State)
	}
}

// S5, STATE-3: a declaration of a login that has ended meanwhile changes nothing of
// who is signed in elsewhere.
func TestADeclarationOfAnEndedLoginChangesNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, g ground) { //nolint:contextcheck // the house has its own
		h := g.house(t)
		first, second := h.signIn(0), h.signIn(0)
		_, anna, conv := h.talk()
		one, two := anna, anna
		one.Session, two.Session = first, second
		declare := func(who protocol.Caller, declared protocol.Declared, reason string) error {
			_, err := h.Declare(t.Context(), who, op(), protocol.Declare{Declared: declared, Reason: reason})
			return err
		}
		wants := func(declared protocol.Declared, reason string) {
			t.Helper()
			a, err := h.store.Agent(t.Context(), h.ws, anna.Agent)
			h.must(err)
			if a.Declared != declared || a.Reason != reason {
				t.Errorf("she is %s (%s), want %s (%s)", a.Declared, a.Reason, declared, reason)
			}
		}
		h.must(declare(two, protocol.DeclaredReady, ""))
		h.signOut(one, first)
		for _, declared := range []protocol.Declared{protocol.DeclaredReady, protocol.DeclaredNotReady, protocol.DeclaredPending} {
			if err := declare(one, declared, "crossed"); code(err) != protocol.CodeUnauthenticated {
				t.Errorf("%s of an ended login: %v", declared, err)
			}
			wants(protocol.DeclaredReady, "")
		}
		h.must(declare(two, protocol.DeclaredNotReady, "lunch"))
		if err := declare(one, protocol.DeclaredReady, ""); code(err) != protocol.CodeUnauthenticated {
			t.Errorf("ready of an ended login: %v", err)
		}
		wants(protocol.DeclaredNotReady, "lunch")
		if c := h.conv(conv); c.Owner != anna.Agent {
			t.Errorf("the conversation is of %q", c.Owner)
		}
	})
}

// S5: a pause that was on its way when its agent signed out does not keep what
// runs with who has gone.
func TestAPauseThatCrossesTheSignOutHoldsNothingBack(t *testing.T) {
	for _, declared := range []protocol.Declared{protocol.DeclaredNotReady, protocol.DeclaredPending} {
		t.Run(string(declared), func(t *testing.T) {
			everywhere(t, func(t *testing.T, g ground) { //nolint:contextcheck // the house has its own
				h := g.house(t)
				session := h.signIn(0)
				_, anna, conv := h.talk()
				anna.Session = session
				h.must(h.store.DeleteSession(t.Context(), session)) // as the edge begins
				if _, err := h.Declare(t.Context(), anna, op(), protocol.Declare{Declared: declared}); code(err) != protocol.CodeUnauthenticated {
					t.Errorf("paused after signing out: %v", err)
				}
				h.SignedOut(t.Context(), anna.Agent)
				if c := h.conv(conv); c.State != protocol.StateQueued || c.Owner != "" {
					t.Errorf("the conversation is %s with %q", c.State, c.Owner)
				}
			})
		})
	}
}

// DESK-6, ROUTE-11: an end that finds another state than was read before is told
// as what it was, and leaves no place in a queue.
func TestAnEndIsToldAsWhatItFound(t *testing.T) {
	everywhere(t, func(t *testing.T, g ground) {
		h := g.house(t)
		visitor, agent, running := h.talk()
		end := func(conv protocol.ConversationID, cause string) {
			t.Helper()
			who := visitor.Principal
			c := h.conv(conv)
			who.Visitor = c.Visitor
			_, _, err := h.store.End(t.Context(), h.ws, conv, protocol.Author{Kind: protocol.KindVisitor}, who.Actor(), op(), cause, 0)
			h.must(err)
		}
		waiting := h.ask(h.visitor(), "hello")
		end(running, "visitor_left") // accepted since it was seen waiting
		if last := h.last(agent, running); last.Kind != protocol.EntryEnded || last.Body.Cause != "ended" {
			t.Errorf("of what ran the agent reads %s %+v", last.Kind, last.Body)
		}
		end(waiting, "ended") // came back since it was seen running
		page, _, err := h.store.Entries(t.Context(), h.ws, waiting, 0, 100, false)
		h.must(err)
		if last := page[len(page)-1]; last.Kind != protocol.EntryLeftQueue || last.Body.Cause != "visitor_left" {
			t.Errorf("of what waited is kept %s %+v", last.Kind, last.Body)
		}
	})
}

// Who has logged out is not on the page, whatever signs of life are fresh.
func TestWhoHasSignedOutIsNotOnThePage(t *testing.T) { // S5, DESK-2
	everywhere(t, func(t *testing.T, g ground) {
		h := g.house(t)
		visitor, agent, conv := h.talk()
		if card := h.card(agent, conv); card.Visitor != protocol.ReachHere {
			t.Fatalf("before, the visitor is %s", card.Visitor)
		}
		h.signOutVisitor(visitor)
		h.router.Here(visitor)
		if card := h.card(agent, conv); card.Visitor != protocol.ReachAway {
			t.Errorf("the visitor is %s", card.Visitor)
		}
		other, agent, ended := h.talk()
		_, err := h.End(t.Context(), agent, op(), protocol.OfConversation{Conversation: ended})
		h.must(err)
		h.router.Here(other)
		if card := h.card(agent, ended); card.Visitor != protocol.ReachHere {
			t.Errorf("who only reads what has ended is %s", card.Visitor)
		}
	})
}

// ROUTE-11, D2: an end that was written and not answered leaves no place in the
// queue when it is asked again.
func TestAnEndThatIsAskedAgainLeavesNoPlace(t *testing.T) {
	h := newHouse(t)
	visitor, again := h.visitor(), op()
	conv := h.ask(visitor, "hello")
	_, _, err := h.store.End(t.Context(), h.ws, conv, protocol.Author{Kind: protocol.KindVisitor}, visitor.Actor(), again, "visitor_left", 0)
	h.must(err)
	if place, err := h.router.Place(t.Context(), conv); err != nil || place.Position != 1 {
		t.Fatalf("before: %+v, %v", place, err)
	}
	_, err = h.End(t.Context(), visitor, again, protocol.OfConversation{Conversation: conv})
	h.must(err)
	if place, err := h.router.Place(t.Context(), conv); err != nil || place.Position != 0 {
		t.Errorf("it still has a place: %+v, %v", place, err)
	}
}
