package signaling_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// A deafBus loses everything.
type deafBus struct{}

func (deafBus) Publish(context.Context, string, []byte) error         { return errors.New("lost") }
func (deafBus) Subscribe([]string, func(string, []byte)) (end func()) { return func() {} }
func (deafBus) Dropped() uint64                                       { return 0 }

// pipes are a network without sockets, for virtual time.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}
func (p *pipes) Close() error   { close(p.done); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1} }
func (p *pipes) client() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(context.Context, string, string) (net.Conn, error) {
		here, there := net.Pipe()
		p.conns <- there
		return here, nil
	}}}
}

func TestLostHintsDelayButLoseNothing(t *testing.T) { // D7
	synctest.Test(t, func(t *testing.T) {
		r := newRecord()
		hub := signaling.NewHub(signaling.HubOptions{Node: "n1", Bus: deafBus{}})
		edge, err := signaling.New(signaling.Options{
			Hub: hub, Log: r, View: r, Versions: r, Identities: r, Sites: r, Presence: r, Web: build, Address: "127.0.0.1:1",
		})
		if err != nil {
			t.Fatal(err)
		}
		net := &pipes{conns: make(chan net.Conn, 4), done: make(chan struct{})}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- edge.Serve(ctx, net) }()
		h := &house{t: t, record: r, hub: hub, edge: edge, server: &httptest.Server{URL: "http://127.0.0.1:1"}}
		c := h.dial(nil, net.client())
		conv := r.conversation(visitorA)
		c.hello(protocol.Hello{Token: "secret-a"})
		var worst time.Duration
		for i := range 100 {
			r.add(conv, "no hint") // of this node or another one: nobody tells the hub
			at := time.Now()
			c.until("the entry", func() bool { return len(c.got[conv]) == i+1 })
			worst = max(worst, time.Since(at))
			wait := time.NewTimer(137 * time.Millisecond)
			<-wait.C
		}
		if worst > 1500*time.Millisecond {
			t.Errorf("worst delay %v", worst)
		}
		if diff := cmp.Diff(upTo(100), c.got[conv]); diff != "" {
			t.Error(diff)
		}
		r.show(visitorA.Actor(), "site/x", &protocol.Item{Site: &protocol.SiteItem{Name: "x"}})
		c.until("the view", func() bool { return c.view["site/x"].Site != nil })
		r.mu.Lock()
		r.marks[conv] = 7
		r.mu.Unlock()
		c.until("the marks", func() bool { return c.kinds[protocol.DownMarks] > 0 })
		_ = c.ws.CloseNow()
		_ = edge.Close()
		stop()
		<-ended
		_ = hub.Close()
	})
}

func TestThePollIsOneQuestionForAll(t *testing.T) { // D7
	r := newRecord()
	h := newHouse(t, r, func(o *signaling.Options) { o.Timers.Poll = 200 * time.Millisecond })
	for range 5 {
		r.conversation(visitorA, agent)
	}
	h.open("secret-a", protocol.Hello{})
	h.open("secret-eve", protocol.Hello{})
	calls := func() int {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.calls
	}
	before, at := calls(), time.Now()
	testbed.Until(t, 10*time.Second, "five polls", func() bool { return calls() >= before+5 })
	if took := time.Since(at); took < 700*time.Millisecond {
		t.Errorf("five questions in %v", took)
	}
}

// redisHouses are two nodes that share a record and a real Redis.
func redisHouses(t *testing.T, r *record, poll time.Duration) (*testbed.RedisServer, *house, *house) {
	t.Helper()
	server := testbed.Redis(t)
	var nodes []*house
	for _, node := range []protocol.NodeID{"n1", "n2"} {
		client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1, DialTimeout: 500 * time.Millisecond, ReadTimeout: 500 * time.Millisecond, ContextTimeoutEnabled: true})
		bus := signaling.NewRedisBus(client, "parlour", string(node), nil)
		t.Cleanup(func() {
			_ = bus.Close()
			_ = client.Close()
		})
		nodes = append(nodes, newNode(t, r, node, bus, func(o *signaling.Options) { o.Timers.Poll = poll }))
	}
	for _, n := range nodes { // both subscriptions stand when each has heard the other
		other := nodes[0]
		if n == other {
			other = nodes[1]
		}
		other.hub.Serve("echo", func(_ context.Context, p []byte) ([]byte, error) { return p, nil })
		testbed.Until(t, 20*time.Second, "the bus", func() bool {
			_, err := n.hub.Ask(t.Context(), other.hub.Node(), "echo", nil)
			return err == nil
		})
	}
	return server, nodes[0], nodes[1]
}

func TestTwoNodesByRedis(t *testing.T) { // D3, D8
	r := newRecord()
	_, one, two := redisHouses(t, r, time.Hour) // the poll does not help
	conv := r.conversation(visitorA, agent)
	visitor, desk := one.open("secret-a", protocol.Hello{}), two.open("secret-eve", protocol.Hello{})
	visitor.command(protocol.UpPost, protocol.Post{Conversation: conv, Text: "over the bus"})
	desk.until("the entry", func() bool { return len(desk.got[conv]) == 1 })
	visitor.send(protocol.UpTyping, "", protocol.Typing{Conversation: conv, Typing: true})
	desk.until("typing", func() bool { return desk.kinds[protocol.DownTyping] == 1 })
	r.show(agent.Actor(), "offer/1", &protocol.Item{Offer: &protocol.OfferItem{Offer: "1"}})
	one.hub.ViewChanged(ws, agent.Actor())
	desk.until("the offer", func() bool { return desk.view["offer/1"].Offer != nil })
	for i := range 20 {
		one.hub.SendPacket(desk.welcome.Connection, protocol.ChannelCobrowse, []byte{byte(i)})
	}
	for i := 0; i < 20; {
		f, err := desk.read(5 * time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if f.Kind == "binary" {
			if f.Body[0] != 1 || f.Body[1] != byte(i) {
				t.Errorf("packet %d is %v", i, f.Body)
			}
			i++
		}
	}
	if visitor.kinds[protocol.DownTyping] != 0 {
		t.Error("the typist was told that he types")
	}
}

func TestChatGoesOnWithRedisDown(t *testing.T) { // D8
	r := newRecord()
	server, one, two := redisHouses(t, r, 0)
	conv := r.conversation(visitorA, agent)
	visitor, desk := one.open("secret-a", protocol.Hello{}), two.open("secret-eve", protocol.Hello{})
	server.Kill()
	var worst time.Duration
	for i := range 5 {
		at := time.Now()
		visitor.command(protocol.UpPost, protocol.Post{Conversation: conv, Text: "x"})
		desk.until("the entry", func() bool { return len(desk.got[conv]) == i+1 })
		worst = max(worst, time.Since(at))
	}
	if worst > 2*time.Second {
		t.Errorf("worst delay %v", worst)
	}
	t.Logf("worst delay with Redis away: %v", worst)
}

func TestWhatAnotherNodeWroteIsReadFromTheRecord(t *testing.T) { // D4, D7
	r := newRecord()
	bus := signaling.NewLocalBus()
	one, two := newNode(t, r, "n1", bus, nil), newNode(t, r, "n2", bus, nil)
	conv := r.conversation(visitorA)
	c := one.open("secret-a", protocol.Hello{})
	for i := range 60 {
		if i%3 == 0 {
			r.add(conv, "of this node")
			r.mu.Lock()
			r.own[conv] = int64(len(r.logs[conv]))
			r.mu.Unlock()
			one.hub.EntriesAdded(ws, conv)
		} else {
			r.add(conv, "of another node")
			two.hub.EntriesAdded(ws, conv)
		}
		if i%5 == 0 { // else the hints come together
			c.until("the entry", func() bool { return len(c.got[conv]) == i+1 })
		}
	}
	c.until("all", func() bool { return len(c.got[conv]) == 60 })
	if diff := cmp.Diff(upTo(60), c.got[conv]); diff != "" {
		t.Error(diff)
	}
}

func TestQuestionsAreCarriedOutOnce(t *testing.T) {
	bus := signaling.NewLocalBus()
	one, two := signaling.NewHub(signaling.HubOptions{Node: "n1", Bus: bus}), signaling.NewHub(signaling.HubOptions{Node: "n2", Bus: bus})
	defer func() { _ = one.Close(); _ = two.Close() }()
	var ran atomic.Int32
	two.Serve("slow", func(ctx context.Context, p []byte) ([]byte, error) {
		ran.Add(1)
		late := time.NewTimer(2500 * time.Millisecond) // longer than the first try
		defer late.Stop()
		select {
		case <-late.C:
		case <-ctx.Done():
		}
		return append([]byte("re: "), p...), nil
	})
	two.Serve("no", func(context.Context, []byte) ([]byte, error) {
		return nil, protocol.NewError(protocol.CodeFull, "Full.")
	})
	got, err := one.Ask(t.Context(), "n2", "slow", []byte("question\nwith a line"))
	if err != nil || string(got) != "re: question\nwith a line" || ran.Load() != 1 {
		t.Errorf("%q %v, ran %d times", got, err, ran.Load())
	}
	for service, want := range map[string]protocol.Code{"no": protocol.CodeFull, "nobody": protocol.CodeUnavailable} {
		_, err := one.Ask(t.Context(), "n2", service, nil)
		if e, _ := protocol.AsError(err); e.Code != want {
			t.Errorf("%s: %v", service, err)
		}
	}
	at := time.Now()
	if _, err := one.Ask(t.Context(), "n3", "slow", nil); err == nil || time.Since(at) > 5*time.Second {
		t.Errorf("a node that is not there: %v after %v", err, time.Since(at))
	}
}
