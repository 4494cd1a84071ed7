package chat_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/chat"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// called is a conversation that was asked for by video, with its call allowed.
func (h *house) called() (visitor, agent protocol.Caller, conv protocol.ConversationID, offer protocol.OfferID, call protocol.CallID) {
	h.t.Helper()
	ctx := h.t.Context()
	visitor, agent = h.visitor(), h.ready(0)
	asked, err := h.Ask(ctx, visitor, op(), protocol.Ask{Text: "hello", Medium: store.MediumVideo})
	h.must(err)
	offer = h.offered(agent).Offer
	h.accept(agent, offer)
	ack, err := h.CallAsk(ctx, visitor, op(), protocol.CallAsk{Conversation: asked.Conversation, Media: protocol.MediaVideo})
	h.must(err)
	call = protocol.CallID(ack.ID)
	_, err = h.CallAnswer(ctx, agent, op(), protocol.CallAnswer{Call: call, Allow: true})
	h.must(err)
	for i, who := range []protocol.Caller{visitor, agent} {
		_, err := h.CallJoin(ctx, who, op(), protocol.CallJoin{Call: call})
		h.must(err)
		if i == 0 {
			h.MediaEvent(ctx, protocol.MediaEvent{Kind: protocol.MediaLegUp, Call: call, Ordinal: 0})
		}
	}
	return visitor, agent, asked.Conversation, offer, call
}

// running runs another service of the node, with other limits, until the test ends.
func (h *house) running(l chat.Limits) {
	next := h.again(l)
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { h.must(next.Run(ctx)) })
	h.t.Cleanup(func() { cancel(); work.Wait() })
}

func TestACallThatDoesNotComeAboutEnds(t *testing.T) { // routing.md section 9, CALL-4, REP-1
	everywhere(t, func(t *testing.T, g ground) {
		h := g.house(t)
		visitor, agent, conv, offer, call := h.called()
		h.running(chat.Limits{SetUp: time.Millisecond, Sweep: sweeping})
		key := "call/" + string(call)
		h.until("the call has ended, the chat has not", func() bool {
			items := h.view(agent)
			return items[key].Call == nil && items["card/"+string(conv)].Card.State == protocol.StateActive
		})
		log, err := h.Entries(t.Context(), visitor.Principal, conv, 0)
		h.must(err)
		if last := log.Entries[len(log.Entries)-1]; last.Kind != protocol.EntryCallEnded || last.Body.Cause != store.CauseFailedSetup {
			t.Errorf("the visitor reads %s", strings.Join(kinds(log.Entries), " "))
		}
		h.until("the node was told", func() bool { return h.asked(protocol.MediaEnd, call) })
		if o, err := h.store.Offer(t.Context(), h.ws, offer); err != nil || o.Outcome != store.OutcomeFailedSetup {
			t.Errorf("the offer is %s, %v", o.Outcome, err)
		}
		h.until("the agent carries a chat", func() bool {
			slots, err := h.store.SlotsOfAgent(t.Context(), h.ws, agent.Agent)
			h.must(err)
			return len(slots) == 1 && slots[0].Medium == store.MediumChat
		})
	})
}

func TestACallThatHasComeAboutOutlivesItsLegs(t *testing.T) { // CALL-6
	h := newHouse(t)
	_, _, _, offer, call := h.called()
	for _, e := range []protocol.MediaEvent{{Kind: protocol.MediaLegUp, Ordinal: 1}, {Kind: protocol.MediaLegLost, Ordinal: 0}, {Kind: protocol.MediaLegLost, Ordinal: 1}} {
		e.Call = call
		h.MediaEvent(t.Context(), e)
	}
	h.running(chat.Limits{SetUp: time.Millisecond, Sweep: sweeping})
	conv := h.ask(h.visitor(), "another") // that some sweeps go by
	h.until("sweeps have gone by", func() bool {
		now, err := h.store.Now(t.Context())
		h.must(err)
		c, err := h.store.Conversation(t.Context(), h.ws, conv)
		h.must(err)
		return now-c.Asked > 5*sweeping.Milliseconds()
	})
	if got, err := h.store.Call(t.Context(), h.ws, call); err != nil || got.State != store.StepRunning {
		t.Errorf("the call is %s, %v", got.State, err)
	}
	if o, err := h.store.Offer(t.Context(), h.ws, offer); err != nil || o.Outcome != store.OutcomeAccepted {
		t.Errorf("the offer is %s, %v", o.Outcome, err)
	}
}
