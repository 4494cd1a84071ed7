package signaling_test

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

const op = `"op":"0190b0a0-0000-7000-8000-000000000001"`

var badFrames = []struct {
	name, frame string
	want        protocol.Code
	withOp      bool
}{
	{"not JSON", `hello`, protocol.CodeBadFrame, false},
	{"empty", ``, protocol.CodeBadFrame, false},
	{"a list", `[1]`, protocol.CodeBadFrame, false},
	{"no kind", `{` + op + `}`, protocol.CodeBadFrame, true},
	{"two frames", `{"kind":"connection.pong"}{"kind":"connection.pong"}`, protocol.CodeBadFrame, false},
	{"op that is none", `{"kind":"chat.post","op":"1"}`, protocol.CodeBadFrame, false},
	{"command without op", `{"kind":"chat.post","body":{}}`, protocol.CodeBadFrame, false},
	{"unknown kind", `{"kind":"chat.sing",` + op + `}`, protocol.CodeUnknownKind, true},
	{"kind of the server", `{"kind":"ack",` + op + `}`, protocol.CodeUnknownKind, true},
	{"body of another type", `{"kind":"chat.post",` + op + `,"body":{"text":1}}`, protocol.CodeBadFrame, true},
	{"body that is a list", `{"kind":"chat.post",` + op + `,"body":[]}`, protocol.CodeBadFrame, true},
	{"17 KB", `{"kind":"chat.post",` + op + `,"body":{"text":"` + strings.Repeat("x", 17<<10) + `"}}`, protocol.CodeTooLarge, true},
	{"not for visitors", `{"kind":"agent.declare",` + op + `,"body":{}}`, protocol.CodeUnknownKind, true},
	{"second hello", `{"kind":"connection.hello",` + op + `,"body":{}}`, protocol.CodeWrongState, true},
}

func TestBadFramesAreAnsweredAndTheConnectionGoesOn(t *testing.T) { // S10
	r := newRecord()
	h := newHouse(t, r, nil)
	conv := r.conversation(visitorA)
	c := h.open("secret-a", protocol.Hello{})
	for _, tt := range badFrames {
		c.raw([]byte(tt.frame))
		f := c.reply("")
		if code(f) != tt.want || (f.Op != "") != tt.withOp {
			t.Errorf("%s: %s op %q, want %s", tt.name, f.Body, f.Op, tt.want)
		}
	}
	if f := c.command(protocol.UpPost, protocol.Post{Conversation: conv, Text: "still here"}); f.Kind != protocol.DownAck {
		t.Errorf("after bad frames: %s", f.Body)
	}
	bad := h.edge.Stats().BadFrames
	if bad[protocol.CodeBadFrame] != 9 || bad[protocol.CodeUnknownKind] != 3 || bad[protocol.CodeTooLarge] != 1 {
		t.Errorf("counted %v", bad)
	}
}

func TestAFloodOfBadFramesEndsTheTransport(t *testing.T) { // S10
	h := newHouse(t, newRecord(), func(o *signaling.Options) { o.Limits.BadFrames = 5 })
	c := h.open("secret-a", protocol.Hello{})
	other := h.open("secret-b", protocol.Hello{})
	for range 8 {
		if c.ws.Write(t.Context(), websocket.MessageText, []byte("x")) != nil {
			break
		}
	}
	for {
		if _, err := c.read(5 * time.Second); err != nil {
			break
		}
	}
	if c.close != signaling.CloseRefuse {
		t.Errorf("close code %v, want %v", c.close, signaling.CloseRefuse)
	}
	if f := other.command(protocol.UpSince, protocol.Since{}); f.Op == "" {
		t.Error("the other visitor was touched")
	}
}

func TestTooManyMessagesAreRefused(t *testing.T) {
	r := newRecord()
	h := newHouse(t, r, func(o *signaling.Options) { o.Limits.MessagesPerMinute = 3 })
	conv := r.conversation(visitorA, agent)
	c, desk := h.open("secret-a", protocol.Hello{}), h.open("secret-eve", protocol.Hello{})
	for i := range 5 {
		f := c.command(protocol.UpPost, protocol.Post{Conversation: conv, Text: "x"})
		if got := code(f) == protocol.CodeRateLimited; got != (i >= 3) {
			t.Errorf("message %d: %s", i, f.Body)
		}
		if f := desk.command(protocol.UpPost, protocol.Post{Conversation: conv, Text: "x"}); f.Kind != protocol.DownAck {
			t.Errorf("agent's message %d: %s", i, f.Body)
		}
	}
}

func TestCommandsRunInOrderAndTheQueueIsBounded(t *testing.T) { // D13
	r := newRecord()
	h := newHouse(t, r, func(o *signaling.Options) { o.Limits.Commands, o.Limits.FramesPerSecond = 4, 10_000 })
	release := make(chan struct{})
	var ran []string
	h.edge.On(protocol.UpAsk, signaling.Command(func(ctx context.Context, _ protocol.Caller, _ protocol.Op, b protocol.Ask) (protocol.Ack, error) {
		select {
		case <-release:
		case <-ctx.Done():
		}
		ran = append(ran, b.Text) // one at a time, as -race would show
		return protocol.Ack{}, nil
	}))
	c := h.open("secret-a", protocol.Hello{})
	refused, acked, want := 0, 0, []string{}
	var ops []protocol.Op
	for i := range 9 {
		op := protocol.NewID[protocol.Op]()
		ops = append(ops, op)
		c.send(protocol.UpAsk, op, protocol.Ask{Text: string(rune('a' + i))})
		if i < 5 {
			want = append(want, string(rune('a'+i)))
		}
		if i == 0 { // it runs before the others wait
			testbed.Until(t, 5*time.Second, "the first runs", func() bool {
				return h.edge.Stats().Frames[signaling.FrameCount{Transport: "ws", Direction: "up", Kind: protocol.UpAsk}] == 1
			})
		}
	}
	refused += countCode(c, ops[5:], protocol.CodeRateLimited)
	close(release)
	for _, op := range ops[:5] {
		if c.answer(op).Kind == protocol.DownAck {
			acked++
		}
	}
	if refused != 4 || acked != 5 || strings.Join(ran, "") != strings.Join(want, "") {
		t.Errorf("refused %d, acked %d, ran %v", refused, acked, ran)
	}
}

func countCode(c *client, ops []protocol.Op, want protocol.Code) (n int) {
	for _, op := range ops {
		if code(c.answer(op)) == want {
			n++
		}
	}
	return n
}

func TestPacketsTravelBothWays(t *testing.T) {
	r := newRecord()
	h := newHouse(t, r, nil)
	got := make(chan string, 8)
	h.hub.OnPacket(protocol.ChannelCobrowse, func(who protocol.Caller, data []byte) { got <- who.Name + ":" + string(data) })
	c := h.open("secret-a", protocol.Hello{})
	if err := c.ws.Write(t.Context(), websocket.MessageBinary, []byte("\x01events")); err != nil {
		t.Fatal(err)
	}
	if s := <-got; s != "Ann:events" {
		t.Errorf("got %q", s)
	}
	for _, bad := range []string{"\x09x", ""} {
		if err := c.ws.Write(t.Context(), websocket.MessageBinary, []byte(bad)); err != nil {
			t.Fatal(err)
		}
		if f := c.reply(""); code(f) != protocol.CodeBadFrame {
			t.Errorf("binary %q: %s", bad, f.Body)
		}
	}
	for range 60 { // a snapshot of 3.6 MB in one burst
		h.hub.SendPacket(c.welcome.Connection, protocol.ChannelCobrowse, make([]byte, 60<<10))
	}
	for n := 0; n < 60; {
		f, err := c.read(5 * time.Second)
		if err != nil {
			t.Fatalf("after %d packets: %v", n, err)
		}
		if f.Kind == "binary" {
			n++
		}
	}
}

func TestPacketsAreLimited(t *testing.T) { // S10
	h := newHouse(t, newRecord(), func(o *signaling.Options) { o.Limits.PacketsPerSecond = 5 })
	var got atomic.Int64
	h.hub.OnPacket(protocol.ChannelCobrowse, func(protocol.Caller, []byte) { got.Add(1) })
	c := h.open("secret-a", protocol.Hello{})
	began := time.Now()
	const sent = 300
	for range sent {
		if err := c.ws.Write(t.Context(), websocket.MessageBinary, []byte("\x01events")); err != nil {
			t.Fatal(err)
		}
	}
	testbed.Until(t, 5*time.Second, "all have come", func() bool {
		s := h.edge.Stats()
		return s.PacketsUp+s.PacketsLimited == sent
	})
	if h.edge.Stats().PacketsLimited == 0 {
		t.Fatalf("a flood of %d packets was let through", sent)
	}
	if f := c.reply(""); code(f) != protocol.CodeRateLimited {
		t.Errorf("the answer to a flood is %s", f.Body)
	}
	seconds := time.Since(began).Seconds()
	if most := 20 + int64(5*seconds) + 1; got.Load() > most || got.Load() < 20 {
		t.Errorf("%d of %d packets passed, from 20 to %d expected", got.Load(), sent, most)
	}
	if n := h.edge.Stats().BadFrames[protocol.CodeRateLimited]; n > uint64(seconds)+2 {
		t.Errorf("a flood of %.1f s was answered %d times", seconds, n)
	}
	conv := h.record.conversation(visitorA)
	if f := c.command(protocol.UpSince, protocol.Since{Conversation: conv}); f.Kind != protocol.DownEntries {
		t.Errorf("frames after the flood: %s", f.Body)
	}
}

func TestDownFramesAreBounded(t *testing.T) {
	r := newRecord()
	h := newHouse(t, r, nil)
	conv := r.conversation(visitorA)
	for range 50 {
		r.add(conv, strings.Repeat("z", 3000))
	}
	c := h.open("secret-a", protocol.Hello{})
	c.until("the log", func() bool { return len(c.got[conv]) == 50 })
	if n := c.kinds[protocol.DownEntries]; n < 10 {
		t.Errorf("150 KB came in %d frames", n)
	}
	h.hub.Send(ws, visitorA.Actor(), c.welcome.Connection, protocol.DownCallJoined, protocol.CallJoined{SDP: "small"})
	c.until("the small one", func() bool { return c.kinds[protocol.DownCallJoined] == 1 })
	f := c.command(protocol.UpSince, protocol.Since{Conversation: conv, After: 0})
	if f.Kind != protocol.DownEntries || len(c.got[conv]) != 100 {
		t.Errorf("since: %s, %d entries", f.Kind, len(c.got[conv]))
	}
}

func FuzzFrames(f *testing.F) { // S10
	for _, tt := range badFrames {
		f.Add([]byte(tt.frame))
	}
	f.Add([]byte(`{"kind":"connection.resume",` + op + `,"body":{"cursors":[{"conversation":"x","after":-5}]}}`))
	r := newRecord()
	h := newHouse(f, r, func(o *signaling.Options) {
		o.Limits.BadFrames, o.Limits.FramesPerSecond, o.Limits.MessagesPerMinute, o.Limits.ConnectionsPerIP = 1<<30, 1<<30, 1<<30, 1<<20
		o.Limits.RequestsPerSecond, o.Limits.Detached = 1<<30, 16
	})
	conv := r.conversation(visitorA)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 60<<10 {
			t.Skip()
		}
		inner := *h
		inner.t = t
		c := inner.open("secret-a", protocol.Hello{})
		c.raw(data)
		if got := c.command(protocol.UpSince, protocol.Since{Conversation: conv, After: 1 << 40}); got.Kind != protocol.DownEntries {
			t.Errorf("after %q: %s %s", data, got.Kind, got.Body)
		}
		_ = c.ws.CloseNow()
	})
}

func TestWhatIsTooLargeToBeSentIsNotLeftOut(t *testing.T) { // D1, S10
	r := newRecord()
	h := newHouse(t, r, nil)
	c := h.open("secret-eve", protocol.Hello{})
	r.show(agent.Actor(), "offer/1", &protocol.Item{Offer: &protocol.OfferItem{Offer: "1", First: strings.Repeat("<", 4000)}})
	h.hub.ViewChanged(ws, agent.Actor())
	for {
		if _, err := c.read(5 * time.Second); err != nil {
			break
		}
	}
	if c.close != signaling.CloseAgain || h.edge.Stats().TooLarge != 1 || c.view["offer/1"].Offer != nil {
		t.Errorf("closed with %d, counted %d", c.close, h.edge.Stats().TooLarge)
	}
}

func TestABodyIsOneObject(t *testing.T) {
	h := newHouse(t, newRecord(), nil)
	for body, want := range map[string]int{
		`{"site":"shop"}`: 201, "{\"site\":\"shop\"} \r\n": 201, `{"site":"shop"}<script>`: 400, `{"site":"shop"}{}`: 400, `{"site":"shop"} 1`: 400, `{"site":"shop"}]`: 400,
	} {
		if res, text := h.request("POST", "/v1/visitors", "", http.Header{"Content-Type": {"application/json"}}, body); res.StatusCode != want {
			t.Errorf("%q: %d %s, want %d", body, res.StatusCode, text, want)
		}
	}
}
