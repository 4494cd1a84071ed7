package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

const (
	// A client gives up a connection that is silent for so long, since the
	// server pings each second, or that does not answer a command.
	silence  = 4 * time.Second
	patience = 4 * time.Second
)

// A call is one command of a client.
type call struct {
	op   protocol.Op
	kind string
	body any
	data []byte
	sent time.Time // last; zero: waits for those before it

	// What follows is set before done is closed.
	end    outcome
	ack    protocol.Ack
	failed protocol.Failed
	at     time.Time // of the answer
	done   chan struct{}
}

// A client speaks the wire as the web apps do: it keeps every command until it
// is answered, one on its way at a time (D13), and sends it again, under the
// same op, on each new connection. When a node does not answer it takes the
// next one.
type client struct {
	urls   []string
	token  string // of a visitor
	header http.Header
	stop   context.CancelFunc
	ended  sync.WaitGroup

	mu     sync.Mutex // guards what follows
	at     int        // index of the node
	conn   *websocket.Conn
	heard  time.Time // the last frame
	since  time.Time // of the connection; zero: there is none
	away   bool      // does not connect
	you    protocol.Author
	outbox []*call
	all    []*call
	view   map[string]protocol.Item
	read   map[string]time.Time // messages that the page was sent, by text
	opened int                  // connections made
}

// connect lets a client be there until close. Clients begin with the node of
// the index.
func connect(urls []string, at int, token string, header http.Header) *client {
	ctx, stop := context.WithCancel(context.Background())
	c := &client{urls: urls, at: at, token: token, header: header, stop: stop, view: map[string]protocol.Item{}, read: map[string]time.Time{}}
	c.ended.Go(func() { c.run(ctx) })
	return c
}

// close ends the connection and waits for it.
func (c *client) close() {
	c.stop()
	c.ended.Wait()
}

func (c *client) run(ctx context.Context) {
	retry := time.NewTicker(150 * time.Millisecond)
	defer retry.Stop()
	for ctx.Err() == nil {
		if !c.isAway() {
			c.session(ctx)
		}
		c.mu.Lock()
		c.conn, c.since = nil, time.Time{}
		c.at++ // another node may be well
		c.mu.Unlock()
		select {
		case <-retry.C:
		case <-ctx.Done():
		}
	}
}

func (c *client) isAway() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.away
}

// session is one connection, from its beginning to its end.
func (c *client) session(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.mu.Lock()
	url := c.urls[c.at%len(c.urls)]
	c.mu.Unlock()
	begin, done := context.WithTimeout(ctx, 2*time.Second)
	defer done()
	conn, _, err := websocket.Dial(begin, strings.Replace(url, "http", "ws", 1)+"/v1/connect", &websocket.DialOptions{HTTPHeader: c.header})
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(1 << 20)
	hello, _ := protocol.Encode(protocol.UpHello, protocol.NewID[protocol.Op](), protocol.Hello{Token: c.token})
	if conn.Write(begin, websocket.MessageText, hello) != nil {
		return
	}
	c.mu.Lock()
	c.heard = time.Now()
	c.mu.Unlock()
	var watch sync.WaitGroup
	defer watch.Wait()
	defer cancel()
	watch.Go(func() { c.watch(ctx, conn) })
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			return
		}
		c.take(ctx, conn, data)
	}
}

// watch breaks a connection that is silent, or that is not wanted any more.
func (c *client) watch(ctx context.Context, conn *websocket.Conn) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		c.mu.Lock()
		bad := c.away || time.Since(c.heard) > silence || c.conn != nil && len(c.outbox) > 0 && time.Since(c.outbox[0].sent) > patience
		c.mu.Unlock()
		if bad {
			_ = conn.CloseNow()
			return
		}
	}
}

func (c *client) take(ctx context.Context, conn *websocket.Conn, data []byte) {
	var f protocol.Frame
	if json.Unmarshal(data, &f) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.heard = time.Now()
	switch f.Kind {
	case protocol.DownWelcome:
		var welcome protocol.Welcome
		_ = json.Unmarshal(f.Body, &welcome)
		c.conn, c.since, c.you = conn, time.Now(), welcome.You
		c.opened++
		c.nextLocked(ctx)
	case protocol.DownPing:
		pong, _ := protocol.Encode(protocol.UpPong, "", protocol.Pong{})
		_ = conn.Write(ctx, websocket.MessageText, pong)
	case protocol.DownAck:
		var ack protocol.Ack
		_ = json.Unmarshal(f.Body, &ack)
		c.settleLocked(ctx, f.Op, func(one *call) { one.end, one.ack = acked, ack })
	case protocol.DownError:
		var failed protocol.Failed
		_ = json.Unmarshal(f.Body, &failed)
		if f.Op == "" || failed.Retry {
			_ = conn.CloseNow() // and try again on the next connection
			return
		}
		c.settleLocked(ctx, f.Op, func(one *call) { one.end, one.failed = refused, failed })
	case protocol.DownEntries:
		var e protocol.Entries
		_ = json.Unmarshal(f.Body, &e)
		for _, one := range e.Entries {
			if _, known := c.read[one.Body.Text]; !known && one.Kind == protocol.EntryMessage {
				c.read[one.Body.Text] = time.Now()
			}
		}
	case protocol.DownSnapshot:
		var s protocol.Snapshot
		_ = json.Unmarshal(f.Body, &s)
		c.view = s.Items
	case protocol.DownPatch:
		var p protocol.Patch
		_ = json.Unmarshal(f.Body, &p)
		for _, key := range p.Drop {
			delete(c.view, key)
		}
		maps.Copy(c.view, p.Set)
	}
}

// settleLocked takes an answered command out and sends the next one.
func (c *client) settleLocked(ctx context.Context, op protocol.Op, set func(*call)) {
	i := slices.IndexFunc(c.outbox, func(one *call) bool { return one.op == op })
	if i < 0 {
		return // the answer to a hello, or a second one
	}
	one := c.outbox[i]
	c.outbox = slices.Delete(c.outbox, i, i+1)
	one.at = time.Now()
	set(one)
	close(one.done)
	c.nextLocked(ctx)
}

// nextLocked sends the oldest command; a failed write is made good by the next
// connection.
func (c *client) nextLocked(ctx context.Context) {
	if c.conn != nil && len(c.outbox) > 0 {
		c.outbox[0].sent = time.Now()
		_ = c.conn.Write(ctx, websocket.MessageText, c.outbox[0].data)
	}
}

// send puts a command into the outbox.
func (c *client) send(kind string, body any) *call {
	one := &call{op: protocol.NewID[protocol.Op](), kind: kind, body: body, done: make(chan struct{})}
	one.data, _ = protocol.Encode(kind, one.op, body) // none of the dictionary's bodies fails
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outbox, c.all = append(c.outbox, one), append(c.all, one)
	if len(c.outbox) == 1 {
		c.nextLocked(context.Background())
	}
	return one
}

// do sends a command and waits for its answer; false when ctx ended first.
func (c *client) do(ctx context.Context, kind string, body any) (*call, bool) {
	one := c.send(kind, body)
	select {
	case <-one.done:
		return one, true
	case <-ctx.Done():
		return one, false
	}
}

// items is the view as it is now.
func (c *client) items() map[string]protocol.Item {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.view)
}

// has says whether the page was sent a message.
func (c *client) has(text string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, known := c.read[text]
	return known
}

// waiting is how many commands are not answered.
func (c *client) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.outbox)
}

// here tells since when the client is connected; false: it is not.
func (c *client) here() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.since, !c.since.IsZero()
}

// settled says whether the client is this actor's and has been connected for 2 s.
func (c *client) settled(actor string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.you.Kind)+":"+c.you.ID == actor && !c.since.IsZero() && time.Since(c.since) > 2*time.Second
}

// id is who the server says that this is; empty before the first connection.
func (c *client) id() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.you.ID
}

// calls are all commands that were ever sent. Those that are answered do not
// change any more.
func (c *client) calls() []*call {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.all)
}

// leave closes the page or, with false, opens it again.
func (c *client) leave(away bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.away = away
}

// postTo sends JSON to the first node that answers, and reads JSON.
func postTo(ctx context.Context, urls []string, path string, body, into any) ([]*http.Cookie, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	for i := 0; ; i++ {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, urls[i%len(urls)]+path, bytes.NewReader(data))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		res, err := quick.Do(req)
		if err == nil && res.StatusCode < 300 {
			err = json.NewDecoder(res.Body).Decode(into)
			_ = res.Body.Close()
			return res.Cookies(), err
		}
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode < 500 && res.StatusCode != http.StatusTooManyRequests {
				return nil, fmt.Errorf("post %s: %s", path, res.Status)
			}
		}
		if !pause(ctx, 200*time.Millisecond) {
			return nil, ctx.Err()
		}
	}
}

// pause waits; false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
