package routing

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// matchAll runs the script as the Router does, until there is no more, with
// back-offs of an hour.
func (b *bench) matchAll() (list []string) {
	b.t.Helper()
	var from map[string]string
	for range 30 {
		in := map[string]any{"ids": []string{newOp(), newOp()}, "ring": 3_600_000, "backoff": []int{3_600_000}, "epoch": "epoch"}
		if len(from) > 0 {
			in["from"] = from
		}
		var out matched
		if err := b.r.run(b.t.Context(), matchStep, newOp(), rawJSON(text(b.t, in)), &out); err != nil {
			b.t.Fatal(err)
		}
		if out.Looked > 64 {
			b.t.Errorf("a match looked at %d places", out.Looked)
		}
		for _, p := range out.Offers {
			list = append(list, fmt.Sprintf("%s>%s", p.Conv, p.Agent))
		}
		if from = out.From; !out.More {
			return list
		}
	}
	b.t.Fatalf("matches go on and on; offers so far: %v", list)
	return nil
}

// resting counts what rests because all were asked.
func (b *bench) resting() (n int) {
	for key := range b.state() {
		if strings.HasPrefix(key, "aside/") {
			n++
		}
	}
	return n
}

func TestSomebodyNewWakesAllThatRests(t *testing.T) { // R4, ROUTE-2, ROUTE-8: 64 places at a time, then it goes on
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		b := newBench(t, client)
		b.staff(agentSpec{"id": "a", "queues": []string{"q1", "q2"}})
		next := 0
		rest := func(q protocol.QueueID, n int) { // a rejected all of these
			places := []rules.Waiting{}
			for range n {
				next++
				c := store.Conversation{ID: protocol.ConversationID(fmt.Sprintf("c%03d", next)), Asked: ago(int64(1000 - next))}
				w := rules.Place(c, store.Queue{ID: q, Weight: 1}, nil)
				w.Actor = ""
				places = append(places, w)
			}
			b.do(enqueueStep, newOp(), text(t, map[string]any{"places": places, "exclude": map[string]any{"agent": "a", "ms": 3_600_000}}))
			if got := b.matchAll(); got != nil {
				t.Fatalf("offered %v to who rejected them", got)
			}
		}
		rest("q1", 100)
		rest("q2", 2)
		rest("q1", 100)
		if n := b.resting(); n != next {
			t.Fatalf("%d of %d rest", n, next)
		}
		b.staff(agentSpec{"id": "b", "queues": []string{"q2"}}) // those of q2 stand in the middle of all that rest
		if diff := cmp.Diff([]string{"c101>b"}, b.matchAll()); diff != "" {
			t.Errorf("offers to somebody new (-want +got):\n%s", diff)
		}
		if n := b.resting(); n != 200 { // of q1: all who serve it were asked
			t.Errorf("%d still rest, want 200", n)
		}
		b.staff(agentSpec{"id": "c"}, agentSpec{"id": "d"})
		got := b.matchAll()
		slices.Sort(got)
		if len(got) != 2 || !strings.HasPrefix(got[0], "c001>") || !strings.HasPrefix(got[1], "c002>") {
			t.Errorf("offers to two more are %v, want the two that waited longest", got)
		}
	})
}

func TestWhoeverIsNewWhatMustRestRestsOn(t *testing.T) { // ROUTE-2
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		b := newBench(t, client)
		b.staff(agentSpec{"id": "a"})
		const all = 70 // more than are woken at once
		for n := range all {
			b.wait(store.Queue{ID: "q1", Weight: 1}, nil, store.Conversation{ID: protocol.ConversationID(fmt.Sprintf("c%03d", n)), Asked: ago(5)})
			_, made := b.match(1)
			if len(made) != 1 {
				t.Fatalf("%d offers, want 1", len(made))
			}
			b.do(settleStep, newOp(), fmt.Sprintf(`{"offer":%q,"outcome":"undone","ramp":0,"exclude":0,"rest":3600000,"backoff":[5000]}`, made[0].Offer))
		}
		b.staff(agentSpec{"id": "b"})
		if got := b.matchAll(); got != nil {
			t.Errorf("offered %v, which the record refused a moment ago", got)
		}
		if n := b.resting(); n != all {
			t.Errorf("%d of %d rest", n, all)
		}
	})
}
