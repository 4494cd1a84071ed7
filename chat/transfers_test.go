package chat_test

import (
	"errors"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/chat/routing"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func (h *house) told(kind string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range h.alarms {
		if a.Kind == kind {
			n++
		}
	}
	return n
}

func TestPeopleAreToldOfManyTransfers(t *testing.T) { // TEAM-1
	h := newHouse(t, secondQueue("support", "Support", store.QueueRules{}), func(w *store.Workspace) { w.Settings.TransfersAlarm = 3 })
	ctx := t.Context()
	_, anna, conv := h.talk()
	ben := h.ready(1)
	from, to := anna, ben
	for n := 1; n <= 4; n++ {
		if n == 3 { // to a queue, leaving at once, counts as well
			_, err := h.Transfer(ctx, from, op(), protocol.TeamAsk{Conversation: conv, Queue: h.world.Queues[1].ID, Leave: true})
			h.must(err)
			_, err = h.Declare(ctx, from, op(), protocol.Declare{Declared: protocol.DeclaredNotReady})
			h.must(err)
			h.accept(to, h.offered(to).Offer)
			h.ready(slices.IndexFunc(h.agents, func(a protocol.Caller) bool { return a.Agent == from.Agent }))
		} else {
			h.until("the colleague can be asked", func() bool {
				_, err := h.Transfer(ctx, from, op(), protocol.TeamAsk{Conversation: conv, Agent: to.Agent})
				return err == nil
			})
			h.accept(to, h.offeredKind(to, protocol.OfferTransfer).Offer)
		}
		want := 0
		if n >= 3 {
			want = 1
		}
		if got := h.told("transfers"); got != want {
			t.Fatalf("after %d transfers people are told %d times, want %d", n, got, want)
		}
		from, to = to, from
	}
}

// figured is a ground on which the wait of a queue is known as soon as five
// conversations have ended.
func figured() ground { return ground{timers: routing.Timers{Figures: 20 * time.Millisecond}} }

func TestWhoIsRefusedReadsTheWait(t *testing.T) { // routing.md section 8, SITE-5, VIS-1
	h := figured().house(t, func(w *store.Workspace) {
		w.Agents[0].MaxChats = 4
		w.Queues[0].Rules.Limit = 1
	})
	ctx := t.Context()
	anna := h.ready(0)
	talk := func() protocol.ConversationID {
		conv := h.ask(h.visitor(), "hello")
		h.accept(anna, h.offered(anna).Offer)
		return conv
	}
	conv := talk()
	for range 5 {
		h.close(anna, talk())
	}
	_, err := h.Declare(ctx, anna, op(), protocol.Declare{Declared: protocol.DeclaredNotReady})
	h.must(err)
	h.ask(h.visitor(), "hello") // as many as may wait
	refused := func(what string, err error, want string) bool {
		if code(err) != protocol.CodeFull {
			t.Fatalf("%s: %v, want it refused", what, err)
		}
		e, _ := errors.AsType[*protocol.Error](err)
		matches, _ := regexp.MatchString(want, e.Message)
		return matches
	}
	h.until("the visitor reads the wait", func() bool {
		_, err := h.Ask(ctx, h.visitor(), op(), protocol.Ask{Text: "me too"})
		return refused("asking", err, `^Too many are waiting just now: it would take about \d+ (to \d+ )?minutes?\. Please`)
	})
	h.until("the agent reads the wait", func() bool {
		_, err := h.Transfer(ctx, anna, op(), protocol.TeamAsk{Conversation: conv, Queue: h.queue.ID})
		return refused("transferring", err, `^Too many wait in Sales now: it would take about \d+ (to \d+ )?minutes?\.$`)
	})
	if item := h.SiteItem(ctx, h.site); item.Reason != protocol.SiteFull || item.LowMs <= 0 || item.HighMs < item.LowMs {
		t.Errorf("the site says %+v, want full with a range", item)
	}
	h.site.Rules.Limit, h.queue.Rules.Limit, h.world.Queues[0].Rules.Limit = 1, 0, 0
	h.until("the site is full by its own limit, of which no wait is known", func() bool {
		item := h.SiteItem(ctx, h.site)
		return item.Reason == protocol.SiteFull && item.LowMs == 0 && item.HighMs == 0
	})
}

func TestWhoTransfersSeesTheWait(t *testing.T) { // TEAM-1, VIS-1
	h := figured().house(t, func(w *store.Workspace) { w.Agents[0].MaxChats = 4 })
	anna := h.ready(0)
	talk := func() protocol.ConversationID {
		conv := h.ask(h.visitor(), "hello")
		h.accept(anna, h.offered(anna).Offer)
		return conv
	}
	conv := talk()
	queue := func() protocol.TargetQueue {
		targets, err := h.Targets(t.Context(), anna.Principal, conv)
		h.must(err)
		return targets.Queues[0]
	}
	if q := queue(); q.LowMs != 0 || q.HighMs != 0 {
		t.Errorf("with nothing known: %+v", q)
	}
	for range 5 {
		h.close(anna, talk())
	}
	h.until("the wait is shown as a range", func() bool { q := queue(); return q.LowMs > 0 && q.HighMs >= q.LowMs })
}
