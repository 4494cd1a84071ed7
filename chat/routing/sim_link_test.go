package routing

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
)

// A link is one node's way to Redis, which can be cut, slow, or lose answers.
// Every command and every answer takes a moment of its own, which is of the
// seed, of now and of what is said: so whatever two of them bring about is in
// the order of the seed, not in that of goroutines, nor of the connections
// that they happen to get.
type link struct {
	server *miniredis.Miniredis
	seed   uint64
	late   sync.WaitGroup // what is sent late

	mu     sync.Mutex // guards what follows
	conns  []*wire
	isCut  bool
	slow   time.Duration // each way up to that long
	losing int           // percent of answers lost after the script ran
}

func newLink(server *miniredis.Miniredis, seed uint64) *link {
	return &link{server: server, seed: seed}
}

// client is a client of Redis by this link, with the settings of the real one.
func (l *link) client() *redis.Client {
	silence()
	opt := &redis.Options{Addr: "127.0.0.1:0", Dialer: func(context.Context, string, string) (net.Conn, error) { return l.dial() }}
	tune(opt)
	return redis.NewClient(opt)
}

// dial takes a moment where it is in vain: the client tries again a second
// after it failed, beside what is done each second. A connection that is made
// takes no time, as if it had been there.
func (l *link) dial() (net.Conn, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.isCut {
		l.mu.Unlock()
		<-time.After(moment + l.upTo(moment, "dial"))
		l.mu.Lock()
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
	}
	inner, err := l.server.Dial()
	if err != nil {
		return nil, err
	}
	c := &wire{Conn: inner, link: l}
	l.conns = append(l.conns, c)
	return c, nil
}

// upTo is a time less than most, of the seed, of now and of what is said.
func (l *link) upTo(most time.Duration, what ...any) time.Duration {
	h := fnv.New64a()
	_, _ = fmt.Fprintln(h, append(what, l.seed, time.Now().UnixNano())...)
	return time.Duration(rand.New(rand.NewPCG(h.Sum64(), 7)).Int64N(int64(most)))
}

// cut ends all connections, and lets none be made until mended.
func (l *link) cut(down bool) {
	l.mu.Lock()
	l.isCut = down
	all := slices.Clone(l.conns)
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

// fine says that everything arrives.
func (l *link) fine() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.isCut && l.slow == 0 && l.losing == 0
}

func (l *link) trouble() (slow time.Duration, losing int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.slow, l.losing
}

// A wire is one connection of a link.
type wire struct {
	net.Conn
	link *link

	mu      sync.Mutex // guards what follows
	said    string     // the last command: what it is and how long; empty: nothing but a greeting
	greeted bool
	until   time.Time
	pending int // writes on their way
	closed  bool
}

func (c *wire) deadline() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.until
}

// note moves a deadline by less than a microsecond, so that no two are one.
func (c *wire) note(t time.Time) time.Time {
	if !t.IsZero() {
		t = t.Add(c.upTo(time.Microsecond, "deadline"))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = t
	return t
}

func (c *wire) upTo(most time.Duration, what ...any) time.Duration {
	return c.link.upTo(most, append(what, c.command())...)
}

func (c *wire) command() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said
}

// say takes note of a command. The first of a connection is a greeting.
func (c *wire) say(p []byte) (greeting bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.greeted {
		c.greeted = true
		return true
	}
	c.said = fmt.Sprintf("%d %s", len(p), p[:min(len(p), 64)]) // the name of a script
	return false
}

func (c *wire) SetDeadline(t time.Time) error     { return c.Conn.SetDeadline(c.note(t)) }
func (c *wire) SetReadDeadline(t time.Time) error { return c.Conn.SetReadDeadline(c.note(t)) }

// moment is how long a command or an answer takes at least; at most twice as long.
const moment = 20 * time.Microsecond

// Read hands on an answer: late, or never.
func (c *wire) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err != nil || c.command() == "" {
		return n, err
	}
	delay := moment + c.upTo(moment, "answer", n)
	slow, losing := c.link.trouble()
	if slow > 0 {
		delay += c.upTo(slow, "slow", n)
	}
	if losing > 0 && int(c.upTo(100, "lost", n)) < losing {
		_ = c.Close()
		return 0, io.EOF
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
	if c.say(p) {
		return c.Conn.Write(p)
	}
	slow, _ := c.link.trouble()
	delay := moment + c.upTo(moment, "command")
	if slow == 0 {
		<-time.After(delay)
		return c.Conn.Write(p)
	}
	delay += c.upTo(slow, "late")
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
		inner := c.Conn
		_ = inner.SetWriteDeadline(time.Time{})
		_, _ = inner.Write(text)
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
	c.link.conns = slices.DeleteFunc(c.link.conns, func(o *wire) bool { return o == c })
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
			members, _ := m.SortedSet(k)
			s.sets[k] = maps.Clone(members) // it is the server's own
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

// String is for people who look for what went wrong.
func (s snapshot) String() string {
	var lines []string
	for k, fields := range s.hashes {
		if _, name, _ := strings.Cut(k, ":2:"); name == "ops" || name == "tabs" {
			continue
		}
		for f, v := range fields {
			lines = append(lines, fmt.Sprintf("%s %s %s", k, f, v))
		}
	}
	for k, members := range s.sets {
		if strings.HasSuffix(k, ":opsat") {
			continue
		}
		for v, score := range members {
			lines = append(lines, fmt.Sprintf("%s %s %.0f", k, v, score))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestASnapshotIsOfOneMoment(t *testing.T) { // R8: a failover takes all of Redis back to it
	m := newServer()
	defer m.Close()
	set := func(v string, score float64) {
		m.HSet("h", "f", v)
		if _, err := m.ZAdd("z", score, "x"); err != nil {
			t.Fatal(err)
		}
	}
	set("before", 1)
	old := take(m)
	set("after", 2)
	if _, err := m.ZAdd("z", 3, "new"); err != nil {
		t.Fatal(err)
	}
	old.restore(m)
	if diff := cmp.Diff(old, take(m), cmp.AllowUnexported(snapshot{})); diff != "" || m.HGet("h", "f") != "before" {
		t.Errorf("restored as another one:\n%s", diff)
	}
	if score, _ := m.ZScore("z", "x"); score != 1 {
		t.Errorf("the score is %v, want the one of then", score)
	}
}

func TestWhatIsHeardAtTheInstantOfACopyIsNotInIt(t *testing.T) { // R8, STATE-6: the copy knows the older sign of life
	now := time.Now()
	p := &person{heard: []time.Time{now.Add(-7 * time.Second), now.Add(-moment), now, now.Add(time.Second)}}
	w := &world{here: map[string]*person{"a": p}}
	w.forget(now)
	if diff := cmp.Diff([]time.Time{now.Add(-7 * time.Second)}, p.heard); diff != "" {
		t.Error(diff)
	}
}
