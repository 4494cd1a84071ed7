package transport_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/parlour-chat/parlour/media/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 15 * time.Second

// deadline is a context for one test, long enough for a busy machine.
func deadline(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

type message struct {
	channel string
	binary  bool
	text    string
}

// A recorder is a Handler that passes everything on through channels; react,
// if set, sees each message first.
type recorder struct {
	opened   chan string
	messages chan message
	closed   chan error
	react    func(c *transport.Conn, m message)
}

func newRecorder() *recorder {
	return &recorder{opened: make(chan string, 16), messages: make(chan message, 4096), closed: make(chan error, 1)}
}

func (r *recorder) Opened(_ *transport.Conn, channel string) { r.opened <- channel }

func (r *recorder) Message(c *transport.Conn, channel string, binary bool, data []byte) {
	m := message{channel, binary, string(data)}
	if r.react != nil {
		r.react(c, m)
		return
	}
	r.messages <- m
}

func (r *recorder) Closed(_ *transport.Conn, err error) { r.closed <- err }

// echo is a server's handler that sends everything back.
func echo() *recorder {
	r := newRecorder()
	r.react = func(c *transport.Conn, m message) {
		if err := c.Send(m.channel, m.binary, []byte(m.text)); err != nil {
			c.Close()
		}
	}
	return r
}

func wait[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("no %s", what)
		panic("unreachable")
	}
}

// awaitChannels waits until as many channels are open as are named.
func awaitChannels(t *testing.T, r *recorder, names ...string) {
	t.Helper()
	missing := map[string]bool{}
	for _, n := range names {
		missing[n] = true
	}
	for len(missing) > 0 {
		delete(missing, wait(t, "opened channel", r.opened))
	}
}

var all = []string{transport.ChannelMain, transport.ChannelCobrowse, transport.ChannelPointer, transport.ChannelBulk}

// listen opens an endpoint on loopback that the test closes.
func listen(t *testing.T, o transport.Options) *transport.Endpoint {
	t.Helper()
	e, err := transport.Listen(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Errorf("close endpoint: %v", err)
		}
	})
	return e
}

var bothPorts = transport.Options{UDPAddress: "127.0.0.1:0", TCPAddress: "127.0.0.1:0"}

func newDialer(t *testing.T) *transport.Dialer {
	t.Helper()
	d, err := transport.NewDialer(nil, patience)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// A pair is both ends of one connection.
type pair struct {
	server, client   *transport.Conn
	served, received *recorder // what the server's and the client's handlers heard
}

// connect makes a connection to e; the test ends it.
func connect(t *testing.T, e *transport.Endpoint, dial transport.Dial, served *recorder) pair {
	t.Helper()
	return join(t, e, dial, served, newRecorder())
}

// dialTo is connect over UDP with a client's handler of the test's.
func dialTo(t *testing.T, e *transport.Endpoint, served, received *recorder) pair {
	t.Helper()
	return join(t, e, transport.Dial{}, served, received)
}

func join(t *testing.T, e *transport.Endpoint, dial transport.Dial, served, received *recorder) pair {
	t.Helper()
	p := pair{served: served, received: received}
	var err error
	p.client, err = newDialer(t).Dial(deadline(t), dial, received, func(ctx context.Context, offer string) (string, error) {
		conn, answer, err := e.Answer(ctx, offer, served)
		p.server = conn
		return answer, err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.client.Close()
		<-p.client.Done()
	})
	return p
}

func codeOf(err error) transport.Code {
	if e, ok := errors.AsType[*transport.Error](err); ok {
		return e.Code
	}
	return ""
}
