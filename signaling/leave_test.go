package signaling_test

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parlour-chat/parlour/media/transport"
	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// last is the newest sign of an actor's presence.
func (r *record) last(actor string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, sign := range slices.Backward(r.signs) {
		if sign == "here "+actor || sign == "gone "+actor {
			return sign[:4]
		}
	}
	return ""
}

func TestClosingThePageIsNoticedAtOnce(t *testing.T) { // VIS-2, STATE-6
	r := newRecord()
	change, _ := withChannels(t)
	h := newHouse(t, r, change)
	conv := r.conversation(visitorA)
	gone := func() bool { return r.last(visitorA.Actor()) == "gone" }
	within := func(what string, do func()) {
		t.Helper()
		at := time.Now()
		do()
		testbed.Until(t, 5*time.Second, what, gone)
		if took := time.Since(at); took > time.Second {
			t.Errorf("%s: noticed after %v", what, took)
		}
	}

	socket := h.open("secret-a", protocol.Hello{})
	within("the WebSocket is closed", func() { _ = socket.ws.Close(websocket.StatusGoingAway, "") })

	// The page's last word by DataChannel is the DELETE that outlives it; the
	// peer itself says nothing.
	c := h.open("secret-a", protocol.Hello{})
	conn, d, location := h.climb(t, c)
	<-d.opened
	send(t, conn, protocol.UpResume, protocol.NewID[protocol.Op](), protocol.Resume{})
	d.next(t)
	_ = c.ws.Close(websocket.StatusNormalClosure, "")
	testbed.Until(t, 5*time.Second, "the WebSocket is closed", func() bool { return h.edge.Stats().Open["ws"] == 0 })
	within("the transport is deleted", func() {
		if res, body := h.request("DELETE", location, c.welcome.Secret, nil, ""); res.StatusCode != http.StatusNoContent {
			t.Errorf("delete: %d %s", res.StatusCode, body)
		}
	})

	// A page that is closed while it climbs leaves a transport behind that never begins.
	c = h.open("secret-a", protocol.Hello{Connection: c.welcome.Connection, Secret: c.welcome.Secret})
	h.answerTo(t, c)
	within("the page is closed while it climbs", func() { _ = c.ws.Close(websocket.StatusGoingAway, "") })

	next := h.open("secret-a", protocol.Hello{})
	if next.welcome.You.ID != string(visitorA.Visitor) {
		t.Errorf("the next page is %+v", next.welcome.You)
	}
	if gone() {
		t.Error("the next page of the visitor is not there")
	}
	if f := next.command(protocol.UpPost, protocol.Post{Conversation: conv, Text: "still me"}); f.Kind != protocol.DownAck {
		t.Errorf("post: %s %s", f.Kind, f.Body)
	}
}

// answerTo has a client's offer answered, and nothing more comes of it.
func (h *house) answerTo(t *testing.T, c *client) {
	t.Helper()
	dialer, err := transport.NewDialer(nil, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	path := "/v1/connections/" + string(c.welcome.Connection) + "/transports"
	_, err = dialer.Dial(ctx, transport.Dial{Channels: []string{transport.ChannelMain}}, &tap{}, func(_ context.Context, offer string) (string, error) {
		res, answer := h.request("POST", path, c.welcome.Secret, http.Header{"Content-Type": {"application/sdp"}}, offer)
		if res.StatusCode != http.StatusCreated {
			t.Errorf("offer: %d %s", res.StatusCode, answer)
		}
		cancel()
		return "", ctx.Err()
	})
	if err == nil {
		t.Fatal("dialled")
	}
}

// A page that closes before its hello is answered leaves nothing behind: no
// connection that nobody can ever close, and nobody who seems to be there.
func TestAPageThatClosesWhileItBeginsIsForgotten(t *testing.T) { // STATE-6
	r := newRecord()
	h := newHouse(t, r, func(o *signaling.Options) { o.Timers.Keep, o.Timers.Idle = 50*time.Millisecond, 100*time.Millisecond })
	begun, closed := make(chan struct{}), make(chan struct{})
	var once sync.Once
	r.slowHere = func() {
		once.Do(func() { close(begun) })
		<-closed
	}
	c := h.dial(nil, nil)
	c.send(protocol.UpHello, protocol.NewID[protocol.Op](), protocol.Hello{Token: "secret-a"})
	<-begun
	_ = c.ws.CloseNow()
	testbed.Until(t, 5*time.Second, "the socket is closed", func() bool { return h.edge.Stats().Open["ws"] == 0 })
	close(closed)
	testbed.Until(t, 5*time.Second, "the connection is forgotten", func() bool { return h.edge.Stats().Connections == 0 })
	testbed.Until(t, 5*time.Second, "the visitor is gone", func() bool { return r.last(visitorA.Actor()) == "gone" })
}
