package routing

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var verdictStep = newStep("verdict", "places", "fits", "reasons")

// verdictAgain is how often a verdict that stays the same is kept: who asks
// later finds one of their own time.
const (
	verdictAgain = time.Minute
	verdictEvery = time.Second
)

// A saying is what verdicts remember.
type saying struct {
	last int64 // Redis time of the last look; the sweeper's own

	mu    sync.Mutex                  // guards what follows
	names map[protocol.AgentID]string // of agents, as last read
}

// An account is how the agents stood to a class, as the scripts tell it.
type account struct {
	List   []protocol.Candidate    // who could not be asked, and why
	More   map[protocol.Reason]int // how many further ones
	Others []protocol.Candidate    // of those of other queues, some who are free
}

// A reasoning is why a match offered a place as it did.
type reasoning struct {
	Class      string
	Position   int
	Waited     int64
	Back       int64
	Sticky     bool
	First      []int                // best first, at most 16: whom of all candidates of the run
	Candidates []protocol.Candidate `json:"-"` // these
	With, Next int                  // the load of the first two of them with the place
	Excluded   []protocol.AgentID
}

// decision is what is kept with the offer p; nil where the script gave no
// reasons: of a ring-all, the first offer has them. rung are the agents that
// rang since the accounts were taken, by offers of the same run.
func (r *Router) decision(ctx context.Context, out matched, p proposal, rung []protocol.AgentID) *store.Decision {
	if p.Why == nil {
		return nil
	}
	w := p.Why
	body := protocol.Decision{
		At: out.Now, What: what(p), Queue: r.queue(p.Queue).Name, Class: w.Class, Conversation: p.Conv, Chosen: p.Agent, ChosenName: r.name(ctx, p.Agent),
		Position: w.Position, Waited: w.Waited, Back: w.Back, Eligible: w.Candidates, Rule: ruleOf(*w), Next: "rings_until", NextAt: p.Deadline,
	}
	said := out.Accounts[w.Class]
	body.Skipped, body.More = skipped(said, w.Excluded, rung, w.Candidates), said.More
	body.Others = others(said, body, rung)
	if body.What == "requested" { // nobody else was looked at
		body.More = maps.Clone(body.More)
		delete(body.More, protocol.ReasonSticky)
	}
	r.nameAll(ctx, &body)
	return &store.Decision{
		ID: string(p.Offer), Workspace: r.ws, Conversation: p.Conv, Queue: p.Queue, Agent: p.Agent, At: out.Now, Body: body,
	}
}

// what tells an offer to somebody whom a colleague has named from one for which
// an agent was chosen.
func what(p proposal) string {
	if p.Place != string(p.Conv) && strings.HasPrefix(p.Why.Class, "@") {
		return "requested"
	}
	return "offered"
}

// skipped are those of an account, with those who could have been asked but
// were excluded or rang meanwhile. Who is excluded and rests is excluded.
func skipped(said account, excluded, rung []protocol.AgentID, eligible []protocol.Candidate) []protocol.Candidate {
	list := slices.Clone(said.List)
	for i, c := range list {
		if (c.Reason == protocol.ReasonRinging || c.Reason == protocol.ReasonResting) && slices.Contains(excluded, c.Agent) {
			list[i].Reason = protocol.ReasonExcluded
		}
		if c.Free && (slices.Contains(rung, c.Agent) || slices.Contains(excluded, c.Agent)) {
			list[i].Free, list[i].Last = false, 0
		}
	}
	known := map[protocol.AgentID]bool{}
	for _, c := range slices.Concat(list, eligible) {
		known[c.Agent] = true
	}
	add := func(ids []protocol.AgentID, why protocol.Reason) {
		for _, id := range ids {
			if !known[id] {
				known[id] = true
				list = append(list, protocol.Candidate{Agent: id, Reason: why})
			}
		}
	}
	add(rung, protocol.ReasonRinging)
	add(excluded, protocol.ReasonExcluded)
	return list
}

// others are those of an account who are still free and of whom nothing else is said.
func others(said account, d protocol.Decision, rung []protocol.AgentID) []protocol.Candidate {
	return slices.DeleteFunc(slices.Clone(said.Others), func(o protocol.Candidate) bool {
		same := func(c protocol.Candidate) bool { return c.Agent == o.Agent }
		return slices.Contains(rung, o.Agent) || slices.ContainsFunc(d.Eligible, same) || slices.ContainsFunc(d.Skipped, same)
	})
}

// ruleOf names what put the first candidate before the second.
func ruleOf(w reasoning) string {
	switch list := w.Candidates; {
	case w.Sticky:
		return rules.BySticky
	case len(list) < 2:
		return rules.ByOnly
	case list[0].Level != list[1].Level:
		return rules.BySkill
	case list[0].Caps != list[1].Caps:
		return rules.ByCapable
	case w.With != w.Next:
		return rules.ByLoad
	case list[0].Last != list[1].Last:
		return rules.ByLongest
	}
	return rules.ByHash
}

// verdicts keeps why what waits is not offered, where that has changed, at most
// once a second. What could not be kept is counted.
func (r *Router) verdicts(ctx context.Context, now int64) error {
	if now-r.said.last < verdictEvery.Milliseconds() {
		return nil
	}
	r.said.last = now
	var out struct {
		Now  int64
		Told []struct {
			account
			Class    string
			Queue    protocol.QueueID
			Conv     protocol.ConversationID
			Excluded []protocol.AgentID `json:"ex"`
			Position int                `json:"pos"`
			Waited   int64
			Back     int64
			Next     string
			At       int64
		}
	}
	if err := r.run(ctx, verdictStep, newOp(), map[string]any{"again": verdictAgain.Milliseconds()}, &out); err != nil {
		return err
	}
	decisions := make([]store.Decision, 0, len(out.Told))
	for _, v := range out.Told {
		body := protocol.Decision{
			At: out.Now, What: "nobody", Queue: r.queue(v.Queue).Name, Class: v.Class, Conversation: v.Conv, Position: v.Position, Waited: v.Waited, Back: v.Back,
			Skipped: skipped(v.account, v.Excluded, nil, nil), More: v.More, Others: v.Others, Next: v.Next, NextAt: v.At,
		}
		r.nameAll(ctx, &body)
		decisions = append(decisions, store.Decision{
			ID: newOp(), Workspace: r.ws, Conversation: v.Conv, Queue: v.Queue, At: out.Now, Body: body,
		})
	}
	return r.decide(ctx, decisions)
}

// decide keeps decisions that no offer came of.
func (r *Router) decide(ctx context.Context, decisions []store.Decision) error {
	if len(decisions) == 0 {
		return nil
	}
	if err := r.record.Decide(ctx, decisions); err != nil {
		r.stats.undecided.Add(int64(len(decisions)))
		return fmt.Errorf("keep verdicts: %w", err)
	}
	return nil
}

// A skip is a place that a match passed over since its visitor is not there.
type skip struct {
	Class    string
	Queue    protocol.QueueID
	Conv     protocol.ConversationID
	Position int `json:"pos"`
	Waited   int64
	Back     int64
	Lost     int64 // when the visitor was heard of last
}

// skips keeps that places were passed over: each once, until its visitor is back (ROUTE-11).
func (r *Router) skips(ctx context.Context, out matched) error {
	decisions := make([]store.Decision, 0, len(out.Passed))
	for _, p := range out.Passed {
		body := protocol.Decision{
			At: out.Now, What: "nobody", Queue: r.queue(p.Queue).Name, Class: p.Class, Conversation: p.Conv, Position: p.Position,
			Waited: p.Waited, Back: p.Back, Next: "visitor_back", NextAt: p.Lost + r.timers.VisitorGone.Milliseconds(),
		}
		decisions = append(decisions, store.Decision{
			ID: newOp(), Workspace: r.ws, Conversation: p.Conv, Queue: p.Queue, At: out.Now, Body: body,
		})
	}
	return r.decide(ctx, decisions)
}

func (r *Router) nameAll(ctx context.Context, d *protocol.Decision) {
	for _, list := range [][]protocol.Candidate{d.Eligible, d.Skipped, d.Others} {
		for i := range list {
			list[i].Name = r.name(ctx, list[i].Agent)
		}
	}
}

// name is what an agent is called, as last read; empty while the record does not answer.
func (r *Router) name(ctx context.Context, id protocol.AgentID) string {
	r.said.mu.Lock()
	name, known := r.said.names[id]
	r.said.mu.Unlock()
	if known {
		return name
	}
	a, err := r.record.Agent(ctx, r.ws, id)
	if err != nil {
		return ""
	}
	r.said.learn(a)
	return a.Name
}

func (s *saying) learn(agents ...store.Agent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.names == nil {
		s.names = make(map[protocol.AgentID]string, len(agents))
	}
	for _, a := range agents {
		s.names[a.ID] = a.Name
	}
}
