package routing

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// R4, R9: a node dies between a commit and what follows from it. Nobody is
// told, and yet who waits is found within seconds, not with the next audit.
func TestWhatADeadNodeLeftUndoneIsFoundAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		client, stop := Embedded(ctx)
		h := newHouse(ctx, t, client, Timers{Audit: time.Hour, Amnesty: -1})
		var done sync.WaitGroup
		defer func() {
			cancel()
			done.Wait()
			stop()
		}()
		h.node(ctx, &done)
		first, die := context.WithCancel(ctx)
		h.node(first, &done)
		done.Go(func() { h.breathe(ctx) })
		h.agent("a", 4)
		pass(10 * time.Second)
		h.record("c1", h.mem.queues[0]) // the other node has stored it, and dies
		h.here(visitorCaller("c1"))
		die()
		pass(6 * time.Second)
		if h.offer("c1").Agent != "a" {
			t.Error("not offered 6 s after the node died")
		}
	})
}

// R4, R8: another server takes over, without the last writes and without any
// error. What they were about is found within seconds.
func TestWhatAnotherServerLacksIsFoundAtOnce(t *testing.T) {
	old, next := testbed.Redis(t), testbed.Redis(t)
	var at atomic.Pointer[testbed.RedisServer]
	at.Store(old)
	opt := &redis.Options{Addr: "127.0.0.1:0", Dialer: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, at.Load().Addr())
	}}
	tune(opt)
	client := redis.NewClient(opt)
	defer func() { _ = client.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	h := newHouse(ctx, t, client, Timers{Audit: time.Hour, Amnesty: -1})
	var done sync.WaitGroup
	defer done.Wait()
	defer cancel()
	h.node(ctx, &done)
	testbed.Until(t, 10*time.Second, "the first audit", func() bool {
		h.nodes[0].mu.Lock()
		defer h.nodes[0].mu.Unlock()
		return h.nodes[0].gen != "" && !h.nodes[0].dirty
	})
	host, port, _ := net.SplitHostPort(old.Addr())
	next.Do("REPLICAOF", host, port)
	testbed.Until(t, 10*time.Second, "a replica", func() bool {
		return strings.Contains(next.Do("INFO", "replication"), "master_link_status:up")
	})
	next.Do("REPLICAOF", "NO", "ONE")
	h.ask("c1") // of which the next one knows nothing
	h.agent("a", 4)
	testbed.Until(t, 10*time.Second, "the offer", func() bool { return h.offer("c1").Agent == "a" })
	h.ask("c2")
	at.Store(next)
	old.Do("CLIENT", "KILL", "TYPE", "normal")
	h.accept(h.offer("c1"))
	testbed.Until(t, 10*time.Second, "the other offer", func() bool { return h.offer("c2").Agent == "a" })
}

// A mute record does not answer when a conversation is to be ended.
type mute struct{ *memory }

func (mute) End(context.Context, protocol.WorkspaceID, protocol.ConversationID, protocol.Author, string, protocol.Op, string, int64) (store.Conversation, []store.Slot, error) {
	return store.Conversation{}, nil, protocol.NewError(protocol.CodeUnavailable, "Please try again.")
}

// ROUTE-11: who stayed away keeps the place while the record cannot end it.
func TestAPlaceIsGivenUpWithTheRecordOnly(t *testing.T) {
	client, stop := Embedded(t.Context())
	defer stop()
	h := newHouse(t.Context(), t, client, Timers{Amnesty: -1})
	r := New(Options{Redis: client, Record: mute{h.mem}, Notify: h, Workspace: testWorkspace, Node: "n0"})
	h.nodes = append(h.nodes, r)
	if err := r.rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.ask("c1")
	if err := r.abandon(t.Context(), "c1"); code(err) != protocol.CodeUnavailable {
		t.Errorf("given up without the record: %v", err)
	}
	if p, err := r.Position(t.Context(), "c1"); p != 1 || err != nil {
		t.Errorf("at place %d, %v", p, err)
	}
}

// L1: a command that needs Redis is to be tried again while it is away.
func TestWithoutRedisQueuesAreUnavailable(t *testing.T) {
	server := testbed.Redis(t)
	client, err := Connect(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	h := newHouse(t.Context(), t, client, Timers{})
	r := New(Options{Redis: client, Record: h.mem, Notify: h, Workspace: testWorkspace, Node: "n0"})
	if err := r.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	server.Pause()
	if _, err := r.Waits(t.Context(), "q1", 1); code(err) != protocol.CodeUnavailable {
		t.Errorf("while Redis hangs: %v", err)
	}
	server.Resume()
	server.Kill()
	if _, err := r.Waits(t.Context(), "q1", 1); code(err) != protocol.CodeUnavailable {
		t.Errorf("while Redis is away: %v", err)
	}
	if r.Ping(t.Context()) == nil {
		t.Error("a Redis that is away answers")
	}
}
