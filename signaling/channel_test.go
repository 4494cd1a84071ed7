package signaling_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/parlour-chat/parlour/media/transport"
	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// A tap is the browser's side of a WebRTC connection.
type tap struct {
	opened chan string
	frames chan protocol.Frame
	binary chan string
}

func (d *tap) Opened(_ *transport.Conn, channel string) { d.opened <- channel }
func (d *tap) Message(_ *transport.Conn, channel string, binary bool, data []byte) {
	if binary {
		d.binary <- channel + ":" + string(data)
		return
	}
	var f protocol.Frame
	if json.Unmarshal(data, &f) == nil {
		d.frames <- f
	}
}
func (d *tap) Closed(*transport.Conn, error) { close(d.frames) }

func (d *tap) next(t *testing.T) protocol.Frame {
	t.Helper()
	late := time.NewTimer(10 * time.Second)
	defer late.Stop()
	select {
	case f := <-d.frames:
		return f
	case <-late.C:
		t.Fatal("no frame by DataChannel")
	}
	return protocol.Frame{}
}

// climb opens DataChannels for a client's connection.
func (h *house) climb(t *testing.T, c *client) (*transport.Conn, *tap, string) {
	t.Helper()
	dialer, err := transport.NewDialer(nil, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	d := &tap{opened: make(chan string, 8), frames: make(chan protocol.Frame, 1024), binary: make(chan string, 64)}
	var location string
	path := "/v1/connections/" + string(c.welcome.Connection) + "/transports"
	conn, err := dialer.Dial(t.Context(), transport.Dial{Channels: []string{transport.ChannelMain, transport.ChannelCobrowse}}, d,
		func(_ context.Context, offer string) (string, error) {
			res, answer := h.request("POST", path, c.welcome.Secret, http.Header{"Content-Type": {"application/sdp"}}, offer)
			if res.StatusCode != http.StatusCreated || res.Header.Get("Content-Type") != "application/sdp" {
				t.Errorf("offer: %d %s", res.StatusCode, answer)
			}
			location = res.Header.Get("Location")
			if h.answered != nil {
				*h.answered = answer
			}
			return answer, nil
		})
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	t.Cleanup(func() {
		conn.Close()
		<-conn.Done()
	})
	return conn, d, location
}

func withChannels(t *testing.T) (func(*signaling.Options), *prometheus.Registry) {
	t.Helper()
	endpoint, err := transport.Listen(transport.Options{UDPAddress: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = endpoint.Close() })
	registry := prometheus.NewRegistry()
	return func(o *signaling.Options) { o.Channels, o.Registry = signaling.OverEndpoint(endpoint), registry }, registry
}

func send(t *testing.T, conn *transport.Conn, kind string, op protocol.Op, body any) {
	t.Helper()
	data, err := protocol.Encode(kind, op, body)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Send(transport.ChannelMain, false, data); err != nil {
		t.Fatal(err)
	}
}

func TestChatByDataChannelWithTheWebSocketClosed(t *testing.T) { // VIS-2
	r := newRecord()
	change, registry := withChannels(t)
	h := newHouse(t, r, change)
	got := make(chan string, 1)
	h.hub.OnPacket(protocol.ChannelCobrowse, func(_ protocol.Caller, data []byte) { got <- string(data) })
	conv := r.conversation(visitorA, agent)
	r.add(conv, "before")
	c := h.open("secret-a", protocol.Hello{})
	c.until("the log", func() bool { return len(c.got[conv]) == 1 })
	conn, d, location := h.climb(t, c)
	for range 2 {
		<-d.opened
	}
	op := protocol.NewID[protocol.Op]()
	send(t, conn, protocol.UpResume, op, protocol.Resume{Cursors: []protocol.Cursor{{Conversation: conv, After: 1}}})
	if f := d.next(t); f.Kind != protocol.DownAck || f.Op != op {
		t.Fatalf("resume: %s %s", f.Kind, f.Body)
	}
	if f := d.next(t); f.Kind != protocol.DownSnapshot {
		t.Fatalf("after resume: %s", f.Kind)
	}
	_ = c.ws.Close(websocket.StatusNormalClosure, "")
	testbed.Until(t, 5*time.Second, "the WebSocket is closed", func() bool { return h.edge.Stats().Open["ws"] == 0 })
	if h.record.signed("gone "+visitorA.Actor()) != 0 {
		t.Error("gone, though a transport is open")
	}
	var seqs []int64
	for range 5 {
		op := protocol.NewID[protocol.Op]()
		send(t, conn, protocol.UpPost, op, protocol.Post{Conversation: conv, Text: "by DataChannel"})
		for acked, shown := false, false; !acked || !shown; {
			f := d.next(t)
			acked = acked || f.Op == op && f.Kind == protocol.DownAck
			if f.Kind == protocol.DownEntries {
				var e protocol.Entries
				_ = json.Unmarshal(f.Body, &e)
				seqs = append(seqs, e.Entries[0].Seq)
				shown = true
			}
		}
	}
	if diff := cmp.Diff([]int64{2, 3, 4, 5, 6}, seqs); diff != "" {
		t.Error(diff)
	}
	if n := h.edge.Stats().Frames[signaling.FrameCount{Transport: "dc", Direction: "up", Kind: protocol.UpPost}]; n != 5 {
		t.Errorf("posts by DataChannel = %d, want 5", n)
	}
	if err := conn.Send(transport.ChannelCobrowse, true, []byte("packet")); err != nil || <-got != "packet" {
		t.Errorf("packet: %v", err)
	}
	h.hub.SendPacket(c.welcome.Connection, protocol.ChannelCobrowse, []byte("down"))
	if s := <-d.binary; s != "cobrowse:down" {
		t.Errorf("packet down: %q", s)
	}
	if !counted(t, registry, "dc", protocol.UpPost) {
		t.Error("parlour_frames_total does not show it")
	}
	h.endTransport(t, c, location)
	testbed.Until(t, 5*time.Second, "the visitor is gone", func() bool { return r.signed("gone "+visitorA.Actor()) == 1 })
	again := h.open("secret-a", protocol.Hello{Connection: c.welcome.Connection, Secret: c.welcome.Secret, Cursors: []protocol.Cursor{{Conversation: conv, After: 6}}})
	if again.welcome.Connection != c.welcome.Connection {
		t.Error("the WebSocket did not go on with the connection")
	}
}

// counted says whether the metrics have a counter of such frames.
func counted(t *testing.T, registry *prometheus.Registry, by, kind string) bool {
	t.Helper()
	metrics, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range metrics {
		for _, one := range m.GetMetric() {
			if m.GetName() == "parlour_frames_total" && strings.Contains(one.String(), by) && strings.Contains(one.String(), kind) {
				return true
			}
		}
	}
	return false
}

// endTransport sends the last candidates and then deletes the transport.
func (h *house) endTransport(t *testing.T, c *client, location string) {
	t.Helper()
	trickle := http.Header{"Content-Type": {"application/trickle-ice-sdpfrag"}}
	if res, body := h.request("PATCH", location, c.welcome.Secret, trickle, "a=end-of-candidates\r\n"); res.StatusCode != http.StatusNoContent {
		t.Errorf("trickle: %d %s", res.StatusCode, body)
	}
	if res, body := h.request("DELETE", location, c.welcome.Secret, nil, ""); res.StatusCode != http.StatusNoContent {
		t.Errorf("delete: %d %s", res.StatusCode, body)
	}
}

func TestOldTransportIsClosedAfterASwitch(t *testing.T) {
	change, _ := withChannels(t)
	h := newHouse(t, newRecord(), func(o *signaling.Options) {
		change(o)
		o.Timers.Replace = 50 * time.Millisecond
	})
	c := h.open("secret-a", protocol.Hello{})
	conn, d, _ := h.climb(t, c)
	<-d.opened
	send(t, conn, protocol.UpResume, protocol.NewID[protocol.Op](), protocol.Resume{})
	for {
		if _, err := c.read(5 * time.Second); err != nil {
			break
		}
	}
	if c.close != signaling.CloseAgain {
		t.Errorf("close code %v, want %v", c.close, signaling.CloseAgain)
	}
}

func TestBadOffersAreRefused(t *testing.T) { // S10
	change, _ := withChannels(t)
	h := newHouse(t, newRecord(), change)
	c := h.open("secret-a", protocol.Hello{})
	path := "/v1/connections/" + string(c.welcome.Connection) + "/transports"
	sdp := http.Header{"Content-Type": {"application/sdp"}}
	for _, tt := range []struct {
		name   string
		header http.Header
		body   string
		status int
	}{
		{"not SDP", sdp, "hello", 422},
		{"JSON", http.Header{"Content-Type": {"application/json"}}, "{}", 415},
		{"audio alone", sdp, "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n", 415},
		{"70 KB", sdp, strings.Repeat("a=x\r\n", 14_000), 413},
	} {
		if res, body := h.request("POST", path, c.welcome.Secret, tt.header, tt.body); res.StatusCode != tt.status {
			t.Errorf("%s: %d %s, want %d", tt.name, res.StatusCode, body, tt.status)
		}
	}
	plain := newHouse(t, newRecord(), nil)
	c = plain.open("secret-a", protocol.Hello{})
	path = "/v1/connections/" + string(c.welcome.Connection) + "/transports"
	if res, _ := plain.request("POST", path, c.welcome.Secret, sdp, "v=0"); res.StatusCode != 503 {
		t.Errorf("without ports: %d", res.StatusCode)
	}
}
