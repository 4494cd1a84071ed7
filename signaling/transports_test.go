package signaling_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/media/transport"
	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// A listeningBus remembers everything that was said.
type listeningBus struct {
	signaling.Bus
	mu   sync.Mutex
	said bytes.Buffer
}

func (b *listeningBus) Publish(ctx context.Context, topic string, payload []byte) error {
	b.mu.Lock()
	b.said.Write(payload)
	b.mu.Unlock()
	return b.Bus.Publish(ctx, topic, payload)
}

// A nodeAt is a node with a WebRTC port of its own.
func nodeAt(t *testing.T, r *record, node protocol.NodeID, bus signaling.Bus) (h *house, port string) {
	t.Helper()
	endpoint, err := transport.Listen(transport.Options{UDPAddress: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = endpoint.Close() })
	h = newNode(t, r, node, bus, func(o *signaling.Options) { o.Channels = signaling.OverEndpoint(endpoint) })
	return h, strings.Fields(endpoint.Candidates()[0])[5]
}

func TestAnyNodeTakesRequestsAboutATransport(t *testing.T) { // D8, VIS-2
	r := newRecord()
	bus := &listeningBus{Bus: signaling.NewLocalBus()}
	one, port := nodeAt(t, r, "n1", bus)
	two, _ := nodeAt(t, r, "n2", bus)
	three := newNode(t, r, "n3", bus, nil) // has no WebRTC port, and needs none
	conv := r.conversation(visitorA)
	c := one.open("secret-a", protocol.Hello{})

	var answered string
	for _, other := range []*house{two, three} {
		other.answered = &answered
		conn, d, location := other.climb(t, c)
		if !strings.Contains(answered, " 127.0.0.1 "+port+" ") {
			t.Fatalf("the answer's candidates are not of the connection's node (port %s):\n%s", port, answered)
		}
		<-d.opened
		send(t, conn, protocol.UpResume, protocol.NewID[protocol.Op](), protocol.Resume{})
		if f := d.next(t); f.Kind != protocol.DownAck {
			t.Fatalf("resume: %s %s", f.Kind, f.Body)
		}
		op := protocol.NewID[protocol.Op]()
		send(t, conn, protocol.UpPost, op, protocol.Post{Conversation: conv, Text: "through another node"})
		for f := d.next(t); f.Op != op; f = d.next(t) {
			if f.Kind == protocol.DownError {
				t.Fatalf("post: %s", f.Body)
			}
		}
		if n := one.edge.Stats().Open["dc"]; n != 1 {
			t.Fatalf("%d transports at the connection's node", n)
		}
		for _, h := range []*house{two, three} { // the Location holds at any node
			res, body := h.request("PATCH", location, c.welcome.Secret, http.Header{"Content-Type": {"application/trickle-ice-sdpfrag"}}, "a=end-of-candidates\r\n")
			if res.StatusCode != http.StatusNoContent {
				t.Errorf("trickle: %d %s", res.StatusCode, body)
			}
			if res, _ := h.request("DELETE", location, "wrong", nil, ""); res.StatusCode != http.StatusUnauthorized {
				t.Errorf("with a wrong secret: %d", res.StatusCode)
			}
		}
		three.endTransport(t, c, location)
		testbed.Until(t, 5*time.Second, "the transport has ended", func() bool { return one.edge.Stats().Open["dc"] == 0 })
		if res, body := two.request("DELETE", location, c.welcome.Secret, nil, ""); res.StatusCode != http.StatusNotFound {
			t.Errorf("a second time: %d %s", res.StatusCode, body)
		}
		c = one.open("secret-a", protocol.Hello{Connection: c.welcome.Connection, Secret: c.welcome.Secret})
	}
	bus.mu.Lock()
	defer bus.mu.Unlock()
	if bytes.Contains(bus.said.Bytes(), []byte(c.welcome.Secret)) {
		t.Error("the secret went over the bus")
	}
}

func TestRefusalsComeThroughFromTheOtherNode(t *testing.T) { // S1, S10
	r := newRecord()
	bus := signaling.NewLocalBus()
	one, _ := nodeAt(t, r, "n1", bus)
	two, _ := nodeAt(t, r, "n2", bus)
	bare := newNode(t, r, "n3", bus, nil)
	sdp := http.Header{"Content-Type": {"application/sdp"}}
	path := func(id protocol.ConnectionID) string { return "/v1/connections/" + string(id) + "/transports" }
	c, without := one.open("secret-a", protocol.Hello{}).welcome, bare.open("secret-b", protocol.Hello{}).welcome
	for _, tt := range []struct {
		name, path, secret string
		status             int
	}{
		{"no offer", path(c.Connection), c.Secret, 422},
		{"a wrong secret", path(c.Connection), "wrong", 401},
		{"no secret", path(c.Connection), "", 401},
		{"a connection that nobody has", path(protocol.NewID[protocol.ConnectionID]()), c.Secret, 401},
		{"no connection", path("x"), c.Secret, 401},
		{"a node without ports", path(without.Connection), without.Secret, 503},
	} {
		at := time.Now()
		if res, body := two.request("POST", tt.path, tt.secret, sdp, "v=0"); res.StatusCode != tt.status {
			t.Errorf("%s: %d %s, want %d", tt.name, res.StatusCode, body, tt.status)
		}
		if took := time.Since(at); took > 2*time.Second {
			t.Errorf("%s: answered after %v", tt.name, took)
		}
	}
}
