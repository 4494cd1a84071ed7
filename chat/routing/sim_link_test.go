package routing

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// A link is one node's way to Redis, which can be cut, slow, or lose answers.
type link struct {
	server *miniredis.Miniredis
	late   sync.WaitGroup // what is sent late

	mu     sync.Mutex // guards what follows
	rng    *rand.Rand
	conns  map[*wire]struct{}
	isCut  bool
	slow   time.Duration // each way up to that long
	losing int           // percent of answers lost after the script ran
}

func newLink(server *miniredis.Miniredis, seed uint64) *link {
	return &link{server: server, rng: rand.New(rand.NewPCG(seed, 11)), conns: map[*wire]struct{}{}}
}

// client is a client of Redis by this link, with the settings of the real one.
func (l *link) client() *redis.Client {
	silence()
	opt := &redis.Options{Addr: "127.0.0.1:0", Dialer: func(context.Context, string, string) (net.Conn, error) { return l.dial() }}
	tune(opt)
	return redis.NewClient(opt)
}

func (l *link) dial() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isCut {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
	}
	inner, err := l.server.Dial()
	if err != nil {
		return nil, err
	}
	c := &wire{Conn: inner, link: l}
	l.conns[c] = struct{}{}
	return c, nil
}

// cut ends all connections, and lets none be made until mended.
func (l *link) cut(down bool) {
	l.mu.Lock()
	l.isCut = down
	var all []*wire
	for c := range l.conns {
		all = append(all, c)
	}
	l.mu.Unlock()
	for _, c := range all {
		if down {
			_ = c.Close()
		}
	}
}

func (l *link) hamper(slow time.Duration, losing int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.slow, l.losing = slow, losing
}

func (l *link) fate() (delay time.Duration, lost bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.slow > 0 {
		delay = time.Duration(l.rng.Int64N(int64(l.slow)))
	}
	return delay, l.losing > 0 && l.rng.IntN(100) < l.losing
}

// A wire is one connection of a link.
type wire struct {
	net.Conn
	link *link

	mu      sync.Mutex // guards what follows
	until   time.Time
	pending int // writes on their way
	closed  bool
}

func (c *wire) deadline() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.until
}

func (c *wire) note(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = t
}

func (c *wire) SetDeadline(t time.Time) error {
	c.note(t)
	return c.Conn.SetDeadline(t)
}

func (c *wire) SetReadDeadline(t time.Time) error {
	c.note(t)
	return c.Conn.SetReadDeadline(t)
}

// Read hands on an answer: late, or never.
func (c *wire) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil {
		return n, err
	}
	delay, lost := c.link.fate()
	if lost {
		_ = c.Close()
		return 0, io.EOF
	}
	if delay == 0 {
		return n, nil
	}
	if left := time.Until(c.deadline()); !c.deadline().IsZero() && delay > left {
		<-time.After(max(left, 0))
		return 0, os.ErrDeadlineExceeded
	}
	<-time.After(delay)
	return n, nil
}

// Write sends a command: what is late arrives although nobody waits for it any more.
func (c *wire) Write(p []byte) (int, error) {
	delay, _ := c.link.fate()
	if delay == 0 {
		return c.Conn.Write(p)
	}
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return 0, net.ErrClosed
	}
	c.pending++
	c.mu.Unlock()
	text := append([]byte{}, p...)
	c.link.late.Go(func() {
		<-time.After(delay)
		_ = c.SetWriteDeadline(time.Time{})
		_, _ = c.Conn.Write(text)
		c.mu.Lock()
		c.pending--
		over := c.closed && c.pending == 0
		c.mu.Unlock()
		if over {
			_ = c.Conn.Close()
		}
	})
	return len(p), nil
}

// Close lets what is on its way arrive.
func (c *wire) Close() error {
	c.mu.Lock()
	c.closed = true
	wait := c.pending > 0
	c.mu.Unlock()
	c.link.mu.Lock()
	delete(c.link.conns, c)
	c.link.mu.Unlock()
	if wait {
		return nil
	}
	return c.Conn.Close()
}

// A snapshot is all that Redis held at one moment.
type snapshot struct {
	hashes map[string]map[string]string
	sets   map[string]map[string]float64
}

func take(m *miniredis.Miniredis) snapshot {
	s := snapshot{map[string]map[string]string{}, map[string]map[string]float64{}}
	for _, k := range m.Keys() {
		switch m.Type(k) {
		case "hash":
			s.hashes[k] = map[string]string{}
			fields, _ := m.HKeys(k)
			for _, f := range fields {
				s.hashes[k][f] = m.HGet(k, f)
			}
		case "zset":
			s.sets[k], _ = m.SortedSet(k)
		}
	}
	return s
}

// restore makes Redis what it was. Nobody may be connected.
func (s snapshot) restore(m *miniredis.Miniredis) {
	m.FlushAll()
	for k, fields := range s.hashes {
		for f, v := range fields {
			m.HSet(k, f, v)
		}
	}
	for k, members := range s.sets {
		for v, score := range members {
			_, _ = m.ZAdd(k, score, v)
		}
	}
}
