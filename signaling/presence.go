package signaling

import (
	"context"
	"sync"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// hereWait is how long an attach waits for Presence to have heard of it, so
// that "ready" right after it finds a live desktop.
const hereWait = 500 * time.Millisecond

type sign struct {
	who  protocol.Caller
	here bool
	done []chan struct{}
}

// A presence passes signs of life on from a goroutine of its own, so that
// nobody who reads a socket waits for it. Signs of one connection that wait
// are merged, the newest counts: there are never more than connections.
type presence struct {
	to   Presence
	wake chan struct{}

	mu      sync.Mutex
	pending map[protocol.ConnectionID]*sign
	order   []protocol.ConnectionID
}

func (p *presence) init(to Presence) {
	p.to, p.wake, p.pending = to, make(chan struct{}, 1), map[protocol.ConnectionID]*sign{}
}

func (p *presence) put(who protocol.Caller, here bool, done chan struct{}) {
	p.mu.Lock()
	s := p.pending[who.Connection]
	if s == nil {
		s = &sign{}
		p.pending[who.Connection] = s
		p.order = append(p.order, who.Connection)
	}
	s.who, s.here = who, here
	if done != nil {
		s.done = append(s.done, done)
	}
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *presence) here(who protocol.Caller) { p.put(who, true, nil) }
func (p *presence) gone(who protocol.Caller) { p.put(who, false, nil) }

func (p *presence) hereNow(who protocol.Caller) {
	done := make(chan struct{})
	p.put(who, true, done)
	late := time.NewTimer(hereWait)
	defer late.Stop()
	select {
	case <-done:
	case <-late.C:
	}
}

func (p *presence) next() *sign {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.order) == 0 {
		p.order = nil
		return nil
	}
	id := p.order[0]
	p.order = p.order[1:]
	s := p.pending[id]
	delete(p.pending, id)
	return s
}

// run ends with ctx, after everything that waits has been passed on.
func (p *presence) run(ctx context.Context) {
	for {
		p.pass()
		select {
		case <-p.wake:
		case <-ctx.Done():
			p.pass()
			return
		}
	}
}

func (p *presence) pass() {
	for s := p.next(); s != nil; s = p.next() {
		if s.here {
			p.to.Here(s.who)
		} else {
			p.to.Gone(s.who)
		}
		for _, done := range s.done {
			close(done)
		}
	}
}
