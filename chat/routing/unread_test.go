package routing

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// An unread is a record of which one conversation cannot be read.
type unread struct {
	*memory
	conv protocol.ConversationID
}

func (u *unread) Conversation(ctx context.Context, ws protocol.WorkspaceID, id protocol.ConversationID) (store.Conversation, error) {
	if id == u.conv {
		return store.Conversation{}, errors.New("database is locked")
	}
	return u.memory.Conversation(ctx, ws, id)
}

// unreading runs a story on one node that cannot read conversation c1.
func unreading(t *testing.T, story func(t *testing.T, h *house)) {
	t.Helper()
	nodes := func(h *house, done *sync.WaitGroup) {
		r := New(Options{
			Redis: h.redis, Record: &unread{h.mem, "c1"}, Notify: h, Workspace: testWorkspace, Node: "n0", Logger: slog.New(slog.DiscardHandler), Hours: h, Alarm: h.alarm,
		})
		h.nodes = append(h.nodes, r)
		done.Go(func() { _ = r.Run(h.ctx) })
	}
	simulateOn(t, Timers{}, nodes, story)
}

func TestWhatCannotBeReadAgainIsOfferedAtOnce(t *testing.T) { // ROUTE-8, R4
	unreading(t, func(t *testing.T, h *house) {
		h.agent("a", 4)
		c := h.record("c1", h.mem.queues[0])
		h.here(visitorCaller("c1"))
		pass(1050 * time.Millisecond) // no sweep is due
		began := time.Now()
		if err := h.nodes[0].Enqueue(h.ctx, c, h.mem.queues[0]); err != nil {
			t.Errorf("enqueue: %v, want it matched", err)
		}
		if got, took := h.offer("c1").Agent, time.Since(began); got != "a" || took > 100*time.Millisecond {
			t.Errorf("after %v it rings at %q, want a at once", took, got)
		}
	})
}

// What was over before it was put there rings at nobody, is gone in two seconds
// although it cannot be read, and keeps an agent from others no longer.
func TestWhatIsOverAndCannotBeReadGoesSoon(t *testing.T) { // R2, R4
	for _, name := range []string{"an agent is free", "nobody is there"} {
		t.Run(name, func(t *testing.T) {
			unreading(t, func(t *testing.T, h *house) {
				free := name == "an agent is free"
				if free {
					h.agent("a", 4)
				}
				c := h.record("c1", h.mem.queues[0])
				h.here(visitorCaller("c1"))
				pass(time.Second)
				if _, _, err := h.mem.End(h.ctx, testWorkspace, "c1", protocol.Author{}, "", "", "", 0); err != nil {
					t.Fatal(err)
				}
				if err := h.nodes[0].Enqueue(h.ctx, c, h.mem.queues[0]); err != nil {
					t.Errorf("enqueue: %v", err)
				}
				h.ask("c2")
				pass(2 * time.Second)
				if got := h.offer("c2").Agent; free && got != "a" {
					t.Errorf("another rings at %q after 2 s, want a", got)
				}
				if p, err := h.nodes[0].Position(h.ctx, "c1"); err != nil || p != 0 {
					t.Errorf("what is over stands at %d after 2 s (%v), want nowhere", p, err)
				}
				h.mem.do(func() {
					for _, o := range h.mem.opened {
						if o.Conversation == "c1" {
							t.Error("what is over has rung")
						}
					}
				})
			})
		})
	}
}
