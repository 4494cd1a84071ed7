package measure

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/parlour-chat/parlour/media/transport"
)

// Clients are open connections to one Server.
type Clients struct {
	all []client
	// Took is how long all the handshakes took, Handshake how long each did, unordered.
	Took      time.Duration
	Handshake []time.Duration
}

// Connect opens n connections, each with its main channel, to the Server at
// base (http://host:port), of KindTransport or KindPeerConnection, at most
// parallel at a time. An error ends those that were opened.
func Connect(ctx context.Context, base string, n, parallel int, dial transport.Dial) (*Clients, error) {
	dialer, err := transport.NewDialer(nil, 0)
	if err != nil {
		return nil, err
	}
	if dial.Channels == nil {
		dial.Channels = []string{transport.ChannelMain}
	}
	return connect(ctx, base, n, parallel, func(ctx context.Context) (client, error) {
		conn, err := dialer.Dial(ctx, dial, quiet{}, func(ctx context.Context, offer string) (string, error) {
			return post(ctx, base+"/offer", offer)
		})
		if err != nil {
			return nil, err
		}
		return dataClient{conn}, nil
	})
}

// A client is one connection of whatever kind.
type client interface {
	alive() bool
	close()
}

// connect opens n clients, at most parallel at a time.
func connect(ctx context.Context, base string, n, parallel int, dial func(context.Context) (client, error)) (*Clients, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	var mu sync.Mutex // guards clients
	clients := &Clients{}
	turn := make(chan struct{}, max(parallel, 1))
	start := time.Now()
	for range n {
		turn <- struct{}{}
		wg.Go(func() {
			defer func() { <-turn }()
			if ctx.Err() != nil {
				return
			}
			began := time.Now()
			one, err := dial(ctx)
			if err != nil {
				cancel(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			clients.all = append(clients.all, one)
			clients.Handshake = append(clients.Handshake, time.Since(began))
		})
	}
	wg.Wait()
	clients.Took = time.Since(start)
	if ctx.Err() != nil {
		clients.Close()
		return nil, fmt.Errorf("connect to %s: %w", base, context.Cause(ctx))
	}
	return clients, nil
}

type dataClient struct{ conn *transport.Conn }

func (d dataClient) alive() bool { return d.conn.State() != transport.StateClosed }

func (d dataClient) close() {
	d.conn.Close()
	<-d.conn.Done()
}

// Alive is how many of the connections are still open.
func (c *Clients) Alive() int {
	alive := 0
	for _, one := range c.all {
		if one.alive() {
			alive++
		}
	}
	return alive
}

// Close ends the connections and waits for them.
func (c *Clients) Close() {
	var wg sync.WaitGroup
	for _, one := range c.all {
		wg.Go(one.close)
	}
	wg.Wait()
}

// UsageOf asks the Server at base what its process uses.
func UsageOf(ctx context.Context, base string, collect bool) (Usage, error) {
	address := base + "/usage"
	if collect {
		address += "?collect=1"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Usage{}, fmt.Errorf("ask for usage: %w", err)
	}
	body, err := do(request)
	if err != nil {
		return Usage{}, fmt.Errorf("ask for usage: %w", err)
	}
	var usage Usage
	if err := json.Unmarshal([]byte(body), &usage); err != nil {
		return Usage{}, fmt.Errorf("ask for usage: %w", err)
	}
	return usage, nil
}

func post(ctx context.Context, address, offer string) (string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(offer))
	if err != nil {
		return "", fmt.Errorf("post offer: %w", err)
	}
	request.Header.Set("Content-Type", "application/sdp")
	return do(request)
}

func do(request *http.Request) (string, error) {
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return "", err
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", response.Status, body)
	}
	return string(body), nil
}

type quiet struct{}

func (quiet) Opened(*transport.Conn, string)                {}
func (quiet) Message(*transport.Conn, string, bool, []byte) {}
func (quiet) Closed(*transport.Conn, error)                 {}
