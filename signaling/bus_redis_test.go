package signaling_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// A deafConn hears nothing any more once it is deaf: it is the connection whose
// other end has gone without a word. Its deadlines and closing it end a read.
type deafConn struct {
	net.Conn
	deaf <-chan struct{}
}

func (c *deafConn) Read(b []byte) (int, error) {
	for {
		n, err := c.Conn.Read(b)
		select {
		case <-c.deaf:
			if err != nil {
				return 0, err
			}
		default:
			return n, err
		}
	}
}

// A wire makes connections that can all be made deaf; later ones are not.
type wire struct {
	mu   sync.Mutex
	deaf chan struct{}
}

func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.deaf == nil {
		w.deaf = make(chan struct{})
	}
	return &deafConn{Conn: conn, deaf: w.deaf}, nil
}

func (w *wire) goDeaf() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.deaf)
	w.deaf = nil
}

// wiredHouses are two nodes over a real Redis; the second one's connections to
// it can be made deaf.
func wiredHouses(t *testing.T, r *record) (server *testbed.RedisServer, one, two *house, bus *signaling.RedisBus, w *wire) {
	t.Helper()
	server, w = testbed.Redis(t), &wire{}
	open := func(node protocol.NodeID, dial func(context.Context, string, string) (net.Conn, error)) (*house, *signaling.RedisBus) {
		client := redis.NewClient(&redis.Options{
			Addr: server.Addr(), MaxRetries: -1, DialTimeout: 500 * time.Millisecond, ReadTimeout: 500 * time.Millisecond, ContextTimeoutEnabled: true, Dialer: dial,
		})
		b := signaling.NewRedisBusEvery(client, "parlour", string(node), nil, 100*time.Millisecond)
		t.Cleanup(func() {
			_ = b.Close()
			_ = client.Close()
		})
		h := newNode(t, r, node, b, func(o *signaling.Options) { o.Timers.Poll = 0 })
		h.hub.Serve("echo", func(_ context.Context, p []byte) ([]byte, error) { return p, nil })
		return h, b
	}
	one, _ = open("n1", nil)
	two, bus = open("n2", w.dial)
	heard(t, one, two)
	heard(t, two, one)
	return server, one, two, bus, w
}

// heard waits until a node gets what another one tells it, by hints alone.
func heard(t *testing.T, from, to *house) {
	t.Helper()
	testbed.Until(t, 30*time.Second, "the bus", func() bool {
		_, err := from.hub.Ask(t.Context(), to.hub.Node(), "echo", nil)
		return err == nil
	})
}

// talk posts by one node and waits for each entry at the other; it gives the
// longest wait.
func talk(t *testing.T, visitor, desk *client, conv protocol.ConversationID, n int) (worst time.Duration) {
	t.Helper()
	had := len(desk.got[conv])
	for i := range n {
		at := time.Now()
		if f := visitor.command(protocol.UpPost, protocol.Post{Conversation: conv, Text: "x"}); f.Kind != protocol.DownAck {
			t.Fatalf("post: %s %s", f.Kind, f.Body)
		}
		desk.until("the entry", func() bool { return len(desk.got[conv]) == had+i+1 })
		worst = max(worst, time.Since(at))
	}
	return worst
}

// A subscription that has died without a word is noticed by its canary and made
// anew; until then the poll brings what hints would have brought.
func TestASilentSubscriptionIsNoticed(t *testing.T) { // D7, D8
	r := newRecord()
	_, one, two, bus, w := wiredHouses(t, r)
	conv := r.conversation(visitorA, agent)
	visitor, desk := one.open("secret-a", protocol.Hello{}), two.open("secret-eve", protocol.Hello{})
	talk(t, visitor, desk, conv, 3)
	if n := bus.Resubscribed(); n != 0 {
		t.Fatalf("made anew %d times before anything happened", n)
	}
	w.goDeaf()
	if worst := talk(t, visitor, desk, conv, 3); worst > 2*time.Second {
		t.Errorf("worst delay while deaf: %v", worst)
	}
	testbed.Until(t, 20*time.Second, "the subscription is made anew", func() bool { return bus.Resubscribed() > 0 })
	heard(t, one, two)
	before := two.edge.Stats().PollHeals
	talk(t, visitor, desk, conv, 20)
	if healed := two.edge.Stats().PollHeals - before; healed > 5 {
		t.Errorf("the poll brought %d of 20 entries after the subscription was made anew", healed)
	}
	if diff := cmp.Diff(upTo(26), desk.got[conv]); diff != "" {
		t.Error(diff)
	}
}

// Redis hangs: it keeps its connections and answers nobody.
func TestChatGoesOnWhileRedisHangs(t *testing.T) { // D7, D8
	r := newRecord()
	server, one, two, _, _ := wiredHouses(t, r)
	conv := r.conversation(visitorA, agent)
	visitor, desk := one.open("secret-a", protocol.Hello{}), two.open("secret-eve", protocol.Hello{})
	server.Pause()
	if worst := talk(t, visitor, desk, conv, 5); worst > 2*time.Second {
		t.Errorf("worst delay while Redis hangs: %v", worst)
	}
	server.Resume()
	heard(t, one, two)
	heard(t, two, one)
	talk(t, visitor, desk, conv, 5)
	if diff := cmp.Diff(upTo(10), desk.got[conv]); diff != "" {
		t.Error(diff)
	}
}
