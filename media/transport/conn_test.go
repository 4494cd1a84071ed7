package transport_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/media/transport"
)

func TestEchoOnEveryChannelOverUDPAndTCP(t *testing.T) {
	for _, tt := range []struct {
		name string
		dial transport.Dial
	}{{"UDP", transport.Dial{}}, {"TCP", transport.Dial{TCP: true}}} {
		t.Run(tt.name, func(t *testing.T) {
			e := listen(t, bothPorts)
			p := connect(t, e, tt.dial, echo())
			awaitChannels(t, p.received, all...)
			awaitChannels(t, p.served, all...)
			want := map[message]bool{}
			for _, channel := range all {
				for _, m := range []message{{channel, false, "text ä"}, {channel, true, "\x00\xff"}, {channel, false, ""}, {channel, true, ""}} {
					want[m] = true
					if err := p.client.Send(channel, m.binary, []byte(m.text)); err != nil {
						t.Fatal(err)
					}
				}
			}
			got := map[message]bool{}
			for range want {
				got[wait(t, "echo", p.received.messages)] = true
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("echoes (-want +got):\n%s", diff)
			}
			if got, want := p.server.State(), transport.StateOpen; got != want {
				t.Errorf("state = %v, want %v", got, want)
			}
		})
	}
}

func TestMessagesOfAChannelKeepTheirOrder(t *testing.T) {
	e := listen(t, bothPorts)
	p := connect(t, e, transport.Dial{}, echo())
	awaitChannels(t, p.served, all...)
	const n = 500
	for i := range n {
		if err := p.client.Send(transport.ChannelMain, false, fmt.Appendf(nil, "%d", i)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		if got, want := wait(t, "echo", p.received.messages).text, fmt.Sprint(i); got != want {
			t.Fatalf("message %d = %q, want %q", i, got, want)
		}
	}
	stats := e.Stats()
	if got, want := stats.Channels[transport.ChannelMain].MessagesIn, uint64(n); got != want {
		t.Errorf("messages in = %d, want %d", got, want)
	}
}

func TestLargestMessagePassesAndALongerOneEndsTheConnection(t *testing.T) {
	e := listen(t, bothPorts)
	p := connect(t, e, transport.Dial{}, echo())
	awaitChannels(t, p.served, all...)
	largest := strings.Repeat("x", transport.MaxReceive)
	if err := p.client.Send(transport.ChannelCobrowse, true, []byte(largest)); err != nil {
		t.Fatal(err)
	}
	if got := wait(t, "echo", p.received.messages).text; got != largest {
		t.Errorf("echo of %d bytes, want %d", len(got), len(largest))
	}
	if err := p.client.Send(transport.ChannelMain, true, []byte(largest+"x")); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, "end of the server's side", p.served.closed); !errors.Is(err, transport.ErrOversize) {
		t.Errorf("closed by %v, want %v", err, transport.ErrOversize)
	}
	if err := wait(t, "end of the client's side", p.received.closed); !errors.Is(err, transport.ErrPeerClosed) {
		t.Errorf("client closed by %v, want %v", err, transport.ErrPeerClosed)
	}
	if got := e.Stats().Oversize; got != 1 {
		t.Errorf("oversize count = %d, want 1", got)
	}
}
