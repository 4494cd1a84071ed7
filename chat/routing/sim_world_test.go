package routing

import (
	"context"
	"fmt"
	"hash"
	"hash/fnv"
	"io"
	"log/slog"
	"math/rand/v2"
	"runtime"
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
// and people who come, answer, go silent and leave as the seed has it. Whatever
// begins, begins at an instant of its own (see beat), so that all of it repeats
// with the seed: what runs at one instant may come in any order.
type world struct {
	t       testing.TB
	ctx     context.Context
	seed    uint64
	rng     *rand.Rand // the driver's only
	mem     *memory
	server  *miniredis.Miniredis
	nodes   []*simNode // that live
	made    int        // nodes so far
	start   time.Time
	tasks   sync.WaitGroup // what people have begun
	people  []*person      // all, in the order they came
	plans   map[protocol.OfferID]plan
	hours   simHours
	graves  []forsaken
	replies map[protocol.ConversationID]timer     // of first replies
	answers map[protocol.ConversationID]time.Time // when their owners will answer
	eager   bool                                  // the end: everybody answers at once
	faults  map[string]int
	check   *checker
	passed  int
	wishes  int    // of agents to ask others
	held    string // by Redis when something broke

	requested map[protocol.RequestID]asking // guarded by the record's lock, as
	proposed  map[protocol.OfferID]made     // as they were made

	mu       sync.Mutex // guards what follows
	here     map[string]*person
	talks    map[protocol.ConversationID]time.Time // when a conversation is to end
	counts   map[string]int                        // of what people did
	reminded map[protocol.AgentID]time.Time        // who is to hear that a reply is due
	alarms   map[protocol.ConversationID]time.Time // of no reply, which people are to be told of
	broken   []string
	trace    []string    // the last of what happened
	print    hash.Hash64 // of all that happened
}

// A simNode is a node with its own way to Redis and to the record.
type simNode struct {
	name   string
	r      *Router
	link   *link
	ledger *ledger
	stop   func() // kills it and waits
	dead   bool   // guarded by world.mu
}

// A person is an agent or a visitor with a tab, or with two.
type person struct {
	who   protocol.Caller
	phase int // breathes at ticks of this phase
	queue store.Queue
	back  time.Time // when somebody who is away returns; zero: stays away
	idle  time.Time // an agent who is not ready becomes so again then
	ghost time.Time // when a tab was last lost without a close

	// Guarded by world.mu.
	node   *simNode // nil: no tab
	silent bool
	since  time.Time   // there without a break since
	last   time.Time   // last sign of life, or the close
	closed time.Time   // when the last tab was closed; zero: it was not
	heard  []time.Time // those that could reach Redis, the last few
	tabs   int
	other  *page // a second tab, beside one that lives
}

// breath is how many ticks are between two signs of life of a page.
const breath = 20

type unheard struct{}

func (unheard) ViewChanged(protocol.WorkspaceID, ...string)                {}
func (unheard) QueuesChanged(protocol.WorkspaceID)                         {}
func (unheard) EntriesAdded(protocol.WorkspaceID, protocol.ConversationID) {}

var few = 4 // ready agents

var simQueues = []store.Queue{
	{ID: "q1", Workspace: testWorkspace, Weight: 1, Rules: store.QueueRules{
		Calendar: "now and then", AtClosing: "stop", AtClosingMs: 20_000,
		Overflow: []store.OverflowStep{{AfterMs: 5_000, Waiting: 3, Queues: []protocol.QueueID{"q2"}}},
	}},
	{ID: "q2", Workspace: testWorkspace, Weight: 5, Rules: store.QueueRules{ // costs nothing while it is put aside
		ParkedShare: new(int), Overflow: []store.OverflowStep{{AfterMs: 15_000, Ready: &few, Queues: []protocol.QueueID{"q3"}}},
	}},
	{ID: "q3", Workspace: testWorkspace, Weight: 2, Rules: store.QueueRules{
		Needs: map[string]int{"german": 3}, MaxWaitMs: 40_000, Overflow: []store.OverflowStep{
			{AfterMs: 10_000, Relax: map[string]int{"german": 2}},
			{AfterMs: 25_000, Relax: map[string]int{"german": 1}, Queues: []protocol.QueueID{"q2"}},
		},
	}},
	{ID: "q4", Workspace: testWorkspace, Weight: 2, Rules: store.QueueRules{Mode: store.ModeRingAll}},
	{ID: "q5", Workspace: testWorkspace, Weight: 1, Rules: store.QueueRules{Mode: store.ModePull, PullMaxMs: 60_000}},
}

func newWorld(ctx context.Context, t testing.TB, seed uint64, nodes int) *world {
	w := &world{
		t: t, ctx: ctx, seed: seed, rng: rand.New(rand.NewPCG(seed, 3)), mem: newMemory(simQueues...), server: newServer(),
		start: time.Now(), plans: map[protocol.OfferID]plan{}, faults: map[string]int{},
		here: map[string]*person{}, talks: map[protocol.ConversationID]time.Time{}, counts: map[string]int{},
		requested: map[protocol.RequestID]asking{}, proposed: map[protocol.OfferID]made{}, replies: map[protocol.ConversationID]timer{}, answers: map[protocol.ConversationID]time.Time{},
		reminded: map[protocol.AgentID]time.Time{}, alarms: map[protocol.ConversationID]time.Time{}, print: fnv.New64a(),
	}
	w.hours = simHours{w.start}
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
	n.ledger = &ledger{memory: w.mem, w: w, seed: seed}
	client, start := n.link.client(), w.between(0, time.Millisecond)
	n.r = New(Options{
		Redis: client, Record: n.ledger, Notify: heeds{w: w}, Workspace: testWorkspace, Node: protocol.NodeID(n.name),
		Logger: slog.New(slog.DiscardHandler), Hours: w.hours, Alarm: w.alarmed, Timers: Timers{ // never at one instant
			Sweep: time.Second + w.between(10, 300), Configure: time.Second + w.between(310, 600),
			Renew: 500*time.Millisecond + w.between(310, 600),
		},
	})
	ctx, cancel := context.WithCancel(w.ctx)
	var done sync.WaitGroup
	done.Go(func() {
		<-time.After(start)
		_ = n.r.Run(ctx)
	})
	n.stop = sync.OnceFunc(func() {
		cancel()
		done.Wait()
		_ = client.Close()
		n.link.cut(true)
		n.link.late.Wait()
	})
	w.mu.Lock()
	w.nodes = append(w.nodes, n)
	w.mu.Unlock()
	return n
}

// alive is a node, or another one where it has died: a page comes to that.
func (w *world) alive(n *simNode) *simNode {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n.dead {
		return w.nodes[0]
	}
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
	if len(w.trace) >= 400 && *simSeed < 0 {
		w.trace = slices.Delete(w.trace, 0, 100)
	}
	line := fmt.Sprintf("%13.6f ", time.Since(w.start).Seconds()) + fmt.Sprintf(format, args...)
	w.trace = append(w.trace, line)
	_, _ = io.WriteString(w.print, line)
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

// do begins something, and lets it get going before anything else does.
func (w *world) do(f func()) {
	w.tasks.Go(f)
	w.beat()
}

// beat is a moment between two things.
func (w *world) beat() { w.pass(w.between(10*time.Microsecond, 2*time.Millisecond)) }

// come opens a tab at a node.
func (w *world) come(p *person, n *simNode) {
	w.mu.Lock()
	p.tabs++
	p.who.Connection = protocol.ConnectionID(fmt.Sprintf("%s-%d", p.who.Actor(), p.tabs))
	p.node, p.silent, p.since, p.last, p.back, p.closed = n, false, time.Now(), time.Now(), time.Time{}, time.Time{}
	w.here[p.who.Actor()] = p
	p.sign(n)
	w.mu.Unlock()
	w.note("%s comes to %s", p.who.Actor(), n.name)
	n.r.Here(p.who)
	w.beat()
}

// leave closes the tab, to open one again after a while.
func (w *world) leave(p *person, back time.Duration) {
	if p.node == nil || p.silent || w.presentFor(p.who.Actor()) < time.Second {
		return
	}
	w.closeOne(p, false)
	n := p.node
	w.mu.Lock()
	if p.node, p.last = nil, time.Now(); time.Since(p.ghost) > leaseOver { // no other lease runs
		p.closed = time.Now()
	}
	p.sign(n)
	w.mu.Unlock()
	p.back = time.Now().Add(back)
	w.note("%s closes, back in %v", p.who.Actor(), back)
	n.r.Gone(p.who)
	w.beat()
}

// hush lets somebody fall silent, without a close.
func (w *world) hush(p *person, back time.Duration) {
	if p.node == nil || p.silent || w.presentFor(p.who.Actor()) < time.Second {
		return
	}
	w.closeOne(p, true)
	w.mu.Lock()
	p.silent = true
	w.mu.Unlock()
	p.back = time.Now().Add(back)
	w.note("%s falls silent, back in %v", p.who.Actor(), back)
}

func (w *world) breathe(tick int) {
	for _, n := range w.nodes {
		var some []protocol.Caller // at one moment: none of them is written before the others
		for _, p := range w.people {
			if (tick+p.phase)%breath != 0 {
				continue
			}
			for _, who := range p.pages(n) {
				w.mu.Lock()
				p.last = time.Now()
				p.sign(n)
				w.mu.Unlock()
				some = append(some, who)
			}
		}
		if len(some) > 0 {
			n.r.seen(false, some...)
			w.beat()
		}
	}
	w.bury()
	for _, p := range w.people {
		if !p.back.IsZero() && !time.Now().Before(p.back) {
			if p.node != nil { // the old tab is found dead when the new one comes
				p.node.r.Gone(p.who)
				w.beat()
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

// sign notes a sign of life at a node.
func (p *person) sign(n *simNode) {
	if n.link.fine() {
		p.heard = append(p.heard[max(0, len(p.heard)-9):], time.Now())
	}
}

// unheardFor is how long nobody can have known that somebody is there. A sign
// of this very second may be on its way while somebody acts on those before it.
func (w *world) unheardFor(actor string) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.here[actor]; p != nil {
		for _, at := range slices.Backward(p.heard) {
			if since := time.Since(at); since > time.Second {
				return since
			}
		}
	}
	return time.Since(w.start)
}

// forget what was heard since a copy was taken: Redis has not kept it. What is
// of the very instant came after the copy, and what came just before may have
// been on its way.
func (w *world) forget(taken time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.here {
		p.heard = slices.DeleteFunc(p.heard, func(at time.Time) bool { return !at.Before(taken.Add(-10 * time.Millisecond)) })
	}
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
	p := &person{who: agentCaller(id), phase: w.phase()}
	w.people = append(w.people, p)
	w.come(p, w.some())
	w.changed(id)
	return p
}

// changed tells a node of an agent's new row.
func (w *world) changed(id protocol.AgentID) {
	n := w.some()
	w.do(func() { _ = n.r.AgentChanged(w.ctx, id) })
}

// phase is when somebody who comes now breathes: some people at once, as where a site has many.
func (w *world) phase() int { return len(w.people) % 4 * breath / 4 }

// ask lets a visitor come and ask.
func (w *world) ask(id protocol.ConversationID, q store.Queue) *person {
	p := &person{who: visitorCaller(id), phase: w.phase(), queue: q}
	w.people = append(w.people, p)
	n := w.some()
	w.come(p, n)
	knows := w.familiar(q)
	var c store.Conversation
	w.mem.do(func() {
		c = store.Conversation{
			ID: id, Workspace: testWorkspace, Queue: q.ID, State: protocol.StateQueued, Visitor: p.who.Visitor,
			Asked: time.Now().Add(n.ledger.skew).UnixMilli(), Sticky: knows,
		}
		w.mem.conversations[id] = &c
		w.mem.queued[id] = time.Now()
	})
	w.note("%s asks in %s by %s, knows %s", id, q.ID, n.name, knows)
	w.do(func() {
		w.accepting(n, q)
		_ = n.r.Enqueue(w.ctx, c, q)
	})
	return p
}

// pass lets time go by, and everything it starts come to rest. Memory is
// collected only then: a collection lets goroutines run in another order.
func (w *world) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
	if w.passed++; w.passed%1600 == 0 {
		runtime.GC()
	}
}

// untilTick is how long it is until everybody acts again.
func (w *world) untilTick() time.Duration { return tick - time.Since(w.start)%tick }
