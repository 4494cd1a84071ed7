package signaling

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// maxLinks is how many transports a connection may have at once: one in use,
// one that comes, and what has not been noticed to be dead. More: the oldest
// is closed.
const maxLinks = 4

// A connection is one tab of one person. It outlives its transports: when the
// last has closed it is kept for a while, so that the client can go on.
type connection struct {
	edge   *Edge
	who    protocol.Caller
	secret string

	push  pusher
	lanes [2]lane

	heard  atomic.Int64 // ms of the last sign of life
	pinged atomic.Int64 // ms of the last ping
	hereAt atomic.Int64 // ms of the last Presence.Here

	mu       sync.Mutex
	primary  *link   // frames go out by this one
	links    []*link // oldest first
	detached time.Time
	dropped  bool
}

// newConnection makes a connection and tells the hub. The caller attaches a
// link to it.
func (e *Edge) newConnection(who protocol.Principal) *connection {
	now := time.Now()
	c := &connection{
		edge: e, who: protocol.Caller{Principal: who, Connection: protocol.NewID[protocol.ConnectionID]()},
		secret: rand.Text() + rand.Text(), detached: now,
	}
	c.push.init(c)
	for i := range c.lanes {
		c.lanes[i].conn = c
	}
	c.heard.Store(now.UnixMilli())
	e.hub.add(c)
	return c
}

// owned finds a connection whose secret the client knows.
func (e *Edge) owned(id protocol.ConnectionID, secret string) *connection {
	c := e.hub.connection(id)
	if c == nil || c.edge != e || subtle.ConstantTimeCompare([]byte(c.secret), []byte(secret)) != 1 {
		return nil
	}
	return c
}

// link adds a transport; false says that the connection has gone.
func (c *connection) link(l *link) bool {
	c.mu.Lock()
	if c.dropped {
		c.mu.Unlock()
		return false
	}
	if !slices.Contains(c.links, l) {
		c.links = append(c.links, l)
	}
	var old *link
	if len(c.links) > maxLinks {
		old = c.links[0]
	}
	c.mu.Unlock()
	l.conn.Store(c)
	if old != nil {
		old.close("replaced")
	}
	select {
	case <-l.gone: // it closed before it was known here
		c.unlink(l)
		return false
	default:
		return true
	}
}

// unlink takes a transport away. When it was the last that had begun, the
// person is gone for others: one whose first frame has not come may be the
// attempt of a page that was closed meanwhile. The connection is kept for
// Timers.Keep.
func (c *connection) unlink(l *link) {
	c.mu.Lock()
	before := len(c.links)
	c.links = slices.DeleteFunc(c.links, func(other *link) bool { return other == l })
	if c.primary == l {
		c.primary = nil
	}
	if before > 0 && len(c.links) == 0 && !c.dropped {
		c.detached = time.Now()
	}
	last := l.attached.Load() && len(c.links) < before && !c.dropped && !slices.ContainsFunc(c.links, (*link).begun)
	c.mu.Unlock()
	if last {
		c.edge.presence.gone(c.who)
	}
}

// use makes a link the one that frames go out by, and closes the older ones
// after a while if the client does not. A link that has closed meanwhile is
// not used, and its owner is gone if it was the last.
func (c *connection) use(l *link) {
	c.mu.Lock()
	if !slices.Contains(c.links, l) {
		last := !c.dropped && !slices.ContainsFunc(c.links, (*link).begun)
		c.mu.Unlock()
		if last {
			c.edge.presence.gone(c.who)
		}
		return
	}
	c.primary = l
	c.detached = time.Time{}
	var old []*link
	for _, other := range c.links {
		if other != l {
			old = append(old, other)
		}
	}
	c.mu.Unlock()
	for _, other := range old {
		time.AfterFunc(c.edge.o.Timers.Replace, func() {
			c.mu.Lock()
			again := c.primary == other
			c.mu.Unlock()
			if !again {
				other.close("replaced")
			}
		})
	}
}

// over says that the connection was dropped: what still comes by its transports
// is not taken any more, and what waits is not carried out.
func (c *connection) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropped
}

func (c *connection) current() *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.primary
}

// sendRaw sends a frame by the link in use; without one it is lost, and the
// client finds what matters when it resumes.
func (c *connection) sendRaw(kind string, op protocol.Op, body json.RawMessage) {
	if l := c.current(); l != nil {
		l.send(kind, op, body)
	}
}

func (c *connection) sendPacket(channel string, data []byte) {
	l := c.current()
	if l == nil {
		c.edge.stats.packetsLost.Add(1)
		return
	}
	l.sendPacket(channel, data)
}

// alive notes a sign of life and passes it on, at most every 2 s.
func (c *connection) alive() {
	now := time.Now().UnixMilli()
	c.heard.Store(now)
	if at := c.hereAt.Load(); now-at >= 2000 && c.hereAt.CompareAndSwap(at, now) {
		c.edge.presence.here(c.who)
	}
}

// flushWithin is how long a dropped connection's transports have to take what
// was sent; a reader who does not read keeps none of them open.
const flushWithin = time.Second

// drop ends the connection for good, and its transports within flushWithin.
func (c *connection) drop(code protocol.Code) {
	c.mu.Lock()
	if c.dropped {
		c.mu.Unlock()
		return
	}
	c.dropped = true
	links := slices.Clone(c.links)
	here := len(links) > 0
	c.primary = nil
	c.mu.Unlock()
	c.edge.hub.remove(c)
	c.push.unfollow()
	for _, l := range links {
		if code != "" {
			l.send(protocol.DownError, "", failedBody(protocol.NewError(code, dropMessage(code))))
		}
		l.closeAfterFlush(string(code))
		time.AfterFunc(flushWithin, func() { l.close(string(code)) })
	}
	if here {
		c.edge.presence.gone(c.who)
	}
}

func dropMessage(code protocol.Code) string {
	if code == protocol.CodeUnauthenticated {
		return "You have been signed out. Please sign in again."
	}
	return "This server is about to stop. Your page connects to another one by itself."
}
