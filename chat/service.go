package chat

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/parlour-chat/parlour/chat/routing"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A Notify passes on that something changed. Its methods never wait.
type Notify interface {
	EntriesAdded(ws protocol.WorkspaceID, conv protocol.ConversationID)
	MarksChanged(ws protocol.WorkspaceID, conv protocol.ConversationID)
	ViewChanged(ws protocol.WorkspaceID, actors ...string)
	Typing(ws protocol.WorkspaceID, conv protocol.ConversationID, from protocol.Caller, now protocol.TypingNow)
}

// Media carries calls on any node. An error means that the node did not answer.
type Media interface {
	Do(ctx context.Context, node protocol.NodeID, r protocol.MediaRequest) (protocol.MediaReply, error)
}

// Directory finds what the workspace file declares, at most 5 s old.
type Directory interface {
	Site(ctx context.Context, ws protocol.WorkspaceID, id protocol.SiteID) (store.Site, error)
	Queue(ctx context.Context, ws protocol.WorkspaceID, id protocol.QueueID) (store.Queue, error)
	Queues(ctx context.Context, ws protocol.WorkspaceID) ([]store.Queue, error)
	Settings(ctx context.Context, ws protocol.WorkspaceID) (store.Settings, error)
}

// Options make a Service. All but Limits, Logger, Media and CobrowseEnded are required.
type Options struct {
	Workspace protocol.WorkspaceID
	Node      protocol.NodeID
	Store     *store.Store
	Router    *routing.Router
	Directory Directory
	Notify    Notify
	Media     Media
	// CobrowseEnded stops the packets of a session whose consent has ended.
	CobrowseEnded func(id protocol.CobrowseID)
	Limits        Limits
	Logger        *slog.Logger
}

// Limits are settings; a zero field takes its default.
type Limits struct {
	MessageCharacters int           // 4000
	NameCharacters    int           // 100
	FormFields        int           // 20
	WrapUp            time.Duration // where the queue says nothing: 60 s; below 0: without limit
	Question          time.Duration // how long a question for a call or co-browsing stands: 60 s; below 0: until it is answered
	LegGrace          time.Duration // how long a call waits for legs lost with a node: 45 s
	PageGrace         time.Duration // how long a co-browse session waits for its page to come back: 45 s
	SetUp             time.Duration // how long a call that was allowed may take until two are connected: 30 s; below 0: without limit
	Choice            time.Duration // how long after somebody has first asked leaving a message is offered to who waits: 2 min
	Sweep             time.Duration // how often the record is gone over for calls and co-browse sessions: 1 s
}

func (l Limits) withDefaults() Limits {
	set := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	set(&l.MessageCharacters, 4000)
	set(&l.NameCharacters, 100)
	set(&l.FormFields, 20)
	if l.WrapUp == 0 {
		l.WrapUp = time.Minute
	}
	if l.Question == 0 {
		l.Question = time.Minute
	}
	if l.LegGrace == 0 {
		l.LegGrace = 45 * time.Second
	}
	if l.PageGrace == 0 {
		l.PageGrace = 45 * time.Second
	}
	if l.SetUp == 0 {
		l.SetUp = 30 * time.Second
	}
	if l.Choice == 0 {
		l.Choice = 2 * time.Minute
	}
	if l.Sweep == 0 {
		l.Sweep = time.Second
	}
	return l
}

// reachQueue bounds the people whose other side is still to be told that they
// came or went; when it is full the news is dropped, and the view's own poll
// shows it later.
const reachQueue = 1024

// A Service is the contact centre of one workspace on one node.
type Service struct {
	ws        protocol.WorkspaceID
	node      protocol.NodeID
	store     *store.Store
	router    *routing.Router
	directory Directory
	notify    Notify
	media     Media
	shared    func(protocol.CobrowseID)
	limits    Limits
	log       *slog.Logger
	reached   chan string // actors
	joins     joins
	leaving   sync.Map // protocol.AgentID: when who has signed out did; forgotten after leavingFor
	sites     fullness
	recovered []store.Call // of an earlier run; set by Recover, before Run
}

// New makes a Service; Run does its work in the background.
func New(o Options) *Service {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.CobrowseEnded == nil {
		o.CobrowseEnded = func(protocol.CobrowseID) {}
	}
	return &Service{
		ws: o.Workspace, node: o.Node, store: o.Store, router: o.Router, directory: o.Directory, notify: o.Notify, media: o.Media,
		shared: o.CobrowseEnded, limits: o.Limits.withDefaults(), log: o.Logger.With("workspace", o.Workspace), reached: make(chan string, reachQueue),
	}
}

// Run tells people that the other side came or went, sweeps calls and co-browse
// sessions, and ends calls that a stopped node left behind. It returns when ctx ends and all its work has.
func (s *Service) Run(ctx context.Context) error {
	var all sync.WaitGroup
	all.Go(func() { s.tellReach(ctx) })
	all.Go(func() { s.endDesertedCalls(ctx) })
	all.Go(func() { s.runSweeps(ctx) })
	all.Wait()
	return nil
}

// ReachChanged says that an actor came, fell silent or is away. It never waits.
func (s *Service) ReachChanged(_ protocol.WorkspaceID, actor string) {
	select {
	case s.reached <- actor:
	default:
	}
}

func (s *Service) tellReach(ctx context.Context) {
	for {
		select {
		case actor := <-s.reached:
			others, err := s.others(ctx, actor)
			if err != nil && ctx.Err() == nil {
				s.log.Error("find who talks with somebody failed", "actor", actor, "error", err)
			}
			if len(others) > 0 {
				s.notify.ViewChanged(s.ws, others...)
			}
		case <-ctx.Done():
			return
		}
	}
}

// others are the actors that somebody talks with now.
func (s *Service) others(ctx context.Context, actor string) ([]string, error) {
	var others []string
	if id, ok := visitorOf(actor); ok {
		conversations, err := s.store.ConversationsOfVisitor(ctx, s.ws, id, openPerVisitor)
		if err != nil {
			return nil, fmt.Errorf("find conversations: %w", err)
		}
		for _, c := range conversations {
			if c.Owner != "" && c.State == protocol.StateActive {
				others = append(others, agentActor(c.Owner))
			}
		}
		return others, nil
	}
	id, ok := agentOf(actor)
	if !ok {
		return nil, nil
	}
	conversations, err := s.store.ConversationsOfAgent(ctx, s.ws, id)
	if err != nil {
		return nil, fmt.Errorf("find conversations: %w", err)
	}
	for _, c := range conversations {
		others = append(others, visitorActor(c.Visitor))
	}
	return others, nil
}

// changed tells both sides of a conversation to read log and view again.
func (s *Service) changed(c store.Conversation, agents ...protocol.AgentID) {
	s.notify.EntriesAdded(s.ws, c.ID)
	actors := []string{visitorActor(c.Visitor)}
	if c.Owner != "" {
		actors = append(actors, agentActor(c.Owner))
	}
	for _, a := range agents {
		if a != c.Owner {
			actors = append(actors, agentActor(a))
		}
	}
	s.notify.ViewChanged(s.ws, actors...)
}

// routed logs that routing could not be told. The record is right already and
// routing finds the change there when it sweeps.
func (s *Service) routed(step string, err error) {
	if err != nil {
		s.log.Warn("routing was not told", "step", step, "error", err)
	}
}
