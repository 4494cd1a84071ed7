package main

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A command is kept until the server has answered it.
type sent struct {
	op   protocol.Op
	data []byte
}

// A client speaks the wire as the web apps do: it keeps every command in an
// outbox until it is acknowledged, one on its way at a time (D13), and sends it
// again on each new connection.
type client struct {
	s      *server
	token  string // of a visitor
	header http.Header
	stop   context.CancelFunc
	ended  sync.WaitGroup

	mu     sync.Mutex
	conn   *websocket.Conn
	outbox []sent
	acks   map[protocol.Op]protocol.Ack
	failed map[protocol.Op]protocol.Failed
	view   map[string]protocol.Item
	opened int // connections made
}

func (s *server) visitor() *client {
	s.t.Helper()
	var who struct{ Token string }
	s.post("/v1/visitors", map[string]string{"site": "shop"}, &who)
	return s.connect(who.Token, nil)
}

func (s *server) agent(email string) *client {
	s.t.Helper()
	res := s.post("/v1/sign-in", map[string]string{"email": email, "password": "correct horse battery"}, nil)
	header := http.Header{"Origin": {s.url}}
	for _, c := range res.Cookies() {
		header.Add("Cookie", c.Name+"="+c.Value)
	}
	return s.connect("", header)
}

func (s *server) connect(token string, header http.Header) *client {
	ctx, stop := context.WithCancel(context.Background())
	c := &client{s: s, token: token, header: header, stop: stop, acks: map[protocol.Op]protocol.Ack{}, failed: map[protocol.Op]protocol.Failed{}, view: map[string]protocol.Item{}}
	c.ended.Go(func() { c.run(ctx) })
	s.t.Cleanup(func() { c.stop(); c.ended.Wait() })
	return c
}

// run connects again and again until ctx ends.
func (c *client) run(ctx context.Context) {
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for ctx.Err() == nil {
		c.session(ctx)
		select {
		case <-retry.C:
		case <-ctx.Done():
		}
	}
}

func (c *client) session(ctx context.Context) {
	conn, _, err := websocket.Dial(ctx, strings.Replace(c.s.url, "http", "ws", 1)+"/v1/connect", &websocket.DialOptions{HTTPHeader: c.header})
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(1 << 20)
	hello, _ := protocol.Encode(protocol.UpHello, protocol.NewID[protocol.Op](), protocol.Hello{Token: c.token})
	if conn.Write(ctx, websocket.MessageText, hello) != nil {
		return
	}
	for {
		_, data, err := conn.Read(ctx)
		if err != nil {
			c.mu.Lock()
			c.conn = nil
			c.mu.Unlock()
			return
		}
		c.take(ctx, conn, data)
	}
}

func (c *client) take(ctx context.Context, conn *websocket.Conn, data []byte) {
	var f protocol.Frame
	if json.Unmarshal(data, &f) != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch f.Kind {
	case protocol.DownWelcome:
		c.conn = conn
		c.opened++
		c.nextLocked(ctx)
	case protocol.DownPing:
		pong, _ := protocol.Encode(protocol.UpPong, "", protocol.Pong{})
		_ = conn.Write(ctx, websocket.MessageText, pong)
	case protocol.DownAck:
		var ack protocol.Ack
		_ = json.Unmarshal(f.Body, &ack)
		c.acks[f.Op] = ack
		c.settleLocked(ctx, f.Op)
	case protocol.DownError:
		var failed protocol.Failed
		_ = json.Unmarshal(f.Body, &failed)
		if f.Op != "" && failed.Retry {
			_ = conn.CloseNow() // and try again on the next connection
		} else if f.Op != "" {
			c.failed[f.Op] = failed
			c.settleLocked(ctx, f.Op)
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
func (c *client) settleLocked(ctx context.Context, op protocol.Op) {
	c.outbox = slices.DeleteFunc(c.outbox, func(s sent) bool { return s.op == op })
	c.nextLocked(ctx)
}

// nextLocked sends the oldest command; a failed write is made good by the next
// connection.
func (c *client) nextLocked(ctx context.Context) {
	if c.conn != nil && len(c.outbox) > 0 {
		_ = c.conn.Write(ctx, websocket.MessageText, c.outbox[0].data)
	}
}

// send puts a command into the outbox.
func (c *client) send(kind string, body any) protocol.Op {
	op := protocol.NewID[protocol.Op]()
	data, err := protocol.Encode(kind, op, body)
	if err != nil {
		c.s.t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.outbox = append(c.outbox, sent{op, data})
	if len(c.outbox) == 1 {
		c.nextLocked(context.Background())
	}
	return op
}

// do sends a command and waits for its ack.
func (c *client) do(kind string, body any) protocol.Ack {
	c.s.t.Helper()
	op := c.send(kind, body)
	var ack protocol.Ack
	c.s.until(kind+" is acknowledged", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if f, ok := c.failed[op]; ok {
			c.s.t.Fatalf("%s: %s %s", kind, f.Code, f.Message)
		}
		var ok bool
		ack, ok = c.acks[op]
		return ok
	})
	return ack
}

// waiting is how many commands are not acknowledged.
func (c *client) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.outbox)
}

func (c *client) online() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn != nil
}

// offer waits until an offer rings.
func (c *client) offer() protocol.OfferID {
	c.s.t.Helper()
	var id protocol.OfferID
	c.s.until("an offer rings", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, item := range c.view {
			if item.Offer != nil {
				id = item.Offer.Offer
			}
		}
		return id != ""
	})
	return id
}

// log reads the whole record of a conversation by REST.
func (c *client) log(t *testing.T, conv protocol.ConversationID) []protocol.Entry {
	t.Helper()
	var all []protocol.Entry
	for {
		path := c.s.url + "/v1/conversations/" + string(conv) + "/entries?after="
		after := int64(0)
		if len(all) > 0 {
			after = all[len(all)-1].Seq
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, path+jsonNumber(after), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+c.token)
		res, err := c.s.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var page protocol.Entries
		err = json.NewDecoder(res.Body).Decode(&page)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK {
			t.Fatalf("read the log: %s, %v", res.Status, err)
		}
		all = append(all, page.Entries...)
		if len(page.Entries) == 0 || all[len(all)-1].Seq >= page.Last {
			return all
		}
	}
}

func jsonNumber(n int64) string { data, _ := json.Marshal(n); return string(data) }
