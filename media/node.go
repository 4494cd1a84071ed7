package media

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/parlour-chat/parlour/media/transport"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// eventQueue bounds the events that wait for their reader; when it is full the
// leg that has something to tell waits.
const eventQueue = 256

// Options of a Node. Zero values are defaults.
type Options struct {
	Endpoint *transport.Endpoint       // ports and certificate; the caller closes it after the node
	Events   func(protocol.MediaEvent) // called one at a time, from one goroutine
	Grace    time.Duration             // how long a broken leg's place is kept; 0 is 45 s
	MaxCalls int                       // calls at once; 0 is 500
	Logger   *slog.Logger
}

// A Node carries the calls that are pinned to it.
type Node struct {
	endpoint *transport.Endpoint
	grace    time.Duration
	maxCalls int
	log      *slog.Logger
	stats    counters
	events   chan protocol.MediaEvent
	done     chan struct{} // closed when the node closes
	work     sync.WaitGroup

	mu     sync.Mutex // guards what follows
	calls  map[protocol.CallID]*call
	closed bool
}

// New makes a node; Close ends it.
func New(o Options) *Node {
	if o.Grace == 0 {
		o.Grace = 45 * time.Second
	}
	if o.MaxCalls == 0 {
		o.MaxCalls = 500
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	n := &Node{
		endpoint: o.Endpoint, grace: o.Grace, maxCalls: o.MaxCalls, log: o.Logger, calls: map[protocol.CallID]*call{},
		events: make(chan protocol.MediaEvent, eventQueue), done: make(chan struct{}),
	}
	n.work.Go(func() { n.pass(o.Events) })
	return n
}

// pass hands events to their reader until the node closes.
func (n *Node) pass(to func(protocol.MediaEvent)) {
	for {
		select {
		case e := <-n.events:
			to(e)
		case <-n.done:
			return
		}
	}
}

func (n *Node) tell(e protocol.MediaEvent) {
	select {
	case n.events <- e:
	case <-n.done:
	}
}

// Do carries out one request. Asking twice does no harm: joining replaces the
// party's leg, leaving and ending what is gone is no error.
func (n *Node) Do(ctx context.Context, r protocol.MediaRequest) protocol.MediaReply {
	sdp, err := n.do(ctx, r)
	if err == nil {
		return protocol.MediaReply{SDP: sdp}
	}
	e, known := protocol.AsError(err)
	if !known {
		n.log.Error("media request failed", "do", r.Do, "call", r.Call, "error", err)
	}
	return protocol.MediaReply{Failed: &protocol.Failed{Code: e.Code, Message: e.Message, Retry: e.Code.Retry()}}
}

func (n *Node) do(ctx context.Context, r protocol.MediaRequest) (string, error) {
	if r.Ordinal < 0 || r.Ordinal >= protocol.MaxParties {
		return "", protocol.NewError(protocol.CodeFull, fmt.Sprintf("A call holds %d people.", protocol.MaxParties))
	}
	if r.Do == protocol.MediaJoin {
		return n.join(ctx, r)
	}
	n.mu.Lock()
	c := n.calls[r.Call]
	n.mu.Unlock()
	if c == nil {
		if r.Do == protocol.MediaLeave || r.Do == protocol.MediaEnd {
			return "", nil
		}
		return "", protocol.NewError(protocol.CodeNotFound, "This call has ended.")
	}
	switch r.Do {
	case protocol.MediaTrickle:
		return "", c.trickle(r)
	case protocol.MediaMute:
		if l := c.leg(r.Ordinal); l != nil {
			l.mute(r.Audio, r.Video)
		}
		return "", nil
	case protocol.MediaLeave:
		c.leave(r.Ordinal)
		return "", nil
	case protocol.MediaEnd:
		n.remove(c)
		c.end()
		return "", nil
	default:
		return "", protocol.NewError(protocol.CodeUnknownKind, "This is not a media request.")
	}
}

func (n *Node) join(ctx context.Context, r protocol.MediaRequest) (sdp string, err error) {
	if err := checkOffer(r.SDP); err != nil {
		n.stats.refused.Add(1)
		return "", err
	}
	if len(n.endpoint.Candidates()) == 0 {
		return "", protocol.NewError(protocol.CodeSwitchedOff, "Audio and video are switched off on this server.")
	}
	for {
		c, err := n.open(r.Call)
		if err != nil {
			return "", err
		}
		// The last of the others may leave between: then the call is made anew.
		if sdp, err = n.enter(ctx, c, r); !errors.Is(err, errLeft) || ctx.Err() != nil {
			return sdp, err
		}
	}
}

// errLeft says that the last of the others has left a call before one came in.
var errLeft = protocol.NewError(protocol.CodeNotFound, "This call has ended.")

// enter makes a leg and puts it into a call; errLeft when the call is to be made anew.
func (n *Node) enter(ctx context.Context, c *call, r protocol.MediaRequest) (sdp string, err error) {
	l, err := newLeg(n.endpoint, r.Ordinal, n.log, &n.stats)
	if err != nil {
		n.removeEmpty(c)
		return "", err
	}
	l.mute(r.Audio, r.Video) // as the party was, before anything of it is shown
	l.arrived, l.changed = c.arrived, c.changed
	sdp, err = l.answer(ctx, n.endpoint, r.SDP)
	if err != nil {
		l.close()
		n.removeEmpty(c)
		return "", err
	}
	old, ok := c.put(l)
	if !ok {
		l.close()
		if c.wasLeft() {
			return "", errLeft
		}
		return "", protocol.NewError(protocol.CodeNotFound, "This call has ended.")
	}
	for _, u := range l.sources() { // tracks that came before the leg was put
		c.arrived(l, u)
	}
	if old != nil {
		old.close()
	}
	return sdp, nil
}

// open finds the call or makes it.
func (n *Node) open(id protocol.CallID) (*call, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.closed {
		return nil, protocol.NewError(protocol.CodeUnavailable, "This server is about to stop. Please try again.")
	}
	if c := n.calls[id]; c != nil {
		if !c.wasLeft() {
			return c, nil
		}
		delete(n.calls, id) // who left it last is about to
		n.stats.calls.Add(-1)
	}
	if len(n.calls) >= n.maxCalls {
		return nil, protocol.NewError(protocol.CodeFull, "The server carries as many calls as it may. Please try again later.")
	}
	c := &call{id: id, node: n, parties: map[int]*party{}}
	n.calls[id] = c
	n.stats.calls.Add(1)
	return c, nil
}

func (n *Node) remove(c *call) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.calls[c.id] == c {
		delete(n.calls, c.id)
		n.stats.calls.Add(-1)
	}
}

func (n *Node) removeEmpty(c *call) {
	c.mu.Lock()
	over := c.overLocked()
	c.mu.Unlock()
	if over {
		n.remove(c)
	}
}

// Stats tells what the node carries and has carried.
func (n *Node) Stats() Stats { return n.stats.snapshot() }

// Close ends every call and waits for all goroutines.
func (n *Node) Close() error {
	n.mu.Lock()
	if n.closed {
		n.mu.Unlock()
		return errors.New("close media node: it is closed")
	}
	n.closed = true
	calls := make([]*call, 0, len(n.calls))
	for _, c := range n.calls {
		calls = append(calls, c)
	}
	n.mu.Unlock()
	close(n.done)
	for _, c := range calls {
		c.end()
		n.remove(c)
	}
	n.work.Wait()
	return nil
}
