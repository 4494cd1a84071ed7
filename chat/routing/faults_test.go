package routing

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

func TestFlushedRedisIsRebuilt(t *testing.T) { // R7, STATE-6
	simulate(t, 2, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.agent("a", 2)
		h.agent("b", 2)
		pass(time.Second)
		h.ask("runs")
		synctest.Wait() // the visitor's sign of life may come after the enqueue
		if !h.accept(h.offer("runs")) {
			t.Fatal("nothing to accept")
		}
		h.ask("rings")
		pass(10 * time.Second)
		ringing := h.offer("rings")
		h.ask("rings2")
		synctest.Wait()
		second := h.offer("rings2")
		h.ask("waits")
		pass(time.Second)
		if ringing.Agent == "" || second.Agent == "" || h.offer("waits").Agent != "" {
			t.Fatalf("before: %+v %+v %+v", ringing, second, h.offer("waits"))
		}
		if err := h.redis.FlushAll(h.ctx).Err(); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		pass(1500 * time.Millisecond)                                                             // before anybody's next sign of life
		if got := h.nodes[0].Stats(h.ctx).Rebuilds + h.nodes[1].Stats(h.ctx).Rebuilds; got != 2 { // the start was one
			t.Errorf("%d rebuilds, want 2", got)
		}
		if h.offer("rings").ID != ringing.ID || h.offer("waits").Agent != "" {
			t.Fatalf("after: rings %+v, waits %+v", h.offer("rings"), h.offer("waits"))
		}
		if p, err := h.nodes[0].Position(h.ctx, "waits"); p != 3 || err != nil {
			t.Errorf("position %d, %v, want 3: behind the two that ring", p, err)
		}
		if got := h.nodes[0].Reach(h.ctx, "visitor:v-waits"); got != protocol.ReachHere {
			t.Errorf("visitor is %s, want here: its node writes the lease again", got)
		}
		if got, err := h.nodes[1].Connected(h.ctx, "a", "b"); err != nil || !got["a"] || !got["b"] {
			t.Errorf("connected %v, %v: their node writes the leases again", got, err)
		}
		if !h.accept(ringing) { // its token is as good as before
			t.Error("accept refused after the flush")
		}
		pass(29*time.Second - time.Since(start))
		if got := h.offer("rings2"); got.ID != second.ID {
			t.Fatalf("rang out within the amnesty: %+v", got)
		}
		pass(2 * time.Second)
		row := *h.mem.offers[second.ID]
		if row.Outcome != store.OutcomeTimedOut {
			t.Errorf("after the amnesty the offer is %q, want timed_out", row.Outcome)
		}
	})
}

func TestStaleOfferCannotAssign(t *testing.T) { // R3
	simulate(t, 1, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(time.Second)
		h.ask("c1")
		synctest.Wait()
		stale := h.offer("c1")
		h.agent("b", 4)
		pass(21 * time.Second)
		if h.offer("c1").Agent != "b" {
			t.Fatal("not offered to b")
		}
		_ = h.redis.FlushAll(h.ctx)
		if h.accept(stale) {
			t.Error("an offer that had ended was accepted")
		}
		if !h.accept(h.offer("c1")) {
			t.Error("the live one was refused")
		}
	})
}

func TestOfferThatTheRecordRefusesIsUndone(t *testing.T) { // R4, section 2.2
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(time.Second)
		h.mem.do(func() { h.mem.refuse = fmt.Errorf("disk full") })
		h.ask("c1")
		pass(5 * time.Second)
		s := h.nodes[0].Stats(h.ctx)
		if s.Refused < 1 || s.Refused > 8 {
			t.Errorf("%d tries in 5 s, want about one a second", s.Refused)
		}
		h.mem.do(func() { h.mem.refuse = nil })
		pass(2 * time.Second)
		if got := h.offer("c1"); got.Agent != "a" || got.Round != 1 {
			t.Errorf("after the record is back: rings at %q in round %d, want a in 1", got.Agent, got.Round)
		}
	})
}

func TestWhatNobodyAnnouncedIsFoundInTheRecord(t *testing.T) { // R4: an audit heals what a trigger lost
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		h.ask("gone")
		pass(time.Second)
		h.accept(h.offer("gone"))
		pass(10 * time.Second)
		h.record("c1", h.mem.queues[0]) // committed, then the node died
		h.here(visitorCaller("c1"))
		pass(31 * time.Second)
		if got := h.offer("c1").Agent; got != "a" {
			t.Errorf("rings at %q, want a", got)
		}
		if got := h.nodes[0].Stats(h.ctx).Healed; got == 0 {
			t.Error("nothing counted as healed")
		}
	})
}

func TestLoadsOfPeopleInVirtualTime(t *testing.T) { // R1, R2, R4, R5
	seeds := 16
	if testing.Short() || raceEnabled {
		seeds = 3
	}
	if os.Getenv("SOAK") != "" {
		seeds *= 10
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			simulate(t, 2, Timers{}, func(t *testing.T, h *house) { crowd(t, h, uint64(seed)) })
		})
	}
}

// crowd lets random things happen for some minutes and watches R4 every 100 ms.
func crowd(t *testing.T, h *house, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 7))
	agents := []protocol.AgentID{"a", "b", "c", "d"}
	for _, id := range agents {
		h.agent(id, 1+rng.IntN(4), h.mem.queues[rng.IntN(2)].ID, "q1")
	}
	pass(time.Second)
	unoffered := map[protocol.ConversationID]time.Time{}
	next, flushed := 0, time.Time{}
	for range 1200 {
		switch rng.IntN(40) {
		case 0, 1:
			h.askIn(protocol.ConversationID(fmt.Sprintf("c%03d", next)), h.mem.queues[rng.IntN(2)])
			next++
		case 2, 3, 4:
			for _, o := range h.ringing() {
				if rng.IntN(3) == 0 {
					h.reject(o)
				} else {
					h.accept(o)
				}
			}
		case 5, 6:
			for _, c := range h.running() {
				if rng.IntN(4) == 0 {
					h.finish(c)
				}
			}
		case 7:
			id := agents[rng.IntN(len(agents))]
			h.declare(id, []protocol.Declared{protocol.DeclaredReady, protocol.DeclaredReady, protocol.DeclaredNotReady}[rng.IntN(3)])
		case 8:
			if rng.IntN(100) == 0 {
				_ = h.redis.FlushAll(h.ctx)
				flushed = time.Now()
			}
		}
		pass(100 * time.Millisecond)
		if time.Since(flushed) < 3*time.Second {
			clear(unoffered)
			continue
		}
		stuck := h.stuck()
		for _, c := range stuck {
			since, known := unoffered[c]
			if !known {
				unoffered[c] = time.Now()
			} else if time.Since(since) > 2*time.Second {
				t.Fatalf("seed %d: %s unoffered for %v while somebody could take it", seed, c, time.Since(since))
			}
		}
		for c := range unoffered {
			if !slices.Contains(stuck, c) {
				delete(unoffered, c)
			}
		}
	}
	s := h.nodes[0].Stats(h.ctx)
	if s2 := h.nodes[1].Stats(h.ctx); s.Accepted+s2.Accepted == 0 || s.Rejected+s2.Rejected == 0 {
		t.Errorf("seed %d: nothing happened: %+v", seed, s)
	}
}

func (h *house) ringing() (list []store.Offer) {
	list, _ = h.mem.OpenOffers(h.ctx, testWorkspace)
	slices.SortFunc(list, func(a, b store.Offer) int { return int(a.Offered - b.Offered) })
	return list
}

func (h *house) running() (list []protocol.ConversationID) {
	h.mem.do(func() {
		for _, s := range h.mem.slots {
			if s.State == protocol.SlotActive {
				list = append(list, s.Conversation)
			}
		}
	})
	slices.Sort(list)
	return list
}

// stuck lists who waits unoffered although an agent could be asked: ready,
// free, rested, and never asked for this conversation before.
func (h *house) stuck() (list []protocol.ConversationID) {
	now := time.Now().UnixMilli()
	h.mem.do(func() {
		for id, c := range h.mem.conversations {
			if c.State != protocol.StateQueued || h.mem.rings(func(o *store.Offer) bool { return o.Conversation == id && o.Outcome == "" }) {
				continue
			}
			for _, a := range h.mem.agents {
				free := a.Declared == protocol.DeclaredReady && a.Slots < a.MaxChats && a.Load+25 <= 100 && slices.Contains(a.Profile.Queues, c.Queue)
				if free && !h.mem.rings(func(o *store.Offer) bool {
					return o.Agent == a.ID && (o.Outcome == "" || o.Settled > now-5000 || o.Conversation == id)
				}) {
					list = append(list, id)
					break
				}
			}
		}
	})
	return list
}

func (m *memory) rings(f func(*store.Offer) bool) bool {
	for _, o := range m.offers {
		if f(o) {
			return true
		}
	}
	return false
}

func TestTenThousandConversationsAreRebuiltInTwoSeconds(t *testing.T) { // R7, G7
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		h := newHouse(t.Context(), t, client, Timers{})
		r := New(Options{Redis: client, Record: h.mem, Notify: h, Workspace: testWorkspace, Node: "n0"})
		now := time.Now().UnixMilli()
		h.mem.mu.Lock()
		for i := range 200 {
			id := protocol.AgentID(fmt.Sprintf("a%03d", i))
			h.mem.agents[id] = &store.Agent{ID: id, MaxChats: 4, Declared: protocol.DeclaredReady,
				Profile: store.Profile{Queues: []protocol.QueueID{"q1"}, Media: []string{"chat"}}}
		}
		for i := range 10_000 {
			id := protocol.ConversationID(fmt.Sprintf("c%05d", i))
			h.mem.conversations[id] = &store.Conversation{ID: id, Queue: "q1", State: protocol.StateQueued, Asked: now - int64(i),
				Visitor: protocol.VisitorID("v" + id)}
			if i < 100 {
				o := protocol.NewID[protocol.OfferID]()
				h.mem.ring(store.Offer{ID: o, Conversation: id, Agent: protocol.AgentID(fmt.Sprintf("a%03d", i)), Cost: 25, Deadline: now + 20_000})
			}
		}
		h.mem.mu.Unlock()
		start := time.Now()
		if err := r.rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
		took := time.Since(start)
		t.Logf("10,000 conversations, 200 agents, 100 offers rebuilt in %v", took)
		if took > 20*time.Second { // the bound is 2 s: ten times that is hanging
			t.Errorf("rebuilt in %v, want about 2 s", took)
		}
		lines, err := r.Positions(t.Context(), "q1")
		if err != nil || lines["q1"].Waiting != 10_000 {
			t.Errorf("waiting %+v, %v", lines, err)
		}
	})
}

func TestHungRedisHoldsUpOffersOnly(t *testing.T) { // reliability 3.1, L3
	server := testbed.Redis(t)
	client, err := Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	h := newHouse(ctx, t, client, Timers{Amnesty: -1})
	var done sync.WaitGroup
	defer done.Wait()
	defer cancel()
	h.node(ctx, &done)
	done.Go(func() { h.breathe(ctx) })
	h.agent("a", 4)
	h.agent("b", 4)
	h.ask("c1")
	testbed.Until(t, 5*time.Second, "the first offer", func() bool { return h.offer("c1").Agent != "" })

	server.Pause()
	start := time.Now()
	h.ask("c2") // the record has it
	if took := time.Since(start); took > 3*time.Second {
		t.Errorf("a command waited %v for a hung Redis", took)
	}
	if !h.accept(h.offer("c1")) {
		t.Error("accept refused while Redis hangs")
	}
	server.Resume()
	// What a match reserved whose answer was lost is nobody's after offerSettled.
	testbed.Until(t, offerSettled+4*time.Second, "the offer of who asked meanwhile", func() bool { return h.offer("c2").Agent != "" })

	server.Kill()
	h.ask("c3")
	server.Restart()
	testbed.Until(t, 10*time.Second, "routing after a restart of Redis", func() bool {
		p, err := h.nodes[0].Position(ctx, "c3")
		return err == nil && p > 0
	})
	h.accept(h.offer("c2"))
	testbed.Until(t, 10*time.Second, "the offer after a restart of Redis", func() bool { return h.offer("c3").Agent != "" })
	h.sound()
}
