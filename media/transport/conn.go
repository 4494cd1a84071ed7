package transport

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/ice/v4"
	"github.com/pion/sctp"
)

// State says how far a connection is.
type State int32

// The states of a connection. StateDisconnected means that nothing was heard
// from the peer for 15 s; it may become StateOpen again.
const (
	StateConnecting State = iota
	StateOpen
	StateDisconnected
	StateClosed
)

func (s State) String() string {
	return [...]string{"connecting", "open", "disconnected", "closed"}[s]
}

// A Handler hears what happens on one connection. Calls for one channel come
// from one goroutine, in order, Opened first; different channels are
// concurrent. A Message that takes long holds up its channel and, through
// SCTP's window, the peer. Closed is the last call, comes exactly once for
// every Conn that Answer or Dial gave back, after all others have returned. Handlers may call Send and
// Close, and must not wait for Done.
type Handler interface {
	Opened(c *Conn, channel string)
	// Message gives data to the handler, which may keep it.
	Message(c *Conn, channel string, binary bool, data []byte)
	// Closed tells why; the error is one of the package's or wraps pion's.
	Closed(c *Conn, err error)
}

// A Conn is one data-only WebRTC connection. Its methods may be called
// concurrently and from its Handler.
type Conn struct {
	shared  *shared
	handler Handler
	remote  *description
	agent   *ice.Agent
	client  []int          // channels this side opens; nil on the server
	settled func(*Conn)    // tells the endpoint that SCTP is up
	forget  func(*Conn)    // tells the endpoint that the connection is gone
	stop    func(error)    // gives the connection up; the first error counts
	start   func()         // begins to connect; called once
	done    chan struct{}  // closed last
	err     error          // set before done is closed
	state   atomic.Int32   // of type State
	main    chan struct{}  // closed when the main channel is up
	queue   queue          // outgoing messages
	workers sync.WaitGroup // channel readers, started by run only
	writer  sync.WaitGroup // the writer, started under the queue's lock

	mu       sync.Mutex
	secure   *dtls.Conn                 // nil until the handshake is done
	channels [channelCount]*sctp.Stream // nil: not open
}

func newConn(s *shared, h Handler, remote *description) *Conn {
	ctx, stop := context.WithCancelCause(context.Background())
	c := &Conn{
		shared: s, handler: h, remote: remote, stop: stop,
		settled: func(*Conn) {}, forget: func(*Conn) {},
		done: make(chan struct{}), main: make(chan struct{}),
	}
	// From here on Closed will be called.
	c.start = func() { go c.run(ctx) }
	return c
}

// abandon takes back a connection that was not started. Its handler hears
// nothing; whoever waits for Done goes on.
func (c *Conn) abandon() error {
	var err error
	if c.agent != nil {
		err = c.agent.GracefulClose()
	}
	c.state.Store(int32(StateClosed))
	c.err = ErrClosed
	c.forget(c)
	close(c.done)
	return err
}

// run owns the connection from the first check to the last call of its
// handler: it connects, then takes channels until something ends it.
func (c *Conn) run(ctx context.Context) {
	unblocked := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(unblocked)
		c.unblock()
	})
	assoc, err := c.connect(ctx)
	if err == nil {
		c.opened()
		err = c.serve(ctx, assoc)
	}
	c.stop(err)
	<-unblocked
	if assoc != nil {
		_ = assoc.Close()
		c.shared.counters.open.Add(-1)
	}
	c.queue.close()
	c.writer.Wait()
	c.workers.Wait()
	_ = c.agent.GracefulClose()
	c.finish(context.Cause(ctx))
}

func (c *Conn) opened() {
	c.state.CompareAndSwap(int32(StateConnecting), int32(StateOpen))
	c.shared.counters.open.Add(1)
	c.shared.counters.established.Add(1)
	c.settled(c)
}

func (c *Conn) finish(err error) {
	c.state.Store(int32(StateClosed))
	switch {
	case errors.Is(err, ErrSlow):
		c.shared.counters.slowCloses.Add(1)
	case errors.Is(err, ErrOversize):
		c.shared.counters.oversize.Add(1)
	}
	c.err = err
	c.handler.Closed(c, err)
	c.forget(c)
	close(c.done)
}

// unblock ends every wait of the connection's goroutines. The peer learns of
// it by a DTLS alert, once there is DTLS.
func (c *Conn) unblock() {
	c.mu.Lock()
	secure := c.secure
	c.mu.Unlock()
	if secure != nil {
		_ = secure.Close()
	}
	_ = c.agent.Close()
}

func (c *Conn) iceChanged(state ice.ConnectionState) {
	switch state {
	case ice.ConnectionStateConnected:
		c.state.CompareAndSwap(int32(StateDisconnected), int32(StateOpen))
	case ice.ConnectionStateDisconnected:
		c.state.CompareAndSwap(int32(StateOpen), int32(StateDisconnected))
	case ice.ConnectionStateFailed:
		c.stop(ErrUnreachable)
	}
}

// serve takes the peer's channels, or opens this side's, until the
// association ends.
func (c *Conn) serve(ctx context.Context, assoc *sctp.Association) error {
	late := time.AfterFunc(c.shared.timeout, func() {
		select {
		case <-c.main:
		default:
			c.stop(ErrTimeout)
		}
	})
	defer late.Stop()
	for _, index := range c.client {
		stream, err := openChannel(assoc, index, c.shared.loggers)
		if err != nil {
			return err
		}
		c.take(ctx, index, stream)
	}
	for streams := 1; ; streams++ {
		stream, err := assoc.AcceptStream()
		if err != nil {
			return ErrPeerClosed
		}
		if streams > maxStreams {
			return ErrChannels
		}
		index, err := acceptChannel(stream, c.shared.loggers)
		if err != nil || !c.take(ctx, index, stream) {
			c.shared.counters.refused.Add(1)
			_ = stream.Close()
			continue
		}
		if index == mainIndex {
			late.Stop()
		}
	}
}

// take puts a channel into use; false says that its name is taken.
func (c *Conn) take(ctx context.Context, index int, stream *sctp.Stream) bool {
	c.mu.Lock()
	taken := c.channels[index] != nil
	if !taken {
		c.channels[index] = stream
	}
	c.mu.Unlock()
	if taken {
		return false
	}
	if index == mainIndex {
		close(c.main)
	}
	c.workers.Go(func() { c.read(ctx, index, stream) })
	return true
}

// read is the one reader of a channel. A channel name is used once: after the
// peer closed it, it stays closed.
func (c *Conn) read(ctx context.Context, index int, stream *sctp.Stream) {
	name := channelSpecs[index].name
	counts := &c.shared.counters.channels[index]
	c.handler.Opened(c, name)
	for ctx.Err() == nil {
		data, binary, err := readMessage(stream)
		switch {
		case errors.Is(err, ErrOversize):
			c.stop(ErrOversize)
			return
		case err != nil:
			if index == mainIndex || !errors.Is(err, io.EOF) {
				c.stop(ErrPeerClosed)
			}
			_ = stream.Close()
			return
		}
		counts.messagesIn.Add(1)
		counts.bytesIn.Add(uint64(len(data)))
		c.handler.Message(c, name, binary, data)
	}
}

// AddCandidate takes a candidate that the peer found after its offer, with or
// without "candidate:" before it; an empty one means that there are no more.
// It is checked and then not needed: an ICE-lite side learns the peer's
// addresses from its authenticated checks. Errors: an *Error, or ErrClosed.
func (c *Conn) AddCandidate(candidate string) error {
	if c.State() == StateClosed {
		return ErrClosed
	}
	candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "candidate:")
	if candidate == "" {
		return nil
	}
	return checkCandidates([]string{candidate})
}

// RemoteUfrag is the ICE user fragment of the peer's offer: a trickle fragment
// with another one belongs to another ICE session.
func (c *Conn) RemoteUfrag() string { return c.remote.ufrag }

// Close gives the connection up with ErrClosed and does not wait; Done tells
// when it is over. What is still queued is lost.
func (c *Conn) Close() { c.stop(ErrClosed) }

// Done is closed when the connection is over and its Handler has heard Closed.
func (c *Conn) Done() <-chan struct{} { return c.done }

// Err is nil until Done is closed, then why the connection ended.
func (c *Conn) Err() error {
	select {
	case <-c.done:
		return c.err
	default:
		return nil
	}
}

// State is how far the connection is now.
func (c *Conn) State() State { return State(c.state.Load()) }
