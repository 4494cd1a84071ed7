package routing

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestCorner09ServerRestartWithVisitorsOnline(t *testing.T) { // STATE-6, R7, RC#12278
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		client, stop := Embedded(ctx)
		h := newHouse(ctx, t, client, Timers{RampUp: -1})
		var done sync.WaitGroup
		first, end := context.WithCancel(ctx)
		h.node(first, &done)
		pass(31 * time.Second)
		h.agent("a", 1)
		h.ask("runs")
		synctest.Wait()
		h.accept(h.offer("runs"))
		h.agent("b", 1)
		h.ask("rings")
		pass(time.Second)
		ringing := h.offer("rings")
		for i := range 5 {
			h.ask(protocol.ConversationID(fmt.Sprintf("w%d", i)))
			pass(time.Second)
		}
		end()
		done.Wait()
		stop() // the embedded Redis goes with its program

		pass(10 * time.Second)
		client, stop = Embedded(ctx)
		h.redis, h.nodes = client, nil
		h.node(ctx, &done)
		done.Go(func() { h.breathe(ctx) })
		defer func() {
			h.sound()
			cancel()
			done.Wait()
			stop()
		}()
		pass(20 * time.Second) // everybody's page comes back
		if ringing.Agent != "b" || h.offer("rings").ID != ringing.ID || h.conversation("runs").State != protocol.StateActive {
			t.Errorf("before %+v, after %+v; the other one is %s", ringing, h.offer("rings"), h.conversation("runs").State)
		}
		for i := range 5 {
			if p, err := h.nodes[0].Position(ctx, protocol.ConversationID(fmt.Sprintf("w%d", i))); p != i+2 || err != nil {
				t.Errorf("w%d is at place %d (%v), want %d", i, p, err, i+2)
			}
		}
		if !h.accept(ringing) {
			t.Error("the token from before the restart is refused")
		}
	})
}

func TestCorner10ThreeTabsOneCloses(t *testing.T) { // R10, STATE-6
	simulate(t, 2, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(time.Second)
		second, third := agentCaller("a"), agentCaller("a")
		second.Connection, third.Connection = "tab-a2", "tab-a3"
		h.here(second)
		pass(time.Second)
		h.here(third)
		pass(time.Second)
		h.ask("c1")
		synctest.Wait()
		o := h.offer("c1")
		h.gone(agentCaller("a"))
		pass(10 * time.Second)
		if got := h.offer("c1"); got.ID != o.ID || h.nodes[1].Rings(h.ctx, "a") != "tab-a2" {
			t.Errorf("rings on: %v, in %q; want in the next oldest tab", got.ID == o.ID, h.nodes[1].Rings(h.ctx, "a"))
		}
		h.accept(o)
		pass(6 * time.Second)
		h.ask("c2")
		synctest.Wait()
		if got := h.offer("c2").Agent; got != "a" {
			t.Errorf("the next one rings at %q, want a", got)
		}
	})
}

func TestCorner11LaptopLidClosedAnHour(t *testing.T) { // R10, STATE-6, CW#3916
	slow := Timers{RampUp: -1, Sweep: 5 * time.Second, Renew: 5 * time.Second, Lease: 20 * time.Second} // an hour is long
	simulate(t, 1, slow, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(time.Second)
		h.ask("c1")
		synctest.Wait()
		h.accept(h.offer("c1"))
		pass(10 * time.Second)
		h.silent(agentCaller("a"))
		pass(25 * time.Second)
		h.ask("c2")
		synctest.Wait()
		if got := h.offer("c2"); got.ID != "" {
			t.Errorf("25 s after the lid closed %s is asked", got.Agent)
		}
		pass(time.Hour)
		if c := h.conversation("c1"); c.State != protocol.StateQueued {
			t.Errorf("the conversation is %s", c.State)
		}
		h.here(agentCaller("a")) // the lid opens
		pass(5 * time.Second)
		if a := h.row("a"); a.Declared != protocol.DeclaredNotReady || a.Reason != "connection_lost" || len(h.ringing()) != 0 {
			t.Errorf("back: %s (%s), %d ring; want not ready until he says so", a.Declared, a.Reason, len(h.ringing()))
		}
		h.declare("a", protocol.DeclaredReady)
		synctest.Wait()
		if h.offer("c1").Agent != "a" {
			t.Error("the one who was talking already is not asked for first")
		}
	})
}

func TestCorner12AHundredAtOpeningOneAgent(t *testing.T) { // ROUTE-14, R5
	simulate(t, 2, Timers{}, func(t *testing.T, h *house) {
		for i := range 100 {
			h.ask(protocol.ConversationID(fmt.Sprintf("c%03d", i)))
			pass(10 * time.Millisecond)
		}
		h.agent("a", 4)
		pass(time.Second)
		ended, last := int64(0), 0
		for range 8 {
			ringing := h.ringing()
			if len(ringing) != 1 || ringing[0].Conversation != protocol.ConversationID(fmt.Sprintf("c%03d", last)) {
				t.Fatalf("%d pop-ups, want one of the next: %+v", len(ringing), ringing)
			}
			if ended != 0 && ringing[0].Offered-ended < 5000 {
				t.Fatalf("the next one rang %d ms after the one before", ringing[0].Offered-ended)
			}
			h.accept(ringing[0])
			ended, last = time.Now().UnixMilli(), last+1
			pass(time.Second)
			if len(h.ringing()) != 0 {
				t.Fatal("a second pop-up at once")
			}
			h.finish(ringing[0].Conversation)
			pass(5 * time.Second)
		}
	})
}

func TestCorner13TwoHundredParallelAsks(t *testing.T) { // R1, RC#18217
	simulate(t, 3, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		for i := range 5 {
			h.agent(protocol.AgentID(fmt.Sprintf("a%d", i)), 1+i)
		}
		pass(time.Second)
		var all sync.WaitGroup
		for i := range 200 {
			id := protocol.ConversationID(fmt.Sprintf("c%03d", i))
			c := h.record(id, h.mem.queues[0])
			h.here(visitorCaller(id))
			all.Go(func() {
				if err := h.nodes[i%3].Enqueue(h.ctx, c, h.mem.queues[0]); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		want := 1 + 2 + 3 + 4 + 5
		for range 2 * want {
			for _, o := range h.ringing() {
				all.Go(func() { h.accept(o) })
			}
			all.Wait()
			synctest.Wait()
		}
		if got := len(h.running()); got != want { // sound looks at each step for more than anybody's capacity
			t.Errorf("%d run, want %d: all that fits", got, want)
		}
	})
}

func TestCorner17IdleAwayAgentGetsNothing(t *testing.T) { // R10, STATE-4, LD#561
	simulate(t, 2, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(time.Second)
		h.ask("c1")
		synctest.Wait()
		pass(21 * time.Second) // nobody at the desk
		if a := h.row("a"); a.Declared != protocol.DeclaredNotReady || a.Reason != "no_answer" {
			t.Fatalf("%s (%s)", a.Declared, a.Reason)
		}
		h.ask("c2")
		pass(2 * time.Minute)
		if got := h.ringing(); len(got) != 0 {
			t.Errorf("rings at %s, who did not answer", got[0].Agent)
		}
		if n := len(h.mem.opened); n != 1 {
			t.Errorf("%d offers in all, want the one that rang out", n)
		}
		h.agent("b", 4)
		h.silent(agentCaller("b")) // ready, and the page sleeps
		pass(25 * time.Second)
		at := slices.IndexFunc(h.ringing(), func(o store.Offer) bool { return o.Agent == "b" })
		if b := h.row("b"); at >= 0 || b.Declared != protocol.DeclaredReady {
			t.Errorf("who is not there is asked, or blamed: %s", b.Declared)
		}
	})
}

func TestCorner18VisitorLeavesWhileOffered(t *testing.T) { // ROUTE-4
	simulate(t, 2, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(time.Second)
		h.ask("c1")
		h.ask("c2")
		pass(10 * time.Second)
		o := h.offer("c1")
		if _, _, err := h.mem.End(h.ctx, testWorkspace, "c1", protocol.Author{}, "", "", "", 0); err != nil {
			t.Fatal(err)
		}
		if err := h.nodes[1].Remove(h.ctx, "c1"); err != nil {
			t.Fatal(err)
		}
		left := time.Now().UnixMilli()
		if row := *h.mem.offers[o.ID]; row.Outcome != store.OutcomeRescinded || row.Cause != "visitor_left" {
			t.Errorf("offer %s (%s)", row.Outcome, row.Cause)
		}
		if a := h.row("a"); a.Declared != protocol.DeclaredReady || a.Load != 0 {
			t.Errorf("agent %s, load %d: want no penalty", a.Declared, a.Load)
		}
		pass(7 * time.Second)
		next := h.offer("c2")
		if rest := next.Offered - left; next.Agent != "a" || rest < 5000 || rest > 6000 {
			t.Errorf("the next one rings at %q after %d ms, want after the ramp-up", next.Agent, rest)
		}
	})
}
