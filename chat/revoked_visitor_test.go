package chat_test

import (
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// signOutVisitor ends a visitor's token as the edge does.
func (h *house) signOutVisitor(who protocol.Caller) {
	h.t.Helper()
	h.must(h.store.EndVisitor(h.t.Context(), h.ws, who.Visitor))
	h.VisitorSignedOut(h.t.Context(), who.Principal)
}

// last is the newest entry that an agent reads.
func (h *house) last(who protocol.Caller, conv protocol.ConversationID) protocol.Entry {
	h.t.Helper()
	log, err := h.Entries(h.t.Context(), who.Principal, conv, 0)
	h.must(err)
	return log.Entries[len(log.Entries)-1]
}

// S5, DESK-6: who logs out at the site in the middle of a call has left: call and
// co-browsing end at once, and the agent reads who ended it.
func TestWhatRunsEndsWithTheVisitorsToken(t *testing.T) {
	everywhere(t, func(t *testing.T, g ground) {
		h := g.house(t)
		visitor, agent, conv := h.talk()
		call, shared := h.both(visitor, agent, conv)
		bystander := h.visitor()
		waits := h.ask(bystander, "And I?")
		h.signOutVisitor(visitor)
		if !h.asked(protocol.MediaEnd, call) || !h.hasStopped(shared) {
			t.Error("the legs are open, or the packets go on")
		}
		if c := h.conv(conv); c.State != protocol.StateEnded || c.Outcome != store.ConversationEnded {
			t.Errorf("the conversation is %s, %s", c.State, c.Outcome)
		}
		if card := h.card(agent, conv); card == nil || card.State != protocol.StateEnded || card.Slot != protocol.SlotWrapUp {
			t.Errorf("the agent's card is %+v", card)
		}
		for key := range h.view(agent) {
			if key == "call/"+string(call) || key == "cobrowse/"+string(shared) {
				t.Errorf("the agent still sees %s", key)
			}
		}
		if last := h.last(agent, conv); last.Kind != protocol.EntryEnded || last.Body.By != protocol.KindVisitor {
			t.Errorf("the agent reads %s %+v", last.Kind, last.Body)
		}
		if c := h.conv(waits); c.State == protocol.StateEnded || c.State == protocol.StateClosed {
			t.Errorf("another visitor's conversation is %s", c.State)
		}
		before := h.last(agent, conv)
		h.signOutVisitor(visitor) // twice is once
		if now := h.last(agent, conv); now.Seq != before.Seq {
			t.Errorf("a second sign-out added %s", now.Kind)
		}
	})
}

// ROUTE-11: who logs out while waiting leaves the queue, and rings nowhere any more.
func TestWhoSignsOutDoesNotWait(t *testing.T) {
	everywhere(t, func(t *testing.T, g ground) {
		h := g.house(t)
		visitor, agent := h.visitor(), h.ready(0)
		conv := h.ask(visitor, "Hello?")
		h.offered(agent)
		h.signOutVisitor(visitor)
		if c := h.conv(conv); c.State != protocol.StateClosed {
			t.Errorf("the conversation is %s", c.State)
		}
		for key, item := range h.view(agent) {
			if item.Offer != nil {
				t.Errorf("the agent is still offered %s", key)
			}
		}
	})
}
