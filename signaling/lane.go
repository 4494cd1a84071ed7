package signaling

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A task is a frame that is to be carried out, with the link it came by.
type task struct {
	frame protocol.Frame
	link  *link
}

// A lane carries out the commands of one connection one after the other
// (D13). Calls have a lane of their own, so that a slow media node does not
// hold up the chat. At most Limits.Commands wait; more are refused with
// CodeRateLimited. Its goroutine exists only while something waits.
type lane struct {
	conn *connection

	mu      sync.Mutex
	waiting []task
	running bool
}

// put never waits; false says that the lane is full.
func (l *lane) put(t task) bool {
	l.mu.Lock()
	if len(l.waiting) >= l.conn.edge.o.Limits.Commands {
		l.mu.Unlock()
		return false
	}
	l.waiting = append(l.waiting, t)
	begin := !l.running
	l.running = true
	l.mu.Unlock()
	if begin {
		return l.conn.edge.start(l.run)
	}
	return true
}

func (l *lane) run() {
	for {
		l.mu.Lock()
		if len(l.waiting) == 0 {
			l.waiting, l.running = nil, false
			l.mu.Unlock()
			return
		}
		t := l.waiting[0]
		l.waiting = l.waiting[1:]
		l.mu.Unlock()
		if !l.conn.over() {
			l.conn.carryOut(t)
		}
	}
}

// carryOut calls the feature and answers by the link that the frame came by, or
// by the one in use when that has closed.
func (c *connection) carryOut(t task) {
	ctx, cancel := context.WithTimeout(c.edge.ctx, c.edge.o.Timers.Command)
	defer cancel()
	h := c.edge.handlers[t.frame.Kind]
	reply, err := c.edge.execute(ctx, h, c.who, t.frame)
	l := t.link
	select {
	case <-l.gone:
		if l = c.current(); l == nil {
			return
		}
	default:
	}
	if err != nil {
		known, _ := protocol.AsError(err)
		c.edge.stats.refused(known.Code)
		l.send(protocol.DownError, t.frame.Op, failedBody(known))
		return
	}
	if h.reply == "" {
		return
	}
	if entries, ok := reply.(protocol.Entries); ok {
		_ = l.sendEntries(ctx, t.frame.Op, entries) // a link that has gone: the client asks again
		return
	}
	l.send(h.reply, t.frame.Op, reply)
}

// execute runs a handler; what it gives as an error is known to the dictionary,
// everything else has been logged.
func (e *Edge) execute(ctx context.Context, h Handler, who protocol.Caller, f protocol.Frame) (any, error) {
	var reply any
	err := guard(func() (err error) {
		reply, err = h.run(ctx, who, f)
		return err
	})
	if err == nil {
		return reply, nil
	}
	if _, known := protocol.AsError(err); known {
		return nil, err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		e.log.Warn("command ran out of time", "kind", f.Kind, "op", f.Op, "actor", who.Actor())
		return nil, protocol.NewError(protocol.CodeUnavailable, "The server is busy. Please try again.")
	}
	e.log.Error("command failed", "kind", f.Kind, "op", f.Op, "actor", who.Actor(), "err", err)
	known, _ := protocol.AsError(err)
	return nil, known
}

// guard turns a panic of a feature into an error: it costs one command, and not
// the other people of this node (S10).
func guard(f func() error) (err error) {
	defer func() {
		if broken := recover(); broken != nil {
			err = fmt.Errorf("panic: %v\n%s", broken, debug.Stack())
		}
	}()
	return f()
}
