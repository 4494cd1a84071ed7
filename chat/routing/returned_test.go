package routing

import (
	"fmt"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Who was passed over and is back within the grace goes before those who have
// waited a little longer: once, however often it happens.
func TestWhoComesBackGoesBeforeWhoWaitedALittleLonger(t *testing.T) { // ROUTE-1, ROUTE-11
	for _, tt := range []struct {
		name   string
		boosts map[string]int64
		after  time.Duration // asked so much later than the other one
		want   int           // place
		boost  int64
	}{
		{"usual", nil, 4 * time.Minute, 1, 300_000},
		{"not enough", nil, 6 * time.Minute, 2, 300_000},
		{"as the queue says", map[string]int64{"returned": 60_000}, 50 * time.Second, 1, 60_000},
		{"not", map[string]int64{"returned": 0}, time.Second, 2, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			simulate(t, 2, Timers{}, func(t *testing.T, h *house) {
				h.reapply(func(queues []store.Queue) { queues[0].Rules.Boosts = tt.boosts })
				pass(5 * time.Second)
				first := h.record("first", h.mem.queues[0])
				h.mem.do(func() { h.mem.conversations["first"].Medium = store.MediumVideo }) // which nobody can
				first = h.conversation(first.ID)
				h.here(visitorCaller("first"))
				if err := h.nodes[0].Enqueue(h.ctx, first, h.mem.queues[0]); err != nil {
					t.Fatal(err)
				}
				pass(tt.after)
				h.ask("c1")
				pass(time.Second)
				for range 2 {
					h.gone(visitorCaller("c1"))
					pass(6 * time.Second)
					h.agent("a", 4)
					pass(2 * time.Second)
					if place, err := h.nodes[0].Position(h.ctx, "c1"); err == nil && tt.want == 2 && place != 2 {
						t.Errorf("place %d while away", place)
					}
					h.declare("a", protocol.DeclaredNotReady)
					h.here(visitorCaller("c1"))
					pass(2 * time.Second)
					place, err := h.nodes[1].Position(h.ctx, "c1")
					if err != nil || place != tt.want {
						t.Errorf("place %d, want %d; %v", place, tt.want, err)
					}
					if c := h.conversation("c1"); c.Boost != tt.boost {
						t.Errorf("boost %d, want %d", c.Boost, tt.boost)
					}
				}
			})
		})
	}
}

// Who asks before the page's first sign of life is written has not come back.
func TestWhoHasNeverBeenThereDoesNotComeBack(t *testing.T) { // ROUTE-1, ROUTE-12
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(6 * time.Second)
		c := h.record("c1", h.mem.queues[0])
		if err := h.nodes[0].Enqueue(h.ctx, c, h.mem.queues[0]); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Second)
		h.here(visitorCaller("c1"))
		pass(2 * time.Second)
		if c := h.conversation("c1"); c.Boost != 0 || h.offer("c1").Agent != "a" {
			t.Errorf("boost %d; it rings at %q", c.Boost, h.offer("c1").Agent)
		}
		if got := h.decided(); len(got) != 1 {
			t.Errorf("decided: %v", got)
		}
	})
}

// What a lost agent had goes before nearly all others: that its visitor was away
// takes nothing of it.
func TestWhoComesBackKeepsAGreaterBoost(t *testing.T) { // ROUTE-1
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		h.ask("c1")
		pass(time.Millisecond)
		h.accept(h.offer("c1"))
		h.gone(agentCaller("a"))
		pass(70 * time.Second)
		for i := range 3 {
			h.gone(visitorCaller("c1"))
			pass(6 * time.Second)
			h.agent(protocol.AgentID(fmt.Sprintf("b%d", i)), 1)
			pass(time.Second)
			h.declare(protocol.AgentID(fmt.Sprintf("b%d", i)), protocol.DeclaredNotReady)
			h.here(visitorCaller("c1"))
			pass(time.Second)
		}
		if c := h.conversation("c1"); c.Boost != 0 || c.Started == 0 {
			t.Errorf("boost %d of what was lost", c.Boost)
		}
	})
}

// More who come back at once than can be dealt with keep their places.
func TestTooManyWhoComeBackAreCounted(t *testing.T) { // ROUTE-1
	r := New(Options{})
	r.welcome(make([]protocol.ConversationID, returnQueue+3))
	if got := r.stats.unfavoured.Load(); got != 3 {
		t.Errorf("%d got no boost, want 3", got)
	}
}
