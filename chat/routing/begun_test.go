package routing

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// begun is a node that has just begun: it has looked at nothing yet.
func (h *house) begun() *Router {
	return New(Options{
		Redis: h.redis, Record: h.mem, Notify: h, Workspace: testWorkspace, Node: "begun", Logger: slog.New(slog.DiscardHandler), Hours: h, Alarm: h.alarm,
	})
}

func TestWhatANodeIsAskedAsItBeginsGoesByTheQueuesNeeds(t *testing.T) { // TEAM-1, R5
	simulate(t, 1, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.reapply(func(q []store.Queue) { q[1].Rules.Needs = map[string]int{"german": 3} })
		h.agent("a", 4, "q1")
		h.agent("unskilled", 4, "q2")
		pass(2 * time.Second)
		h.ask("c1")
		synctest.Wait()
		h.accept(h.offer("c1"))
		now := time.Now()
		q := store.Request{
			ID: "r1", Workspace: testWorkspace, Conversation: "c1", Kind: protocol.RequestTransfer, By: "a", ToQueue: "q2", State: store.RequestOpen,
			Asked: now.UnixMilli(), Deadline: now.Add(2 * time.Minute).UnixMilli(),
		}
		h.mem.do(func() { h.mem.requests["r1"] = &q })
		if err := h.begun().Request(h.ctx, q, h.conversation("c1")); err != nil {
			t.Fatal(err)
		}
		pass(10 * time.Second)
		if got := h.ringing(); len(got) > 0 {
			t.Fatalf("%q is asked, who has not the skill", got[0].Agent)
		}
		h.mem.do(func() { h.mem.agents["unskilled"].Skills = map[string]int{"german": 3} })
		h.changed("unskilled")
		synctest.Wait()
		if got := h.ringing(); len(got) != 1 || got[0].Request != "r1" {
			t.Errorf("with the skill: %v, want the request", got)
		}
	})
}

func TestWhoAsksANodeAsItBeginsIsOverflowedToo(t *testing.T) { // ROUTE-9
	simulate(t, 1, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.reapply(func(q []store.Queue) {
			q[0].Rules.Overflow = []store.OverflowStep{{AfterMs: 3000, Queues: []protocol.QueueID{"q2"}}}
		})
		h.agent("b", 4, "q2")
		pass(2 * time.Second)
		c := h.record("c1", h.mem.queues[0])
		h.here(visitorCaller("c1"))
		if err := h.begun().Enqueue(h.ctx, c, h.mem.queues[0]); err != nil {
			t.Fatal(err)
		}
		pass(5 * time.Second)
		if got := h.offer("c1").Agent; got != "b" {
			t.Errorf("after 5 s it rings at %q, want b of the other queue", got)
		}
	})
}

func TestWhatIsHeldIsLeftByANodeThatHasJustBegun(t *testing.T) { // STATE-6, R9
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		client, stop := Embedded(ctx)
		h := newHouse(ctx, t, client, Timers{Sweep: 300 * time.Millisecond})
		h.reapply(func(q []store.Queue) { q[0].Rules.HoldMs = 120_000 })
		dies, kill := context.WithCancel(ctx)
		var done sync.WaitGroup
		defer func() {
			kill()
			cancel()
			done.Wait()
			stop()
		}()
		h.node(dies, &done)
		pass(31 * time.Second)
		h.agent("a", 4)
		pass(time.Second)
		h.ask("held")
		synctest.Wait()
		if !h.accept(h.offer("held")) {
			t.Fatal("nobody took it")
		}
		kill()
		pass(70 * time.Second) // nobody is heard of
		h.node(ctx, &done)
		pass(700 * time.Millisecond)
		if a := h.row("a"); a.Declared != protocol.DeclaredNotReady {
			t.Fatalf("the new node has not looked: the agent is %s", a.Declared)
		}
		if c := h.conversation("held"); c.State != protocol.StateActive || c.Owner != "a" {
			t.Errorf("it is %s of %q, want it held for a", c.State, c.Owner)
		}
		h.sound()
	})
}
