package transport

import (
	"net"
	"sync"
	"sync/atomic"
)

// A limitedListener closes what comes beyond its limit at once, instead of
// leaving it in the kernel's queue: whoever holds the places must not be able
// to keep others waiting without an answer. Closing it closes its connections
// too, so that nobody waits for one that says nothing.
type limitedListener struct {
	net.Listener
	limit   int
	refused *atomic.Uint64

	mu     sync.Mutex
	open   map[*limitedConn]struct{}
	closed bool
}

func newLimitedListener(l net.Listener, limit int, refused *atomic.Uint64) *limitedListener {
	return &limitedListener{Listener: l, limit: limit, refused: refused, open: make(map[*limitedConn]struct{})}
}

func (l *limitedListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		limited := &limitedConn{conn, l}
		if l.enter(limited) {
			return limited, nil
		}
		l.refused.Add(1)
		_ = conn.Close()
	}
}

func (l *limitedListener) enter(c *limitedConn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || len(l.open) >= l.limit {
		return false
	}
	l.open[c] = struct{}{}
	return true
}

func (l *limitedListener) leave(c *limitedConn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, c)
}

func (l *limitedListener) Close() error {
	l.mu.Lock()
	l.closed = true
	var open []*limitedConn
	for c := range l.open {
		open = append(open, c)
	}
	l.mu.Unlock()
	err := l.Listener.Close()
	for _, c := range open {
		_ = c.Close() // it may have ended by itself meanwhile
	}
	return err
}

type limitedConn struct {
	net.Conn
	listener *limitedListener
}

func (c *limitedConn) Close() error {
	c.listener.leave(c)
	return c.Conn.Close()
}
