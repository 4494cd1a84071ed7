package routing

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAnotherNodeSweepsWhenTheSweeperDies(t *testing.T) { // R6, R9
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		client, stop := Embedded(ctx)
		h := newHouse(ctx, t, client, Timers{})
		dies, kill := context.WithCancel(ctx)
		var done sync.WaitGroup
		defer func() {
			kill()
			cancel()
			done.Wait()
			stop()
		}()
		first := h.node(dies, &done)
		pass(time.Second)
		second := h.node(ctx, &done)
		done.Go(func() { h.breathe(ctx) })
		pass(31 * time.Second)
		if !first.swept.mine.Load() || second.swept.mine.Load() {
			t.Fatal("want the first node to sweep, and it alone")
		}
		h.nodes[0], h.nodes[1] = second, first // people are on the one that lives
		h.agent("a", 1)
		pass(time.Second)
		h.nodes = h.nodes[:1]
		h.ask("c1")
		synctest.Wait()
		o := h.offer("c1")
		h.agent("b", 1)
		pass(19 * time.Second)
		kill()
		pass(4 * time.Second)
		if got := h.offer("c1"); o.Agent != "a" || got.Agent != "b" {
			t.Errorf("rang at %q, then %q, want a, then b within the lease and a sweep", o.Agent, got.Agent)
		}
		h.sound()
	})
}
