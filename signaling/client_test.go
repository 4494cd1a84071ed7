package signaling_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A client is one browser tab.
type client struct {
	t       testing.TB
	ws      *websocket.Conn
	welcome protocol.Welcome
	view    map[string]protocol.Item
	version int64
	got     map[protocol.ConversationID][]int64
	kinds   map[string]int
	close   websocket.StatusCode
}

func (h *house) dial(header http.Header, httpClient *http.Client) *client {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, h.server.URL+"/v1/connect", &websocket.DialOptions{HTTPHeader: header, HTTPClient: httpClient})
	if err != nil {
		h.t.Fatalf("dial: %v", err)
	}
	conn.SetReadLimit(1 << 20)
	h.t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{t: h.t, ws: conn, view: map[string]protocol.Item{}, got: map[protocol.ConversationID][]int64{}, kinds: map[string]int{}}
}

func cookie(token string) http.Header {
	if token == "" {
		return nil
	}
	return http.Header{"Cookie": {"parlour_session=" + token}}
}

// open connects and says hello; a token that begins with "secret-" and belongs
// to an agent goes into the cookie.
func (h *house) open(token string, hello protocol.Hello) *client {
	h.t.Helper()
	var c *client
	if token == "secret-eve" || token == "secret-tim" {
		c = h.dial(cookie(token), nil)
	} else {
		c = h.dial(nil, nil)
		hello.Token = token
	}
	c.hello(hello)
	return c
}

func (c *client) hello(hello protocol.Hello) {
	c.t.Helper()
	f := c.command(protocol.UpHello, hello)
	if f.Kind != protocol.DownWelcome {
		c.t.Fatalf("hello: got %s %s", f.Kind, f.Body)
	}
	if err := json.Unmarshal(f.Body, &c.welcome); err != nil {
		c.t.Fatal(err)
	}
	c.until("the snapshot", func() bool { return c.kinds[protocol.DownSnapshot] > 0 })
}

func (c *client) send(kind string, op protocol.Op, body any) {
	c.t.Helper()
	data, err := protocol.Encode(kind, op, body)
	if err != nil {
		c.t.Fatal(err)
	}
	c.raw(data)
}

func (c *client) raw(data []byte) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := c.ws.Write(ctx, websocket.MessageText, data); err != nil {
		c.t.Fatalf("write: %v", err)
	}
}

// command sends and gives the frame that answers it.
func (c *client) command(kind string, body any) protocol.Frame {
	c.t.Helper()
	op := protocol.NewID[protocol.Op]()
	c.send(kind, op, body)
	return c.answer(op)
}

func (c *client) answer(op protocol.Op) protocol.Frame {
	c.t.Helper()
	for {
		f, err := c.read(5 * time.Second)
		if err != nil {
			c.t.Fatalf("waiting for an answer: %v", err)
		}
		if f.Op == op {
			return f
		}
	}
}

// until reads frames until cond holds.
func (c *client) until(what string, cond func() bool) {
	c.t.Helper()
	for !cond() {
		if _, err := c.read(5 * time.Second); err != nil {
			c.t.Fatalf("waiting for %s: %v (had %v)", what, err, c.kinds)
		}
	}
}

// read takes one frame and applies it as a browser does.
func (c *client) read(timeout time.Duration) (protocol.Frame, error) {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	kind, data, err := c.ws.Read(ctx)
	if err != nil {
		c.close = websocket.CloseStatus(err)
		return protocol.Frame{}, err
	}
	if kind == websocket.MessageBinary {
		return protocol.Frame{Kind: "binary", Body: json.RawMessage(data)}, nil
	}
	var f protocol.Frame
	if err := json.Unmarshal(data, &f); err != nil {
		return f, err
	}
	c.kinds[f.Kind]++
	return f, c.apply(f)
}

func (c *client) apply(f protocol.Frame) error {
	switch f.Kind {
	case protocol.DownSnapshot:
		var s protocol.Snapshot
		if err := json.Unmarshal(f.Body, &s); err != nil {
			return err
		}
		c.view, c.version = s.Items, s.Version
	case protocol.DownPatch:
		var p protocol.Patch
		if err := json.Unmarshal(f.Body, &p); err != nil {
			return err
		}
		if p.From != c.version {
			return fmt.Errorf("patch from %d on version %d", p.From, c.version)
		}
		maps.Copy(c.view, p.Set)
		for _, key := range p.Drop {
			delete(c.view, key)
		}
		c.version = p.Version
	case protocol.DownEntries:
		var e protocol.Entries
		if err := json.Unmarshal(f.Body, &e); err != nil {
			return err
		}
		for _, one := range e.Entries {
			c.got[e.Conversation] = append(c.got[e.Conversation], one.Seq)
		}
	case protocol.DownPing:
		data, _ := protocol.Encode(protocol.UpPong, "", protocol.Pong{})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		return c.ws.Write(ctx, websocket.MessageText, data)
	}
	return nil
}

func code(f protocol.Frame) protocol.Code {
	var failed protocol.Failed
	_ = json.Unmarshal(f.Body, &failed)
	return failed.Code
}

func upTo(n int64) []int64 {
	var all []int64
	for i := int64(1); i <= n; i++ {
		all = append(all, i)
	}
	return all
}
