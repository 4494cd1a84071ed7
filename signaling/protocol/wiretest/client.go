package wiretest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Options say who a client is and where it connects to.
type Options struct {
	URLs   []string      // of the nodes; when one does not answer the next is taken
	First  int           // index of the node to begin with
	Token  string        // of a visitor; empty: the header says who it is
	Header http.Header   // of each connection
	Retry  time.Duration // from one connection to the next; above zero
	// Patience is when a connection is given up that is silent, or on which a
	// command is not answered. Zero: never.
	Patience time.Duration
}

// A Client keeps every command until it is answered, one on its way at a time
// (D13), and sends it again, under the same op, on each new connection. It
// connects again and again until Close, and moves on when a node asks it to. What it keeps is not bounded. Its
// methods may be called from any goroutine.
type Client struct {
	o     Options
	stop  context.CancelFunc
	ended sync.WaitGroup

	mu     sync.Mutex // guards what follows
	at     int        // index of the node
	conn   *websocket.Conn
	heard  time.Time // the last frame
	since  time.Time // of the connection; zero: there is none
	away   bool      // does not connect
	move   time.Time // when conn is left, since the node is about to stop; zero: not asked to
	you    protocol.Author
	outbox []*Call
	flight *Call     // written to conn and not answered
	wrote  time.Time // flight
	all    []*Call
	view   map[string]protocol.Item
	read   map[string]bool // messages that the page was sent, by text
	opened int             // connections that were welcomed
	breaks []Break
}

// Connect lets a client be there until Close.
func Connect(o Options) *Client {
	ctx, stop := context.WithCancel(context.Background())
	c := &Client{o: o, at: o.First, stop: stop, view: map[string]protocol.Item{}, read: map[string]bool{}}
	c.ended.Go(func() { c.run(ctx) })
	return c
}

// Close ends the connection and waits for it.
func (c *Client) Close() {
	c.stop()
	c.ended.Wait()
}

// Send puts a command into the outbox. It does not wait.
func (c *Client) Send(kind string, body any) *Call {
	one := &Call{Op: protocol.NewID[protocol.Op](), Kind: kind, Body: body, done: make(chan struct{})}
	one.data, _ = protocol.Encode(kind, one.Op, body) // none of the dictionary's bodies fails
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outbox, c.all = append(c.outbox, one), append(c.all, one)
	if len(c.outbox) == 1 {
		c.nextLocked(context.Background())
	}
	return one
}

// Do sends a command and waits for its answer; false when ctx ended first.
func (c *Client) Do(ctx context.Context, kind string, body any) (*Call, bool) {
	one := c.Send(kind, body)
	select {
	case <-one.done:
		return one, true
	case <-ctx.Done():
		return one, false
	}
}

// Notice sends what is not answered, beside the outbox, and fails when there is
// no connection.
func (c *Client) Notice(kind string, body any) error {
	data, err := protocol.Encode(kind, "", body)
	if err != nil {
		return fmt.Errorf("encode %s: %w", kind, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return fmt.Errorf("send %s: not connected", kind)
	}
	if err := c.conn.Write(context.Background(), websocket.MessageText, data); err != nil {
		return fmt.Errorf("send %s: %w", kind, err)
	}
	return nil
}

// Packet sends binary data on a channel, by its byte, and fails when there is
// no connection.
func (c *Client) Packet(channel byte, data []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn == nil {
		return errors.New("send a packet: not connected")
	}
	if err := c.conn.Write(context.Background(), websocket.MessageBinary, append([]byte{channel}, data...)); err != nil {
		return fmt.Errorf("send a packet: %w", err)
	}
	return nil
}

// Leave closes the page or, with false, opens it again.
func (c *Client) Leave(away bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = away
}

// Items is the view as it is now, by key.
func (c *Client) Items() map[string]protocol.Item {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.view)
}

// Has says whether the page was sent a message of this text.
func (c *Client) Has(text string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.read[text]
}

// Waiting is how many commands are not answered.
func (c *Client) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.outbox)
}

// Here tells since when the client is connected; false: it is not.
func (c *Client) Here() (since time.Time, online bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.since, !c.since.IsZero()
}

// You is who the server says that this is; empty before the first connection.
func (c *Client) You() protocol.Author {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.you
}

// Calls are all commands that were ever sent, in order.
func (c *Client) Calls() []*Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}

// Opened is how many connections were welcomed.
func (c *Client) Opened() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.opened
}

// Breaks are the connections that have ended, in order: each that was opened,
// but for the one that lasts.
func (c *Client) Breaks() []Break {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.breaks)
}
