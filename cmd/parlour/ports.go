package main

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/parlour-chat/parlour/configs"
)

// elsewhere adds to the error of a port that cannot be listened at the settings
// that name another one; other errors are left as they are.
func elsewhere(err error, settings string) error {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "listen" {
		return err
	}
	return fmt.Errorf("%w: stop the program that has the port, or set %s to a free one", err, settings)
}

// openOps listens at ops.address, before anything else is begun: a server that
// cannot be watched does not start. It looks at http.address as well, which is
// listened at once all is there.
func (a *app) openOps(ctx context.Context) error {
	if f := checkHTTP(ctx, a.config); f.err != nil {
		return f.err
	}
	listener, err := listenOps(ctx, a.config)
	if err != nil || listener == nil {
		return err
	}
	a.ops = listener
	a.closeLater(func() error {
		if err := listener.Close(); !errors.Is(err, net.ErrClosed) { // it has served, which closes it
			return err
		}
		return nil
	})
	return nil
}

// listenOps is nil without an error where ops.address is empty.
func listenOps(ctx context.Context, c configs.Config) (net.Listener, error) {
	if c.Ops.Address == "" {
		return nil, nil //nolint:nilnil // closed by the setting
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Ops.Address)
	if err != nil {
		return nil, elsewhere(fmt.Errorf("listen for metrics: %w", err), "ops.address")
	}
	return listener, nil
}

// checkHTTP opens the port of everybody and closes it again.
func checkHTTP(ctx context.Context, c configs.Config) finding {
	f := finding{part: "http", note: "browsers come to " + c.PublicURL()}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.HTTP.Address)
	if err != nil {
		f.err = elsewhere(fmt.Errorf("listen for HTTP: %w", err), "http.address")
		return f
	}
	f.err = listener.Close()
	return f
}

// checkOps opens the port of metrics and profiles.
func checkOps(ctx context.Context, c configs.Config) finding {
	f := finding{part: "ops", note: "metrics at " + c.Ops.Address}
	listener, err := listenOps(ctx, c)
	switch {
	case err != nil:
		f.err = err
	case listener == nil:
		f.note = "closed: no metrics"
	default:
		f.err = listener.Close()
	}
	return f
}
