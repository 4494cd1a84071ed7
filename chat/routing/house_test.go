package routing

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A house is a workspace with its record, its Redis and its nodes.
type house struct {
	t      testing.TB
	ctx    context.Context
	mem    *memory
	redis  redis.UniversalClient
	nodes  []*Router
	timers Timers

	hours Hours

	mu     sync.Mutex // guards what follows
	alarms []protocol.Alarm
	alive  map[protocol.ConnectionID]protocol.Caller
	notes  map[string]int // ViewChanged by actor
}

func (h *house) ViewChanged(_ protocol.WorkspaceID, actors ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range actors {
		h.notes[a]++
	}
}
func (h *house) QueuesChanged(protocol.WorkspaceID)                         {}
func (h *house) EntriesAdded(protocol.WorkspaceID, protocol.ConversationID) {}

func (h *house) alarm(a protocol.Alarm) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.alarms = append(h.alarms, a)
}

// alarmed counts the alarms of a kind, and forgets them.
func (h *house) alarmed(kind string) (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.alarms = slices.DeleteFunc(h.alarms, func(a protocol.Alarm) bool {
		if a.Kind == kind {
			n++
		}
		return a.Kind == kind
	})
	return n
}

// Open: always, unless a test has hours of its own.
func (h *house) Open(q store.Queue, at int64) (bool, int64) {
	h.mu.Lock()
	hours := h.hours
	h.mu.Unlock()
	if hours == nil {
		return true, 0
	}
	return hours.Open(q, at)
}

func newHouse(ctx context.Context, t testing.TB, client redis.UniversalClient, timers Timers, queues ...store.Queue) *house {
	if len(queues) == 0 {
		queues = []store.Queue{{ID: "q1", Workspace: testWorkspace, Weight: 1}}
	}
	return &house{
		t: t, ctx: ctx, mem: newMemory(queues...), redis: client, timers: timers,
		alive: map[protocol.ConnectionID]protocol.Caller{}, notes: map[string]int{},
	}
}

// node adds a router and runs it until ctx ends; done waits.
func (h *house) node(ctx context.Context, done *sync.WaitGroup) *Router {
	r := New(Options{
		Redis: h.redis, Record: h.mem, Notify: h, Workspace: testWorkspace, Node: protocol.NodeID(fmt.Sprintf("n%d", len(h.nodes))),
		Timers: h.timers, Logger: slog.New(slog.DiscardHandler), Hours: h, Alarm: h.alarm,
		AutoAccept: func(_ context.Context, o store.Offer) { h.accept(o) },
	})
	h.nodes = append(h.nodes, r)
	done.Go(func() {
		if err := r.Run(ctx); err != nil {
			h.t.Error(err)
		}
	})
	return r
}

// breathe sends signs of life for all who are alive, every 5 s.
func (h *house) breathe(ctx context.Context) {
	tick := time.NewTicker(5 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		h.mu.Lock()
		all := maps.Clone(h.alive)
		h.mu.Unlock()
		for _, who := range all {
			h.home(who).Here(who)
		}
	}
}

// home is the node somebody is connected to: agents to the first, visitors to the last.
func (h *house) home(who protocol.Caller) *Router {
	if who.Kind == protocol.KindAgent {
		return h.nodes[0]
	}
	return h.nodes[len(h.nodes)-1]
}

func agentCaller(id protocol.AgentID) protocol.Caller {
	return protocol.Caller{
		Principal:  protocol.Principal{Kind: protocol.KindAgent, Workspace: testWorkspace, Agent: id},
		Connection: protocol.ConnectionID("tab-" + string(id)),
	}
}

func visitorCaller(conv protocol.ConversationID) protocol.Caller {
	return protocol.Caller{
		Principal:  protocol.Principal{Kind: protocol.KindVisitor, Workspace: testWorkspace, Visitor: protocol.VisitorID("v-" + string(conv))},
		Connection: protocol.ConnectionID("tab-" + string(conv)),
	}
}

func (h *house) here(who protocol.Caller) {
	h.mu.Lock()
	h.alive[who.Connection] = who
	h.mu.Unlock()
	h.home(who).Here(who)
}

// silent lets somebody go without a close.
func (h *house) silent(who protocol.Caller) {
	h.mu.Lock()
	delete(h.alive, who.Connection)
	h.mu.Unlock()
}

func (h *house) gone(who protocol.Caller) {
	h.silent(who)
	h.home(who).Gone(who)
}

// agent adds a ready agent with a desktop.
func (h *house) agent(id protocol.AgentID, maxChats int, queues ...protocol.QueueID) {
	if len(queues) == 0 {
		queues = []protocol.QueueID{"q1"}
	}
	h.mem.do(func() {
		h.mem.agents[id] = &store.Agent{
			ID: id, Workspace: testWorkspace, MaxChats: maxChats, Declared: protocol.DeclaredReady,
			Profile: store.Profile{ID: "p", Queues: queues, Media: []string{"chat"}},
		}
	})
	h.here(agentCaller(id))
	h.changed(id)
}

func (h *house) declare(id protocol.AgentID, d protocol.Declared) {
	_, _ = h.mem.Declare(h.ctx, testWorkspace, id, d, "", "", "")
	h.changed(id)
}

func (h *house) changed(id protocol.AgentID) {
	if err := h.nodes[0].AgentChanged(h.ctx, id); err != nil {
		h.t.Logf("agent changed: %v", err)
	}
}

// ask makes a conversation that waits, with its visitor there.
func (h *house) ask(id protocol.ConversationID) { h.askIn(id, h.mem.queues[0]) }

func (h *house) askIn(id protocol.ConversationID, q store.Queue) {
	c := h.record(id, q)
	h.here(visitorCaller(id))
	if err := h.nodes[0].Enqueue(h.ctx, c, q); err != nil {
		h.t.Logf("enqueue: %v", err)
	}
}

func (h *house) record(id protocol.ConversationID, q store.Queue) (c store.Conversation) {
	h.mem.do(func() {
		c = store.Conversation{
			ID: id, Workspace: testWorkspace, Queue: q.ID, State: protocol.StateQueued, Visitor: visitorCaller(id).Visitor,
			Asked: time.Now().UnixMilli(),
		}
		h.mem.conversations[id] = &c
	})
	return c
}

// offer is the open offer of a conversation; its Agent is empty when none rings.
func (h *house) offer(id protocol.ConversationID) (o store.Offer) {
	h.mem.do(func() {
		for _, row := range h.mem.offers {
			if row.Conversation == id && row.Outcome == "" {
				o = *row
			}
		}
	})
	return o
}

func (h *house) accept(o store.Offer) bool {
	got, err := h.mem.Accept(o.Agent, o.ID)
	if err != nil {
		return false
	}
	if err := h.nodes[len(h.nodes)-1].Settled(h.ctx, got, store.OutcomeAccepted); err != nil {
		h.t.Logf("settled: %v", err)
	}
	return true
}

func (h *house) reject(o store.Offer) {
	got, settled, err := h.mem.Settle(h.ctx, testWorkspace, o.ID, store.OutcomeRejected, "busy", "")
	if err != nil || !settled {
		return
	}
	if err := h.nodes[len(h.nodes)-1].Settled(h.ctx, got, store.OutcomeRejected); err != nil {
		h.t.Logf("settled: %v", err)
	}
}

// finish ends an active conversation and clears its card.
func (h *house) finish(id protocol.ConversationID) {
	_, slots, err := h.mem.End(h.ctx, testWorkspace, id, protocol.Author{}, "", "", "", 60_000)
	if err != nil || len(slots) == 0 {
		return
	}
	h.changed(h.mem.Clear(id))
}

func (h *house) row(id protocol.AgentID) (a store.Agent) {
	a, _ = h.mem.Agent(h.ctx, testWorkspace, id)
	return a
}

func (h *house) conversation(id protocol.ConversationID) (c store.Conversation) {
	h.mem.do(func() { c = *h.mem.conversations[id] })
	return c
}

// stands says in which state a conversation is to be.
func (h *house) stands(id protocol.ConversationID, want protocol.ConversationState, when string) {
	h.t.Helper()
	if got := h.conversation(id).State; got != want {
		h.t.Fatalf("%s %s is %s, want %s", when, id, got, want)
	}
}

func (h *house) sound() {
	h.t.Helper()
	h.mem.do(func() {
		for _, b := range h.mem.broken {
			h.t.Error(b)
		}
	})
}

// simulate runs a story in virtual time, on n nodes with an embedded Redis.
func simulate(t *testing.T, n int, timers Timers, story func(t *testing.T, h *house)) {
	t.Helper()
	nodes := func(h *house, done *sync.WaitGroup) {
		for range n {
			h.node(h.ctx, done)
		}
	}
	simulateOn(t, timers, nodes, story,
		store.Queue{ID: "q1", Workspace: testWorkspace, Weight: 1}, store.Queue{ID: "q2", Workspace: testWorkspace, Weight: 5})
}

// simulateOn runs a story in virtual time, with an embedded Redis, on the nodes
// that the second function starts; done waits for what they run.
func simulateOn(t *testing.T, timers Timers, nodes func(h *house, done *sync.WaitGroup), story func(t *testing.T, h *house), queues ...store.Queue) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		client, stop := Embedded(ctx)
		h := newHouse(ctx, t, client, timers, queues...)
		var done sync.WaitGroup
		nodes(h, &done)
		done.Go(func() { h.breathe(ctx) })
		defer func() {
			h.sound()
			cancel()
			done.Wait()
			stop()
		}()
		pass(31 * time.Second) // the amnesty after the start
		story(t, h)
	})
}

// pass lets virtual time go by, and everything it starts come to rest.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
