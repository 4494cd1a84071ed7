package routing

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestWhatIsAcceptedByItself(t *testing.T) { // ROUTE-7, corner 17
	on, off := `{"queues":{"q1":{"w":1,"auto":true}}}`, `{"queues":{"q1":{"w":1}}}`
	tests := []struct {
		name  string
		queue string
		agent agentSpec
		used  bool
		mode  string
		want  bool
	}{
		{"the queue says so", on, agentSpec{}, true, "", true},
		{"the agent does", off, agentSpec{"auto": true}, true, "", true},
		{"nobody does", off, agentSpec{}, true, "", false},
		{"nobody sits at the desk", on, agentSpec{"auto": true}, false, "", false},
		{"several are asked", on, agentSpec{}, true, store.ModeRingAll, false},
	}
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				b := newBench(t, client)
				b.do(configureStep, newOp(), tt.queue)
				tt.agent["id"] = "a"
				b.staff(tt.agent)
				b.signs(sign{Actor: "agent:a", Conn: "t", Used: tt.used})
				b.wait(store.Queue{ID: "q1", Weight: 1, Rules: store.QueueRules{Mode: tt.mode}}, nil, store.Conversation{ID: "c1", Asked: ago(1)})
				_, made := b.match(1)
				if len(made) != 1 || made[0].Auto != tt.want {
					t.Errorf("offers %+v, want one with auto %v", made, tt.want)
				}
			})
		}
	})
}

func TestADeskInUseAcceptsByItself(t *testing.T) { // ROUTE-7, corner 17
	simulate(t, 2, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.reapply(func(q []store.Queue) { q[0].Rules.AutoAccept = true })
		h.agent("a", 4)
		pass(2 * time.Second)
		h.nodes[0].Used(agentCaller("a"))
		h.nodes[0].Here(agentCaller("a")) // a sign of life that is written with it does not hide it
		synctest.Wait()
		if s, err := h.nodes[1].Standings(h.ctx, "a"); err != nil || s["a"].Used == 0 {
			t.Fatalf("standing %+v, %v", s, err)
		}
		h.ask("c1")
		synctest.Wait()
		if c := h.conversation("c1"); c.Owner != "a" || c.State != protocol.StateActive {
			t.Errorf("owner %q, want a by itself", c.Owner)
		}
		pass(61 * time.Second) // the agent went away from the desk; the page breathes on
		h.ask("c2")
		pass(time.Second)
		if c := h.conversation("c2"); c.Owner != "" || h.offer("c2").Agent != "a" {
			t.Errorf("owner %q, rings at %q: want an ordinary offer", c.Owner, h.offer("c2").Agent)
		}
	})
}

func TestAQueueSaysHowLongNobodyIsAskedAgain(t *testing.T) { // ROUTE-4: exclude_seconds
	simulate(t, 1, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.reapply(func(q []store.Queue) { q[0].Rules.ExcludeMs = 10_000 })
		h.agent("a", 4)
		h.agent("busy", 1)
		pass(2 * time.Second)
		h.mem.do(func() { h.mem.slots[slotKey{"x", "busy"}] = &store.Slot{Agent: "busy", Cost: 100} })
		h.changed("busy") // able, and so the round is not over
		h.ask("c1")
		synctest.Wait()
		h.reject(h.offer("c1"))
		pass(9 * time.Second)
		if got := h.offer("c1").Agent; got != "" {
			t.Fatalf("asked again before: %q", got)
		}
		pass(2 * time.Second)
		if got := h.offer("c1").Agent; got != "a" {
			t.Errorf("after 10 s it rings at %q, want a", got)
		}
	})
}
