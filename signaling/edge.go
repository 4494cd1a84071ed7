package signaling

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/web"
)

// An Edge lets visitors and agents in. New, then On for every kind, then Run
// or Handler; Drain before the end, and Close.
type Edge struct {
	o        Options
	log      *slog.Logger
	stats    *counters
	hub      *Hub
	handlers map[string]Handler
	server   http.Handler
	pages    *pages
	origins  origins
	limits   limiters
	presence presence

	ctx      context.Context // of everything that outlives a request; ends with Close
	stop     context.CancelFunc
	workers  sync.WaitGroup
	draining atomic.Bool

	mu     sync.Mutex
	addr   string
	closed bool
	links  map[*link]struct{} // every transport that is open
}

// New builds an edge and starts its poll. It fails when an option that is
// needed is missing or cannot be.
func New(o Options) (*Edge, error) {
	if o.Hub == nil || o.Log == nil || o.View == nil || o.Versions == nil || o.Identities == nil || o.Sites == nil || o.Presence == nil {
		return nil, errors.New("build edge: a feature is missing")
	}
	if (o.TLSCert == "") != (o.TLSKey == "") {
		return nil, errors.New("build edge: TLS needs a certificate and a key")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Web == nil {
		o.Web = web.Dist()
	}
	if o.Epoch == nil {
		o.Epoch = func() string { return "" }
	}
	o.Limits, o.Timers = o.Limits.withDefaults(), o.Timers.withDefaults()
	origins, err := newOrigins(o)
	if err != nil {
		return nil, err
	}
	e := &Edge{o: o, log: o.Logger, stats: o.Hub.stats, hub: o.Hub, handlers: map[string]Handler{}, origins: origins, limits: newLimiters(o.Limits), links: map[*link]struct{}{}}
	e.ctx, e.stop = context.WithCancel(context.Background())
	if e.pages, err = loadPages(o.Web); err != nil {
		return nil, fmt.Errorf("build edge: %w", err)
	}
	if o.Registry != nil {
		if err := e.stats.register(o.Registry, e); err != nil {
			return nil, fmt.Errorf("build edge: %w", err)
		}
	}
	if e.server, err = e.routes(); err != nil {
		return nil, fmt.Errorf("build edge: %w", err)
	}
	o.Hub.Serve(transportService, e.serveTransport)
	o.Hub.queues.setEvery(o.Timers.Queues)
	e.presence.init(o.Presence)
	e.start(func() { e.presence.run(e.ctx) })
	e.start(e.poll)
	e.start(e.beat)
	e.start(e.watchSessions)
	return e, nil
}

// Handler is the whole HTTP surface, for a server of the caller's own.
func (e *Edge) Handler() http.Handler { return e.server }

// start runs f in a goroutine that Close waits for; false says that the edge
// has closed, and f will not run.
func (e *Edge) start(f func()) bool {
	if !e.enter() {
		return false
	}
	go func() {
		defer e.workers.Done()
		f()
	}()
	return true
}

// enter makes Close wait for the caller until it calls workers.Done.
func (e *Edge) enter() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.workers.Add(1)
	return true
}

// Close cuts every connection once what waits for it has been written, at most
// for a second, waits until all is over, and leaves the hub to its owner. It
// may be called twice.
func (e *Edge) Close() error {
	e.draining.Store(true)
	for _, c := range e.own() {
		c.drop(protocol.CodeUnavailable)
	}
	late := time.NewTimer(time.Second)
	defer late.Stop()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for waiting := true; waiting && e.stats.ws.Load()+e.stats.dc.Load() > 0; {
		select {
		case <-look.C:
		case <-late.C:
			waiting = false
		}
	}
	e.stop()
	e.mu.Lock()
	e.closed = true
	links := slices.Collect(maps.Keys(e.links))
	e.mu.Unlock()
	for _, l := range links {
		l.close(string(protocol.CodeUnavailable))
	}
	e.workers.Wait()
	return nil
}
