package wiretest

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// beginning is how long a connection may take until it says hello.
const beginning = 2 * time.Second

func (c *Client) run(ctx context.Context) {
	retry := time.NewTicker(c.o.Retry)
	defer retry.Stop()
	for ctx.Err() == nil {
		if !c.isAway() {
			c.session(ctx)
			c.broken()
		}
		select {
		case <-retry.C:
		case <-ctx.Done():
		}
	}
}

func (c *Client) isAway() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.away
}

// broken notes what the connection that has ended left open, and that another
// node may be well.
func (c *Client) broken() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.conn != nil {
		c.breaks = append(c.breaks, Break{c.flight, c.wrote, time.Now(), !c.move.IsZero()})
	}
	c.conn, c.since, c.move, c.flight = nil, time.Time{}, time.Time{}, nil
	c.at++
}

// session is one connection, from its beginning until all that came over it
// has been read.
func (c *Client) session(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.mu.Lock()
	url := c.o.URLs[c.at%len(c.o.URLs)]
	c.mu.Unlock()
	begin, done := context.WithTimeout(ctx, beginning)
	defer done()
	conn, _, err := websocket.Dial(begin, strings.Replace(url, "http", "ws", 1)+"/v1/connect", &websocket.DialOptions{HTTPHeader: c.o.Header}) //nolint:bodyclose // Dial closes it
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(1 << 20)
	hello, _ := protocol.Encode(protocol.UpHello, protocol.NewID[protocol.Op](), protocol.Hello{Token: c.o.Token})
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

// watch breaks a connection that is not wanted any more, by either side, or
// that tries the patience of the client.
func (c *Client) watch(ctx context.Context, conn *websocket.Conn) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		c.mu.Lock()
		bad := c.away || !c.move.IsZero() && time.Now().After(c.move) || c.o.Patience > 0 && (time.Since(c.heard) > c.o.Patience ||
			c.conn != nil && len(c.outbox) > 0 && time.Since(c.outbox[0].sent) > c.o.Patience)
		c.mu.Unlock()
		if bad {
			_ = conn.CloseNow()
			return
		}
	}
}

func (c *Client) take(ctx context.Context, conn *websocket.Conn, data []byte) {
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
	case protocol.DownMove:
		var move protocol.Move
		_ = json.Unmarshal(f.Body, &move)
		c.move = time.Now().Add(time.Duration(move.AfterMs) * time.Millisecond)
	case protocol.DownPing:
		pong, _ := protocol.Encode(protocol.UpPong, "", protocol.Pong{})
		_ = conn.Write(ctx, websocket.MessageText, pong)
	case protocol.DownAck:
		var ack protocol.Ack
		_ = json.Unmarshal(f.Body, &ack)
		c.settleLocked(ctx, f.Op, func(one *Call) { one.End, one.Ack = Acked, ack })
	case protocol.DownError:
		var failed protocol.Failed
		_ = json.Unmarshal(f.Body, &failed)
		if f.Op == "" || failed.Retry {
			_ = conn.CloseNow() // and try again on the next connection
			return
		}
		c.settleLocked(ctx, f.Op, func(one *Call) { one.End, one.Failed = Refused, failed })
	case protocol.DownEntries:
		var e protocol.Entries
		_ = json.Unmarshal(f.Body, &e)
		for _, one := range e.Entries {
			if one.Kind == protocol.EntryMessage {
				c.read[one.Body.Text] = true
			}
		}
	case protocol.DownSnapshot:
		var s protocol.Snapshot
		_ = json.Unmarshal(f.Body, &s)
		c.view = map[string]protocol.Item{}
		maps.Copy(c.view, s.Items)
	case protocol.DownPatch:
		var p protocol.Patch
		_ = json.Unmarshal(f.Body, &p)
		for _, key := range p.Drop {
			delete(c.view, key)
		}
		maps.Copy(c.view, p.Set)
	}
}

// settleLocked takes an answered command out and sends the next one. The answer
// to a hello, or a second one, is nobody's.
func (c *Client) settleLocked(ctx context.Context, op protocol.Op, set func(*Call)) {
	i := slices.IndexFunc(c.outbox, func(one *Call) bool { return one.Op == op })
	if i < 0 {
		return
	}
	one := c.outbox[i]
	c.outbox = slices.Delete(c.outbox, i, i+1)
	if c.flight == one {
		c.flight = nil
	}
	one.At = time.Now()
	set(one)
	close(one.done)
	c.nextLocked(ctx)
}

// nextLocked sends the oldest command; a failed write is made good by the next
// connection.
func (c *Client) nextLocked(ctx context.Context) {
	if c.conn == nil || len(c.outbox) == 0 {
		return
	}
	one := c.outbox[0]
	one.sent = time.Now()
	if c.conn.Write(ctx, websocket.MessageText, one.data) == nil {
		c.flight, c.wrote = one, time.Now()
	}
}
