package signaling_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// cut reads until the server closes, and says how long that took.
func (c *client) cut() time.Duration {
	c.t.Helper()
	at := time.Now()
	for {
		if _, err := c.read(10 * time.Second); err != nil {
			return time.Since(at)
		}
	}
}

// Nobody tells the nodes: the record is all that has changed.
func TestWhatTheRecordRevokesIsCutOnEveryNode(t *testing.T) { // S5
	promoted, renamed := clerk, clerk
	promoted.Permissions, renamed.Name = protocol.Permissions(), "Timothy"
	for name, change := range map[string]func(*record){
		"disabled or signed out": func(r *record) { r.revoked["secret-tim"] = true },
		"other rights":           func(r *record) { r.changed[clerk.Session] = promoted },
		"another name":           func(r *record) { r.changed[clerk.Session] = renamed },
	} {
		t.Run(name, func(t *testing.T) {
			r := newRecord()
			one, two := newNode(t, r, "n1", deafBus{}, nil), newNode(t, r, "n2", deafBus{}, nil)
			desks := []*client{one.open("secret-tim", protocol.Hello{}), two.open("secret-tim", protocol.Hello{})}
			bystanders := []*client{one.open("secret-eve", protocol.Hello{}), two.open("secret-a", protocol.Hello{})}
			r.mu.Lock()
			change(r)
			r.mu.Unlock()
			for _, desk := range desks {
				if took := desk.cut(); took > 2*time.Second || desk.close != signaling.CloseWho {
					t.Errorf("cut after %v with %v", took, desk.close)
				}
			}
			for _, c := range bystanders {
				if f := c.command(protocol.UpSince, protocol.Since{Conversation: r.conversation(agent, visitorA)}); f.Kind != protocol.DownEntries {
					t.Errorf("bystander: %s %s", f.Kind, f.Body)
				}
			}
		})
	}
}

func TestChangedRightsAreNotGoneOnWith(t *testing.T) { // S5
	r := newRecord()
	h := newHouse(t, r, nil)
	desk := h.open("secret-tim", protocol.Hello{})
	_ = desk.ws.CloseNow()
	promoted := clerk
	promoted.Permissions = protocol.Permissions()
	r.mu.Lock()
	r.changed[clerk.Session] = promoted
	r.mu.Unlock()
	again := h.open("secret-tim", protocol.Hello{Connection: desk.welcome.Connection, Secret: desk.welcome.Secret})
	if again.welcome.Connection == desk.welcome.Connection || len(again.welcome.Permissions) == 0 {
		t.Errorf("went on with %+v", again.welcome)
	}
}

func TestARecordThatCannotBeAskedLeavesAgentsIn(t *testing.T) { // S5
	r := newRecord()
	h := newHouse(t, r, func(o *signaling.Options) { o.Timers.Recheck = 10 * time.Millisecond })
	desk := h.open("secret-eve", protocol.Hello{})
	r.mu.Lock()
	r.unsigned = errors.New("the database is away")
	r.mu.Unlock()
	conv := r.conversation(agent)
	for range 20 {
		if f := desk.command(protocol.UpSince, protocol.Since{Conversation: conv}); f.Kind != protocol.DownEntries {
			t.Fatalf("%s %s", f.Kind, f.Body)
		}
	}
}

// One who reads nothing and goes on commanding is out as fast as the others.
func TestTheRevokedCannotStayByNotReading(t *testing.T) { // S5
	r := newRecord()
	conv := r.conversation(agent)
	for range 200 {
		r.add(conv, strings.Repeat("x", 3000))
	}
	h := newHouse(t, r, nil)
	desk := h.open("secret-eve", protocol.Hello{})
	for range 40 { // more than fits into the sockets
		data, _ := protocol.Encode(protocol.UpSince, protocol.NewID[protocol.Op](), protocol.Since{Conversation: conv})
		desk.raw(data)
	}
	sent, since := int64(-1), time.Now()
	testbed.Until(t, 20*time.Second, "the server waits for the reader", func() bool {
		now := int64(h.edge.Stats().Frames[signaling.FrameCount{Transport: "ws", Direction: "down", Kind: protocol.DownEntries}])
		if now != sent {
			sent, since = now, time.Now()
		}
		return time.Since(since) > 300*time.Millisecond
	})
	if h.edge.Stats().Open["ws"] != 1 {
		t.Fatal("cut before the session ended")
	}
	at := time.Now()
	h.hub.Revoke(ws, agent.Actor(), agent.Session)
	post, _ := protocol.Encode(protocol.UpPost, protocol.NewID[protocol.Op](), protocol.Post{Conversation: conv, Text: "still here"})
	_ = desk.ws.Write(t.Context(), websocket.MessageText, post) // it may be closed by now
	testbed.Until(t, 20*time.Second, "the socket is closed", func() bool { return h.edge.Stats().Open["ws"] == 0 })
	if took := time.Since(at); took > 2*time.Second {
		t.Errorf("out after %v", took)
	}
	if after, _ := r.Entries(t.Context(), agent, conv, 200); len(after.Entries) > 0 {
		t.Error("a message was taken after the session had ended")
	}
}

// A socket that was opened with a cookie that was good is let in only while the
// session holds, also when the two cross; nobody looks later.
func TestAHelloAfterSigningOutIsRefused(t *testing.T) { // S5
	never := func(o *signaling.Options) { o.Timers.Recheck = time.Hour }
	t.Run("signed out before", func(t *testing.T) {
		r := newRecord()
		h := newHouse(t, r, never)
		desk := h.dial(cookie("secret-eve"), nil)
		if res, _ := h.request("POST", "/v1/sign-out", "", cookie("secret-eve"), ""); res.StatusCode != 204 {
			t.Fatal(res.Status)
		}
		if f := desk.command(protocol.UpHello, protocol.Hello{}); f.Kind != protocol.DownError || !strings.Contains(string(f.Body), string(protocol.CodeUnauthenticated)) {
			t.Fatalf("%s %s", f.Kind, f.Body)
		}
		if desk.cut(); desk.close != signaling.CloseWho {
			t.Errorf("closed with %v", desk.close)
		}
		if n := r.signed("here " + agent.Actor()); n != 0 {
			t.Error("routing has heard of the desk")
		}
	})
	t.Run("signed out while the record is asked", func(t *testing.T) {
		r := newRecord()
		h := newHouse(t, r, never)
		desk := h.dial(cookie("secret-eve"), nil)
		r.mu.Lock()
		r.looked = func() { h.hub.Revoke(ws, agent.Actor(), agent.Session) }
		r.mu.Unlock()
		desk.send(protocol.UpHello, protocol.NewID[protocol.Op](), protocol.Hello{})
		if desk.cut(); desk.close != signaling.CloseWho {
			t.Errorf("closed with %v", desk.close)
		}
	})
	t.Run("the record does not answer", func(t *testing.T) {
		r := newRecord()
		h := newHouse(t, r, never)
		desk := h.dial(cookie("secret-eve"), nil)
		r.mu.Lock()
		r.unsigned = protocol.NewError(protocol.CodeUnavailable, "The record does not answer now. Please try again.")
		r.mu.Unlock()
		desk.send(protocol.UpHello, protocol.NewID[protocol.Op](), protocol.Hello{})
		if desk.cut(); desk.close != signaling.CloseAgain {
			t.Errorf("closed with %v: it would not come back", desk.close)
		}
	})
}
