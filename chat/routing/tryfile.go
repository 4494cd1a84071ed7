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

// mostTried is how many of those who wait a proposal is tried on, oldest first.
const mostTried = 500

// A Waiter is a conversation that waits, and what would become of it.
type Waiter struct {
	store.Conversation
	Rings protocol.AgentID // who is asked now, of several the first; empty: nobody
	Trial
}

// TryWaiting tells whom those who wait now, the 500 oldest, would be offered
// to by a proposal, one after the other as matches go, and changes nothing. What
// rings goes on ringing. Requests of colleagues are not looked at.
func (r *Router) TryWaiting(ctx context.Context, p Proposal) ([]Waiter, error) {
	waiting, err := r.record.Waiting(ctx, r.ws)
	if err != nil {
		return nil, fmt.Errorf("read who waits: %w", err)
	}
	waiting = waiting[:min(len(waiting), mostTried)]
	open, err := r.record.OpenOffers(ctx, r.ws)
	if err != nil {
		return nil, fmt.Errorf("read open offers: %w", err)
	}
	seen, err := r.standing(ctx, waiting)
	if err != nil {
		r.failed(ctx, "dry run", err)
		return nil, err
	}
	list := make([]Waiter, 0, len(waiting))
	for _, c := range waiting {
		w := Waiter{Conversation: c}
		for _, o := range open {
			if o.Conversation == c.ID && o.Request == "" && w.Rings == "" {
				w.Rings, w.Agent = o.Agent, o.Agent
			}
		}
		list = append(list, w)
	}
	r.try(p, seen, list)
	return list, nil
}

// try lets the list be offered by the proposal.
func (r *Router) try(p Proposal, seen standingOf, list []Waiter) {
	world := rules.World{Now: seen.Now, Weights: map[protocol.QueueID]int64{}}
	for id, q := range p.Queues {
		world.Weights[id] = int64(max(q.Weight, 1))
	}
	for _, a := range seen.agents {
		world.Agents = append(world.Agents, p.agent(a))
	}
	positions := map[protocol.QueueID]int{}
	for i := range list {
		c := list[i].Conversation
		positions[c.Queue]++
		q, known := p.Queues[c.Queue]
		if !known { // who waits there is served as before
			q = r.queue(c.Queue)
		}
		if known && p.sendsAway(q, seen.Now) {
			list[i].Agent, list[i].Refused = "", protocol.SiteClosed
			continue
		}
		kept, there := seen.places[c.ID]
		if list[i].Rings != "" || !there {
			continue
		}
		place := rules.Place(c, q, p.Queues)
		place.By, place.Asked = kept.By, kept.Asked
		line := seen.lines[c.Queue]
		place, _ = rules.Ripen(unstuck(place, world.Agents), seen.Now, rules.Standing{
			Waiting: line.Waiting, Ready: readyIn(c.Queue, world.Agents), Estimate: int64(float64(positions[c.Queue]) * line.Per),
		})
		if place.Pull == 0 && len(rules.Candidates(world.Agents, place, seen.Now)) > 0 {
			world.Places = append(world.Places, place)
		}
	}
	for range len(world.Places) {
		choice, ok := rules.Choose(world)
		if !ok {
			return
		}
		at := slices.IndexFunc(list, func(w Waiter) bool { return string(w.ID) == choice.Place.ID })
		list[at].Agent, list[at].Rule = choice.Asked[0].Agent.ID, choice.Rule
		world = without(world, choice)
	}
}

// without is a world in which a choice rings.
func without(w rules.World, choice rules.Choice) rules.World {
	for _, asked := range choice.Asked {
		at := slices.IndexFunc(w.Agents, func(a rules.Agent) bool { return a.ID == asked.Agent.ID })
		w.Agents[at].Ringing = true
	}
	w.Places = slices.DeleteFunc(w.Places, func(p rules.Waiting) bool { return p.ID == choice.Place.ID })
	return w
}

// sendsAway says whether who waits in a queue would be sent away at a time: it
// is closed, and has been for as long as it serves who waits.
func (p Proposal) sendsAway(q store.Queue, at int64) bool {
	if q.Rules.AtClosing == "" || q.Rules.AtClosing == "serve" {
		return false
	}
	return !p.open(q, at) && !p.open(q, at-q.Rules.AtClosingMs)
}

// A standingOf is how agents, and those who wait and could be offered, stand.
type standingOf struct {
	Now    int64
	agents []rules.Agent
	places map[protocol.ConversationID]rules.Waiting // whose visitors are there, and whose back-off is over
	lines  map[protocol.QueueID]standingLine
}

func (r *Router) standing(ctx context.Context, waiting []store.Conversation) (s standingOf, err error) {
	ids, queues := make([]protocol.ConversationID, len(waiting)), []protocol.QueueID{}
	for i, c := range waiting {
		ids[i] = c.ID
		if !slices.Contains(queues, c.Queue) {
			queues = append(queues, c.Queue)
		}
	}
	lines, err := r.lines(ctx, queues...)
	if err != nil {
		return s, fmt.Errorf("dry run: %w", err)
	}
	s.places, s.lines = map[protocol.ConversationID]rules.Waiting{}, map[protocol.QueueID]standingLine{}
	for i, q := range queues {
		s.lines[q] = lines[i]
	}
	var out struct {
		Now   int64
		Staff []staffed
		Named []struct{ ID, Row string }
	}
	if err := r.run(ctx, snapshotStep, "", map[string]any{"ids": ids}, &out); err != nil {
		return s, fmt.Errorf("dry run: %w", err)
	}
	s.Now = out.Now
	if s.agents, _, err = staffOf(out.Staff); err != nil {
		return s, err
	}
	for _, it := range out.Named {
		w, err := keptPlace(it.ID, it.Row)
		if err != nil {
			return s, err
		}
		s.places[protocol.ConversationID(it.ID)] = w
	}
	return s, nil
}

// A staffed is an agent as the snapshot tells of him.
type staffed struct {
	Row                    string
	Live, Ringing, Resting bool
}

// staffOf are agents by their ids, and how long their offers ring at least.
func staffOf(list []staffed) (agents []rules.Agent, rings map[protocol.AgentID]int64, err error) {
	rings = map[protocol.AgentID]int64{}
	for _, it := range list {
		var a keptAgent
		if err := json.Unmarshal([]byte(it.Row), &a); err != nil {
			return nil, nil, fmt.Errorf("read the row of an agent: %w", err)
		}
		rings[a.ID] = a.Ring
		agents = append(agents, rules.Agent{
			ID: a.ID, Ready: a.Ready == 1, Live: it.Live, Ringing: it.Ringing, Resting: it.Resting, Queues: a.Queues, Media: a.Media, Skills: a.Skills,
			Load: a.Load, MaxChats: a.Max, Videos: a.Videos, MaxVideo: a.MaxVideo, Last: a.Last,
		})
	}
	slices.SortFunc(agents, func(a, b rules.Agent) int { return cmp.Compare(a.ID, b.ID) })
	return agents, rings, nil
}
