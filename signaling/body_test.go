package signaling_test

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Who sends a body drop by drop holds no connection for long, whether it would
// be read or is refused before.
func TestASlowBodyIsCutOff(t *testing.T) {
	h := newHouse(t, newRecord(), func(o *signaling.Options) { o.Timers.Body, o.Limits.SignInsPerMinute = 300*time.Millisecond, 1 })
	for _, tt := range []struct {
		name, path string
		status     int
		say        string
	}{
		{"one that is read", "/v1/sign-in", http.StatusBadRequest, "took too long"},
		{"one over a limit", "/v1/sign-in", http.StatusTooManyRequests, "too many"},
		{"one that nobody reads", "/v1/sign-out", http.StatusUnauthorized, "sign in"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := net.Dial("tcp", h.server.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = conn.Close() }()
			if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, "POST "+tt.path+" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"); err != nil {
				t.Fatal(err)
			}
			in := bufio.NewReader(conn)
			res, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatalf("no answer: %v", err)
			}
			defer func() { _ = res.Body.Close() }()
			var problem struct{ Detail string }
			if err := json.NewDecoder(res.Body).Decode(&problem); err != nil || res.StatusCode != tt.status || !strings.Contains(problem.Detail, tt.say) {
				t.Errorf("%s %q, %v", res.Status, problem.Detail, err)
			}
			if _, err := io.Copy(io.Discard, in); err != nil {
				t.Errorf("it stays open: %v", err)
			}
		})
	}
}

// The time of a body is no time of what comes after it: a handler's, the next
// request's on the connection, or a WebSocket's.
func TestTheTimeOfABodyEndsWithIt(t *testing.T) {
	const limit = 150 * time.Millisecond
	h := newHouse(t, newRecord(), func(o *signaling.Options) { o.Timers.Body = limit })
	socket := h.open("secret-a", protocol.Hello{})
	held := make(chan error, 1)
	h.edge.On(protocol.UpPick, signaling.Command(func(ctx context.Context, _ protocol.Caller, _ protocol.Op, _ protocol.OfConversation) (protocol.Ack, error) {
		select {
		case <-ctx.Done():
			held <- ctx.Err()
		case <-time.After(3 * limit):
			held <- nil
		}
		return protocol.Ack{}, nil
	}))
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	pick := func() {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, h.server.URL+"/v1/conversations/"+string(protocol.NewID[protocol.ConversationID]())+"/pick", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = cookie("secret-eve")
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", string(protocol.NewID[protocol.Op]()))
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = res.Body.Close() }()
		if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusCreated {
			t.Fatalf("%s, %v", res.Status, err)
		}
		if err := <-held; err != nil {
			t.Errorf("a handler that takes longer: %v", err)
		}
	}
	pick()
	pick() // on the same connection
	if f := socket.command(protocol.UpSince, protocol.Since{Conversation: h.record.conversation(visitorA)}); f.Kind != protocol.DownEntries {
		t.Errorf("a WebSocket that is older than that: %s %s", f.Kind, f.Body)
	}
}
