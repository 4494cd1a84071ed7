package routing

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A Router routes one workspace on one node. Any number of nodes may each run
// one on the same Redis and record. All methods may be called from any
// goroutine. While Redis is away they return errors (logged once per outage),
// the record stays right, and the first look after it is back heals the rest.
type Router struct {
	redis  redis.UniversalClient
	record Record
	notify Notify
	reach  func(ws protocol.WorkspaceID, actor string)
	ws     protocol.WorkspaceID
	node   string
	timers Timers
	log    *slog.Logger
	keys   []string
	hours  Hours
	tell   func(protocol.Alarm)
	accept func(ctx context.Context, o store.Offer) // nil: nothing is accepted by itself

	kick  chan struct{}    // a match is wanted: capacity 1, a second wish is the same wish
	wake  chan struct{}    // signs of life wait to be written: capacity 1
	autos chan store.Offer // to be accepted by themselves; full: they ring like others

	returns chan protocol.ConversationID // their visitors are back; full: they keep their places, without the boost
	turns   turns
	swept   sweepState // used by Run's sweeper only
	said    saying

	stats   counters
	outage  outage
	mu      sync.Mutex                       // guards what follows
	tabs    map[protocol.ConnectionID]tab    // live connections of this node
	pending map[protocol.ConnectionID]sign   // not yet written; at most one per connection
	gen     string                           // last seen generation
	server  string                           // last seen
	dirty   bool                             // Redis may differ from the record
	queues  map[protocol.QueueID]store.Queue // as last read
	read    bool                             // all queues, since this node began
	version int64                            // of what was read
	renewal bool                             // places are to be made anew by what was read
	ahead   int64                            // Redis time less this node's, as last seen
}

// New makes a Router. It does nothing until Run.
func New(o Options) *Router {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.ReachChanged == nil {
		o.ReachChanged = func(protocol.WorkspaceID, string) {}
	}
	if o.Alarm == nil {
		o.Alarm = func(a protocol.Alarm) {
			o.Logger.Warn("alarm", "kind", a.Kind, "queue", a.Queue, "conversation", a.Conversation, "agent", a.Agent)
		}
	}
	return &Router{
		redis: o.Redis, record: o.Record, notify: o.Notify, reach: o.ReachChanged, ws: o.Workspace, node: string(o.Node),
		timers: o.Timers.withDefaults(), log: o.Logger.With("workspace", o.Workspace), keys: keysOf(o.Workspace), hours: o.Hours, tell: o.Alarm, accept: o.AutoAccept, autos: make(chan store.Offer, autoQueue),
		turns: newTurns(), kick: make(chan struct{}, 1), wake: make(chan struct{}, 1), returns: make(chan protocol.ConversationID, returnQueue),
		tabs: map[protocol.ConnectionID]tab{}, pending: map[protocol.ConnectionID]sign{}, queues: map[protocol.QueueID]store.Queue{},
	}
}

// Run writes presence, sweeps when this node holds the lease, watches the
// generation and rebuilds. It returns nil when ctx ends, after all its
// goroutines have. Only one Run may be active.
func (r *Router) Run(ctx context.Context) error {
	var all sync.WaitGroup
	all.Go(func() { r.runPresence(ctx) })
	all.Go(func() { r.runMatches(ctx) })
	all.Go(func() { r.runSweeps(ctx) })
	all.Go(func() { r.runAudits(ctx) })
	all.Go(func() { r.runConfigure(ctx) })
	all.Go(func() { r.runAutos(ctx) })
	all.Go(func() { r.runReturns(ctx) })
	r.runWatch(ctx)
	all.Wait()
	return nil
}

// runMatches matches for those who must not wait for it.
func (r *Router) runMatches(ctx context.Context) {
	for {
		select {
		case <-r.kick:
			if err := r.Match(ctx); err != nil {
				r.failed(ctx, "match", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

func (r *Router) wantMatch() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// time is Redis time as this node can tell it, for what no script decides.
func (r *Router) time() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Now().UnixMilli() + r.ahead
}

// ticked waits for the next tick; false: ctx has ended.
func ticked(ctx context.Context, c <-chan time.Time) bool {
	select {
	case <-c:
		return true
	case <-ctx.Done():
		return false
	}
}

// lasting is a context for steps that must be finished once begun, even when
// the person who caused them is gone: it ends by itself after 5 s.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
}

func code(err error) protocol.Code {
	if e, ok := errors.AsType[*protocol.Error](err); ok {
		return e.Code
	}
	return ""
}

func agentActor(id protocol.AgentID) string {
	return protocol.Principal{Kind: protocol.KindAgent, Agent: id}.Actor()
}

func visitorActor(id protocol.VisitorID) string {
	return protocol.Principal{Kind: protocol.KindVisitor, Visitor: id}.Actor()
}
