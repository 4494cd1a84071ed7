package measure_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/parlour-chat/parlour/media/transport"
	"github.com/parlour-chat/parlour/media/transport/measure"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestEveryKindHoldsConnectionsAndTellsItsUsage(t *testing.T) {
	for _, kind := range []measure.Kind{measure.KindTransport, measure.KindPeerConnection, measure.KindWebSocket} {
		t.Run(string(kind), func(t *testing.T) {
			server, err := measure.NewServer(kind, transport.Options{UDPAddress: "127.0.0.1:0"})
			if err != nil {
				t.Fatal(err)
			}
			web := httptest.NewServer(server)
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			const n = 4
			var clients *measure.Clients
			if kind == measure.KindWebSocket {
				clients, err = measure.ConnectWebSocket(ctx, web.URL, n, 2)
			} else {
				clients, err = measure.Connect(ctx, web.URL, n, 2, transport.Dial{})
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := clients.Alive(); got != n {
				t.Errorf("alive = %d, want %d", got, n)
			}
			if got := len(clients.Handshake); got != n {
				t.Errorf("%d handshake times, want %d", got, n)
			}
			usage := await(ctx, t, web.URL, n)
			if usage.RSSKB <= 0 || usage.HeapKB <= 0 || usage.CPUUS <= 0 || usage.Goroutines < n {
				t.Errorf("usage %+v has empty fields", usage)
			}
			clients.Close()
			if got := clients.Alive(); got != 0 {
				t.Errorf("alive after close = %d, want 0", got)
			}
			web.Close()
			if err := server.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// await asks until the server has seen n open channels.
func await(ctx context.Context, t *testing.T, base string, n int64) measure.Usage {
	t.Helper()
	for {
		usage, err := measure.UsageOf(ctx, base, true)
		if err != nil {
			t.Fatal(err)
		}
		if usage.Open == n {
			return usage
		}
	}
}

func TestAnUnknownKindIsRefused(t *testing.T) {
	if _, err := measure.NewServer("other", transport.Options{}); err == nil {
		t.Error("a server of an unknown kind was made")
	}
}

func TestConnectTellsWhatWentWrong(t *testing.T) {
	server, err := measure.NewServer(measure.KindTransport, transport.Options{}) // no ports
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(server)
	defer web.Close()
	if _, err := measure.Connect(t.Context(), web.URL, 2, 1, transport.Dial{}); err == nil {
		t.Error("connected to a server without ports")
	}
}
