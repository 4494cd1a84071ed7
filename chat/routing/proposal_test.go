package routing

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// declared is what the house's workspace declares now.
func (h *house) declared() Proposal {
	p := Proposal{Queues: map[protocol.QueueID]store.Queue{}, Agents: map[protocol.AgentID]store.Agent{}}
	agents, _ := h.mem.Agents(h.ctx, testWorkspace)
	for _, a := range agents {
		p.Agents[a.ID] = a
	}
	h.mem.do(func() {
		for _, q := range h.mem.queues {
			p.Queues[q.ID] = q
		}
	})
	return p
}

// past is a decision as the record tells of it later.
func (h *house) past(d store.Decision) (out store.PastDecision) {
	out.Decision = d
	h.mem.do(func() {
		if o := h.mem.offers[protocol.OfferID(d.ID)]; o != nil {
			out.Kind, out.Request = o.Kind, o.Request
		}
	})
	return out
}

// What was decided is decided again by a file that changes nothing.
func TestTheSameFileDecidesTheSame(t *testing.T) { // ROUTE-12
	tried := map[string]int{}
	for seed := range uint64(12) {
		simulate(t, 1, Timers{RampUp: -1}, func(t *testing.T, h *house) {
			d := &dreamer{house: h, Rand: rand.New(rand.NewPCG(seed, 2)), t: t}
			d.rules()
			h.reapply(func(queues []store.Queue) { // without conditions, whose state is not kept
				queues[0].Rules.Overflow = pick(d.Rand, nil, []store.OverflowStep{{AfterMs: 4000, Queues: []protocol.QueueID{"q2"}}, {AfterMs: 8000, Relax: map[string]int{"german": 0}}})
			})
			pass(3 * time.Second)
			var all []store.Decision
			for range 14 {
				d.dream()
				for _, o := range h.ringing() {
					d.answer(o)
				}
				pass(time.Duration(d.IntN(6)) * time.Second)
				h.mem.do(func() { all = append(all, h.mem.decisions...) })
			}
			p := h.declared()
			for _, one := range all {
				got, ok := p.Try(h.past(one))
				if !ok {
					continue
				}
				tried[one.Body.What]++
				if got.Agent != one.Body.Chosen || got.Refused != "" {
					t.Errorf("seed %d: %+v\nis now %+v", seed, one.Body, got)
				}
				if got.Agent != "" && one.Body.Rule != got.Rule {
					t.Errorf("seed %d: by %s, is now by %s", seed, one.Body.Rule, got.Rule)
				}
			}
		})
	}
	if tried["offered"] < 40 || tried["nobody"] < 10 {
		t.Errorf("tried %v: the test says little", tried)
	}
}

// lunch is open between two times.
type lunch struct{ from, to int64 }

func (s lunch) Open(_ store.Queue, at int64) (bool, int64) { return at < s.from || at >= s.to, 0 }

const triedAt, sales, support = 10_000_000, protocol.QueueID("sales"), protocol.QueueID("support")

func german(level int) func(*store.Agent) {
	return func(a *store.Agent) { a.Skills = map[string]int{"german": level} }
}

// trialAgent is one of sales.
func trialAgent(id protocol.AgentID, change func(*store.Agent)) store.Agent {
	a := answering(store.Agent{ID: id, MaxChats: 4, Profile: store.Profile{Queues: []protocol.QueueID{sales}, Media: []string{"chat"}}})
	if change != nil {
		change(&a)
	}
	return a
}

// trial is a decision by which Anna was asked.
func trial(change func(*protocol.Decision)) store.PastDecision {
	d := store.PastDecision{Decision: store.Decision{ID: "o", Conversation: "c", Queue: sales, At: triedAt}, Kind: protocol.OfferAlone}
	d.Body = protocol.Decision{
		At: triedAt, What: "offered", Class: "sales.chat.25.-", Conversation: "c", Chosen: "anna", Position: 1, Waited: 70_000,
		Eligible: []protocol.Candidate{{Agent: "anna", Load: 25, Caps: 1, Last: 5}, {Agent: "ben", Load: 50, Caps: 1, Last: 9}},
		Skipped: []protocol.Candidate{
			{Agent: "full", Reason: protocol.ReasonFull, Load: 100, Free: true}, {Agent: "busy", Reason: protocol.ReasonFull, Load: 100},
			{Agent: "mute", Reason: protocol.ReasonSkill, Free: true}, {Agent: "off", Reason: protocol.ReasonNotReady}, {Agent: "gone", Reason: protocol.ReasonAway},
			{Agent: "asked", Reason: protocol.ReasonExcluded}, {Agent: "rings", Reason: protocol.ReasonRinging},
		},
		Others: []protocol.Candidate{{Agent: "helper", Reason: protocol.ReasonQueue, Free: true}}, More: map[protocol.Reason]int{protocol.ReasonQueue: 2},
	}
	if change != nil {
		change(&d.Body)
		d.Conversation = d.Body.Conversation
	}
	return d
}

// asItWas is what was declared then.
func asItWas() Proposal {
	p := Proposal{Queues: map[protocol.QueueID]store.Queue{sales: {ID: sales, Weight: 1}, support: {ID: support, Weight: 1}}, Agents: map[protocol.AgentID]store.Agent{}}
	for _, id := range []protocol.AgentID{"anna", "ben", "off", "gone", "asked", "rings"} {
		p.Agents[id] = trialAgent(id, nil)
	}
	for _, id := range []protocol.AgentID{"full", "busy"} {
		p.Agents[id] = trialAgent(id, func(a *store.Agent) { a.MaxChats = 1 })
	}
	p.Agents["mute"] = trialAgent("mute", func(a *store.Agent) { a.Profile.Media = nil })
	for _, id := range []protocol.AgentID{"helper", "unseen"} {
		p.Agents[id] = trialAgent(id, func(a *store.Agent) { a.Profile.Queues = []protocol.QueueID{support} })
	}
	return p
}

func queue(rules store.QueueRules) func(*Proposal) {
	return func(p *Proposal) { p.Queues[sales] = store.Queue{ID: sales, Weight: 1, Rules: rules} }
}

func staff(id protocol.AgentID, change func(*store.Agent)) func(*Proposal) {
	return func(p *Proposal) { p.Agents[id] = trialAgent(id, change) }
}

var trials = []struct {
	name   string
	change func(*Proposal)
	was    func(*protocol.Decision)
	want   Trial
}{
	{"nothing", nil, nil, Trial{Agent: "anna", Rule: "load"}},
	{"a skill is needed that nobody has", queue(store.QueueRules{Needs: map[string]int{"german": 1}}), nil, Trial{}},
	{"Ben has it", func(p *Proposal) {
		queue(store.QueueRules{Needs: map[string]int{"german": 1}})(p)
		staff("ben", german(3))(p)
	}, nil, Trial{Agent: "ben", Rule: "only"}},
	{"and overflow has lowered it", queue(store.QueueRules{Needs: map[string]int{"german": 1}, Overflow: []store.OverflowStep{{AfterMs: 60_000, Relax: map[string]int{"german": 0}}}}),
		nil, Trial{Agent: "anna", Rule: "load"}},
	{"Anna has room for one chat", staff("anna", func(a *store.Agent) { a.MaxChats = 1 }), nil, Trial{Agent: "ben", Rule: "only"}},
	{"chats cost more", queue(store.QueueRules{Units: map[string]int{"chat": 60}}), nil, Trial{Agent: "anna", Rule: "only"}},
	{"chats cost too much", queue(store.QueueRules{Units: map[string]int{"chat": 90}}), nil, Trial{}},
	{"who was full had room, had he been less full", staff("full", func(a *store.Agent) { a.MaxChats = 10 }),
		func(d *protocol.Decision) { d.Eligible, d.Chosen, d.What, d.Skipped[0].Load = nil, "", "nobody", 80 }, Trial{Agent: "full", Rule: "only", Unknown: 2}},
	{"who was full and rang would not", staff("busy", func(a *store.Agent) { a.MaxChats = 10 }),
		func(d *protocol.Decision) { d.Eligible, d.Chosen, d.What, d.Skipped[1].Load = nil, "", "nobody", 80 }, Trial{Unknown: 2}},
	{"who could not chat can", staff("mute", nil), nil, Trial{Agent: "mute", Rule: "load"}},
	{"a helper from another queue", staff("helper", nil), nil, Trial{Agent: "helper", Rule: "load"}},
	{"one of whom nothing was kept", staff("unseen", nil), nil, Trial{Agent: "anna", Rule: "load", Unknown: 1}},
	{"Anna is gone", func(p *Proposal) { delete(p.Agents, "anna") }, nil, Trial{Agent: "ben", Rule: "only"}},
	{"Anna may not answer", staff("anna", func(a *store.Agent) { a.Permissions = []protocol.Permission{protocol.PermCall} }), nil, Trial{Agent: "ben", Rule: "only"}},
	{"a waiting list", queue(store.QueueRules{Mode: store.ModePull}), nil, Trial{}},
	{"a waiting list for a minute", queue(store.QueueRules{Mode: store.ModePull, PullMaxMs: 60_000}), nil, Trial{Agent: "anna", Rule: "load"}},
	{"closed when it was asked", func(p *Proposal) { p.Hours = lunch{triedAt - 70_000, triedAt - 69_999} }, nil, Trial{Refused: protocol.SiteClosed}},
	{"closed later", func(p *Proposal) { p.Hours = lunch{triedAt - 69_999, triedAt + 1} }, nil, Trial{Agent: "anna", Rule: "load"}},
	{"whom the visitor knows", nil, func(d *protocol.Decision) { d.Class, d.Waited = "@ben.sales.chat.25", 1000 }, Trial{Agent: "ben", Rule: "sticky"}},
	{"whom the visitor knows, for no time", queue(store.QueueRules{StickyMs: -1}),
		func(d *protocol.Decision) { d.Class, d.Waited = "@ben.sales.chat.25", 1000 }, Trial{Agent: "anna", Rule: "load"}},
	{"without the queue", func(p *Proposal) { delete(p.Queues, sales) }, nil, Trial{Refused: protocol.SiteClosed}},
	{"whoever waited", nil, func(d *protocol.Decision) {
		d.What, d.Conversation, d.Position, d.Eligible, d.Chosen = "nobody", "", 0, nil, ""
	}, Trial{Unknown: 2}}, // Anna and Ben
	{"whoever waited, with a helper", staff("helper", nil), func(d *protocol.Decision) {
		d.What, d.Conversation, d.Position, d.Eligible, d.Chosen = "nobody", "", 0, nil, ""
	}, Trial{Agent: "helper", Rule: "only", Unknown: 2}},
}

func TestAChangedFileDecidesOtherwise(t *testing.T) { // ROUTE-12
	for _, tt := range trials {
		t.Run(tt.name, func(t *testing.T) {
			p := asItWas()
			if tt.change != nil {
				tt.change(&p)
			}
			got, tried := p.Try(trial(tt.was))
			if diff := cmp.Diff(tt.want, got); diff != "" || !tried {
				t.Errorf("tried %v (-want +got):\n%s", tried, diff)
			}
		})
	}
}

func TestWhatNoRuleDecidesIsNotTried(t *testing.T) { // ROUTE-12, TEAM-1
	for _, was := range []func(*protocol.Decision){
		func(d *protocol.Decision) { d.What = "picked" }, func(d *protocol.Decision) { d.What = "requested" },
		func(d *protocol.Decision) { d.What, d.Next = "nobody", "visitor_back" },
	} {
		if got, tried := asItWas().Try(trial(was)); tried {
			t.Errorf("what no rule decides is tried: %+v", got)
		}
	}
	team := trial(func(d *protocol.Decision) { d.Position = 0 })
	team.Request, team.Kind = "r", protocol.OfferTransfer
	p := asItWas()
	p.Hours = lunch{0, triedAt * 2}
	queue(store.QueueRules{Mode: store.ModePull})(&p)
	if got, tried := p.Try(team); !tried || got.Agent != "anna" {
		t.Errorf("a colleague's request: %+v, %v", got, tried)
	}
}

func TestAChangedFileIsTriedOnWhoWaits(t *testing.T) { // ROUTE-12
	simulate(t, 1, Timers{RampUp: -1}, func(t *testing.T, h *house) {
		h.agent("a", 1)
		h.agent("b", 4, "q2")
		h.agent("off", 4)
		h.declare("off", protocol.DeclaredNotReady)
		pass(5 * time.Second)
		for i := range 4 {
			h.ask(protocol.ConversationID(fmt.Sprintf("c%d", i)))
			pass(time.Second)
		}
		h.accept(h.offer("c0"))
		h.gone(visitorCaller("c2"))
		pass(6 * time.Second)
		h.askIn("rung", h.mem.queues[1])
		pass(time.Second)
		rows := len(h.mem.opened)
		expect := func(name string, change func(*Proposal), want ...string) {
			p := h.declared()
			if change != nil {
				change(&p)
			}
			waiting, err := h.nodes[0].TryWaiting(h.ctx, p)
			var list []string
			for _, w := range waiting {
				list = append(list, fmt.Sprintf("%s %s>%s %s%s", w.ID, w.Rings, w.Agent, w.Rule, w.Refused))
			}
			if diff := cmp.Diff(want, list); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
			}
		}
		agents := func(change func(*store.Agent), ids ...protocol.AgentID) func(*Proposal) {
			return func(p *Proposal) {
				for _, id := range ids {
					a := p.Agents[id]
					change(&a)
					p.Agents[id] = a
				}
			}
		}
		expect("as it is", nil, "c1 > ", "c2 > ", "c3 > ", "rung b>b ")
		expect("with room", agents(func(a *store.Agent) { a.MaxChats = 4 }, "a"), "c1 > ", "c2 > ", "c3 > ", "rung b>b ") // the one that runs costs all
		h.finish("c0")
		pass(time.Millisecond)
		expect("one is offered in earnest", nil, "c1 a>a ", "c2 > ", "c3 > ", "rung b>b ")
		h.accept(h.offer("rung"))
		h.agent("free", 4, "q2")
		pass(time.Second)
		both := agents(func(a *store.Agent) { a.Profile.Queues = []protocol.QueueID{"q1", "q2"} }, "free", "off")
		expect("with helpers", both, "c1 a>a ", "c2 > ", "c3 >free only")
		expect("by overflow", func(p *Proposal) {
			q := p.Queues["q1"]
			q.Rules.Overflow = []store.OverflowStep{{Waiting: 2, Queues: []protocol.QueueID{"q2"}}}
			p.Queues["q1"] = q
		}, "c1 a>a ", "c2 > ", "c3 >free load")
		expect("closed, and sent away", func(p *Proposal) {
			q := p.Queues["q1"]
			q.Rules.AtClosing = "message"
			p.Queues["q1"], p.Hours = q, lunch{0, 1 << 60}
		}, "c1 a> closed", "c2 > closed", "c3 > closed")
		before := contents(h.ctx, t, h.redis)
		expect("closed, and served", func(p *Proposal) { both(p); p.Hours = lunch{0, 1 << 60} }, "c1 a>a ", "c2 > ", "c3 >free only")
		if diff := cmp.Diff(before, contents(h.ctx, t, h.redis)); diff != "" {
			t.Errorf("a dry run changed (-before +after):\n%s", diff)
		}
		if len(h.mem.opened) != rows+1 || h.offer("c3").ID != "" {
			t.Errorf("something was offered: %+v", h.mem.opened[rows:])
		}
	})
}
