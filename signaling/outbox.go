package signaling

import (
	"context"
	"errors"
	"sync"
	"time"
)

// errSlow says that a participant fell behind; errGone that the transport has
// been closed meanwhile.
var (
	errSlow = errors.New("the reader fell behind")
	errGone = errors.New("the transport has gone")
)

// A sink is the far end of a transport.
type sink interface {
	// write hands one message over and waits until there is room for the next.
	// While more follows it may be held back.
	write(ctx context.Context, m message, more bool) error
	// close ends the transport, telling the peer why where that is possible. It
	// does not wait.
	close(reason string)
}

type message struct {
	channel string
	binary  bool
	data    []byte
}

// An outbox holds what is still to be sent over one transport: frames, bounded
// by Limits.OutboxBytes, and packets of the other channels, bounded by
// Limits.PacketBytes; frames go first. Put never waits: when it is full the
// transport is given up, and the client resumes by seq. The goroutine that
// writes exists only while something waits.
type outbox struct {
	sink                  sink
	maxFrames, maxPackets int
	stall                 time.Duration
	start                 func(func()) bool // runs the writer and waits for it at the end
	fail                  func(error)       // called once, without the lock

	mu          sync.Mutex
	frames      []message
	packets     []message
	frameBytes  int
	packetBytes int
	writing     bool
	closed      bool
	then        func()          // called when all that waited has been written
	waiters     []chan struct{} // closed when frames are less than half of the bound
}

const messageOverhead = 64 // bytes that a waiting message counts beside its data

func (o *outbox) put(m message, packet bool) error {
	o.mu.Lock()
	if o.closed {
		o.mu.Unlock()
		return errGone
	}
	cost := len(m.data) + messageOverhead
	queue, bytes, limit := &o.frames, &o.frameBytes, o.maxFrames
	if packet {
		queue, bytes, limit = &o.packets, &o.packetBytes, o.maxPackets
	}
	if *bytes+cost > limit {
		o.closeLocked()
		o.mu.Unlock()
		o.fail(errSlow)
		return errSlow
	}
	*queue = append(*queue, m)
	*bytes += cost
	begin := !o.writing
	o.writing = true
	o.mu.Unlock()
	if begin && !o.start(o.write) {
		o.close()
		return errGone
	}
	return nil
}

// next takes the oldest frame, else the oldest packet, and says whether more
// wait; without one the writer ends.
func (o *outbox) next() (m message, more, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	queue, bytes := &o.frames, &o.frameBytes
	if len(o.frames) == 0 {
		queue, bytes = &o.packets, &o.packetBytes
	}
	if o.closed || len(*queue) == 0 {
		o.frames, o.packets, o.writing = nil, nil, false
		return message{}, false, false
	}
	m = (*queue)[0]
	(*queue)[0] = message{}
	*queue = (*queue)[1:]
	*bytes -= len(m.data) + messageOverhead
	if o.frameBytes <= o.maxFrames/2 {
		o.wakeLocked()
	}
	return m, len(o.frames)+len(o.packets) > 0, true
}

func (o *outbox) write() {
	var p patience
	defer p.end()
	for {
		m, more, ok := o.next()
		if !ok {
			o.mu.Lock()
			then := o.then
			o.mu.Unlock()
			if then != nil {
				then()
			}
			return
		}
		ctx := p.atLeast(o.stall)
		if err := o.sink.write(ctx, m, more); err != nil {
			if ctx.Err() != nil {
				err = errSlow
			}
			o.close()
			o.fail(err)
			return
		}
	}
}

// A patience bounds how long the far end may take for one message. Messages that
// follow each other share a context, since one for each costs as much as some
// of them.
type patience struct {
	ctx    context.Context //nolint:containedctx // of the messages that are written now
	cancel context.CancelFunc
	fresh  time.Time // until when ctx lasts long enough for one more
}

// atLeast gives a context that lasts d, and a quarter more at the most.
func (p *patience) atLeast(d time.Duration) context.Context {
	if now := time.Now(); now.After(p.fresh) {
		p.end()
		p.ctx, p.cancel = context.WithDeadline(context.Background(), now.Add(d+d/4))
		p.fresh = now.Add(d / 4)
	}
	return p.ctx
}

func (p *patience) end() {
	if p.cancel != nil {
		p.cancel()
	}
}

// room waits until less than half of the bound is taken, or the outbox is
// closed, or the reader stalls, or ctx ends. It is what lets a long log be sent
// without cutting a reader who keeps up.
func (o *outbox) room(ctx context.Context) error {
	o.mu.Lock()
	if o.closed {
		o.mu.Unlock()
		return errGone
	}
	if o.frameBytes <= o.maxFrames/2 {
		o.mu.Unlock()
		return nil
	}
	wake := make(chan struct{})
	o.waiters = append(o.waiters, wake)
	o.mu.Unlock()
	late := time.NewTimer(o.stall)
	defer late.Stop()
	select {
	case <-wake:
		return nil
	case <-late.C:
		return errSlow
	case <-ctx.Done():
		return ctx.Err()
	}
}

// flush calls then once all that waits has been written, or the outbox is
// closed.
func (o *outbox) flush(then func()) {
	o.mu.Lock()
	waits := o.writing && !o.closed
	if waits {
		o.then = then
	}
	o.mu.Unlock()
	if !waits {
		then()
	}
}

func (o *outbox) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closeLocked()
}

func (o *outbox) closeLocked() {
	o.closed, o.frames, o.packets, o.frameBytes, o.packetBytes = true, nil, nil, 0, 0
	o.wakeLocked()
}

func (o *outbox) wakeLocked() {
	for _, w := range o.waiters {
		close(w)
	}
	o.waiters = nil
}
