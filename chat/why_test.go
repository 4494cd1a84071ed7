package chat_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// verdict is that nobody of the queue could be asked.
func (h *house) verdict(id string, at int64) store.Decision {
	return store.Decision{ID: id, Workspace: h.ws, Queue: h.queue.ID, At: at, Body: protocol.Decision{At: at, What: "nobody", Queue: "Sales"}}
}

func TestWhyTellsWhatWasKept(t *testing.T) { // ROUTE-12, S1
	h := newHouse(t)
	visitor := h.visitor()
	conv := h.ask(visitor, "hello")
	anna := h.ready(0)
	ctx := t.Context()
	offer := h.offered(anna)
	_, err := h.Reject(ctx, anna, op(), protocol.OfOffer{Offer: offer.Offer, Reason: "busy"})
	h.must(err)
	ben := h.ready(1)
	h.accept(ben, h.offered(ben).Offer)
	now, err := h.store.Now(ctx)
	h.must(err)
	c, err := h.store.Conversation(ctx, h.ws, conv)
	h.must(err)
	held, old := h.verdict("held", c.Asked-59_000), h.verdict("old", c.Asked-61_000) // a verdict is said again each minute
	h.must(h.store.Decide(ctx, []store.Decision{held, old}))
	h.must(h.store.Decide(ctx, []store.Decision{
		{ID: "d1", Workspace: h.ws, Queue: h.queue.ID, At: offer.Since, Body: protocol.Decision{At: offer.Since, What: "nobody", Queue: "Sales", More: map[protocol.Reason]int{protocol.ReasonNotReady: 3}}},
		{ID: "d2", Workspace: h.ws, Queue: h.queue.ID, Conversation: conv, Agent: ben.Agent, At: now, Body: protocol.Decision{At: now, What: "picked", Queue: "Sales", Conversation: conv, Chosen: ben.Agent, ChosenName: "Ben"}},
	}))
	before, err := h.Why(ctx, ben.Principal, protocol.WhyOf{Conversation: conv})
	if err != nil {
		t.Fatal(err)
	}
	if len(before.Offers) != 2 || before.Offers[1].Name != "Anna" || before.Offers[1].Outcome != "rejected" || before.Offers[1].Cause != "busy" ||
		before.Offers[1].Before != protocol.DeclaredReady || before.Offers[0].Outcome != "accepted" {
		t.Errorf("offers %+v", before.Offers)
	}
	if len(before.Queue) < 2 || before.Queue[len(before.Queue)-1].At != held.At || before.Queue[len(before.Queue)-2].What != "nobody" {
		t.Errorf("verdicts of the queue %+v", before.Queue)
	}
	found := false
	for _, d := range before.Decisions {
		found = found || d.What == "picked" && d.ChosenName == "Ben"
	}
	if !found {
		t.Errorf("decisions %+v", before.Decisions)
	}
	// what is changed afterwards changes no answer
	_, err = h.Declare(ctx, anna, op(), protocol.Declare{Declared: protocol.DeclaredNotReady})
	h.must(err)
	after, err := h.Why(ctx, ben.Principal, protocol.WhyOf{Conversation: conv})
	h.must(err)
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("the answer has changed (-before +after):\n%s", diff)
	}
	own, err := h.Why(ctx, anna.Principal, protocol.WhyOf{Agent: anna.Agent})
	if err != nil || len(own.Offers) != 1 || own.Offers[0].Conversation != conv {
		t.Errorf("of herself Anna reads %+v, %v", own, err)
	}
	for name, attempt := range map[string]func() error{
		"the visitor":      func() error { _, err := h.Why(ctx, visitor.Principal, protocol.WhyOf{Conversation: conv}); return err },
		"who is not in it": func() error { _, err := h.Why(ctx, anna.Principal, protocol.WhyOf{Conversation: conv}); return err },
		"of another agent": func() error { _, err := h.Why(ctx, anna.Principal, protocol.WhyOf{Agent: ben.Agent}); return err },
		"of both": func() error {
			_, err := h.Why(ctx, anna.Principal, protocol.WhyOf{Agent: anna.Agent, Conversation: conv})
			return err
		},
	} {
		if err := attempt(); err == nil {
			t.Errorf("%s reads why", name)
		}
	}
	sam := anna.Principal
	sam.Permissions = append([]protocol.Permission{protocol.PermWatch}, sam.Permissions...)
	if _, err := h.Why(ctx, sam, protocol.WhyOf{Agent: ben.Agent}); err != nil {
		t.Errorf("who may read all: %v", err)
	}
}

func TestWhyTellsHowItEnded(t *testing.T) { // ROUTE-11, ROUTE-12, SITE-5
	h := newHouse(t)
	ctx := t.Context()
	sam := h.agents[0].Principal
	sam.Permissions = append([]protocol.Permission{protocol.PermWatch}, sam.Permissions...)
	says := func(conv protocol.ConversationID, outcome, missed string) {
		t.Helper()
		why, err := h.Why(ctx, sam, protocol.WhyOf{Conversation: conv})
		if err != nil || why.Outcome != outcome || why.Missed != missed {
			t.Errorf("it ended as %q %q, %v; want %q %q", why.Outcome, why.Missed, err, outcome, missed)
		}
	}
	visitor := h.visitor()
	left := h.ask(visitor, "hello")
	says(left, "", "")
	_, err := h.Leave(ctx, visitor, op(), protocol.OfConversation{Conversation: left})
	h.must(err)
	says(left, store.ConversationAbandonedShort, "")
	message, err := h.LeaveMessage(ctx, h.visitor(), op(), protocol.LeaveMessage{Text: "hello", Email: "vera@home.test"})
	h.must(err)
	says(message.Conversation, store.ConversationMissed, "choice")
}

func TestWhyIsToldByPages(t *testing.T) { // ROUTE-12
	everywhere(t, func(t *testing.T, g ground) {
		h := g.house(t)
		ctx := t.Context()
		conv := h.ask(h.visitor(), "hello")
		c := h.conv(conv)
		const many = 230
		var list []store.Decision
		for i := range many { // of the conversation, two at each moment; and beside it of its queue
			at := c.Asked + int64(i/2)
			d := h.verdict(fmt.Sprintf("of it %03d", i), at)
			d.Conversation, d.Body.Conversation, d.Body.Position = conv, conv, i+1
			v := h.verdict(fmt.Sprintf("of its queue %03d", i), at)
			v.Body.Position = i + 1
			list = append(list, d, v)
		}
		h.must(h.store.Decide(ctx, list))
		h.until("that is past", func() bool {
			now, err := h.store.Now(ctx)
			h.must(err)
			return now > c.Asked+many
		})
		sam := h.agents[0].Principal
		sam.Permissions = append([]protocol.Permission{protocol.PermWatch}, sam.Permissions...)
		seen, pages, before := [2]map[int]bool{{}, {}}, 0, int64(0)
		last := [2]int64{math.MaxInt64, math.MaxInt64}
		for more := true; more; pages++ {
			got, err := h.Why(ctx, sam, protocol.WhyOf{Conversation: conv, Before: before})
			if err != nil || len(got.Decisions) > 200 || len(got.Queue) > 50 || pages > 20 {
				t.Fatalf("%d and %d on page %d: %v", len(got.Decisions), len(got.Queue), pages, err)
			}
			for i, told := range [2][]protocol.Decision{got.Decisions, got.Queue} {
				for _, d := range told {
					if d.Position == 0 { // the server's own
						continue
					}
					if seen[i][d.Position] || d.At > last[i] {
						t.Errorf("%d is told again, or late", d.Position)
					}
					seen[i][d.Position], last[i] = true, d.At
				}
			}
			before, more = got.Older, got.Older > 0
		}
		if len(seen[0]) != many || len(seen[1]) != many || pages < 5 {
			t.Errorf("%d of it and %d of its queue on %d pages", len(seen[0]), len(seen[1]), pages)
		}
		if _, err := h.Why(ctx, sam, protocol.WhyOf{Conversation: conv, Before: -1}); code(err) != protocol.CodeInvalid {
			t.Errorf("before the beginning: %v", err)
		}
	})
}
