package routing

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// R4: what has just been offered and has ended in the record is not taken for
// something that is on its way there.
func TestAnOfferThatEndedUnheardIsFreedByTheNextAudit(t *testing.T) {
	simulate(t, 1, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.agent("a", 1)
		pass(time.Second)
		h.ask("c1")
		synctest.Wait()
		o := h.offer("c1")
		if _, settled, err := h.mem.Settle(h.ctx, testWorkspace, o.ID, store.OutcomeRejected, "busy", ""); err != nil || !settled {
			t.Fatal(settled, err)
		}
		h.nodes[0].markDirty() // Redis did not answer when this was to be told
		h.ask("c2")
		pass(2 * time.Second)
		if got := h.offer("c2").Agent; got != "a" {
			t.Errorf("two seconds later c2 rings at %q, want a", got)
		}
	})
}

// R1, R4: an offer that is on its way into the record is not taken back by an audit.
func TestAnOfferOnItsWayIsNotTakenBack(t *testing.T) {
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		r := h.nodes[0]
		h.agent("a", 1)
		pass(time.Second)
		h.record("c1", h.mem.queues[0])
		if err := r.enqueue(h.ctx, h.conversation("c1"), h.mem.queues[0]); err != nil {
			t.Fatal(err)
		}
		signs := []sign{{Actor: visitorCaller("c1").Actor(), Conn: "elsewhere"}} // nobody here is told
		if err := r.run(h.ctx, hereStep, newOp(), map[string]any{"signs": signs, "silent": 60_000, "closed": 5000}, nil); err != nil {
			t.Fatal(err)
		}
		out, err := r.match(h.ctx, nil, matchBatch) // and the node stops for a while
		if err != nil || len(out.Offers) != 1 {
			t.Fatalf("%+v, %v", out, err)
		}
		r.markDirty()
		pass(5 * time.Second)
		held, err := r.heldOffers(h.ctx)
		if err != nil || !held[out.Offers[0].Offer] {
			t.Fatalf("held %v, %v, want what was reserved 5 s ago", held, err)
		}
		pass(3 * time.Second)
		if got := h.offer("c1").Agent; got != "a" { // nobody's: it did not ring, so a need not rest
			t.Errorf("8 s after a reservation that was lost c1 rings at %q, want a", got)
		}
	})
}

// R4: what did not end in time may be half done, as what failed.
func TestWhatTookTooLongIsLookedAtAgain(t *testing.T) {
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		r := h.nodes[0]
		pass(time.Second)
		r.takeDirty()
		ctx, cancel := context.WithTimeout(h.ctx, time.Millisecond)
		defer cancel()
		<-ctx.Done()
		r.failed(ctx, "settle", fmt.Errorf("too late"))
		if !r.takeDirty() {
			t.Error("nothing is compared with the record after a step that took too long")
		}
		ended, end := context.WithCancel(h.ctx)
		end()
		r.failed(ended, "settle", fmt.Errorf("the node ends"))
		if r.takeDirty() {
			t.Error("a node that ends wants an audit")
		}
	})
}

// R8, ROUTE-14: a Redis that has forgotten what rings does not let a second offer ring beside it.
func TestAnAgentWhoseOfferRedisHasForgottenIsNotAskedAgain(t *testing.T) {
	simulate(t, 1, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(time.Second)
		h.ask("c1")
		synctest.Wait()
		o := h.offer("c1")
		key := func(name string) string { return h.nodes[0].keys[slices.Index(keyNames, name)] }
		h.redis.HDel(h.ctx, key("ring"), "a")
		h.redis.HDel(h.ctx, key("offers"), string(o.ID))
		h.redis.ZRem(h.ctx, key("deadlines"), string(o.ID))
		h.ask("c2")
		for range 20 {
			pass(100 * time.Millisecond)
			if len(h.ringing()) != 1 || h.offer("c1").ID != o.ID {
				t.Fatalf("there ring %+v", h.ringing())
			}
		}
		if !h.accept(o) {
			t.Fatal("refused")
		}
		pass(3 * time.Second)
		if got := h.offer("c2").Agent; got != "a" {
			t.Errorf("c2 then rings at %q, want a", got)
		}
	})
}

// STATE-4, R10: signs that are written again say when they came, so that nobody is awake by them.
func TestWhoFellSilentStaysSilentAfterAnOutage(t *testing.T) {
	simulate(t, 2, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		h.silent(agentCaller("a"))
		pass(h.nodes[0].timers.Silent + time.Second)
		h.nodes[0].failed(h.ctx, "lease", fmt.Errorf("no answer"))
		pass(time.Second) // the next lease goes well
		if there, err := h.nodes[1].Connected(h.ctx, "a"); err != nil || there["a"] {
			t.Error("is there by no sign of its own", err)
		}
	})
}

// R8, R10: a Redis that took over has missed the last signs of life; they are written again.
func TestSignsOfLifeAreWrittenAgainAfterAnOutage(t *testing.T) {
	simulate(t, 2, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(time.Second)
		for _, name := range []string{"tabs", "live", "lost"} {
			h.redis.Del(h.ctx, h.nodes[0].keys[slices.Index(keyNames, name)])
		}
		if there, err := h.nodes[1].Connected(h.ctx, "a"); err != nil || there["a"] {
			t.Fatal("still there", err)
		}
		h.nodes[0].failed(h.ctx, "lease", fmt.Errorf("no answer"))
		pass(time.Second) // the next lease goes well
		if there, err := h.nodes[1].Connected(h.ctx, "a"); err != nil || !there["a"] {
			t.Error("is not there a second after the outage", err)
		}
	})
}

// ROUTE-1, R5: who is back has the place in line that the record gives, although
// Redis did not answer when it was to be written.
func TestWhoIsBackGoesFirstAlthoughRedisMissedIt(t *testing.T) {
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.ask("c1")
		pass(time.Second)
		h.ask("c2")
		if _, favoured, err := h.mem.Favour(h.ctx, testWorkspace, "c2", 300_000); err != nil || !favoured {
			t.Fatal(favoured, err)
		}
		h.nodes[0].welcome([]protocol.ConversationID{"c2"}) // it was not answered, and is told again
		pass(time.Second)
		h.agent("a", 1)
		pass(time.Second)
		if got := h.offer("c2").Agent; got != "a" {
			t.Errorf("c2 rings at %q, want a", got)
		}
	})
}
