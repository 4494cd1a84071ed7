package routing

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// decided are the decisions kept so far, as a person would compare them.
func (h *house) decided() (list []string) {
	h.mem.do(func() {
		for _, d := range h.mem.decisions {
			b := d.Body
			line := fmt.Sprintf("%s %s>%s %s %s", b.What, b.Conversation, b.ChosenName, b.Rule, b.Next)
			for _, c := range b.Eligible {
				line += " +" + c.Name
			}
			for _, c := range b.Skipped {
				line += fmt.Sprintf(" %s:%s", c.Name, c.Reason)
			}
			if b.More[protocol.ReasonQueue] > 0 {
				line += fmt.Sprintf(" queue*%d", b.More[protocol.ReasonQueue])
			}
			list = append(list, line)
		}
	})
	return list
}

// named adds an agent with a name of two letters, and then changes the row.
func (h *house) named(id protocol.AgentID, change func(*store.Agent), queues ...protocol.QueueID) {
	h.agent(id, 4, queues...)
	h.mem.do(func() {
		h.mem.agents[id].Name = string(id + id)
		if change != nil {
			change(h.mem.agents[id])
		}
	})
	h.changed(id)
}

func TestAnOfferSaysWhyItWasMade(t *testing.T) { // ROUTE-12
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.named("a", func(a *store.Agent) { a.LastAccepted = 5 })
		h.named("b", func(a *store.Agent) { a.LastAccepted = 9 })
		h.named("c", nil, "q2")
		h.named("d", func(a *store.Agent) { a.Declared = protocol.DeclaredNotReady })
		h.named("e", func(a *store.Agent) { a.Profile.Media = []string{"video"} })
		pass(time.Second)
		h.ask("c1")
		pass(time.Millisecond) // the visitor is there
		want := []string{"offered c1>aa longest rings_until +aa +bb dd:not_ready ee:medium queue*1"}
		if diff := cmp.Diff(want, h.decided()); diff != "" {
			t.Fatal(diff)
		}
		var d store.Decision
		h.mem.do(func() { d = h.mem.decisions[0] })
		if o := h.offer("c1"); d.ID != string(o.ID) || d.Agent != "a" || d.Queue != "q1" || d.At != o.Offered || d.Body.NextAt != o.Deadline {
			t.Errorf("decision %+v of the offer %+v", d, o)
		}
		if d.Body.Position != 1 || d.Body.Class != "q1.chat.25.-" || d.Body.Eligible[1].Last != 9 {
			t.Errorf("decision %+v", d.Body)
		}
		h.reject(h.offer("c1")) // and what is decided then says who was asked already
		want = append(want, "offered c1>bb only rings_until +bb aa:excluded dd:not_ready ee:medium queue*1")
		if diff := cmp.Diff(want, h.decided()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWhyNothingIsOfferedIsSaidWhenItChanges(t *testing.T) { // ROUTE-12
	simulate(t, 2, Timers{}, func(t *testing.T, h *house) {
		h.mem.do(func() {
			h.mem.agents["f"] = &store.Agent{ID: "f", Name: "ff", MaxChats: 1, Declared: protocol.DeclaredReady,
				Profile: store.Profile{Queues: []protocol.QueueID{"q1"}, Media: []string{"chat"}}}
		})
		h.here(agentCaller("f"))
		h.changed("f")
		h.ask("c1")
		pass(time.Millisecond) // the visitor is there
		h.accept(h.offer("c1"))
		pass(10 * time.Second)
		h.mem.do(func() { h.mem.decisions = nil })
		h.ask("c2")
		pass(30 * time.Second)
		if diff := cmp.Diff([]string{"nobody >  slot_frees ff:full"}, h.decided()); diff != "" {
			t.Fatalf("while the only agent is full:\n%s", diff)
		}
		h.declare("f", protocol.DeclaredNotReady)
		pass(2 * time.Second)
		if diff := cmp.Diff([]string{"nobody >  slot_frees ff:full", "nobody >   ff:not_ready"}, h.decided()); diff != "" {
			t.Fatalf("when the agent pauses:\n%s", diff)
		}
		pass(verdictAgain + 2*time.Second)
		if got := h.decided(); len(got) != 3 || got[2] != "nobody >   ff:not_ready" {
			t.Errorf("a minute later: %v", got)
		}
	})
}

func TestWhoWasAskedInVainIsSaidWithTheNextRound(t *testing.T) { // ROUTE-4, ROUTE-12
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.named("a", nil)
		h.ask("c1")
		pass(time.Millisecond) // the visitor is there
		h.reject(h.offer("c1"))
		pass(3 * time.Second)
		got := h.decided()
		if len(got) != 2 || got[1] != "nobody c1>  round_at aa:excluded" {
			t.Fatalf("got %v", got)
		}
		var d store.Decision
		h.mem.do(func() { d = h.mem.decisions[1] })
		if d.Conversation != "c1" || d.Body.Position != 1 || d.Body.NextAt < d.At || d.Body.NextAt > d.At+5000 {
			t.Errorf("decision %+v", d)
		}
		pass(5 * time.Second)
		if o := h.offer("c1"); o.Agent != "a" {
			t.Errorf("the next round did not come: %+v", o)
		}
	})
}

func TestWhoIsAwayIsPassedOverAndThatIsSaid(t *testing.T) { // ROUTE-11, ROUTE-12
	simulate(t, 2, Timers{}, func(t *testing.T, h *house) {
		h.named("a", nil)
		h.ask("c1")
		pass(time.Millisecond)
		h.accept(h.offer("c1"))
		h.mem.do(func() { h.mem.decisions = nil })
		c := h.record("c2", h.mem.queues[0])
		h.here(visitorCaller("c2"))
		pass(time.Second)
		h.declare("a", protocol.DeclaredNotReady)
		h.gone(visitorCaller("c2"))
		lost := time.Now().UnixMilli()
		pass(6 * time.Second)
		if err := h.nodes[0].Enqueue(h.ctx, c, h.mem.queues[0]); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Second)
		h.mem.do(func() { h.mem.decisions = nil })
		h.declare("a", protocol.DeclaredReady)
		pass(10 * time.Second)
		if diff := cmp.Diff([]string{"nobody c2>  visitor_back"}, h.decided()); diff != "" {
			t.Fatalf("while the visitor is away:\n%s", diff)
		}
		var d store.Decision
		h.mem.do(func() { d = h.mem.decisions[0] })
		if d.Conversation != "c2" || d.Queue != "q1" || d.Body.Position != 1 || d.Body.Class != "q1.chat.25.-" || d.Body.NextAt != lost+120_000 ||
			d.Body.Waited != d.At-c.Asked || d.Body.Back != 0 {
			t.Errorf("decision %+v; the visitor left at %d", d, lost)
		}
		h.here(visitorCaller("c2"))
		pass(time.Second)
		if got := h.decided(); len(got) != 2 || h.offer("c2").Agent != "a" {
			t.Errorf("with the visitor back: %v", got)
		}
	})
}

// All times of waiting that rules know count from the first enqueue, also of what
// comes back from an agent: overflow is due at once. How long ago it came back,
// which people read as its wait, is said beside.
func TestRulesCountFromTheFirstEnqueueAndPeopleFromTheLast(t *testing.T) { // ROUTE-1, ROUTE-10, ROUTE-12
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.reapply(func(queues []store.Queue) {
			queues[0].Rules.Overflow = []store.OverflowStep{{AfterMs: 60_000, Queues: []protocol.QueueID{"q2"}}}
		})
		h.named("a", nil)
		h.named("b", nil, "q2")
		pass(5 * time.Second)
		h.ask("c1")
		pass(time.Millisecond)
		h.accept(h.offer("c1"))
		pass(100 * time.Second)
		h.gone(agentCaller("a"))
		h.mem.do(func() { h.mem.decisions = nil })
		pass(70 * time.Second)
		o, c := h.offer("c1"), h.conversation("c1")
		if o.Agent != "b" {
			t.Fatalf("it rings at %q", o.Agent)
		}
		var d protocol.Decision
		h.mem.do(func() { d = h.mem.decisions[len(h.mem.decisions)-1].Body })
		if d.What != "offered" || d.Waited != o.Offered-c.Asked || d.Back != o.Offered-c.Requeued || d.Back > 2000 {
			t.Errorf("decided %+v; asked %d, came back %d, offered %d", d, c.Asked, c.Requeued, o.Offered)
		}
	})
}
