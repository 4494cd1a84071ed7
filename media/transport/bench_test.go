package transport_test

import (
	"context"
	"errors"
	"testing"

	"github.com/parlour-chat/parlour/media/transport"
)

// counted tells the benchmark of each message that arrived.
type counted struct {
	recorder
	arrived chan struct{}
}

func (c *counted) Message(*transport.Conn, string, bool, []byte) { c.arrived <- struct{}{} }

func benchPair(b *testing.B, received transport.Handler, served *recorder) (server, client *transport.Conn) {
	b.Helper()
	e, err := transport.Listen(transport.Options{UDPAddress: "127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.Close() })
	d, err := transport.NewDialer(nil, 0)
	if err != nil {
		b.Fatal(err)
	}
	client, err = d.Dial(b.Context(), transport.Dial{}, received, func(ctx context.Context, offer string) (string, error) {
		conn, answer, err := e.Answer(ctx, offer, served)
		server = conn
		return answer, err
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { client.Close(); <-client.Done() })
	for range all {
		<-served.opened
	}
	return server, client
}

// BenchmarkSend sends 1 KB messages from the server as fast as they arrive.
func BenchmarkSend(b *testing.B) {
	received := &counted{recorder: *newRecorder(), arrived: make(chan struct{}, 1024)}
	server, _ := benchPair(b, received, newRecorder())
	data := make([]byte, 1000)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	const window = 100 // messages under way: well within the queue
	sent := 0
	for arrived := range b.N {
		for ; sent < b.N && sent < arrived+window; sent++ {
			if err := server.Send(transport.ChannelMain, true, data); err != nil {
				b.Fatal(err)
			}
		}
		<-received.arrived
	}
}

// BenchmarkEcho is one message to the server and back.
func BenchmarkEcho(b *testing.B) {
	received := &counted{recorder: *newRecorder(), arrived: make(chan struct{}, 1)}
	_, client := benchPair(b, received, echo())
	data := []byte("a chat message of an ordinary length, sixty-four bytes or so ..")
	b.ReportAllocs()
	for b.Loop() {
		if err := client.Send(transport.ChannelMain, false, data); errors.Is(err, transport.ErrSlow) {
			b.Fatal(err)
		}
		<-received.arrived
	}
}
