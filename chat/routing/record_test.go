package routing_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/routing"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/chat/store/storetest"
	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

type deaf struct{}

func (deaf) ViewChanged(protocol.WorkspaceID, ...string)                {}
func (deaf) QueuesChanged(protocol.WorkspaceID)                         {}
func (deaf) EntriesAdded(protocol.WorkspaceID, protocol.ConversationID) {}

// A site is routing on a real record.
type site struct {
	*storetest.World
	t testing.TB
	r *routing.Router
}

func onRecord(t *testing.T, client redis.UniversalClient, url string, agents int, story func(s *site)) {
	t.Helper()
	record, err := store.Open(t.Context(), store.Options{URL: url, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = record.Close() }()
	w := storetest.NewWorld(t, record, agents)
	r := routing.New(routing.Options{
		Redis: client, Record: record, Notify: deaf{}, Workspace: w.ID, Node: "n0",
		Timers: routing.Timers{Offer: time.Second, RampUp: -1, Amnesty: -1},
	})
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() { _ = r.Run(ctx) })
	defer done.Wait()
	defer cancel()
	story(&site{w, t, r})
}

func (s *site) ask() store.Conversation {
	s.t.Helper()
	c := s.Ask(s.t)
	s.r.Here(protocol.Caller{
		Principal:  protocol.Principal{Kind: protocol.KindVisitor, Workspace: s.ID, Visitor: c.Visitor},
		Connection: protocol.ConnectionID("v" + c.ID),
	})
	if err := s.r.Enqueue(s.t.Context(), c, store.Queue{ID: c.Queue, Weight: 1}); err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *site) here(agent protocol.AgentID) {
	s.t.Helper()
	s.r.Here(protocol.Caller{
		Principal:  protocol.Principal{Kind: protocol.KindAgent, Workspace: s.ID, Agent: agent},
		Connection: protocol.ConnectionID("a" + agent),
	})
	if err := s.r.AgentChanged(s.t.Context(), agent); err != nil {
		s.t.Fatal(err)
	}
}

// rings waits until a conversation is offered to somebody, not to the one given.
func (s *site) rings(c store.Conversation, not protocol.AgentID) (found store.Offer) {
	s.t.Helper()
	testbed.Until(s.t, 5*time.Second, "an offer", func() bool {
		open, err := s.Store.OpenOffers(s.t.Context(), s.ID)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, o := range open {
			if o.Conversation == c.ID && o.Agent != not {
				found = o
				return true
			}
		}
		return false
	})
	return found
}

func story(s *site) {
	t, ctx := s.t, s.t.Context()
	for _, a := range s.Agents {
		s.here(a)
	}
	c := s.ask()
	first := s.rings(c, "")
	rejected, _, err := s.Store.Settle(ctx, s.ID, first.ID, store.OutcomeRejected, "busy", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.r.Settled(ctx, rejected, store.OutcomeRejected); err != nil {
		t.Fatal(err)
	}
	second := s.rings(c, first.Agent) // rings out
	testbed.Until(t, 5*time.Second, "not ready (no answer)", func() bool {
		a, err := s.Store.Agent(ctx, s.ID, second.Agent)
		return err == nil && a.Declared == protocol.DeclaredNotReady && a.Reason == "no_answer"
	})
	third := s.rings(c, second.Agent)
	accepted, _, err := s.Store.Accept(ctx, s.ID, third.Agent, third.ID, protocol.NewID[protocol.Op]())
	if err != nil {
		t.Fatal(err)
	}
	if err := s.r.Settled(ctx, accepted, store.OutcomeAccepted); err != nil {
		t.Fatal(err)
	}
	left := s.ask()
	s.rings(left, "")
	if _, _, err := s.Store.End(ctx, s.ID, left.ID, protocol.Author{Kind: protocol.KindVisitor}, "visitor:"+string(left.Visitor), protocol.NewID[protocol.Op](), "", 0); err != nil {
		t.Fatal(err)
	}
	if err := s.r.Remove(ctx, left.ID); err != nil {
		t.Fatal(err)
	}
	if p, err := s.r.Position(ctx, left.ID); p != 0 || err != nil {
		t.Errorf("position after leaving: %d, %v", p, err)
	}
	got := s.r.Stats(ctx)
	if got.Accepted != 1 || got.Rejected != 1 || got.TimedOut != 1 || got.Refused != 0 {
		t.Errorf("counted %+v", got)
	}
}

func TestStoryOnTheRealRecord(t *testing.T) { // ROUTE-1..5, STATE-4
	t.Run("sqlite, embedded redis", func(t *testing.T) {
		client, stop := routing.Embedded(t.Context())
		defer stop()
		onRecord(t, client, "", 3, story)
	})
	t.Run("postgresql, redis", func(t *testing.T) {
		client, err := routing.Connect(testbed.Redis(t).URL())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		onRecord(t, client, testbed.Database(t), 3, story)
	})
}
