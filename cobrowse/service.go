package cobrowse

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Consent tells whether a principal may send or watch a session now, and who
// its two sides are. It reads the record.
type Consent interface {
	CobrowseConsent(ctx context.Context, who protocol.Principal, id protocol.CobrowseID) (visitor, agent string, err error)
}

// Pages take note of whether a session's page is there, so that both sides and
// the other nodes know. CodeNotFound says that the session does not run.
type Pages interface {
	// CobrowseShown says that a connection's page is the one that is shown.
	CobrowseShown(ctx context.Context, id protocol.CobrowseID, conn protocol.ConnectionID) error
	// CobrowsePage says whether a page is there; it means nothing once another
	// one is shown.
	CobrowsePage(ctx context.Context, id protocol.CobrowseID, conn protocol.ConnectionID, here bool) error
}

// Wire sends to connections wherever they are. It never waits.
type Wire interface {
	Send(ws protocol.WorkspaceID, actor string, conn protocol.ConnectionID, kind string, body any)
	SendPacket(conn protocol.ConnectionID, channel string, data []byte)
	// Connected says whether a connection of this node has a transport now.
	Connected(conn protocol.ConnectionID) bool
	// Tell hands a payload to every other node's service of the name.
	Tell(service string, payload []byte)
}

// Names under which nodes tell each other who watches, and ask for it.
const (
	WatchService = "cobrowse.watch"
	WhoService   = "cobrowse.who"
)

// Limits are settings; a zero field takes its default.
type Limits struct {
	SnapshotBytes    int           // of one full snapshot: 16 MiB; a larger one ends the session's picture with an error
	BatchBytes       int           // of one batch of events: 2 MiB
	TailBytes        int           // events kept behind a snapshot for late viewers: 4 MiB; then a new snapshot is asked for
	BatchesPerSecond int           // 300; more are dropped and a new snapshot is asked for
	Sessions         int           // at once on a node: 1000
	MemoryBytes      int           // held for all sessions of a node together: 256 MiB; beyond, packets are dropped and snapshots are not kept
	Recheck          time.Duration // of the consent while packets come: 0.5 s
	Snapshots        time.Duration // shortest time between two requests for a snapshot: 2 s
	Look             time.Duration // how often it is looked whether the page is still connected: 1 s
	Away             time.Duration // how long it may be without a transport before it is gone: 3 s
	Idle             time.Duration // a session without packets is forgotten after so long, if its consent no longer runs: 10 min
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		field *int
		value int
	}{{&l.SnapshotBytes, 16 << 20}, {&l.BatchBytes, 2 << 20}, {&l.TailBytes, 4 << 20}, {&l.BatchesPerSecond, 300}, {&l.Sessions, 1000}, {&l.MemoryBytes, 256 << 20}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{{&l.Recheck, 500 * time.Millisecond}, {&l.Snapshots, 2 * time.Second}, {&l.Idle, 10 * time.Minute}, {&l.Look, time.Second}, {&l.Away, 3 * time.Second}} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return l
}

// batch is the most bytes of a batch of a kind.
func (l Limits) batch(kind protocol.PacketType) int {
	if kind == protocol.PacketSnapshot {
		return l.SnapshotBytes
	}
	return l.BatchBytes
}

// Options make a Service; Consent, Pages and Wire are required.
type Options struct {
	Consent Consent
	Pages   Pages
	Wire    Wire
	Limits  Limits
	Logger  *slog.Logger
}

// A Service holds the co-browse sessions of one node.
type Service struct {
	consent Consent
	pages   Pages
	wire    Wire
	limits  Limits
	log     *slog.Logger
	stats   counters
	memory  memory
	large   chan struct{} // held by the one session that admits a large batch

	ctx  context.Context // ends with Close
	stop context.CancelFunc
	work sync.WaitGroup

	mu        sync.Mutex // guards what follows
	sessions  map[protocol.CobrowseID]*session
	claims    map[claimKey]*claim
	claimants map[string]*claimant
}

// New makes a service; Close ends it.
func New(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{
		consent: o.Consent, pages: o.Pages, wire: o.Wire, limits: o.Limits.withDefaults(), log: o.Logger,
		large:    make(chan struct{}, 1),
		sessions: map[protocol.CobrowseID]*session{}, claims: map[claimKey]*claim{}, claimants: map[string]*claimant{},
	}
	s.memory.most = int64(s.limits.MemoryBytes)
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// Close ends every session and waits for them.
func (s *Service) Close() error {
	s.mu.Lock() // nothing begins after it
	s.stop()
	s.mu.Unlock()
	s.work.Wait()
	return nil
}

// Packet takes a packet of the visitor's page and never waits. What cannot be
// used is counted and dropped; the page is asked for a new snapshot where one is
// needed. What another visitor sends changes nothing.
func (s *Service) Packet(who protocol.Caller, data []byte) {
	if who.Kind != protocol.KindVisitor {
		s.stats.refused.Add(1)
		return
	}
	h, payload, err := protocol.ParsePacket(data)
	if err != nil {
		s.stats.refused.Add(1)
		return
	}
	p := packetIn{who: who, header: h, payload: payload}
	s.mu.Lock()
	defer s.mu.Unlock()
	x := s.sessions[h.Cobrowse]
	switch {
	case x == nil:
		s.claimLocked(p)
	case who.Actor() != x.visitor:
		s.stats.unconsented.Add(1)
	default:
		x.put(p)
	}
}

// Watch lets the agent see the session from this connection on: first the page
// as it is, then what changes. Watching again starts anew.
func (s *Service) Watch(ctx context.Context, who protocol.Caller, _ protocol.Op, body protocol.OfCobrowse) (protocol.Ack, error) {
	visitor, agent, err := s.consent.CobrowseConsent(ctx, who.Principal, body.Cobrowse)
	if err != nil {
		return protocol.Ack{}, err
	}
	if agent != who.Actor() {
		return protocol.Ack{}, protocol.NewError(protocol.CodeForbidden, "The visitor has allowed another agent to see the page.")
	}
	v := viewer{Cobrowse: body.Cobrowse, Workspace: who.Workspace, Visitor: visitor, Agent: agent, Connection: who.Connection, here: true}
	x := s.watched(v)
	if x == nil {
		return protocol.Ack{}, protocol.NewError(protocol.CodeFull, "The server carries as many co-browse sessions as it may. Please try again later.")
	}
	if !x.join(v) {
		return protocol.Ack{}, protocol.NewError(protocol.CodeRateLimited, "Too much at once. Please wait a moment.")
	}
	s.tell(v)
	return protocol.Ack{ID: string(body.Cobrowse)}, nil
}

// A viewer is an agent's connection that watches.
type viewer struct {
	Cobrowse   protocol.CobrowseID   `json:"cobrowse"`
	Workspace  protocol.WorkspaceID  `json:"workspace"`
	Visitor    string                `json:"visitor"`
	Agent      string                `json:"agent"`
	Connection protocol.ConnectionID `json:"connection"`

	here bool // watches by this node, which tells the others
}

func (s *Service) tell(v viewer) {
	if payload, err := json.Marshal(v); err == nil {
		s.wire.Tell(WatchService, payload)
	}
}

// principal is who watches, as far as the record needs it.
func (v viewer) principal() protocol.Principal {
	id := strings.TrimPrefix(v.Agent, "agent:")
	return protocol.Principal{Kind: protocol.KindAgent, Workspace: v.Workspace, Agent: protocol.AgentID(id)}
}

// Told takes what another node told: somebody there watches a session, whose
// page may be connected here.
func (s *Service) Told(payload []byte) {
	var v viewer
	if err := json.Unmarshal(payload, &v); err != nil || !protocol.ValidID(v.Cobrowse) {
		s.stats.refused.Add(1)
		return
	}
	if x := s.watched(v); x != nil {
		x.join(v)
	}
}

// Asked takes another node's question who watches a session: a page that nobody
// is known to watch has come to it, as after a restart. Those who watch by this
// node are told to all.
func (s *Service) Asked(payload []byte) {
	id := protocol.CobrowseID(payload)
	if !protocol.ValidID(id) {
		s.stats.refused.Add(1)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if x := s.sessions[id]; x != nil {
		select {
		case x.asks <- struct{}{}:
		default: // it answers already
		}
	}
}

// Ended stops a session's packets at once.
func (s *Service) Ended(id protocol.CobrowseID) {
	s.mu.Lock()
	x := s.sessions[id]
	delete(s.sessions, id)
	s.mu.Unlock()
	if x != nil {
		x.stop()
	}
}

// consented is what is known of a consent that runs.
type consented struct {
	visitor   string // actor
	workspace protocol.WorkspaceID
	proof     protocol.Principal // somebody for whom the record says so
	seen      time.Time          // when it said so for the visitor; zero: not yet
}

// watched finds the session of a viewer or begins it; nil when there are too many.
func (s *Service) watched(v viewer) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessionLocked(v.Cobrowse, consented{visitor: v.Visitor, workspace: v.Workspace, proof: v.principal()})
}

func (s *Service) sessionLocked(id protocol.CobrowseID, by consented) *session {
	if x := s.sessions[id]; x != nil {
		return x
	}
	if len(s.sessions) >= s.limits.Sessions || s.ctx.Err() != nil {
		return nil
	}
	ctx, stop := context.WithCancel(s.ctx)
	x := &session{
		id: id, service: s, stop: stop, visitor: by.visitor, ws: by.workspace, proof: by.proof, checked: by.seen,
		inbox: make(chan packetIn, inboxSize), joins: make(chan viewer, joinsSize), asks: make(chan struct{}, 1), viewers: map[string]viewer{}, lastSeen: time.Now(),
		in: assembly{memory: &s.memory}, tail: tail{memory: &s.memory},
	}
	s.sessions[id] = x
	s.stats.sessions.Add(1)
	s.work.Go(func() {
		defer stop()
		x.run(ctx)
		s.forget(x)
	})
	return x
}

func (s *Service) forget(x *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sessions[x.id] == x {
		delete(s.sessions, x.id)
	}
	s.stats.sessions.Add(-1)
	for { // nobody puts anything into it any more
		select {
		case p := <-x.inbox:
			s.memory.give(p.cost())
		default:
			x.in.release()
			x.tail.drop()
			return
		}
	}
}

// Stats tells what the node passes on and has passed on.
func (s *Service) Stats() Stats {
	all := s.stats.snapshot()
	all.Held = s.memory.held.Load()
	return all
}
