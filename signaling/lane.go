package signaling

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A task is a frame that is to be carried out, with the link it came by.
type task struct {
	frame protocol.Frame
	link  *link
}

// mostTogether is how many commands of one kind a feature is given at once.
const mostTogether = 16

// A lane carries out the commands of one connection one after the other
// (D13), those of one kind that wait together at once where the feature takes
// them so. Calls have a lane of their own, so that a slow media node does not
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
		tasks := l.next()
		if len(tasks) == 0 {
			return
		}
		if !l.conn.over() {
			l.conn.carryOut(tasks)
		}
	}
}

// next takes what is carried out now; nothing ends the lane's goroutine.
func (l *lane) next() []task {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		l.waiting, l.running = nil, false
		return nil
	}
	n, kind := 1, l.waiting[0].frame.Kind
	if l.conn.edge.handlers[kind].all != nil {
		for n < min(len(l.waiting), mostTogether) && l.waiting[n].frame.Kind == kind {
			n++
		}
	}
	tasks := l.waiting[:n:n]
	l.waiting = l.waiting[n:]
	return tasks
}

// carryOut calls the feature and answers each task.
func (c *connection) carryOut(tasks []task) {
	ctx, cancel := context.WithTimeout(c.edge.ctx, c.edge.o.Timers.Command)
	defer cancel()
	h := c.edge.handlers[tasks[0].frame.Kind]
	if len(tasks) == 1 {
		reply, err := c.edge.execute(ctx, h, c.who, tasks[0].frame)
		c.answer(ctx, h, tasks[0], reply, err)
		return
	}
	frames := make([]protocol.Frame, len(tasks))
	for i, t := range tasks {
		frames[i] = t.frame
	}
	var replies []any
	var errs []error
	if err := guard(func() error { replies, errs = h.all(ctx, c.who, frames); return nil }); err != nil {
		replies, errs = make([]any, len(tasks)), slices.Repeat([]error{err}, len(tasks))
	}
	for i, t := range tasks {
		c.answer(ctx, h, t, replies[i], c.edge.told(c.who, t.frame, errs[i]))
	}
}

// answer goes by the link that the frame came by, or by the one in use when
// that has closed.
func (c *connection) answer(ctx context.Context, h Handler, t task, reply any, err error) {
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
	if err = e.told(who, f, err); err != nil {
		return nil, err
	}
	return reply, nil
}

// told makes of a handler's error one of the dictionary, and logs what it hides.
func (e *Edge) told(who protocol.Caller, f protocol.Frame, err error) error {
	if err == nil {
		return nil
	}
	if _, known := protocol.AsError(err); known {
		return err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		e.log.Warn("command ran out of time", "kind", f.Kind, "op", f.Op, "actor", who.Actor())
		return protocol.NewError(protocol.CodeUnavailable, "The server is busy. Please try again.")
	}
	e.log.Error("command failed", "kind", f.Kind, "op", f.Op, "actor", who.Actor(), "err", err)
	known, _ := protocol.AsError(err)
	return known
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
