package measure

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/coder/websocket"
)

// sockets holds WebSockets, each with the one reader that it needs.
type sockets struct {
	open *atomic.Int64
	wg   sync.WaitGroup

	mu     sync.Mutex
	all    []*websocket.Conn
	closed bool
}

func (s *sockets) serve(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // Accept has answered
	}
	s.mu.Lock()
	closed := s.closed
	if !closed {
		s.all = append(s.all, conn)
		s.wg.Add(1)
	}
	s.mu.Unlock()
	if closed {
		_ = conn.CloseNow()
		return
	}
	defer s.wg.Done()
	s.open.Add(1)
	defer s.open.Add(-1)
	for {
		if _, _, err := conn.Read(context.Background()); err != nil {
			_ = conn.CloseNow()
			return
		}
	}
}

func (s *sockets) close() error {
	s.mu.Lock()
	all := s.all
	s.all, s.closed = nil, true
	s.mu.Unlock()
	for _, conn := range all {
		_ = conn.CloseNow() // the peer may have ended it already
	}
	s.wg.Wait()
	return nil
}

// ConnectWebSocket is Connect for a Server of KindWebSocket.
func ConnectWebSocket(ctx context.Context, base string, n, parallel int) (*Clients, error) {
	address := "ws" + strings.TrimPrefix(base, "http") + "/socket"
	return connect(ctx, base, n, parallel, func(ctx context.Context) (client, error) {
		conn, _, err := websocket.Dial(ctx, address, nil) //nolint:bodyclose // nothing is left of it: the socket has taken it over
		if err != nil {
			return nil, fmt.Errorf("dial WebSocket: %w", err)
		}
		s := &socketClient{conn: conn, done: make(chan struct{})}
		go s.read() // ends by close, which waits for it
		return s, nil
	})
}

type socketClient struct {
	conn *websocket.Conn
	done chan struct{}
}

func (s *socketClient) read() {
	defer close(s.done)
	for {
		if _, _, err := s.conn.Read(context.Background()); err != nil {
			return
		}
	}
}

func (s *socketClient) alive() bool {
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

func (s *socketClient) close() {
	_ = s.conn.CloseNow()
	<-s.done
}
