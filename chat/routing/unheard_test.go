package routing

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A hanging record takes its time with the offers of one conversation.
type hanging struct {
	*memory
	conv protocol.ConversationID
	lets chan struct{} // closed: it goes on
}

func (r *hanging) OpenOffer(ctx context.Context, o store.Offer, why *store.Decision) error {
	if o.Conversation == r.conv {
		select {
		case <-r.lets:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return r.memory.OpenOffer(ctx, o, why)
}

// A visitor leaves while the offer is still on its way into the record: the
// agent, at whom nothing rang, is there for others at once, and who refuses the
// offer in the end takes nothing of a rest that is another's.
func TestWhoWasToBeAskedForWhatHasGoneIsFree(t *testing.T) { // R4, ROUTE-14
	var n, slow *Router
	var record *hanging
	var all *sync.WaitGroup
	nodes := func(h *house, done *sync.WaitGroup) {
		n, all, record = h.node(h.ctx, done), done, &hanging{h.mem, "leaves", make(chan struct{})}
		slow = New(Options{Redis: h.redis, Record: record, Notify: h, Workspace: testWorkspace, Node: "slow", Logger: slog.New(slog.DiscardHandler), Hours: h, Alarm: h.alarm})
	}
	simulateOn(t, Timers{}, nodes, func(t *testing.T, h *house) {
		h.agent("a", 4)
		c := h.record("leaves", h.mem.queues[0])
		h.here(visitorCaller("leaves"))
		pass(1050 * time.Millisecond) // no sweep is due
		all.Go(func() { _ = slow.Enqueue(h.ctx, c, h.mem.queues[0]) })
		synctest.Wait()
		h.ask("waits")
		if _, _, err := h.mem.End(h.ctx, testWorkspace, "leaves", protocol.Author{}, "", "", "", 0); err != nil {
			t.Fatal(err)
		}
		if err := n.Remove(h.ctx, "leaves"); err != nil {
			t.Fatal(err)
		}
		rings := h.offer("waits")
		if rings.Agent != "a" {
			t.Fatal("the other does not ring at who is free")
		}
		h.reject(rings)
		h.ask("later")
		close(record.lets) // it is refused
		pass(4 * time.Second)
		if got := h.offer("later").Agent; got != "" {
			t.Errorf("it rings at %q 4 s after another has rung there, want a rest of 5 s", got)
		}
		pass(2 * time.Second)
		if got := h.offer("later").Agent; got != "a" {
			t.Errorf("it rings at %q after the rest, want a", got)
		}
	})
}

func TestOnlyWhatRangIsRestedFrom(t *testing.T) { // R4, ROUTE-14
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		for _, way := range []string{"removed", "left", "taken"} {
			for _, rang := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, rang: %v", way, rang), func(t *testing.T) { onlyWhatRang(t, newBench(t, client), way, rang) })
			}
		}
	})
}

// onlyWhatRang ends a place while agents are asked, the first of whom by an offer
// that the record has or has not.
func onlyWhatRang(t *testing.T, b *bench, way string, rang bool) {
	staff := []agentSpec{{"id": "a"}}
	q := store.Queue{ID: "q1", Weight: 1}
	if way != "removed" {
		staff = append(staff, agentSpec{"id": "b"})
		q.Rules.Mode = store.ModeRingAll
	}
	b.staff(staff...)
	b.wait(q, nil, store.Conversation{ID: "c1", Asked: ago(2)})
	_, made := b.match(4)
	if len(made) != len(staff) {
		t.Fatalf("%v reserved, want %d", made, len(staff))
	}
	asked, other := made[0], made[len(made)-1]
	mem := b.r.record.(*memory)
	mem.do(func() {
		mem.agents["a"], mem.agents["b"] = &store.Agent{ID: "a"}, &store.Agent{ID: "b"}
		if rang {
			mem.offers[asked.Offer] = &store.Offer{ID: asked.Offer, Agent: asked.Agent, Outcome: store.OutcomeRescinded}
		}
	})
	o := store.Offer{ID: other.Offer, Agent: other.Agent, Queue: "q1", Conversation: "c1", Cause: "visitor_left"}
	var err error
	switch way {
	case "removed":
		err = b.r.remove(t.Context(), "c1", 5000)
	case "left":
		err = b.r.settled(t.Context(), o, store.OutcomeRescinded)
	case "taken":
		err = b.r.settled(t.Context(), o, store.OutcomeAccepted)
	}
	if err != nil {
		t.Fatal(err)
	}
	state := b.state()
	if _, rests := state["ramp/"+string(asked.Agent)]; rests != rang {
		t.Errorf("%s rests: %v, want %v", asked.Agent, rests, rang)
	}
	if _, rests := state["ramp/"+string(other.Agent)]; way != "removed" && !rests {
		t.Errorf("%s does not rest, at whom it rang", other.Agent)
	}
}

func TestWhatNeverRangIsNothingToRestFrom(t *testing.T) { // R4, ROUTE-14
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		b := newBench(t, client)
		b.staff(agentSpec{"id": "a"})
		b.wait(store.Queue{ID: "q1", Weight: 1}, nil, store.Conversation{ID: "leaves", Asked: ago(2)})
		_, made := b.match(4)
		if len(made) != 1 {
			t.Fatalf("%v reserved, want one", made)
		}
		rests := func() (ms int64) {
			if err := json.Unmarshal([]byte(b.state()["ramp/a"]), &ms); err != nil {
				t.Fatal(err)
			}
			return ms
		}
		b.do(removeStep, newOp(), `{"conv":"leaves","ramp":5000}`) // the visitor has left before the record had the offer
		before := rests()
		b.do(settleStep, newOp(), fmt.Sprintf(`{"offer":%q,"outcome":"undone","agent":"a","ramp":1000,"exclude":0,"rest":1000,"backoff":[5000]}`, made[0].Offer))
		if after := rests(); before-after < 3000 || before-after > 4000 {
			t.Errorf("the rest ends %d ms sooner, want 4 s sooner or a moment less", before-after)
		}
		after := rests()
		b.do(unheardStep, "unheard:"+string(made[0].Offer), fmt.Sprintf(`{"agent":"a","till":%d}`, before)) // that rest is no more
		if got := rests(); got != after {
			t.Errorf("another rest ends %d ms sooner", after-got)
		}
	})
}
