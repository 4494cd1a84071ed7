package routing

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// The cases that other products get wrong, in virtual time.

func TestCorner01TwoAcceptsWithinAMillisecond(t *testing.T) { // ROUTE-3, ROUTE-5, R2
	simulate(t, 2, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.mem.queues[0].Rules.Mode = store.ModeRingAll
		h.agent("a", 4)
		h.agent("b", 4)
		pass(time.Second)
		for i := range 20 {
			id := protocol.ConversationID(fmt.Sprintf("c%d", i))
			h.ask(id)
			synctest.Wait()
			var won atomic.Int64
			var all sync.WaitGroup
			ringing := h.ringing()
			for _, o := range ringing {
				for range 2 { // in two tabs
					all.Go(func() {
						if h.accept(o) {
							won.Add(1)
						}
					})
				}
			}
			all.Wait()
			synctest.Wait()
			c := h.conversation(id)
			if len(ringing) != 2 || won.Load() != 1 || c.State != protocol.StateActive || len(h.ringing()) != 0 {
				t.Fatalf("%d rang, %d won; it is %s, %d ring on", len(ringing), won.Load(), c.State, len(h.ringing()))
			}
			h.finish(id)
			synctest.Wait()
			if a, b := h.row("a"), h.row("b"); a.Load != 0 || b.Load != 0 {
				t.Fatalf("load %d and %d after the end: a second slot", a.Load, b.Load)
			}
		}
	})
}

func TestCorner02TheFourthIsServedNotAFifth(t *testing.T) { // R4, R5, chatwoot#10583
	simulate(t, 2, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.agent("a", 3)
		synctest.Wait()
		for i := range 5 {
			id := protocol.ConversationID(fmt.Sprintf("c%d", i+1))
			h.ask(id)
			pass(time.Second)
			if o := h.offer(id); o.Agent != "" {
				h.accept(o)
			}
		}
		for _, ends := range []protocol.ConversationID{"c2", "c1"} {
			if h.offer("c4").Agent != "" || h.offer("c5").Agent != "" {
				t.Fatal("offered over capacity")
			}
			next, after := protocol.ConversationID("c4"), protocol.ConversationID("c5")
			if ends == "c1" {
				next, after = "c5", "c4"
			}
			h.finish(ends)
			synctest.Wait()
			if h.offer(next).Agent != "a" || h.offer(after).Agent != "" {
				t.Fatalf("when %s ended, %s rings at %q", ends, next, h.offer(next).Agent)
			}
			h.accept(h.offer(next))
			synctest.Wait()
		}
	})
}

func TestCorner03AnAgentGoesOfflineWithChats(t *testing.T) { // STATE-6, chatwoot#7204
	simulate(t, 2, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.agent("a", 3)
		pass(time.Second)
		asked := map[protocol.ConversationID]int64{}
		for _, id := range []protocol.ConversationID{"c1", "c2", "c3"} {
			h.ask(id)
			pass(time.Second)
			if !h.accept(h.offer(id)) {
				t.Fatal("nothing to accept")
			}
			asked[id] = h.conversation(id).Asked
		}
		h.ask("waits")
		h.silent(agentCaller("a"))
		pass(55 * time.Second)
		if got := h.conversation("c1").State; got != protocol.StateActive {
			t.Fatalf("taken away before 60 s: %s", got)
		}
		pass(11 * time.Second)
		for i, id := range []protocol.ConversationID{"c1", "c2", "c3"} {
			c := h.conversation(id)
			p, _ := h.nodes[1].Position(h.ctx, id)
			if c.State != protocol.StateQueued || c.Owner != "" || c.Asked != asked[id] || p != i+1 {
				t.Errorf("%s is %s of %q at place %d, asked %d (want %d)", id, c.State, c.Owner, p, c.Asked, asked[id])
			}
		}
		if a := h.row("a"); a.Reason != "connection_lost" || a.Load != 0 {
			t.Errorf("agent %s (%s), load %d", a.Declared, a.Reason, a.Load)
		}
	})
}

func TestCorner04AllReject(t *testing.T) { // ROUTE-4
	simulate(t, 2, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		agents := []protocol.AgentID{"a", "b", "c"}
		for _, id := range agents {
			h.agent(id, 4)
		}
		pass(time.Second)
		h.ask("c1")
		synctest.Wait()
		for round, wait := range []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 20 * time.Second} {
			asked := map[protocol.AgentID]bool{}
			for range agents {
				o := h.offer("c1")
				if o.Agent == "" || asked[o.Agent] {
					t.Fatalf("round %d: asked %q after %v", round, o.Agent, asked)
				}
				asked[o.Agent] = true
				h.reject(o)
				synctest.Wait()
			}
			pass(wait - time.Second)
			if o := h.offer("c1"); o.Agent != "" {
				t.Fatalf("round %d: no back-off of %v, rings at %s", round, wait, o.Agent)
			}
			pass(2 * time.Second)
		}
		if c := h.conversation("c1"); c.State != protocol.StateQueued || h.offer("c1").Agent == "" {
			t.Errorf("after four rounds it is %s and rings at %q", c.State, h.offer("c1").Agent)
		}
	})
}

func TestCorner05OneAgentAloneRejects(t *testing.T) { // ROUTE-4
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(time.Second)
		h.ask("c1")
		offers, last := 0, time.Time{}
		for range 300 {
			pass(time.Second)
			o := h.offer("c1")
			if o.ID == "" {
				continue
			}
			if since := time.Since(last); since < 5*time.Second {
				t.Fatalf("asked again %v after the reject", since)
			}
			offers, last = offers+1, time.Now()
			h.reject(o)
		}
		if offers < 10 || offers > 17 {
			t.Errorf("%d offers in 5 minutes, want a back-off of 20 s", offers)
		}
	})
}

func TestCorner06TransferToAFullQueueThenASlotFrees(t *testing.T) { // TEAM-1, RC#23404
	simulate(t, 2, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.owned(t, "c1")
		h.agent("ben", 1, "q2")
		pass(time.Second)
		h.askIn("full", h.mem.queues[1])
		synctest.Wait()
		if o := h.offer("full"); o.Agent != "ben" || !h.accept(o) {
			t.Fatalf("rings at %q", o.Agent)
		}
		h.request("r1", protocol.RequestTransfer, "c1", "", "q2")
		pass(10 * time.Second)
		if o := h.asks("r1"); o.ID != "" || h.conversation("c1").Owner != "owner" {
			t.Fatalf("rings at %q, owner %q", o.Agent, h.conversation("c1").Owner)
		}
		start := time.Now()
		h.finish("full")
		synctest.Wait()
		o := h.asks("r1")
		if o.Agent != "ben" || time.Since(start) > time.Second || h.conversation("c1").Owner != "owner" {
			t.Fatalf("after the slot was freed it rings at %q, owner %q", o.Agent, h.conversation("c1").Owner)
		}
		if !h.accept(o) {
			t.Fatal("accept refused")
		}
		synctest.Wait()
		if c := h.conversation("c1"); c.Owner != "ben" || h.row("owner").Load != 0 || h.row("ben").Load != 100 {
			t.Errorf("owner %q, loads %d and %d", c.Owner, h.row("owner").Load, h.row("ben").Load)
		}
	})
}
