package routing

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestOfferIsMadeAtOnce(t *testing.T) { // ROUTE-8, R4
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		synctest.Wait()
		start := time.Now()
		h.ask("c1")
		synctest.Wait()
		o := h.offer("c1")
		if o.Agent != "a" || time.Since(start) != 0 {
			t.Fatalf("offered to %q after %v, want a at once", o.Agent, time.Since(start))
		}
		if got, want := o.Deadline-o.Offered, (20 * time.Second).Milliseconds(); got != want {
			t.Errorf("rings %d ms, want %d", got, want)
		}
		if !h.accept(o) {
			t.Fatal("accept refused")
		}
		if p, err := h.nodes[0].Position(h.ctx, "c1"); p != 0 || err != nil {
			t.Errorf("position after accept = %d, %v", p, err)
		}
	})
}

func TestFourthIsServedWhenASlotIsFreed(t *testing.T) { // R4, R5, chatwoot#10583
	simulate(t, 1, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.agent("a", 3)
		synctest.Wait()
		for _, c := range []protocol.ConversationID{"c1", "c2", "c3", "c4", "c5"} {
			h.ask(c)
			pass(time.Second)
			if o := h.offer(c); o.Agent != "" {
				h.accept(o)
			}
		}
		if h.offer("c4").Agent != "" || h.offer("c5").Agent != "" {
			t.Fatal("offered over capacity")
		}
		start := time.Now()
		h.finish("c2")
		synctest.Wait()
		if h.offer("c4").Agent != "a" || h.offer("c5").Agent != "" || time.Since(start) != 0 {
			t.Fatalf("after a slot was freed: c4 %q, c5 %q", h.offer("c4").Agent, h.offer("c5").Agent)
		}
	})
}

func TestOfferThatRingsOutGoesElsewhereWithinASecond(t *testing.T) { // ROUTE-4, STATE-4, R6
	for _, phase := range []int{50, 300, 550, 800, 1050, 1300, 1550, 1800} { // against the sweeps' rhythm
		t.Run(fmt.Sprint(phase), func(t *testing.T) { ringsOut(t, time.Duration(phase)*time.Millisecond) })
	}
}

func ringsOut(t *testing.T, phase time.Duration) {
	simulate(t, 2, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(phase)
		h.ask("c1")
		synctest.Wait()
		first := h.offer("c1")
		h.agent("b", 4)
		pass(20*time.Second - time.Millisecond)
		if got := h.offer("c1"); got.ID != first.ID {
			t.Fatalf("offer ended before its deadline: %+v", got)
		}
		pass(time.Second + time.Millisecond)
		second := h.offer("c1")
		if second.Agent != "b" {
			t.Fatalf("1 s after the deadline it rings at %q, want b", second.Agent)
		}
		if late := second.Offered - first.Deadline; late < 0 || late > 1000 {
			t.Errorf("offered elsewhere %d ms after the deadline, want at most 1000", late)
		}
		if a := h.row("a"); a.Declared != protocol.DeclaredNotReady || a.Reason != "no_answer" {
			t.Errorf("agent is %s (%s), want not_ready (no_answer)", a.Declared, a.Reason)
		}
		if c := h.conversation("c1"); second.Round != 2 || c.Rounds != 2 {
			t.Errorf("round %d, record says %d, want 2", second.Round, c.Rounds)
		}
	})
}

func TestOfferAtUnreachableAgentIsWithdrawnWithoutBlame(t *testing.T) { // STATE-4, STATE-6, R10
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(time.Second)
		h.ask("c1")
		synctest.Wait()
		o := h.offer("c1")
		h.gone(agentCaller("a")) // the tab closes
		pass(5 * time.Second)
		pass(time.Second)
		row := *h.mem.offers[o.ID]
		if row.Outcome != store.OutcomeRescinded || row.Cause != "agent_stale" {
			t.Fatalf("offer ended as %q (%s), want rescinded (agent_stale)", row.Outcome, row.Cause)
		}
		if a := h.row("a"); a.Declared != protocol.DeclaredReady {
			t.Errorf("agent is %s, want still ready", a.Declared)
		}
		h.here(agentCaller("a")) // back in time: state restored, asked again at once
		pass(5 * time.Second)
		if got := h.offer("c1").Agent; got != "a" {
			t.Errorf("after the return it rings at %q, want a", got)
		}
	})
}

func TestSilentAgentIsNotBlamed(t *testing.T) { // STATE-4, R10
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(time.Second)
		h.here(agentCaller("a"))
		synctest.Wait()
		h.ask("c1")
		h.silent(agentCaller("a")) // the lid closes: the lease ends just when the offer would ring out
		synctest.Wait()
		o := h.offer("c1")
		if o.Agent != "a" {
			t.Fatal("not offered")
		}
		pass(21 * time.Second)
		if row := *h.mem.offers[o.ID]; row.Cause != "agent_stale" || h.row("a").Declared != protocol.DeclaredReady {
			t.Errorf("offer %q (%s), agent %s", row.Outcome, row.Cause, h.row("a").Declared)
		}
	})
}

func TestAgentWithTwoTabsStaysUntilTheLastCloses(t *testing.T) { // R10
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(time.Second)
		second := agentCaller("a")
		second.Connection = "tab-a2"
		h.here(second)
		pass(time.Second)
		if got := h.nodes[0].Rings(h.ctx, "a"); got != "tab-a" {
			t.Errorf("rings in %q, want the older tab", got)
		}
		h.gone(agentCaller("a"))
		pass(10 * time.Second)
		if got := h.nodes[0].Rings(h.ctx, "a"); got != "tab-a2" {
			t.Errorf("rings in %q, want the tab that is left", got)
		}
		h.ask("c1")
		synctest.Wait()
		if got := h.offer("c1").Agent; got != "a" {
			t.Fatalf("offered to %q, want a by the second tab", got)
		}
		h.gone(second)
		pass(6 * time.Second)
		if got := h.offer("c1").Agent; got != "" {
			t.Errorf("still rings at %q after the last tab closed", got)
		}
	})
}

func TestRejectGoesToAnotherAndRoundsBackOff(t *testing.T) { // ROUTE-4
	simulate(t, 1, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		h.agent("b", 4)
		pass(time.Second)
		h.ask("c1")
		synctest.Wait()
		asked := h.conversation("c1").Asked
		first := h.offer("c1")
		h.reject(first)
		synctest.Wait()
		second := h.offer("c1")
		if second.Agent == "" || second.Agent == first.Agent {
			t.Fatalf("after %s rejected it rings at %q", first.Agent, second.Agent)
		}
		for i, wait := range []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 20 * time.Second} {
			start := time.Now()
			h.reject(h.offer("c1"))
			synctest.Wait()
			if got := h.offer("c1"); got.Agent != "" {
				t.Fatalf("round %d: no back-off, rings at %s", i, got.Agent)
			}
			pass(wait - time.Millisecond)
			if got := h.offer("c1"); got.Agent != "" {
				t.Fatalf("round %d: offered after %v, want %v", i, time.Since(start), wait)
			}
			pass(time.Second + time.Millisecond)
			if got := h.offer("c1"); got.Agent == "" {
				t.Fatalf("round %d: not offered %v after all were asked", i, time.Since(start))
			}
			h.reject(h.offer("c1")) // the first of the new round; the second follows at once
			synctest.Wait()
		}
		if got := h.conversation("c1"); got.Asked != asked || got.State != protocol.StateQueued {
			t.Errorf("first enqueue %d, want %d kept", got.Asked, asked)
		}
		if a := h.row("a"); a.Declared != protocol.DeclaredReady {
			t.Errorf("rejecting made the agent %s", a.Declared)
		}
	})
}

func TestSomebodyNewIsAskedWithoutBackOff(t *testing.T) { // R4, ROUTE-4
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(time.Second)
		h.ask("c1")
		synctest.Wait()
		h.reject(h.offer("c1"))
		pass(time.Second)
		h.agent("b", 4)
		synctest.Wait()
		if got := h.offer("c1").Agent; got != "b" {
			t.Errorf("rings at %q, want the one who just came", got)
		}
	})
}

func TestRampUpKeepsOffersApart(t *testing.T) { // ROUTE-14
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(time.Second)
		h.ask("c1")
		h.ask("c2")
		synctest.Wait()
		if h.offer("c2").Agent != "" {
			t.Fatal("two offers ring at one agent")
		}
		h.accept(h.offer("c1"))
		pass(5*time.Second - time.Millisecond)
		if h.offer("c2").Agent != "" {
			t.Fatal("offered within the ramp-up")
		}
		pass(time.Second + time.Millisecond)
		if h.offer("c2").Agent != "a" {
			t.Fatal("not offered after the ramp-up")
		}
	})
}

func TestPauseWithdrawsThePendingOffer(t *testing.T) { // STATE-2
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(time.Second)
		h.ask("c1")
		synctest.Wait()
		o := h.offer("c1")
		h.declare("a", protocol.DeclaredNotReady)
		synctest.Wait()
		if row := *h.mem.offers[o.ID]; row.Outcome != store.OutcomeRescinded || row.Cause != "agent_not_ready" {
			t.Errorf("offer %q (%s), want rescinded (agent_not_ready)", row.Outcome, row.Cause)
		}
	})
}

func TestVisitorWhoIsAwayKeepsThePlaceFor120Seconds(t *testing.T) { // ROUTE-11
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.ask("c1")
		pass(time.Second)
		h.ask("c2")
		pass(time.Second)
		h.gone(visitorCaller("c1"))
		pass(6 * time.Second)
		h.agent("a", 1)
		pass(time.Second)
		if h.offer("c1").Agent != "" || h.offer("c2").Agent != "a" {
			t.Fatalf("offered: away %q, there %q", h.offer("c1").Agent, h.offer("c2").Agent)
		}
		if p, _ := h.nodes[0].Position(h.ctx, "c1"); p != 1 {
			t.Errorf("position of the one who is away = %d, want 1", p)
		}
		h.accept(h.offer("c2"))
		pass(112 * time.Second)
		if got := h.conversation("c1").State; got != protocol.StateQueued {
			t.Fatalf("given up early: %s", got)
		}
		pass(3 * time.Second)
		if got := h.conversation("c1"); got.State != protocol.StateEnded || got.Outcome != "abandoned" {
			t.Errorf("after 120 s: %s %s, want ended abandoned", got.State, got.Outcome)
		}
		if lines, err := h.nodes[0].Positions(h.ctx, "q1"); err != nil || lines["q1"].Waiting != 0 {
			t.Errorf("queue %+v, %v", lines, err)
		}
	})
}

func TestConversationsOfALostAgentGoToTheHead(t *testing.T) { // STATE-6
	simulate(t, 1, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.agent("a", 2)
		pass(time.Second)
		h.ask("old")
		synctest.Wait()
		h.accept(h.offer("old"))
		h.declare("a", protocol.DeclaredNotReady)
		pass(time.Second)
		h.mem.do(func() { h.mem.conversations["old"].Asked += 60_000 }) // asked later than who waits
		h.ask("waiting")
		h.declare("a", protocol.DeclaredReady)
		synctest.Wait()
		h.gone(agentCaller("a"))
		pass(59 * time.Second)
		h.stands("old", protocol.StateActive, "before 60 s")
		pass(2 * time.Second)
		h.stands("old", protocol.StateQueued, "after 60 s")
		if a := h.row("a"); a.Declared != protocol.DeclaredNotReady || a.Reason != "connection_lost" || a.Load != 0 {
			t.Errorf("agent %+v, want not ready (connection_lost) without load", a)
		}
		if p, _ := h.nodes[0].Position(h.ctx, "old"); p != 1 {
			t.Errorf("position %d, want the head", p)
		}
		h.agent("b", 1)
		synctest.Wait()
		if got := h.offer("old").Agent; got != "b" {
			t.Errorf("the head rings at %q, want b", got)
		}
	})
}

func TestWrapUpEndsByItself(t *testing.T) { // ROUTE-2, DESK-6
	simulate(t, 1, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.agent("a", 1)
		pass(time.Second)
		h.ask("c1")
		synctest.Wait()
		h.accept(h.offer("c1"))
		h.ask("c2")
		if _, _, err := h.mem.End(h.ctx, testWorkspace, "c1", protocol.Author{}, "", "", "", 60_000); err != nil {
			t.Fatal(err)
		}
		h.changed("a")
		pass(59 * time.Second)
		if h.offer("c2").Agent != "" {
			t.Fatal("offered during wrap-up")
		}
		pass(2 * time.Second)
		if h.offer("c2").Agent != "a" {
			t.Fatal("not offered after wrap-up")
		}
	})
}
