package routing

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// reapply changes what the workspace declares, as apply does.
func (h *house) reapply(f func(queues []store.Queue)) {
	h.mem.do(func() {
		queues := append([]store.Queue{}, h.mem.queues...)
		f(queues)
		h.mem.queues, h.mem.version = queues, h.mem.version+1
	})
}

func TestWhatIsDeclaredAnewCountsForWhoWaits(t *testing.T) { // SITE-2, ROUTE-6
	simulate(t, 2, Timers{}, func(t *testing.T, h *house) {
		h.agent("b", 4, "q2")
		h.agent("picky", 4, "q1")
		h.mem.do(func() { h.mem.agents["picky"].Skills = map[string]int{"german": 2} })
		h.changed("picky")
		h.declare("picky", protocol.DeclaredNotReady)
		pass(time.Second)
		h.ask("c1")
		pass(time.Second)
		h.ask("c2")
		pass(5 * time.Second)
		if len(h.ringing()) != 0 {
			t.Fatal("offered to whom?")
		}
		h.reapply(func(q []store.Queue) {
			q[0].Rules.Overflow = []store.OverflowStep{{AfterMs: 1000, Queues: []protocol.QueueID{"q2"}}}
		})
		pass(2 * time.Second)
		if got := h.offer("c1").Agent; got != "b" {
			t.Fatalf("2 s after the change the first rings at %q, want b", got)
		}
		if p, _ := h.nodes[1].Position(h.ctx, "c2"); p != 2 {
			t.Errorf("position %d, want 2 as before", p)
		}
		held := h.offer("c1")
		h.reapply(func(q []store.Queue) { q[0].Rules.Overflow, q[0].Rules.Needs = nil, map[string]int{"german": 1} })
		pass(2 * time.Second)
		if got := h.offer("c1"); got.ID != held.ID {
			t.Errorf("a change of the rules ended an offer: %+v", got)
		}
		h.reject(held)
		pass(20 * time.Second)
		if len(h.ringing()) != 0 {
			t.Error("rings at who is not asked any more")
		}
		h.declare("picky", protocol.DeclaredReady)
		synctest.Wait()
		if got := h.offer("c1").Agent; got != "picky" {
			t.Errorf("rings at %q, want picky, who has the skill", got)
		}
	})
}

func TestAnAuditThatIsFirstToSeeAChangeHidesNothing(t *testing.T) { // SITE-2
	simulate(t, 1, Timers{Configure: 7 * time.Second}, func(t *testing.T, h *house) {
		h.agent("b", 4, "q2")
		h.ask("c1")
		pass(5 * time.Second)
		h.reapply(func(q []store.Queue) {
			q[0].Rules.Overflow = []store.OverflowStep{{AfterMs: 1000, Queues: []protocol.QueueID{"q2"}}}
		})
		if err := h.nodes[0].audit(h.ctx); err != nil {
			t.Fatal(err)
		}
		pass(8 * time.Second)
		if got := h.offer("c1").Agent; got != "b" {
			t.Errorf("rings at %q, want b", got)
		}
	})
}

func TestAQueueThatIsPulledFromNowOn(t *testing.T) { // ROUTE-6
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.ask("c1")
		pass(time.Second)
		h.reapply(func(q []store.Queue) { q[0].Rules.Mode = store.ModePull })
		pass(2 * time.Second)
		h.agent("a", 4)
		pass(time.Second)
		if len(h.ringing()) != 0 {
			t.Fatal("what is to be picked was offered")
		}
		h.ask("c2")
		pass(time.Second)
		got, err := h.nodes[0].Waits(h.ctx, "q1", 50)
		if diff := cmp.Diff([]protocol.ConversationID{"c1", "c2"}, got); diff != "" || err != nil {
			t.Fatalf("list %v (-want +got):\n%s", err, diff)
		}
		h.mem.do(func() { // the agent picks it
			c := h.mem.conversations["c1"]
			c.State, c.Owner = protocol.StateActive, "a"
			h.mem.slots[slotKey{"c1", "a"}] = &store.Slot{Conversation: "c1", Agent: "a", State: protocol.SlotActive, Cost: 25}
		})
		if err := h.nodes[0].Picked(h.ctx, "c1", "a"); err != nil {
			t.Fatal(err)
		}
		if got, _ := h.nodes[0].Waits(h.ctx, "q1", 50); len(got) != 1 || got[0] != "c2" {
			t.Errorf("list after the pick: %v", got)
		}
		standing, err := h.nodes[0].Standings(h.ctx, "a", "nobody")
		if want := (Standing{Ready: true, Live: true, Load: 25}); err != nil || len(standing) != 1 || standing["a"] != want {
			t.Errorf("standings %+v, %v", standing, err)
		}
		h.reapply(func(q []store.Queue) { q[0].Rules.Mode = "" })
		pass(2 * time.Second)
		if got := h.offer("c2").Agent; got != "a" {
			t.Errorf("offered to %q after the change, want a", got)
		}
	})
}

// shut is a calendar that is closed until a time.
type shut int64

func (s shut) Open(_ store.Queue, at int64) (bool, int64) { return at >= int64(s), int64(s) }

func TestAQueueTakesNobodyMore(t *testing.T) { // SITE-5, VIS-1
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		r := h.nodes[0]
		q := h.mem.queues[0]
		check := func(what string, want protocol.SiteReason, wantAt int64) {
			t.Helper()
			if got, at := r.Accepting(h.ctx, store.Site{}, q); got != want || at != wantAt {
				t.Errorf("%s: %q at %d, want %q at %d", what, got, at, want, wantAt)
			}
		}
		check("nobody waits", "", 0)
		q.Rules.Limit = 2
		h.ask("c1")
		h.ask("c2")
		check("two wait", protocol.SiteFull, 0)
		q.Rules.Limit = 0
		check("of hundred", "", 0)
		place := func() Place {
			p, err := r.Place(h.ctx, "c2")
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		h.mem.do(func() {
			h.mem.figures = map[protocol.QueueID]store.Figures{"q1": {Samples: 4, HandleMs: 300_000, Active: 2}}
		})
		pass(11 * time.Second)
		if p := place(); p != (Place{Position: 2}) {
			t.Errorf("estimated from four: %+v", p)
		}
		h.mem.do(func() {
			h.mem.figures = map[protocol.QueueID]store.Figures{"q1": {Samples: 5, HandleMs: 300_000, Active: 2}}
		})
		pass(11 * time.Second)
		if p := place(); p != (Place{Position: 2, LowMs: 4 * 60_000, HighMs: 8 * 60_000}) { // of 5 minutes
			t.Errorf("estimate %+v", p)
		}
		q.Rules.MaxEstimateMs = 11 * 60_000
		check("the third would wait 12 minutes", protocol.SiteSlow, 0)
		q.Rules.MaxEstimateMs = 12 * 60_000
		check("and may", "", 0)
		opens := time.Now().UnixMilli() + 60_000
		r.hours = shut(opens)
		check("closed", protocol.SiteClosed, opens)
		pass(time.Minute)
		check("open again", "", 0)
	})
}

func TestWhoAskedLaterAndIsBefore(t *testing.T) { // VIS-1
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.ask("c1")
		pass(time.Second)
		h.record("c2", h.mem.queues[0])
		h.mem.do(func() { h.mem.conversations["c2"].Boost = 60_000 })
		if err := h.nodes[0].Enqueue(h.ctx, h.conversation("c2"), h.mem.queues[0]); err != nil {
			t.Fatal(err)
		}
		if p, err := h.nodes[0].Place(h.ctx, "c1"); err != nil || p.Position != 2 || p.Ahead != 1 {
			t.Errorf("place %+v, %v, want the second, behind one who asked later", p, err)
		}
		if p, _ := h.nodes[0].Place(h.ctx, "c2"); p.Position != 1 || p.Ahead != 0 {
			t.Errorf("place of the other %+v", p)
		}
	})
}
