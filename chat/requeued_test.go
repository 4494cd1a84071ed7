package chat_test

import (
	"testing"
	"time"

	"github.com/parlour-chat/parlour/chat"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// What is shown as the wait of a conversation that an agent had counts from when
// it came back, though its place counts from the first time.
func TestTheWaitShownIsThatOfTheLastEnqueue(t *testing.T) { // ROUTE-3, ROUTE-6
	for mode, since := range map[string]func(*house, protocol.Caller) int64{
		"offered": func(h *house, ben protocol.Caller) int64 { return h.offered(ben).Since },
		store.ModePull: func(h *house, ben protocol.Caller) int64 {
			h.until("it is listed", func() bool { return len(h.waiting(ben)) == 1 })
			return h.waiting(ben)[0].Since
		},
	} {
		t.Run(mode, func(t *testing.T) {
			h := newHouse(t, ruled(store.QueueRules{Mode: map[bool]string{true: store.ModePull}[mode == store.ModePull]}))
			anna, conv := h.ready(0), h.ask(h.visitor(), "Hello")
			if mode == store.ModePull {
				h.until("it is listed", func() bool { return len(h.waiting(anna)) == 1 })
				_, err := h.Pick(t.Context(), anna, op(), protocol.OfConversation{Conversation: conv})
				h.must(err)
			} else {
				h.accept(anna, h.offered(anna).Offer)
			}
			ben := h.ready(1)
			_, err := h.Transfer(t.Context(), anna, op(), protocol.TeamAsk{Conversation: conv, Queue: h.queue.ID, Leave: true})
			h.must(err)
			_, err = h.Declare(t.Context(), anna, op(), protocol.Declare{Declared: protocol.DeclaredNotReady})
			h.must(err)
			c := h.conv(conv)
			if got := since(h, ben); got != c.Requeued || got < c.Started || c.Started < c.Asked {
				t.Errorf("waits since %d; asked %d, accepted %d, came back %d", got, c.Asked, c.Started, c.Requeued)
			}
		})
	}
}

// The time after which a message may be left instead counts from the first
// enqueue, as all times of waiting do: who comes back from an agent may at once.
func TestTheChoiceCountsFromTheFirstEnqueue(t *testing.T) { // VIS-1
	h := newHouse(t)
	anna, visitor := h.ready(0), h.visitor()
	conv := h.ask(visitor, "Hello")
	h.accept(anna, h.offered(anna).Offer)
	asked := h.conv(conv).Asked
	const choice = 400 * time.Millisecond
	patient := h.on("n1", chat.Limits{Choice: choice})
	h.until("it runs for that long", func() bool {
		now, err := h.store.Now(t.Context())
		h.must(err)
		return now >= asked+choice.Milliseconds()
	})
	_, err := h.Transfer(t.Context(), anna, op(), protocol.TeamAsk{Conversation: conv, Queue: h.queue.ID, Leave: true})
	h.must(err)
	offered := func(s *chat.Service, who protocol.Caller, conv protocol.ConversationID) bool {
		items := map[string]protocol.Item{}
		h.must(s.Items(t.Context(), who, items))
		item := items["conversation/"+string(conv)].Conversation
		return item != nil && item.Choice
	}
	if !offered(patient, visitor, conv) {
		t.Errorf("who came back has no choice; asked %d, came back %d", asked, h.conv(conv).Requeued)
	}
	other := h.visitor()
	fresh := h.ask(other, "Hello")
	if offered(h.Service, other, fresh) || offered(h.Service, visitor, conv) {
		t.Error("there is a choice within two minutes")
	}
}
