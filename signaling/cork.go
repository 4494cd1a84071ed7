package signaling

import (
	"bufio"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
)

// corkBytes is how much a cork holds back before it lets go.
const corkBytes = 16 << 10

// A cork is a connection that holds back what is written while more is about
// to follow, so that messages which wait together leave in one system call. An
// error of what was held back is that of a later write.
type cork struct {
	net.Conn

	more atomic.Bool // something follows

	mu   sync.Mutex
	held []byte // nil while nothing is held
}

// expect says whether another write follows soon. It writes nothing by itself
// and waits for nobody, not even for a peer that reads no more.
func (c *cork) expect(more bool) { c.more.Store(more) }

func (c *cork) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock() // also while writing: what is written keeps its order
	if c.more.Load() && len(c.held)+len(p) <= corkBytes {
		c.held = append(c.held, p...)
		return len(p), nil
	}
	if len(c.held) == 0 {
		return c.Conn.Write(p)
	}
	before := len(c.held)
	n, err := c.Conn.Write(append(c.held, p...))
	c.held = nil
	return max(0, n-before), err
}

// A corker is a response whose hijacker gets the connection with a cork.
type corker struct {
	http.ResponseWriter
	cork *cork
}

func (c *corker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(c.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	c.cork.Conn = conn
	buffered.Writer.Reset(c.cork) // the handshake has been sent
	return c.cork, buffered, nil
}
