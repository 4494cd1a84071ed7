package signaling_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

func TestMessageTravelsToTheOtherSide(t *testing.T) { // D1, D4
	r := newRecord()
	h := newHouse(t, r, nil)
	conv := r.conversation(visitorA, agent)
	visitor, desk := h.open("secret-a", protocol.Hello{}), h.open("secret-eve", protocol.Hello{})
	if visitor.welcome.Epoch != "epoch-1" || visitor.welcome.You.ID != string(visitorA.Visitor) || visitor.welcome.Secret == "" {
		t.Errorf("welcome = %+v", visitor.welcome)
	}
	for i := range 3 {
		f := visitor.command(protocol.UpPost, protocol.Post{Conversation: conv, Text: "hello"})
		var ack protocol.Ack
		if err := json.Unmarshal(f.Body, &ack); err != nil || f.Kind != protocol.DownAck || ack.Seq != int64(i+1) {
			t.Fatalf("ack %d: %s %s", i, f.Kind, f.Body)
		}
	}
	desk.until("three entries", func() bool { return len(desk.got[conv]) == 3 })
	visitor.until("three entries", func() bool { return len(visitor.got[conv]) == 3 })
	if diff := cmp.Diff(upTo(3), desk.got[conv]); diff != "" {
		t.Error(diff)
	}
	stats := h.edge.Stats()
	if n := stats.Frames[signaling.FrameCount{Transport: "ws", Direction: "up", Kind: protocol.UpPost}]; n != 3 {
		t.Errorf("posts counted = %d, want 3", n)
	}
}

func TestSameOpIsAnsweredTheSame(t *testing.T) { // D2
	r := newRecord()
	h := newHouse(t, r, nil)
	conv := r.conversation(visitorA)
	c := h.open("secret-a", protocol.Hello{})
	op := protocol.NewID[protocol.Op]()
	var seqs []string
	for range 3 {
		c.send(protocol.UpPost, op, protocol.Post{Conversation: conv, Text: "once"})
		seqs = append(seqs, string(c.answer(op).Body))
	}
	if seqs[0] != seqs[1] || seqs[1] != seqs[2] || len(r.logs[conv]) != 1 {
		t.Errorf("acks %v, %d entries", seqs, len(r.logs[conv]))
	}
}

func TestHelloGoesOnFromTheCursors(t *testing.T) { // D5, D6
	r := newRecord()
	h := newHouse(t, r, nil)
	conv := r.conversation(visitorA)
	for i := range 450 {
		r.add(conv, fmt.Sprint(i))
	}
	first := h.open("secret-a", protocol.Hello{})
	first.until("the whole log", func() bool { return len(first.got[conv]) == 450 })
	if diff := cmp.Diff(upTo(450), first.got[conv]); diff != "" {
		t.Fatal(diff)
	}
	_ = first.ws.CloseNow()
	r.add(conv, "missed")
	again := protocol.Hello{Connection: first.welcome.Connection, Secret: first.welcome.Secret, Cursors: []protocol.Cursor{{Conversation: conv, After: 450}}}
	second := h.open("secret-a", again)
	if second.welcome.Connection != first.welcome.Connection {
		t.Error("another connection, though the first was kept")
	}
	second.until("what was missed", func() bool { return len(second.got[conv]) > 0 })
	if diff := cmp.Diff([]int64{451}, second.got[conv]); diff != "" {
		t.Error(diff)
	}
	for range 2 { // two drops in a row without traffic replay nothing
		_ = second.ws.CloseNow()
		again.Cursors[0].After = 451
		second = h.open("secret-a", again)
		f := second.command(protocol.UpSince, protocol.Since{Conversation: conv, After: 451})
		if f.Kind != protocol.DownEntries || len(second.got[conv]) != 0 {
			t.Errorf("replayed %v", second.got[conv])
		}
	}
}

func TestConnectionIsKeptForAWhile(t *testing.T) {
	r := newRecord()
	h := newHouse(t, r, func(o *signaling.Options) {
		o.Timers.Keep, o.Timers.Idle = 50*time.Millisecond, 100*time.Millisecond
	})
	c := h.open("secret-a", protocol.Hello{})
	_ = c.ws.CloseNow()
	testbed.Until(t, 5*time.Second, "the connection is dropped", func() bool { return h.edge.Stats().Connections == 0 })
	again := h.open("secret-a", protocol.Hello{Connection: c.welcome.Connection, Secret: c.welcome.Secret})
	if again.welcome.Connection == c.welcome.Connection {
		t.Error("a dropped connection came back")
	}
}

func TestAStrangerDoesNotGetAConnection(t *testing.T) { // S1
	h := newHouse(t, newRecord(), nil)
	c := h.open("secret-a", protocol.Hello{})
	for name, hello := range map[string]protocol.Hello{
		"other visitor": {Connection: c.welcome.Connection, Secret: c.welcome.Secret},
		"wrong secret":  {Connection: c.welcome.Connection, Secret: "guess"},
	} {
		token := "secret-b"
		if name == "wrong secret" {
			token = "secret-a"
		}
		if other := h.open(token, hello); other.welcome.Connection == c.welcome.Connection {
			t.Errorf("%s: was given the connection", name)
		}
	}
}

func TestViewFollowsByPatches(t *testing.T) { // D10
	r := newRecord()
	h := newHouse(t, r, nil)
	desk := h.open("secret-eve", protocol.Hello{})
	item := func(i int) *protocol.Item {
		return &protocol.Item{Offer: &protocol.OfferItem{Offer: protocol.OfferID(fmt.Sprint(i)), First: strings.Repeat("x", 700)}}
	}
	for i := range 60 { // 42 KB in all: more than one frame
		r.show(agent.Actor(), fmt.Sprintf("offer/%d", i%40), item(i))
		if i%3 == 0 {
			r.show(agent.Actor(), fmt.Sprintf("offer/%d", i/2), nil)
		}
		h.hub.ViewChanged(ws, agent.Actor())
	}
	want := map[string]protocol.Item{}
	_ = r.Items(t.Context(), protocol.Caller{Principal: agent}, want)
	desk.until("the newest view", func() bool { return cmp.Equal(desk.view, want) })
	fresh := h.open("secret-eve", protocol.Hello{})
	fresh.until("all of the view", func() bool { return len(fresh.view) == len(want) })
	if diff := cmp.Diff(desk.view, fresh.view); diff != "" {
		t.Errorf("patched view is not the snapshot: %s", diff)
	}
	if n := desk.kinds[protocol.DownSnapshot]; n != 1 {
		t.Errorf("%d snapshots, want one and then patches", n)
	}
	if fresh.kinds[protocol.DownPatch] == 0 {
		t.Error("a view of 28 KB came in one frame")
	}
}

func TestNewConversationsAreFollowed(t *testing.T) {
	r := newRecord()
	h := newHouse(t, r, nil)
	c := h.open("secret-a", protocol.Hello{})
	conv := r.conversation(visitorA)
	r.add(conv, "first")
	h.hub.ViewChanged(ws, visitorA.Actor())
	c.until("its log", func() bool { return len(c.got[conv]) == 1 })
	for i := range 20 {
		r.add(conv, "more")
		h.hub.EntriesAdded(ws, conv)
		c.until("what was added", func() bool { return len(c.got[conv]) == i+2 })
	}
	r.mu.Lock()
	if r.marksRead > 1 {
		t.Errorf("marks were read %d times, want once, at the beginning", r.marksRead)
	}
	r.marks[conv] = 1
	r.mu.Unlock()
	h.hub.MarksChanged(ws, conv)
	c.until("its marks", func() bool { return c.kinds[protocol.DownMarks] == 1 })
}

func TestASlowReaderIsCutAndResumes(t *testing.T) { // D14
	r := newRecord()
	h := newHouse(t, r, func(o *signaling.Options) {
		o.Timers.Stall, o.Timers.Poll = 2*time.Second, 200*time.Millisecond
		o.Timers.Silent = time.Hour // on a machine that is busy it would be cut as silent
	})
	conv := r.conversation(visitorA, agent)
	slow, quick := h.dial(nil, smallBuffers()), h.open("secret-eve", protocol.Hello{})
	slow.hello(protocol.Hello{Token: "secret-a"})
	const n, step = 500, 10   // of 12 KB: more than sockets and outbox hold
	for i := range n / step { // no more at a time than the sockets of who reads hold, however late that is
		for range step {
			r.add(conv, strings.Repeat("y", 12_000))
			h.hub.EntriesAdded(ws, conv)
		}
		quick.until("all entries", func() bool { return len(quick.got[conv]) == (i+1)*step })
	}
	testbed.Until(t, 30*time.Second, "the slow one is cut", func() bool { return h.edge.Stats().SlowCuts > 0 })
	testbed.Until(t, 30*time.Second, "one transport is left", func() bool { return h.edge.Stats().Open["ws"] == 1 })
	had := slow.rest(conv, n) // what had left for it before the cut
	if len(had) == n {
		t.Error("it was cut and missed nothing")
	}
	for len(had) < n { // a machine that is busy makes a slow one of who resumes
		before := len(had)
		again := h.open("secret-a", protocol.Hello{Cursors: []protocol.Cursor{{Conversation: conv, After: int64(before)}}})
		if had = append(had, again.rest(conv, n-before)...); len(had) == before {
			t.Fatal("nothing came over a new connection")
		}
	}
	if diff := cmp.Diff(upTo(n), had); diff != "" {
		t.Error(diff)
	}
}

// rest reads until it has n entries, or until its connection ends.
func (c *client) rest(conv protocol.ConversationID, n int) []int64 {
	for len(c.got[conv]) < n {
		if _, err := c.read(5 * time.Second); err != nil {
			break
		}
	}
	return c.got[conv]
}

// smallBuffers makes sockets that take little without being read.
func smallBuffers() *http.Client {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		if tcp, ok := conn.(*net.TCPConn); ok {
			err = tcp.SetReadBuffer(256 << 10)
		}
		return conn, err
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial}}
}

func TestIdleIsPingedAndSilentGivenUp(t *testing.T) { // STATE-6
	r := newRecord()
	h := newHouse(t, r, func(o *signaling.Options) {
		o.Timers.Idle, o.Timers.Silent = 50*time.Millisecond, 400*time.Millisecond
	})
	alive := h.open("secret-eve", protocol.Hello{})
	alive.until("pings", func() bool { return alive.kinds[protocol.DownPing] >= 3 })
	if n := r.signed("gone " + agent.Actor()); n != 0 {
		t.Errorf("gone %d times though it answers", n)
	}
	// From here on nobody reads, so nobody answers.
	testbed.Until(t, 5*time.Second, "the silent one is gone", func() bool { return r.signed("gone "+agent.Actor()) == 1 })
	testbed.Until(t, 5*time.Second, "its transport is closed", func() bool { return h.edge.Stats().Open["ws"] == 0 })
}

func TestTheRecordComesBack(t *testing.T) {
	r := newRecord()
	h := newHouse(t, r, func(o *signaling.Options) { o.Timers.Poll = 20 * time.Millisecond })
	conv := r.conversation(visitorA)
	c := h.open("secret-a", protocol.Hello{})
	r.mu.Lock()
	r.broken = errors.New("disk away")
	r.mu.Unlock()
	r.add(conv, "one")
	h.hub.EntriesAdded(ws, conv)
	f := c.command(protocol.UpSince, protocol.Since{Conversation: conv})
	if code(f) != protocol.CodeInternal || strings.Contains(string(f.Body), "disk") {
		t.Errorf("answer while the record is away: %s", f.Body)
	}
	r.mu.Lock()
	r.broken = nil
	r.mu.Unlock()
	c.until("the entry", func() bool { return len(c.got[conv]) == 1 })
}

func TestHelloHasToComeInTime(t *testing.T) {
	h := newHouse(t, newRecord(), func(o *signaling.Options) { o.Timers.Hello = 30 * time.Millisecond })
	c := h.dial(nil, nil)
	if _, err := c.read(5 * time.Second); err == nil || c.close != signaling.CloseWho {
		t.Errorf("close code = %v (%v), want %v", c.close, err, signaling.CloseWho)
	}
}

func TestDrainAsksToMove(t *testing.T) { // L2
	h := newHouse(t, newRecord(), nil)
	c := h.open("secret-a", protocol.Hello{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.edge.Drain(t.Context())
	}()
	c.until("move", func() bool { return c.kinds[protocol.DownMove] == 1 })
	if _, _, err := websocket.Dial(t.Context(), h.server.URL+"/v1/connect", nil); err == nil {
		t.Error("a draining node took a new connection")
	}
	_ = c.ws.Close(websocket.StatusNormalClosure, "")
	<-ended
}

func TestClientAheadOfARestoredRecordLearnsIt(t *testing.T) { // D12
	r := newRecord()
	h := newHouse(t, r, nil)
	conv := r.conversation(visitorA)
	r.add(conv, "all that is left")
	c := h.dial(nil, nil)
	c.hello(protocol.Hello{Token: "secret-a", Cursors: []protocol.Cursor{{Conversation: conv, After: 9}}})
	for {
		f, err := c.read(5 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if f.Kind == protocol.DownEntries {
			if !strings.Contains(string(f.Body), `"last":1`) || len(c.got[conv]) != 0 {
				t.Errorf("got %s", f.Body)
			}
			break
		}
	}
	r.add(conv, "new")
	h.hub.EntriesAdded(ws, conv)
	c.until("the new entry", func() bool { return len(c.got[conv]) > 0 })
	if diff := cmp.Diff([]int64{2}, c.got[conv]); diff != "" {
		t.Error(diff)
	}
}

func TestAPanicOfAFeatureCostsOneCommand(t *testing.T) { // S10
	r := newRecord()
	h := newHouse(t, r, nil)
	h.edge.On(protocol.UpAsk, signaling.Command(func(context.Context, protocol.Caller, protocol.Op, protocol.Ask) (protocol.Ack, error) {
		panic("broken")
	}))
	conv := r.conversation(visitorA)
	c := h.open("secret-a", protocol.Hello{})
	if f := c.command(protocol.UpAsk, protocol.Ask{Text: "x"}); code(f) != protocol.CodeInternal || strings.Contains(string(f.Body), "broken") {
		t.Errorf("got %s", f.Body)
	}
	if f := c.command(protocol.UpPost, protocol.Post{Conversation: conv, Text: "x"}); f.Kind != protocol.DownAck {
		t.Errorf("after it: %s", f.Body)
	}
}
