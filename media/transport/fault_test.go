package transport_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/media/transport"
)

func TestAWrongFingerprintIsRefused(t *testing.T) {
	e := listen(t, bothPorts)
	served, client := newRecorder(), newRecorder()
	_, err := newDialer(t).Dial(deadline(t), transport.Dial{Fingerprint: strings.Repeat("AB:", 31) + "AB"}, client,
		func(ctx context.Context, offer string) (string, error) {
			_, answer, err := e.Answer(ctx, offer, served)
			return answer, err
		})
	if err == nil {
		t.Error("dial with a foreign fingerprint succeeded")
	}
	if err := wait(t, "end of the server's side", served.closed); !errors.Is(err, transport.ErrFingerprint) {
		t.Errorf("closed by %v, want %v", err, transport.ErrFingerprint)
	}
	if got := e.Stats().Established; got != 0 {
		t.Errorf("established = %d, want 0", got)
	}
}

// stuck blocks the client's reader of main, so that nothing is read there.
func stuck(release <-chan struct{}) *recorder {
	r := newRecorder()
	r.react = func(_ *transport.Conn, m message) {
		if m.channel == transport.ChannelMain {
			<-release
		}
		r.messages <- m
	}
	return r
}

func TestASlowReaderIsCutAndOthersAreNotHeldUp(t *testing.T) { // D14
	e := listen(t, bothPorts)
	release := make(chan struct{})
	slow := dialTo(t, e, newRecorder(), stuck(release))
	var once sync.Once
	free := func() { once.Do(func() { close(release) }) }
	t.Cleanup(free)
	other := connect(t, e, transport.Dial{}, echo())
	awaitChannels(t, slow.served, all...)
	awaitChannels(t, other.served, all...)

	data := bytes.Repeat([]byte("x"), 8<<10)
	accepted := 0
	for start := time.Now(); ; {
		err := slow.server.Send(transport.ChannelMain, true, data)
		if errors.Is(err, transport.ErrSlow) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		accepted += len(data)
		if time.Since(start) > patience || accepted > 4<<20 {
			t.Fatalf("%d bytes accepted for a peer that reads nothing", accepted)
		}
	}
	// The queue and what SCTP has under way to the peer's window: 256 KiB each.
	if most := 768 << 10; accepted > most {
		t.Errorf("%d bytes accepted before the cut, want at most %d", accepted, most)
	}
	if err := other.client.Send(transport.ChannelMain, false, []byte("here")); err != nil {
		t.Fatal(err)
	}
	if got := wait(t, "echo", other.received.messages).text; got != "here" {
		t.Errorf("echo %q, want here", got)
	}
	if err := wait(t, "end", slow.served.closed); !errors.Is(err, transport.ErrSlow) {
		t.Errorf("closed by %v, want %v", err, transport.ErrSlow)
	}
	free()
	wait(t, "end of the slow client", slow.received.closed)
	if got := e.Stats().SlowCloses; got != 1 {
		t.Errorf("slow closes = %d, want 1", got)
	}
	if err := slow.server.Send(transport.ChannelMain, true, data); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("send after the end: %v, want %v", err, transport.ErrClosed)
	}
}

func TestPointerMessagesGiveWayInsteadOfEndingTheConnection(t *testing.T) {
	e := listen(t, bothPorts)
	release := make(chan struct{})
	p := dialTo(t, e, newRecorder(), stuck(release))
	var once sync.Once
	free := func() { once.Do(func() { close(release) }) }
	t.Cleanup(free)
	awaitChannels(t, p.served, all...)
	data := bytes.Repeat([]byte("x"), 16<<10)
	// Main does not fill the queue; pointer then does, many times over.
	for range 14 {
		if err := p.server.Send(transport.ChannelMain, true, data); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		if err := p.server.Send(transport.ChannelPointer, true, data); err != nil {
			t.Fatal(err)
		}
	}
	if got := e.Stats().Channels[transport.ChannelPointer].Dropped; got == 0 {
		t.Error("no pointer message was dropped")
	}
	free()
	for range 14 {
		m := wait(t, "message", p.received.messages)
		for m.channel != transport.ChannelMain {
			m = wait(t, "message", p.received.messages)
		}
	}
	if got, want := p.server.State(), transport.StateOpen; got != want {
		t.Errorf("state = %v, want %v", got, want)
	}
}

func TestSendRefusesWhatCannotBeSent(t *testing.T) {
	e := listen(t, bothPorts)
	p := connect(t, e, transport.Dial{Channels: []string{transport.ChannelMain}}, newRecorder())
	awaitChannels(t, p.served, transport.ChannelMain)
	for _, tt := range []struct {
		name, channel string
		size          int
		want          error
	}{
		{"not opened", transport.ChannelBulk, 1, transport.ErrNotOpen},
		{"unknown", "other", 1, transport.ErrNotOpen},
		{"too long", transport.ChannelMain, transport.MaxSend + 1, transport.ErrTooLong},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := p.server.Send(tt.channel, true, make([]byte, tt.size)); !errors.Is(err, tt.want) {
				t.Errorf("send: %v, want %v", err, tt.want)
			}
		})
	}
}

func TestAConnectionWithoutMainEndsInTime(t *testing.T) {
	e := listen(t, transport.Options{UDPAddress: "127.0.0.1:0", ConnectTimeout: time.Second})
	served, client := newRecorder(), newRecorder()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := newDialer(t).Dial(ctx, transport.Dial{Channels: []string{transport.ChannelPointer}}, client,
		func(ctx context.Context, offer string) (string, error) {
			_, answer, err := e.Answer(ctx, offer, served)
			return answer, err
		})
	if !errors.Is(err, transport.ErrPeerClosed) {
		t.Errorf("dial: %v, want %v", err, transport.ErrPeerClosed)
	}
	if err := wait(t, "end", served.closed); !errors.Is(err, transport.ErrTimeout) {
		t.Errorf("closed by %v, want %v", err, transport.ErrTimeout)
	}
}

func TestAnOfferNobodyFollowsUpEndsInTime(t *testing.T) {
	e := listen(t, transport.Options{UDPAddress: "127.0.0.1:0", TCPAddress: "127.0.0.1:0", ConnectTimeout: 200 * time.Millisecond})
	served := newRecorder()
	if _, _, err := e.Answer(t.Context(), chromeOffer, served); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, "end", served.closed); !errors.Is(err, transport.ErrTimeout) {
		t.Errorf("closed by %v, want %v", err, transport.ErrTimeout)
	}
}

func TestCloseOfTheEndpointEndsWhatIsOpen(t *testing.T) {
	e, err := transport.Listen(bothPorts)
	if err != nil {
		t.Fatal(err)
	}
	p := dialTo(t, e, newRecorder(), newRecorder())
	awaitChannels(t, p.served, all...)
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.server.Err(); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("server closed by %v, want %v", err, transport.ErrClosed)
	}
	if err := wait(t, "end of the client", p.received.closed); !errors.Is(err, transport.ErrPeerClosed) {
		t.Errorf("client closed by %v, want %v", err, transport.ErrPeerClosed)
	}
	if _, _, err := e.Answer(t.Context(), chromeOffer, newRecorder()); codeOf(err) != transport.CodeUnavailable {
		t.Errorf("answer after close: %v, want %s", err, transport.CodeUnavailable)
	}
}

func TestOffersMayComeWhileTheEndpointCloses(t *testing.T) {
	e, err := transport.Listen(bothPorts)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	begun := make(chan struct{}, 100)
	for i := range 100 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			if i%10 == 0 {
				cancel() // some callers have gone already
			}
			defer cancel()
			begun <- struct{}{}
			served := newRecorder()
			conn, _, err := e.Answer(ctx, chromeOffer, served)
			if err == nil {
				<-conn.Done()
				<-served.closed
			} else if codeOf(err) == "" && !errors.Is(err, context.Canceled) {
				t.Errorf("answer: %v", err)
			}
		})
	}
	for range 50 {
		<-begun
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if got := e.Stats().Connections; got != 0 {
		t.Errorf("connections = %d, want 0", got)
	}
}

func TestClosedIsTheLastCallOfAHandler(t *testing.T) {
	e := listen(t, bothPorts)
	served := newRecorder()
	entered, release := make(chan struct{}), make(chan struct{})
	served.react = func(c *transport.Conn, _ message) {
		c.Close() // allowed, and does not wait
		close(entered)
		<-release
		served.messages <- message{}
	}
	p := dialTo(t, e, served, newRecorder())
	if err := p.client.Send(transport.ChannelMain, false, []byte("x")); err != nil {
		t.Fatal(err)
	}
	wait(t, "message", entered)
	wait(t, "end of the client", p.received.closed)
	select {
	case <-served.closed:
		t.Error("Closed came while Message was running")
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	wait(t, "message", served.messages)
	if err := wait(t, "end", served.closed); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("closed by %v, want %v", err, transport.ErrClosed)
	}
}

func TestTwoHundredConnectionsLeaveNothingBehind(t *testing.T) {
	e := listen(t, bothPorts)
	dialer := newDialer(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
	defer cancel()
	var wg sync.WaitGroup
	turn := make(chan struct{}, 10)
	for i := range 200 {
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			received := newRecorder()
			c, err := dialer.Dial(ctx, transport.Dial{TCP: i%4 == 0}, received, func(ctx context.Context, offer string) (string, error) {
				_, answer, err := e.Answer(ctx, offer, echo())
				return answer, err
			})
			if err != nil {
				t.Error(err)
				return
			}
			if err := c.Send(transport.ChannelMain, false, []byte("x")); err != nil {
				t.Error(err)
			}
			select {
			case <-received.messages:
			case <-ctx.Done():
				t.Error("no echo")
			}
			c.Close()
			<-c.Done()
		})
	}
	wg.Wait()
	if got := e.Stats(); got.Established != 200 {
		t.Errorf("established %d, want 200", got.Established)
	}
	// The servers' sides end by the peer's alert.
	for e.Stats().Connections > 0 && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(10 * time.Millisecond):
		}
	}
	if got := e.Stats(); got.Connections != 0 || got.Open != 0 {
		t.Errorf("connections %d, open %d, want none", got.Connections, got.Open)
	}
}
