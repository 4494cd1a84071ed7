package routing

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var snapshotStep = newStep("snapshot")

// An Imagined is a conversation that nobody asked for.
type Imagined struct {
	Queue  store.Queue
	Medium string           // empty: chat
	Agent  protocol.AgentID // whom the visitor talked with last; empty: nobody
	Waited int64            // ms since it would have asked
	Boost  int64            // ms
}

// Imagine says what the next match would decide about a conversation that
// waited now, by the plain rules, from how agents and places stand in Redis. It
// writes nothing, and nobody is asked. Of the conversations that could be
// offered before it, as many are looked at as the snapshot tells: 64 of a class.
func (r *Router) Imagine(ctx context.Context, in Imagined) (protocol.Decision, error) {
	return r.imagine(ctx, in, protocol.NewID[protocol.ConversationID]())
}

func (r *Router) imagine(ctx context.Context, in Imagined, id protocol.ConversationID) (protocol.Decision, error) {
	place := r.placeOf(store.Conversation{
		ID: id, Queue: in.Queue.ID, Medium: in.Medium, Asked: r.time() - in.Waited, Sticky: in.Agent, Boost: in.Boost,
	}, in.Queue)
	seen, err := r.snapshot(ctx, place)
	if err != nil {
		r.failed(ctx, "dry run", err)
		return protocol.Decision{}, fmt.Errorf("dry run: %w", err)
	}
	world := rules.World{Now: seen.Now, Weights: r.weights(), Agents: seen.agents, Places: seen.places}
	place, err = r.ripened(ctx, place, seen)
	if err != nil {
		return protocol.Decision{}, fmt.Errorf("dry run: %w", err)
	}
	d := protocol.Decision{At: seen.Now, What: "nobody", Queue: in.Queue.Name, Position: seen.Ahead + 1, Waited: in.Waited}
	if place.Pull == 0 {
		world.Places = append(world.Places, place)
	}
	class := place.Lines()[0]
	if choice, ok := foretold(world, place.ID); ok {
		class = choice.Class
		r.offered(&d, choice, seen)
	}
	d.Class = class.ID
	counts := map[protocol.Reason]int{}
	said := passed(world.Agents, class, counts)
	d.Skipped, d.More = said.List, said.More
	d.Others = others(said, d, nil)
	if d.What == "nobody" {
		d.Next, d.NextAt = next(place, counts, seen.First)
	}
	r.nameAll(ctx, &d)
	d.ChosenName = r.nameOr(ctx, d.Chosen)
	return d, nil
}

func (r *Router) nameOr(ctx context.Context, id protocol.AgentID) string {
	if id == "" {
		return ""
	}
	return r.name(ctx, id)
}

// foretold lets places be offered as a match does until it is one's turn; false:
// nobody is left for it. The agents asked meanwhile ring then.
func foretold(w rules.World, id string) (rules.Choice, bool) {
	for range len(w.Places) {
		choice, ok := rules.Choose(w)
		if !ok || choice.Place.ID == id {
			return choice, ok
		}
		w = without(w, choice)
	}
	return rules.Choice{}, false
}

// offered says who would be asked, and until when it would ring.
func (r *Router) offered(d *protocol.Decision, c rules.Choice, seen snapshotOf) {
	ring := c.Place.Ring
	if ring == 0 {
		ring = r.timers.Offer.Milliseconds()
	}
	for _, asked := range c.Asked {
		ring = max(ring, seen.rings[asked.Agent.ID])
	}
	for _, who := range c.Order[:min(len(c.Order), rules.RingAll)] {
		d.Eligible = append(d.Eligible, protocol.Candidate{
			Agent: who.Agent.ID, Load: who.Agent.Load, Level: who.Level, Caps: len(who.Agent.Media), Last: who.Agent.Last,
		})
	}
	d.What, d.Chosen, d.Rule, d.Next, d.NextAt = "offered", c.Asked[0].Agent.ID, c.Rule, "rings_until", seen.Now+ring
}

// passed are those who cannot be asked for a class, as the scripts tell it;
// counts is how many of each reason.
func passed(agents []rules.Agent, c rules.Class, counts map[protocol.Reason]int) (said account) {
	const named, others = 64, 16
	for _, a := range agents {
		reason := rules.Fit(a, c)
		if reason == "" {
			continue
		}
		counts[reason]++
		one := protocol.Candidate{Agent: a.ID, Reason: reason, Load: a.Load}
		if a.Ready && a.Live && !a.Ringing && !a.Resting {
			one.Free, one.Last = true, a.Last
		}
		if len(said.List) < named && reason != protocol.ReasonQueue && reason != protocol.ReasonSticky {
			said.List = append(said.List, one)
			continue
		}
		if reason == protocol.ReasonQueue && one.Free && len(said.Others) < others {
			said.Others = append(said.Others, one)
		}
		if said.More == nil {
			said.More = map[protocol.Reason]int{}
		}
		said.More[reason]++
	}
	return said
}

// next says what would be waited for, and until when; 0: not known.
func next(p rules.Waiting, counts map[protocol.Reason]int, deadline int64) (what string, at int64) {
	step := int64(0)
	if len(p.Steps) > 0 {
		step = slices.MinFunc(p.Steps, func(a, b rules.Step) int { return cmp.Compare(a.At, b.At) }).At
	}
	switch {
	case p.Pull != 0:
		return "picks", step
	case counts[protocol.ReasonRinging] > 0:
		return "rings_until", deadline
	case counts[protocol.ReasonFull]+counts[protocol.ReasonSpare]+counts[protocol.ReasonVideo] > 0:
		return "slot_frees", 0
	case step > 0:
		return "step_at", step
	}
	return "", 0
}

// ripened is a place after the steps that are due, and without the agent to be
// asked first where that one is not there.
func (r *Router) ripened(ctx context.Context, p rules.Waiting, seen snapshotOf) (rules.Waiting, error) {
	p = unstuck(p, seen.agents)
	line, err := r.line(ctx, p.Queue)
	if err != nil {
		return p, err
	}
	standing := rules.Standing{Waiting: seen.Waiting + 1, Ready: readyIn(p.Queue, seen.agents), Estimate: int64(float64(seen.Ahead+1) * line.Per)}
	p, _ = rules.Ripen(p, seen.Now, standing)
	return p, nil
}

func (r *Router) weights() map[protocol.QueueID]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make(map[protocol.QueueID]int64, len(r.queues))
	for id, q := range r.queues {
		all[id] = int64(max(q.Weight, 1))
	}
	return all
}

// A snapshotOf is how routing stands at one moment.
type snapshotOf struct {
	Now, First     int64 // First: when the first offer rings out; 0: none rings
	Ahead, Waiting int   // in the line of the queue
	agents         []rules.Agent
	places         []rules.Waiting
	rings          map[protocol.AgentID]int64 // how long an agent's offers ring at least; ms
}

func (r *Router) snapshot(ctx context.Context, p rules.Waiting) (s snapshotOf, err error) {
	var out struct {
		Now, First     int64
		Ahead, Waiting int
		Staff          []staffed
		Held           []struct{ ID, Row string }
	}
	in := map[string]any{"queue": p.Queue, "key": fmt.Sprintf("%s:%013d:%s", p.Queue, p.Effective, p.ID)}
	if err := r.run(ctx, snapshotStep, "", in, &out); err != nil {
		return s, err
	}
	s = snapshotOf{Now: out.Now, First: out.First, Ahead: out.Ahead, Waiting: out.Waiting}
	if s.agents, s.rings, err = staffOf(out.Staff); err != nil {
		return s, err
	}
	for _, it := range out.Held {
		w, err := keptPlace(it.ID, it.Row)
		if err != nil {
			return s, err
		}
		s.places = append(s.places, w)
	}
	return s, nil
}

// An asked is a map that a script may have written: empty it is [] then.
type asked map[protocol.AgentID]int64

func (m *asked) UnmarshalJSON(text []byte) error {
	if string(text) == "[]" {
		*m = nil
		return nil
	}
	return json.Unmarshal(text, (*map[protocol.AgentID]int64)(m))
}

// A list is one that a script may have written: empty it is {} then.
type list[T any] []T

func (l *list[T]) UnmarshalJSON(text []byte) error {
	if string(text) == "{}" {
		*l = nil
		return nil
	}
	return json.Unmarshal(text, (*[]T)(l))
}

// A keptAgent is an agent's row as the scripts keep it.
type keptAgent struct {
	ID       protocol.AgentID       `json:"id"`
	Ready    int                    `json:"ready"`
	Queues   list[protocol.QueueID] `json:"queues"`
	Media    list[string]           `json:"media"`
	Skills   map[string]int         `json:"skills"`
	Max      int                    `json:"max"`
	Load     int                    `json:"load"`
	Videos   int                    `json:"videos"`
	MaxVideo int                    `json:"maxvideo"`
	Ring     int64                  `json:"ring"`
	Last     int64                  `json:"last"`
}

// keptPlace reads a place's row.
func keptPlace(id, row string) (rules.Waiting, error) {
	var kept struct {
		rules.Waiting
		Steps   list[rules.Step]       `json:"st"`
		By      list[protocol.AgentID] `json:"by"`
		Relaxed list[rules.Class]      `json:"rc"`
		Asked   asked                  `json:"x"`
	}
	if err := json.Unmarshal([]byte(row), &kept); err != nil {
		return rules.Waiting{}, fmt.Errorf("read place %s: %w", id, err)
	}
	w := kept.Waiting
	w.ID, w.Steps, w.By, w.Relaxed, w.Asked = id, kept.Steps, kept.By, kept.Relaxed, kept.Asked
	return w, nil
}
