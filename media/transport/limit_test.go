package transport_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/media/transport"
)

func TestTCPConnectionsBeyondTheLimitAreClosedAtOnce(t *testing.T) {
	e := listen(t, transport.Options{TCPAddress: "127.0.0.1:0", MaxConns: 1}) // so two TCP connections
	fields := strings.Fields(e.Candidates()[0])
	address := net.JoinHostPort(fields[4], fields[5])
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
	first := dial()
	dial()
	third := dial()
	_ = third.SetReadDeadline(time.Now().Add(patience))
	if _, err := third.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("read on the third connection: %v, want its end", err)
	}
	if got := e.Stats().RefusedTCP; got != 1 {
		t.Errorf("refused TCP = %d, want 1", got)
	}
	// A place that is left is free again: garbage ends a connection.
	if _, err := first.Write([]byte("\x00\x03abc")); err != nil {
		t.Fatal(err)
	}
	_ = first.SetReadDeadline(time.Now().Add(patience))
	_, _ = first.Read(make([]byte, 1))
	fourth := dial()
	_ = fourth.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
	if _, err := fourth.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "timeout") {
		t.Errorf("read on the fourth connection: %v, want it to be open", err)
	}
}

func TestCloseDoesNotWaitForASilentTCPConnection(t *testing.T) {
	e, err := transport.Listen(transport.Options{TCPAddress: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(e.Candidates()[0])
	conn, err := net.Dial("tcp", net.JoinHostPort(fields[4], fields[5]))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	start := time.Now()
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("close took %v", took)
	}
}
