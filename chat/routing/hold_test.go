package routing

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestAQueueHoldsForTheOwner(t *testing.T) { // STATE-6
	simulate(t, 2, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.reapply(func(queues []store.Queue) { queues[0].Rules.HoldMs = 120_000 })
		h.agent("a", 4, "q1", "q2")
		pass(2 * time.Second)
		h.ask("held")
		h.askIn("other", h.mem.queues[1])
		synctest.Wait()
		for len(h.ringing()) > 0 {
			h.accept(h.ringing()[0])
			synctest.Wait()
		}
		h.silent(agentCaller("a"))
		pass(67 * time.Second) // signs of life come each 5 s
		a := h.row("a")
		if a.Declared != protocol.DeclaredNotReady || a.Reason != "connection_lost" || h.conversation("other").State != protocol.StateQueued {
			t.Errorf("after 60 s: %s (%s); what is not held is %s", a.Declared, a.Reason, h.conversation("other").State)
		}
		if c := h.conversation("held"); c.State != protocol.StateActive || c.Owner != "a" {
			t.Errorf("after 60 s what is held is %s of %q", c.State, c.Owner)
		}
		h.agent("b", 4)
		pass(105 * time.Second)
		if c := h.conversation("held"); c.State != protocol.StateActive || h.offer("held").ID != "" {
			t.Errorf("before its time it is %s", c.State)
		}
		pass(15 * time.Second)
		if got := h.offer("held").Agent; got != "b" || h.row("a").Load != 0 {
			t.Errorf("after 180 s it rings at %q; load of the owner %d", got, h.row("a").Load)
		}
	})
}

func TestWhoComesBackInTimeFindsWhatWasHeld(t *testing.T) { // STATE-6
	simulate(t, 2, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.reapply(func(queues []store.Queue) { queues[0].Rules.HoldMs = 120_000 })
		h.agent("a", 4)
		pass(2 * time.Second)
		h.ask("held")
		synctest.Wait()
		h.accept(h.offer("held"))
		h.silent(agentCaller("a"))
		pass(150 * time.Second)
		h.here(agentCaller("a"))
		pass(10 * time.Minute)
		if c := h.conversation("held"); c.State != protocol.StateActive || c.Owner != "a" || h.row("a").Load == 0 {
			t.Errorf("it is %s of %q", c.State, c.Owner)
		}
		h.silent(agentCaller("a")) // the time begins anew
		pass(170 * time.Second)
		if c := h.conversation("held"); c.State != protocol.StateActive {
			t.Errorf("the second time it is %s before its time", c.State)
		}
		pass(20 * time.Second)
		if c := h.conversation("held"); c.State != protocol.StateQueued {
			t.Errorf("the second time it is %s after 180 s", c.State)
		}
	})
}
