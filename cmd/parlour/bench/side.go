package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/parlour-chat/parlour/media/transport"
	"github.com/parlour-chat/parlour/media/transport/measure"
)

// RunServer is the process that holds the server's side of connections: it
// prints its base URL and serves until in ends.
func RunServer(ctx context.Context, kind measure.Kind, in io.Reader, out io.Writer) error {
	server, err := measure.NewServer(kind, transport.Options{UDPAddress: "127.0.0.1:0"})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	web := &http.Server{Handler: server, ReadHeaderTimeout: 10 * time.Second}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = web.Serve(listener) // until Close
	}()
	if _, err := fmt.Fprintf(out, "http://%s\n", listener.Addr()); err == nil {
		untilEnd(ctx, in)
	}
	err = server.Close()
	_ = web.Close()
	<-ended
	return err
}

// untilEnd waits for the end of in or of ctx. Reading goes on after ctx has
// ended: the process is about to end then.
func untilEnd(ctx context.Context, in io.Reader) {
	over := make(chan struct{})
	go func() {
		defer close(over)
		_, _ = io.Copy(io.Discard, in)
	}()
	select {
	case <-over:
	case <-ctx.Done():
	}
}

// opened is what a process of clients says after it has opened more.
type opened struct {
	TookUS int64 `json:"took_us"`
	Alive  int   `json:"alive"`
}

// RunClients is the process that holds the clients' side: for each line of in,
// a number, it opens that many more connections to the server at base and
// prints how long it took as JSON. It ends with in.
func RunClients(ctx context.Context, kind measure.Kind, base string, parallel int, in io.Reader, out io.Writer) error {
	var all []*measure.Clients
	defer func() {
		for _, c := range all {
			c.Close()
		}
	}()
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			return fmt.Errorf("open connections: %w", err)
		}
		c, err := connect(ctx, kind, base, n, parallel)
		if err != nil {
			return err
		}
		all = append(all, c)
		said := opened{TookUS: c.Took.Microseconds()}
		for _, c := range all {
			said.Alive += c.Alive()
		}
		if err := json.NewEncoder(out).Encode(said); err != nil {
			return fmt.Errorf("tell what was opened: %w", err)
		}
	}
	return lines.Err()
}

func connect(ctx context.Context, kind measure.Kind, base string, n, parallel int) (*measure.Clients, error) {
	if kind == measure.KindWebSocket {
		return measure.ConnectWebSocket(ctx, base, n, parallel)
	}
	return measure.Connect(ctx, base, n, parallel, transport.Dial{})
}
