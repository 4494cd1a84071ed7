package store_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// L1: a database that is away, hangs or restarts is nobody's mistake: whoever
// asks the record for something reads that it is to be tried again.
func TestALostDatabaseIsUnavailable(t *testing.T) {
	server := testbed.PostgreSQL(t)
	at, err := url.Parse(server.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	link := testbed.Proxy(t, server.Addr())
	at.Host = link.Addr()
	s := open(t, at.String())
	t.Cleanup(func() { _ = s.Close() })
	unavailable := func(when string) {
		t.Helper()
		for what, ask := range map[string]func(context.Context) error{
			"reading one": func(ctx context.Context) error { _, err := s.Now(ctx); return err },
			"reading all": func(ctx context.Context) error { _, err := s.Workspaces(ctx); return err },
			"writing": func(ctx context.Context) error {
				_, err := s.Apply(ctx, store.Workspace{ID: "lost", Name: "Lost"})
				return err
			},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			err := ask(ctx)
			cancel()
			if e, _ := protocol.AsError(err); err == nil || e.Code != protocol.CodeUnavailable {
				t.Errorf("%s while the database %s: %v", what, when, err)
			}
		}
	}
	link.Pause()
	unavailable("hangs")
	link.Resume()
	testbed.Until(t, 10*time.Second, "the database answers again", func() bool { return s.Ping(t.Context()) == nil })
	link.Cut()
	unavailable("is away")
	link.Heal()
	testbed.Until(t, 10*time.Second, "the database answers again", func() bool { return s.Ping(t.Context()) == nil })
	server.Kill(t)
	unavailable("is dead")
	server.Restart(t)
	testbed.Until(t, 10*time.Second, "the database answers again", func() bool { return s.Ping(t.Context()) == nil })
}
