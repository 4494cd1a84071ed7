package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/spf13/pflag"

	"github.com/parlour-chat/parlour/configs"
	"github.com/parlour-chat/parlour/web/demo"
)

// serve runs the server until ctx ends. What people and tests wait for is
// printed to out in fixed lines, once all of it can be used.
func serve(ctx context.Context, arguments, environ []string, out, errs io.Writer) error {
	withDemo, shop := false, ""
	c, rest, err := settings("serve", arguments, environ, errs, func(flags *pflag.FlagSet) {
		flags.BoolVar(&withDemo, "demo", false, "apply the demo workspace and start the demo shop; loopback addresses only")
		flags.StringVar(&shop, "demo-address", "127.0.0.1:8090", "where the demo shop listens")
	})
	if err == nil {
		err = noMore("serve", rest)
	}
	if err != nil {
		return err
	}
	var shopPort net.Listener
	if withDemo {
		if c, err = demoSettings(c, shop); err != nil {
			return err
		}
		if shopPort, err = net.Listen("tcp", shop); err != nil {
			return elsewhere(fmt.Errorf("listen for the demo shop: %w", err), "demo-address")
		}
		defer func() { _ = shopPort.Close() }() // where it has served it is closed
	}
	easeCollector(environ)
	log := logger(c.Log, errs)
	log.Info("starting", "settings", c)
	a, err := build(ctx, c, log)
	if err != nil {
		return err
	}
	defer func() {
		if err := a.Close(); err != nil {
			log.Error("closing", "error", err)
		}
	}()
	if !withDemo {
		go func() {
			if a.ready(ctx) {
				_, _ = fmt.Fprintf(out, "Parlour %s\n", c.PublicURL()) // a server serves though nobody reads this
			}
		}()
		return a.Run(ctx)
	}
	return a.runDemo(ctx, shopPort, out)
}

// ready waits until the edge listens; false when ctx ended first.
func (a *app) ready(ctx context.Context) bool {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for a.edge.Addr() == "" {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// demoSettings refuses addresses that others can reach, since the demo's logins
// are printed, and gives Parlour another site than the shop: localhost, where
// the shop is 127.0.0.1.
func demoSettings(c configs.Config, shop string) (configs.Config, error) {
	host, _, err := net.SplitHostPort(shop)
	ip := net.ParseIP(host)
	if err != nil || ip == nil || !ip.IsLoopback() || !c.Loopback() {
		return c, errors.New("--demo prints its passwords and listens on loopback addresses only: use 127.0.0.1, or leave --demo out and apply a workspace of your own")
	}
	if usual := configs.Default().Data.Directory; c.Data.Directory == usual {
		c.Data.Directory = filepath.Join(usual, "demo") // another workspace in the same record would switch the demo's off
	}
	if c.HTTP.PublicURL == "" {
		_, port, err := net.SplitHostPort(c.HTTP.Address)
		if err != nil {
			return c, fmt.Errorf("http.address: %w", err)
		}
		c.HTTP.PublicURL = "http://" + net.JoinHostPort("localhost", port)
	}
	return c, nil
}

// runDemo is Run with the demo workspace and shop.
func (a *app) runDemo(ctx context.Context, listener net.Listener, out io.Writer) error {
	address := listener.Addr().String()
	logins, applied, err := demoPlace{a.store, a.ws, a.config.Data.Directory}.apply(ctx, "http://"+address)
	if err != nil {
		return err
	}
	if !applied {
		a.log.Info("the workspace was applied from a file: it is kept, and the demo's is not applied over it; for that start with an empty data folder")
	}
	server := &http.Server{Handler: demo.Handler(a.config.PublicURL()), ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelWarn)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("the demo shop has ended", "error", err)
		}
	}()
	defer func() {
		_ = server.Close()
		<-ended
	}()
	told := make(chan struct{})
	go func() {
		defer close(told)
		if a.ready(ctx) {
			printDemo(out, address, a.config.PublicURL(), logins)
		}
	}()
	err = a.Run(ctx)
	<-told
	return err
}

// printDemo writes where to go; the demo runs on though nobody reads it.
func printDemo(out io.Writer, shop, parlour string, logins []login) {
	_, _ = fmt.Fprintf(out, "Shop http://%s/\n", shop)
	if len(logins) == 0 {
		_, _ = fmt.Fprintf(out, "Desk %s/desk/\n", parlour)
	}
	for _, l := range logins {
		_, _ = fmt.Fprintf(out, "Desk %s/desk/ %s %s\n", parlour, l.Email, l.Password)
	}
}
