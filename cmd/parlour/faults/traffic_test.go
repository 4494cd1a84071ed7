package faults

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/protocol/wiretest"
)

// R1, R2, R3, R4, R7, R8, R9, D1, D2, D3, D13, L3: while nodes, Redis and
// database die, hang and come back, nobody is owned by two, no agent has more
// than fits, nobody is stuck and nothing is lost.
func TestNothingIsLostWhilePartsFail(t *testing.T) {
	lasting := *long
	if lasting == 0 && os.Getenv("SOAK") != "" {
		lasting = 5 * time.Minute
	}
	each(t, func(t *testing.T, start func(workspace string) coordinator) {
		from := *seed
		if from == 0 {
			from = rand.Uint64()
		}
		t.Logf("seed %d", from)
		r := rand.New(rand.NewPCG(from, 0))
		h := build(t, start)
		c := gather(t.Context(), h, 24, rand.New(rand.NewPCG(from, 1)))
		ctx, stop := context.WithCancel(t.Context())
		var people sync.WaitGroup
		people.Go(func() { c.run(ctx) })
		people.Go(func() { watch(ctx, c) })
		finish := sync.OnceFunc(func() {
			stop()
			people.Wait()
			c.close()
			quick.CloseIdleConnections()
		})
		defer finish()
		pause(ctx, 2*time.Second)

		given := hurt(ctx, h, r, lasting)
		for _, n := range h.nodes {
			if !eventually(hang, n.ready) {
				t.Fatalf("node %s is not ready again", n.name)
			}
		}
		h.record.disturbed(false)
		pause(ctx, 3*time.Second)
		c.calm.Store(true)
		over := eventually(hang, func() bool {
			return c.done() && h.record.number(`SELECT COUNT(*) FROM conversations WHERE state <> 'closed'`) == 0
		})
		finish()
		var all history
		c.tell(&all)
		if err := h.record.read(t.Context(), &all); err != nil {
			t.Fatal(err)
		}
		report(t, h, all, given)
		found := check(all)
		for _, f := range found[:min(len(found), 20)] {
			t.Error(f)
		}
		if len(found) > 20 {
			t.Errorf("and %d more", len(found)-20)
		}
		if !over && len(found) == 0 {
			t.Error("some commands were never answered")
		}
	})
}

// watch looks again and again at who could be offered and is not.
func watch(ctx context.Context, c *crowd) {
	for pause(ctx, 250*time.Millisecond) {
		c.house.record.look(ctx, c.here)
	}
}

// report tells what happened, so that a run in which nothing did is seen.
func report(t *testing.T, h *house, all history, given []dose) {
	t.Helper()
	posts, asks, outcomes, kinds := 0, 0, map[string]int{}, map[protocol.OfferKind]int{}
	for _, p := range all.posts {
		if p.end == wiretest.Acked {
			posts++
		}
	}
	for _, a := range all.asks {
		if a.end == wiretest.Acked {
			asks++
		}
	}
	for _, o := range all.offers {
		outcomes[o.outcome]++
		kinds[o.kind]++
	}
	routed := 0
	owned := map[protocol.ConversationID]bool{}
	for _, o := range all.owners {
		if o.owner != "" && !owned[o.conversation] {
			owned[o.conversation] = true
			routed++
		}
	}
	t.Logf("%d conversations, %d of them routed to an agent; %d messages acknowledged; %d offers: %v %v; %d accepts tried",
		asks, routed, posts, len(all.offers), outcomes, kinds, len(all.accepts))
	t.Logf("%d commits looked at for capacity, %d for owners", len(all.loads), len(all.owners))
	for _, w := range all.waits[:min(len(all.waits), 3)] { // the longest, while all was well
		t.Logf("%s was not offered for %v, until %s, though %s could take it; %s", w.conversation, w.lasted.Round(time.Millisecond), clock(w.until), w.agent, after(given, w))
	}
	took, count := map[string]time.Duration{}, map[string]int{}
	for _, d := range given {
		count[d.name]++
		if d.alone {
			ms := h.record.number(`SELECT (extract(epoch FROM MIN(at) - $1) * 1000)::bigint FROM seen_offers WHERE at > $1`, d.from)
			took[d.name] = max(took[d.name], time.Duration(ms)*time.Millisecond)
		}
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(count)) {
		fmt.Fprintf(&b, "\n  %d x %s: the next offer after %v at most", count[name], name, took[name])
	}
	t.Logf("%d faults:%s", len(given), b.String())
	if routed < 20 || posts < 50 || outcomes["accepted"] == 0 || outcomes["rejected"] == 0 || len(given) < len(chosenFaults()) {
		t.Errorf("too little happened to show anything")
	}
}

// after tells which fault was the last before a wait.
func after(given []dose, w wait) string {
	last := "no fault before it"
	for _, d := range given {
		if begun := w.until.Add(-w.lasted); d.from.Before(begun) {
			last = fmt.Sprintf("it began %v after the moment of %q", begun.Sub(d.from).Round(time.Millisecond), d.name)
		}
	}
	return last
}
