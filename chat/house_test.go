package chat_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat"
	"github.com/parlour-chat/parlour/chat/routing"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

const hang = 20 * time.Second // a guard against hanging, no bound

const sweeping = 50 * time.Millisecond // of what the record says of calls

// A house is a Service on a real record and a real router, with the edge and
// the media played.
type house struct {
	*chat.Service
	t      *testing.T
	store  *store.Store
	router *routing.Router
	ws     protocol.WorkspaceID
	site   store.Site
	queue  store.Queue
	world  store.Workspace
	agents []protocol.Caller

	mu       sync.Mutex
	closed   bool
	requests []protocol.MediaRequest
	viewed   map[string]int
	stopped  []protocol.CobrowseID
	alarms   []protocol.Alarm
}

// A ground is what a house stands on; the zero one is embedded.
type ground struct {
	database  string // an address; empty: SQLite
	redis     redis.UniversalClient
	ownerWait time.Duration // of the record
	timers    routing.Timers
}

// everywhere runs a test on both kinds of database and of Redis.
func everywhere(t *testing.T, f func(t *testing.T, g ground)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) { f(t, ground{}) })
	t.Run("servers", func(t *testing.T) {
		client, err := routing.Connect(testbed.Redis(t).URL())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Close() })
		f(t, ground{database: testbed.Database(t), redis: client})
	})
}

// again is the same kind of ground with nothing on it.
func (g ground) again(t *testing.T) ground {
	t.Helper()
	if g.database != "" {
		g.database = testbed.Database(t)
	}
	return g
}

// newHouse opens one whose workspace is changed as the test wants it.
func newHouse(t *testing.T, change ...func(*store.Workspace)) *house {
	t.Helper()
	return ground{}.house(t, change...)
}

func (g ground) house(t *testing.T, change ...func(*store.Workspace)) *house {
	t.Helper()
	h := &house{t: t, viewed: map[string]int{}}
	var err error
	h.store, err = store.Open(t.Context(), store.Options{URL: g.database, Dir: t.TempDir(), OwnerWait: g.ownerWait})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.must(h.store.Close()) })
	h.apply(change)
	if g.redis == nil {
		var stop func()
		g.redis, stop = routing.Embedded(context.Background())
		t.Cleanup(stop)
	}
	g.timers.RampUp, g.timers.Amnesty = -1, -1
	h.router = routing.New(routing.Options{
		Redis: g.redis, Record: h.store, Notify: ears{h}, Workspace: h.ws, Node: "n1", Timers: g.timers,
		ReachChanged: func(ws protocol.WorkspaceID, actor string) { h.ReachChanged(ws, actor) }, Hours: h,
		Alarm: func(a protocol.Alarm) { h.mu.Lock(); defer h.mu.Unlock(); h.alarms = append(h.alarms, a) },
	})
	h.Service = chat.New(chat.Options{
		Workspace: h.ws, Node: "n1", Store: h.store, Router: h.router, Directory: h, Notify: ears{h}, Media: h, Limits: chat.Limits{Sweep: sweeping},
		CobrowseEnded: func(id protocol.CobrowseID) { h.mu.Lock(); defer h.mu.Unlock(); h.stopped = append(h.stopped, id) },
	})
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() { h.must(h.router.Run(ctx)) })
	work.Go(func() { h.must(h.Run(ctx)) })
	t.Cleanup(func() { cancel(); work.Wait() })
	return h
}

// again is the service of the same node after a restart.
func (h *house) again(l chat.Limits) *chat.Service { return h.on("n1", l) }

// on is the service of a node.
func (h *house) on(node protocol.NodeID, l chat.Limits) *chat.Service {
	return chat.New(chat.Options{Workspace: h.ws, Node: node, Store: h.store, Router: h.router, Directory: h, Notify: ears{h}, Media: h, Limits: l})
}

// opening is when a queue that is shut opens again.
const opening = 4102444800000

// shut closes all queues, or opens them.
func (h *house) shut(closed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = closed
}

// Open makes the house the router's calendar.
func (h *house) Open(store.Queue, int64) (open bool, changes int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return false, opening
	}
	return true, 0
}

// asked tells whether the media was asked to do something with a call.
func (h *house) asked(do protocol.MediaOp, call protocol.CallID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.ContainsFunc(h.requests, func(r protocol.MediaRequest) bool { return r.Do == do && r.Call == call })
}

// hasStopped tells whether a co-browse session's packets were stopped.
func (h *house) hasStopped(id protocol.CobrowseID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(h.stopped, id)
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Error(err)
	}
}

func (h *house) apply(change []func(*store.Workspace)) {
	h.t.Helper()
	h.ws = protocol.NewID[protocol.WorkspaceID]()
	h.queue = store.Queue{ID: protocol.NewID[protocol.QueueID](), Workspace: h.ws, Key: "sales", Name: "Sales", Weight: 1}
	h.site = store.Site{
		ID: protocol.NewID[protocol.SiteID](), Workspace: h.ws, Key: "shop", Name: "Shop", Queues: []protocol.QueueID{h.queue.ID}, Audio: true, Video: true, Cobrowse: true,
	}
	profile := store.Profile{ID: protocol.NewID[protocol.ProfileID](), Name: "all", Queues: []protocol.QueueID{h.queue.ID}, Media: []string{"chat", "audio", "video", "cobrowse"}}
	role := store.Role{ID: protocol.NewID[protocol.RoleID](), Name: "agent", Permissions: []protocol.Permission{protocol.PermDesk, protocol.PermCall, protocol.PermCobrowse}}
	w := store.Workspace{ID: h.ws, Name: "w", Sites: []store.Site{h.site}, Queues: []store.Queue{h.queue}, Profiles: []store.Profile{profile}, Roles: []store.Role{role}}
	for _, name := range []string{"Anna", "Ben", "Cara"} {
		a := store.Agent{
			ID: protocol.NewID[protocol.AgentID](), Workspace: h.ws, Email: name + "@shop.test", Name: name, PasswordHash: "x", Profile: profile, Role: role.ID, MaxChats: 2,
		}
		w.Agents = append(w.Agents, a)
	}
	for _, f := range change {
		f(&w)
	}
	h.world, h.site, h.queue = w, w.Sites[0], w.Queues[0]
	for _, a := range w.Agents {
		h.agents = append(h.agents, protocol.Caller{Connection: protocol.NewID[protocol.ConnectionID](), Principal: protocol.Principal{
			Kind: protocol.KindAgent, Workspace: h.ws, Agent: a.ID, Name: a.Name, Permissions: w.Roles[0].Permissions,
		}})
	}
	_, err := h.store.Apply(h.t.Context(), w)
	h.must(err)
}

// secondQueue adds a queue to the site and to everybody's profile.
func secondQueue(key, name string, rules store.QueueRules) func(*store.Workspace) {
	return func(w *store.Workspace) {
		q := store.Queue{ID: protocol.NewID[protocol.QueueID](), Workspace: w.ID, Key: key, Name: name, Weight: 1, Rules: rules}
		w.Queues = append(w.Queues, q)
		w.Sites[0].Queues = append(w.Sites[0].Queues, q.ID)
		w.Profiles[0].Queues = append(w.Profiles[0].Queues, q.ID)
	}
}

// ruled gives the first queue its rules.
func ruled(rules store.QueueRules) func(*store.Workspace) {
	return func(w *store.Workspace) { w.Queues[0].Rules = rules }
}

// visitor comes to the page.
func (h *house) visitor() protocol.Caller {
	h.t.Helper()
	v := store.Visitor{ID: protocol.NewID[protocol.VisitorID](), Workspace: h.ws, Site: h.site.ID}
	h.must(h.store.CreateVisitor(h.t.Context(), v, "of "+string(v.ID)))
	who := protocol.Caller{Connection: protocol.NewID[protocol.ConnectionID](), Principal: protocol.Principal{
		Kind: protocol.KindVisitor, Workspace: h.ws, Visitor: v.ID, Site: h.site.ID,
	}}
	h.router.Here(who)
	return who
}

// ready opens an agent's desk and makes him ready.
func (h *house) ready(n int) protocol.Caller {
	h.t.Helper()
	h.router.Here(h.agents[n])
	_, err := h.Declare(h.t.Context(), h.agents[n], op(), protocol.Declare{Declared: protocol.DeclaredReady})
	h.must(err)
	return h.agents[n]
}

func op() protocol.Op { return protocol.NewID[protocol.Op]() }

func (h *house) ask(who protocol.Caller, text string) protocol.ConversationID {
	h.t.Helper()
	ack, err := h.Ask(h.t.Context(), who, op(), protocol.Ask{Text: text, Name: " \u202EVera\u2069\n"})
	if err != nil {
		h.t.Fatal(err)
	}
	return ack.Conversation
}

// view is what somebody sees.
func (h *house) view(who protocol.Caller) map[string]protocol.Item {
	h.t.Helper()
	items := map[string]protocol.Item{}
	h.must(h.Items(h.t.Context(), who, items))
	return items
}

// offered waits until an agent is offered something.
func (h *house) offered(who protocol.Caller) *protocol.OfferItem {
	h.t.Helper()
	var found *protocol.OfferItem
	h.until(who.Name+" is offered something", func() bool {
		for _, item := range h.view(who) {
			if item.Offer != nil {
				found = item.Offer
			}
		}
		return found != nil
	})
	return found
}

// talk brings a visitor and an agent together.
func (h *house) talk() (visitor, agent protocol.Caller, conv protocol.ConversationID) {
	h.t.Helper()
	visitor, agent = h.visitor(), h.ready(0)
	conv = h.ask(visitor, "Do you have green tea?")
	_, err := h.Accept(h.t.Context(), agent, op(), protocol.OfOffer{Offer: h.offered(agent).Offer})
	h.must(err)
	return visitor, agent, conv
}

func (h *house) until(what string, condition func() bool) {
	h.t.Helper()
	guard := time.After(hang)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-guard:
			h.t.Fatalf("never: %s", what)
		}
	}
}

func (h *house) Site(context.Context, protocol.WorkspaceID, protocol.SiteID) (store.Site, error) {
	return h.site, nil
}

func (h *house) Queue(_ context.Context, _ protocol.WorkspaceID, id protocol.QueueID) (store.Queue, error) {
	for _, q := range h.world.Queues {
		if q.ID == id {
			return q, nil
		}
	}
	return store.Queue{}, protocol.NewError(protocol.CodeNotFound, "There is no such queue.")
}

func (h *house) Queues(context.Context, protocol.WorkspaceID) ([]store.Queue, error) {
	return h.world.Queues, nil
}

func (h *house) Settings(context.Context, protocol.WorkspaceID) (store.Settings, error) {
	return h.world.Settings, nil
}

// ears hears the hints.
type ears struct{ h *house }

func (ears) EntriesAdded(protocol.WorkspaceID, protocol.ConversationID) {}
func (ears) MarksChanged(protocol.WorkspaceID, protocol.ConversationID) {}
func (ears) QueuesChanged(protocol.WorkspaceID)                         {}
func (ears) Typing(protocol.WorkspaceID, protocol.ConversationID, protocol.Caller, protocol.TypingNow) {
}

func (e ears) ViewChanged(_ protocol.WorkspaceID, actors ...string) {
	e.h.mu.Lock()
	defer e.h.mu.Unlock()
	for _, a := range actors {
		e.h.viewed[a]++
	}
}

func (h *house) Do(_ context.Context, node protocol.NodeID, r protocol.MediaRequest) (protocol.MediaReply, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if node != "n1" {
		return protocol.MediaReply{}, fmt.Errorf("node %s is not here", node)
	}
	h.requests = append(h.requests, r)
	return protocol.MediaReply{SDP: "answer to " + r.SDP}, nil
}

func code(err error) protocol.Code {
	if e, ok := errors.AsType[*protocol.Error](err); ok {
		return e.Code
	}
	return ""
}
