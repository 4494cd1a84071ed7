package routing

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A world is a workspace in virtual time: one record, one Redis, some nodes,
// and people who come, answer, go silent and leave as the seed has it. What
// happens at one instant may come in any order; all else repeats with the seed.
type world struct {
	t      testing.TB
	ctx    context.Context
	seed   uint64
	rng    *rand.Rand // the driver's only
	mem    *memory
	server *miniredis.Miniredis
	nodes  []*simNode // that live
	made   int        // nodes so far
	start  time.Time
	tasks  sync.WaitGroup // what people have begun
	people []*person      // all, in the order they came
	plans  map[protocol.OfferID]plan
	eager  bool // the end: everybody answers at once
	faults map[string]int
	check  *checker

	mu     sync.Mutex // guards what follows
	here   map[string]*person
	talks  map[protocol.ConversationID]time.Time // when a conversation is to end
	broken []string
	trace  []string // the last of what happened
}

// A simNode is a node with its own way to Redis and to the record.
type simNode struct {
	name   string
	r      *Router
	link   *link
	ledger *ledger
	stop   func() // kills it and waits
}

// A person is an agent or a visitor with at most one tab.
type person struct {
	who   protocol.Caller
	phase int // breathes at ticks of this phase
	queue store.Queue
	back  time.Time // when somebody who is away returns; zero: stays away
	idle  time.Time // an agent who is not ready becomes so again then

	// Guarded by world.mu.
	node   *simNode // nil: no tab
	silent bool
	since  time.Time // there without a break since
	last   time.Time // last sign of life, or the close
	tabs   int
}

type unheard struct{}

func (unheard) ViewChanged(protocol.WorkspaceID, ...string)                {}
func (unheard) QueuesChanged(protocol.WorkspaceID)                         {}
func (unheard) EntriesAdded(protocol.WorkspaceID, protocol.ConversationID) {}

var simQueues = []store.Queue{
	{ID: "q1", Workspace: testWorkspace, Weight: 1},
	{ID: "q2", Workspace: testWorkspace, Weight: 5},
	{ID: "q3", Workspace: testWorkspace, Weight: 2, Rules: store.QueueRules{Needs: map[string]int{"german": 3}}},
}

func newWorld(ctx context.Context, t testing.TB, seed uint64, nodes int) *world {
	w := &world{
		t: t, ctx: ctx, seed: seed, rng: rand.New(rand.NewPCG(seed, 3)), mem: newMemory(simQueues...), server: miniredis.NewMiniRedis(),
		start: time.Now(), plans: map[protocol.OfferID]plan{}, faults: map[string]int{},
		here: map[string]*person{}, talks: map[protocol.ConversationID]time.Time{},
	}
	w.check = newChecker(w)
	for range nodes {
		w.node()
	}
	return w
}

// node starts one more.
func (w *world) node() *simNode {
	w.made++
	n := &simNode{name: fmt.Sprintf("n%d", w.made)}
	seed := w.seed*100 + uint64(w.made)
	n.link = newLink(w.server, seed)
	n.ledger = &ledger{memory: w.mem, w: w, rng: rand.New(rand.NewPCG(seed, 5))}
	client := n.link.client()
	n.r = New(Options{
		Redis: client, Record: n.ledger, Notify: unheard{}, Workspace: testWorkspace, Node: protocol.NodeID(n.name),
		Logger: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(w.ctx)
	var done sync.WaitGroup
	done.Go(func() { _ = n.r.Run(ctx) })
	n.stop = sync.OnceFunc(func() {
		cancel()
		done.Wait()
		_ = client.Close()
		n.link.cut(true)
		n.link.late.Wait()
	})
	w.nodes = append(w.nodes, n)
	return n
}

// close ends all of it. Only then may the bubble end.
func (w *world) close() {
	for _, n := range w.nodes {
		n.stop()
	}
	w.tasks.Wait()
	w.server.Close()
}

func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.trace) >= 400 {
		w.trace = slices.Delete(w.trace, 0, 100)
	}
	w.trace = append(w.trace, fmt.Sprintf("%9.3f ", time.Since(w.start).Seconds())+fmt.Sprintf(format, args...))
}

func (w *world) broke(what string) {
	w.note("BROKEN %s", what)
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.broken) < 10 {
		w.broken = append(w.broken, fmt.Sprintf("%.1f s: %s", time.Since(w.start).Seconds(), what))
	}
}

func (w *world) some() *simNode { return w.nodes[w.rng.IntN(len(w.nodes))] }

func (w *world) between(from, to time.Duration) time.Duration {
	return from + time.Duration(w.rng.Int64N(int64(to-from)))
}

// come opens a tab at a node.
func (w *world) come(p *person, n *simNode) {
	w.mu.Lock()
	p.tabs++
	p.who.Connection = protocol.ConnectionID(fmt.Sprintf("%s-%d", p.who.Actor(), p.tabs))
	p.node, p.silent, p.since, p.last, p.back = n, false, time.Now(), time.Now(), time.Time{}
	w.here[p.who.Actor()] = p
	w.mu.Unlock()
	w.note("%s comes to %s", p.who.Actor(), n.name)
	n.r.Here(p.who)
}

// leave closes the tab, to open one again after a while.
func (w *world) leave(p *person, back time.Duration) {
	n := p.node
	if n == nil || p.silent || w.presentFor(p.who.Actor()) < time.Second {
		return
	}
	w.mu.Lock()
	p.node, p.last = nil, time.Now()
	w.mu.Unlock()
	p.back = time.Now().Add(back)
	w.note("%s closes, back in %v", p.who.Actor(), back)
	n.r.Gone(p.who)
}

// hush lets somebody fall silent, without a close.
func (w *world) hush(p *person, back time.Duration) {
	if p.node == nil || p.silent || w.presentFor(p.who.Actor()) < time.Second {
		return
	}
	w.mu.Lock()
	p.silent = true
	w.mu.Unlock()
	p.back = time.Now().Add(back)
	w.note("%s falls silent, back in %v", p.who.Actor(), back)
}

func (w *world) breathe(tick int) {
	for _, p := range w.people {
		if p.node != nil && !p.silent && (tick+p.phase)%10 == 0 {
			w.mu.Lock()
			p.last = time.Now()
			w.mu.Unlock()
			p.node.r.Here(p.who)
		}
		if !p.back.IsZero() && !time.Now().Before(p.back) {
			if p.node != nil { // the old tab is found dead when the new one comes
				p.node.r.Gone(p.who)
			}
			w.come(p, w.some())
		}
	}
}

// awayFor is how long somebody has not been there; 0: is there.
func (w *world) awayFor(actor string) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.here[actor]
	if p == nil {
		return time.Since(w.start)
	}
	if p.node != nil && !p.silent {
		return 0
	}
	return time.Since(p.last)
}

// presentFor is how long somebody has been there without a break; 0: is not.
func (w *world) presentFor(actor string) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.here[actor]
	if p == nil || p.node == nil || p.silent {
		return 0
	}
	return time.Since(p.since)
}

// agent adds a ready agent with a desktop.
func (w *world) agent(id protocol.AgentID, maxChats int, skills map[string]int, queues ...protocol.QueueID) *person {
	w.mem.do(func() {
		w.mem.agents[id] = &store.Agent{
			ID: id, Workspace: testWorkspace, MaxChats: maxChats, Declared: protocol.DeclaredReady, Skills: skills,
			Profile: store.Profile{ID: "p", Queues: queues, Media: []string{"chat"}},
		}
	})
	p := &person{who: agentCaller(id), phase: len(w.people) % 10}
	w.people = append(w.people, p)
	w.come(p, w.some())
	w.changed(id)
	return p
}

// changed tells a node of an agent's new row.
func (w *world) changed(id protocol.AgentID) {
	n := w.some()
	w.tasks.Go(func() { _ = n.r.AgentChanged(w.ctx, id) })
}

// ask lets a visitor come and ask.
func (w *world) ask(id protocol.ConversationID, q store.Queue) *person {
	p := &person{who: visitorCaller(id), phase: len(w.people) % 10, queue: q}
	w.people = append(w.people, p)
	n := w.some()
	w.come(p, n)
	var c store.Conversation
	w.mem.do(func() {
		c = store.Conversation{
			ID: id, Workspace: testWorkspace, Queue: q.ID, State: protocol.StateQueued, Visitor: p.who.Visitor,
			Asked: time.Now().Add(n.ledger.skew).UnixMilli(),
		}
		w.mem.conversations[id] = &c
	})
	w.note("%s asks in %s by %s", id, q.ID, n.name)
	w.tasks.Go(func() { _ = n.r.Enqueue(w.ctx, c, q) })
	return p
}

// pass lets time go by, and everything it starts come to rest.
func (w *world) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
