package chat_test

import (
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestARejectThatWasNotAnsweredIsToldWhenItIsRepeated(t *testing.T) { // ROUTE-4, R4, D2
	h := newHouse(t)
	visitor, anna := h.visitor(), h.ready(0)
	h.ask(visitor, "hello")
	offer := h.offered(anna).Offer
	_, _, err := h.store.Settle(t.Context(), h.ws, offer, store.OutcomeRejected, "", "") // written, and the answer is lost
	h.must(err)
	_, err = h.Reject(t.Context(), anna, op(), protocol.OfOffer{Offer: offer})
	h.must(err)
	stands, err := h.router.Standings(t.Context(), anna.Agent)
	h.must(err)
	if stands[anna.Agent].Ringing {
		t.Error("routing holds the conversation for an agent who has rejected it")
	}
	ben := h.ready(1)
	h.offered(ben)
}
