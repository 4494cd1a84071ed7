package signaling

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// checkTimeout bounds one line of /readyz.
const checkTimeout = 2 * time.Second

// Run listens at Options.Address and serves until ctx ends; it then stops the
// server and returns. Drain comes before, Close after it.
func (e *Edge) Run(ctx context.Context) error {
	listener, err := net.Listen("tcp", e.o.Address)
	if err != nil {
		return fmt.Errorf("listen for HTTP: %w", err)
	}
	return e.Serve(ctx, listener)
}

// Serve is Run on a listener of the caller's, which it closes.
func (e *Edge) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: e.server, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(e.log.Handler(), slog.LevelDebug),
	}
	if e.o.TLSCert != "" {
		pair := &certificate{cert: e.o.TLSCert, key: e.o.TLSKey}
		if _, err := pair.get(nil); err != nil {
			_ = listener.Close()
			return err
		}
		listener = tls.NewListener(listener, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: pair.get, NextProtos: []string{"http/1.1"}})
	}
	e.mu.Lock()
	e.addr = listener.Addr().String()
	e.mu.Unlock()
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	err := server.Shutdown(late)
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close()
	}
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	if err != nil {
		return fmt.Errorf("stop HTTP: %w", err)
	}
	return nil
}

// Addr is where Run listens; empty before.
func (e *Edge) Addr() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.addr
}

// A certificate is read from its files, and again when one has changed.
type certificate struct {
	cert, key string

	mu     sync.Mutex
	loaded *tls.Certificate
	at     time.Time // newest change of the two files
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	var newest time.Time
	for _, name := range []string{c.cert, c.key} {
		if info, err := os.Stat(name); err == nil && info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.loaded != nil && newest.Equal(c.at) {
		return c.loaded, nil
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		if c.loaded != nil { // half of a renewal: the old pair still serves
			return c.loaded, nil
		}
		return nil, fmt.Errorf("read TLS certificate: %w", err)
	}
	c.loaded, c.at = &pair, newest
	return c.loaded, nil
}

func (e *Edge) livez(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }

// readyz names the parts that do not work now; of a node that drains it says no more than that.
func (e *Edge) readyz(c echo.Context) error {
	failed := map[string]string{}
	if e.draining.Load() { // at once: a check of what hangs would keep the balancer waiting
		failed["draining"] = "this node is about to stop"
		return c.JSON(http.StatusServiceUnavailable, map[string]any{"ready": false, "failed": failed})
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	for _, check := range e.o.Checks {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(c.Request().Context(), checkTimeout)
			defer cancel()
			if err := check.Run(ctx); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed[check.Name] = "failed"
				e.log.Warn("not ready", "check", check.Name, "err", err)
			}
		})
	}
	all.Wait()
	if len(failed) > 0 {
		return c.JSON(http.StatusServiceUnavailable, map[string]any{"ready": false, "failed": failed})
	}
	return c.JSON(http.StatusOK, map[string]any{"ready": true})
}

// Drain makes the node not ready, takes no new connections, and asks those that
// are here to move, each after a time of its own within the first half of what
// ctx leaves. It returns when they have gone or ctx ends; Close cuts the rest
// once what waits for them has been written.
func (e *Edge) Drain(ctx context.Context) {
	e.draining.Store(true)
	window := 5 * time.Second
	if deadline, ok := ctx.Deadline(); ok {
		window = time.Until(deadline) / 2
	}
	for _, c := range e.own() {
		if l := c.current(); l != nil {
			after := rand.Int64N(max(1, window.Milliseconds())) //nolint:gosec // spreads the load; nobody gains by guessing it
			l.send(protocol.DownMove, "", protocol.Move{AfterMs: after})
		}
	}
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for e.stats.ws.Load()+e.stats.dc.Load() > 0 {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

func (e *Edge) own() []*connection {
	all := e.hub.connections()
	mine := all[:0]
	for _, c := range all {
		if c.edge == e {
			mine = append(mine, c)
		}
	}
	return mine
}
