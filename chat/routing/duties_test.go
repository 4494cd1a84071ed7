package routing

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func (h *house) lineOf(q protocol.QueueID) Line {
	lines, err := h.nodes[0].Positions(h.ctx, q)
	if err != nil {
		h.t.Error(err)
	}
	return lines[q]
}

func TestNobodyReadyIsAnAlarmOnce(t *testing.T) { // STATE-4, ROUTE-4
	simulate(t, 2, Timers{}, func(t *testing.T, h *house) {
		h.agent("a", 1)
		pass(time.Second)
		h.ask("c1")
		pass(3 * time.Second)
		if line := h.lineOf("q1"); line.Bare || line.Ready != 1 || line.Waiting != 1 {
			t.Errorf("one is ready: %+v", line)
		}
		h.accept(h.offer("c1")) // full, and ready all the same
		h.ask("c2")
		pass(3 * time.Second)
		if line := h.lineOf("q1"); line.Bare || h.alarmed("bare") != 0 {
			t.Errorf("a busy agent is ready: %+v", line)
		}
		h.declare("a", protocol.DeclaredNotReady)
		pass(10 * time.Second)
		if line := h.lineOf("q1"); !line.Bare || line.Ready != 0 {
			t.Errorf("nobody is ready: %+v", line)
		}
		if got := h.alarmed("bare"); got != 1 {
			t.Errorf("%d alarms, want 1", got)
		}
		h.declare("a", protocol.DeclaredReady)
		pass(3 * time.Second)
		if line := h.lineOf("q1"); line.Bare {
			t.Errorf("somebody is ready again: %+v", line)
		}
	})
}

func TestAllAskedIsAnAlarmAfterTheFirstRound(t *testing.T) { // ROUTE-4
	simulate(t, 1, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(time.Second)
		h.ask("c1")
		for range 3 {
			synctest.Wait()
			h.reject(h.offer("c1"))
			pass(2 * time.Second)
			if line := h.lineOf("q1"); line.AllAsked != 1 {
				t.Errorf("%+v, want one whom all were asked about", line)
			}
			pass(20 * time.Second)
		}
		if got := h.alarmed("all_asked"); got != 1 {
			t.Errorf("%d alarms, want 1", got)
		}
	})
}

func TestWhatIsNotOfferedThoughItCouldBeIsSaid(t *testing.T) { // ROUTE-14
	synctest.Test(t, func(t *testing.T) {
		client, stop := Embedded(t.Context())
		defer stop()
		b := newBench(t, client) // a match never comes
		b.do(configureStep, newOp(), queues13)
		b.staff(agentSpec{"id": "a"})
		b.wait(store.Queue{ID: "q1", Weight: 1}, nil, store.Conversation{ID: "c1", Asked: ago(1)})
		for i, want := range []any{nil, nil, []any{"q1"}} {
			out := b.do(sweepStep, newOp(), `{"agentGone":60000,"visitorGone":120000,"prev":0,"survey":true}`)
			if diff := cmp.Diff(want, out["delayed"]); diff != "" {
				t.Errorf("sweep %d (-want +got):\n%s", i, diff)
			}
			pass(2 * time.Second)
		}
		if out := b.do(lineStep, "", `{"queues":["q1"]}`)["lines"].([]any)[0].(map[string]any); out["delayed"] != true {
			t.Errorf("line %v", out)
		}
		b.match(1)
		if out := b.do(sweepStep, newOp(), `{"agentGone":60000,"visitorGone":120000,"prev":0,"survey":true}`); out["delayed"] != nil {
			t.Errorf("offered, and still delayed: %v", out["delayed"])
		}
	})
}

func TestAFirstReplyThatDoesNotComeGoesToAnother(t *testing.T) { // ROUTE-13
	simulate(t, 1, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.agent("a", 4)
		pass(time.Second)
		h.ask("c1")
		synctest.Wait()
		h.accept(h.offer("c1"))
		asked := h.conversation("c1").Asked
		h.mem.do(func() { h.mem.conversations["c1"].ReplyDue = time.Now().UnixMilli() + 120_000 })
		h.agent("b", 4)
		h.agent("c", 4, "q2")
		pass(121 * time.Second)
		if c := h.conversation("c1"); c.ReplyStage != store.ReplyReminded || h.alarmed("reply_overdue") != 0 {
			t.Errorf("after 120 s: stage %d", c.ReplyStage)
		}
		pass(30 * time.Second)
		if c := h.conversation("c1"); c.ReplyStage != store.ReplyAlarmed || h.alarmed("reply_overdue") != 1 {
			t.Errorf("after 150 s: stage %d", c.ReplyStage)
		}
		pass(31 * time.Second)
		if c := h.conversation("c1"); c.State != protocol.StateQueued || c.Asked != asked {
			t.Fatalf("after 180 s: %s, asked %d, want queued at its first time", c.State, c.Asked)
		}
		if got := h.offer("c1").Agent; got != "b" {
			t.Errorf("rings at %q, want b and not who did not reply", got)
		}
		if h.row("a").Load != 0 || h.row("a").Declared != protocol.DeclaredReady {
			t.Errorf("agent %+v", h.row("a"))
		}
	})
}

func TestAParkedOneWhoseOwnerHasNoRoomGoesToAnother(t *testing.T) { // ROUTE-2, corner 7
	simulate(t, 1, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.agent("a", 1)
		pass(time.Second)
		h.ask("c1")
		synctest.Wait()
		h.accept(h.offer("c1"))
		h.mem.do(func() {
			s := h.mem.slots[slotKey{"c1", "a"}]
			s.State, s.WakeUntil = protocol.SlotParked, time.Now().UnixMilli()+60_000
		})
		h.agent("b", 1)
		pass(59 * time.Second)
		if got := h.conversation("c1").State; got != protocol.StateActive {
			t.Fatalf("%s before its time", got)
		}
		pass(3 * time.Second)
		if got := h.offer("c1").Agent; got != "b" {
			t.Errorf("rings at %q, want b", got)
		}
	})
}

func TestWhoDidNotAnswerReturnsByItself(t *testing.T) { // STATE-4
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.reapply(func(q []store.Queue) { q[0].Rules.ReturnMs = 30_000 })
		h.agent("a", 4)
		h.agent("gone", 4)
		pass(2 * time.Second)
		h.mem.do(func() {
			for _, id := range []protocol.AgentID{"a", "gone"} {
				a := h.mem.agents[id]
				a.Declared, a.Reason, a.DeclaredAt = protocol.DeclaredNotReady, "no_answer", time.Now().UnixMilli()
			}
		})
		h.changed("a")
		h.silent(agentCaller("gone"))
		pass(29 * time.Second)
		if got := h.row("a").Declared; got != protocol.DeclaredNotReady {
			t.Fatalf("%s before its time", got)
		}
		pass(3 * time.Second)
		if got := h.row("a").Declared; got != protocol.DeclaredReady {
			t.Errorf("after 30 s: %s", got)
		}
		if got := h.row("gone").Declared; got != protocol.DeclaredNotReady {
			t.Errorf("who is not there: %s", got)
		}
	})
}

// until is a calendar that closes at a time.
type until int64

func (u until) Open(_ store.Queue, at int64) (bool, int64) { return at < int64(u), int64(u) }

func TestWhoStillWaitsAtClosing(t *testing.T) { // SITE-5
	for name, want := range map[string]protocol.ConversationState{"": protocol.StateQueued, "stop": protocol.StateClosed, "message": protocol.StateClosed} {
		t.Run("at closing "+name, func(t *testing.T) {
			simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
				h.reapply(func(q []store.Queue) { q[0].Rules.AtClosing, q[0].Rules.AtClosingMs = name, 60_000 })
				pass(2 * time.Second)
				h.ask("c1")
				h.mu.Lock()
				h.hours = until(time.Now().UnixMilli() + 10_000)
				h.mu.Unlock()
				pass(69 * time.Second)
				h.stands("c1", protocol.StateQueued, "before its time")
				pass(3 * time.Second)
				if got := h.conversation("c1"); got.State != want || (want == protocol.StateClosed && got.Missed != "hours") {
					t.Errorf("after closing and a minute: %s (%s), want %s", got.State, got.Missed, want)
				}
				if p, _ := h.nodes[0].Position(h.ctx, "c1"); (p == 0) != (want == protocol.StateClosed) {
					t.Errorf("position %d", p)
				}
			})
		})
	}
}

func TestARequestThatNobodyTakesExpires(t *testing.T) { // TEAM-1
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.owned(t, "c1")
		h.agent("ben", 4)
		h.request("r1", protocol.RequestTransfer, "c1", "", "q1")
		for range 20 {
			pass(6 * time.Second)
			if o := h.asks("r1"); o.ID != "" {
				h.reject(o)
			}
		}
		pass(2 * time.Second)
		if got := h.mem.requests["r1"].State; got != store.RequestExpired || len(h.ringing()) != 0 {
			t.Errorf("after 120 s: %s, %d ring", got, len(h.ringing()))
		}
	})
}
