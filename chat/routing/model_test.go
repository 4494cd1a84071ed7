package routing

import (
	"cmp"
	"maps"
	"slices"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A model is what the scripts keep, in plain Go; package rules decides in it.
// Nothing in it ends by time: leases, exclusions and back-offs of the scripts
// are an hour long here, and steps of places are long due or years away.
type model struct {
	queues map[protocol.QueueID]store.Queue
	agents map[string]*rules.Agent
	places map[string]*modelPlace
	offers map[string]modelOffer
	live   map[string]bool
}

type modelPlace struct {
	rules.Waiting
	offers []string
}

type modelOffer struct {
	place, agent string
	cost         int
}

// A proposed is what may be compared of an offer that a match made.
type proposed struct {
	Place, Agent string
	Kind         protocol.OfferKind
	Cost, Round  int
}

// inLine tells conversations, which have a position, from requests.
func (p *modelPlace) inLine() bool {
	return p.Kind == protocol.OfferAlone || p.Kind == protocol.OfferAll
}

func (m *model) standing(p *modelPlace) rules.Standing {
	s := rules.Standing{Waiting: m.count(p, func(*modelPlace) bool { return true })}
	for _, a := range m.agents {
		if a.Ready && m.live["agent:"+string(a.ID)] && slices.Contains(a.Queues, p.Queue) {
			s.Ready++
		}
	}
	return s
}

// count counts the places in the line of a place that some condition holds for.
func (m *model) count(p *modelPlace, holds func(*modelPlace) bool) (n int) {
	for _, q := range m.places {
		if q.inLine() && q.Queue == p.Queue && holds(q) {
			n++
		}
	}
	return n
}

func (m *model) position(p *modelPlace) int {
	return m.count(p, func(q *modelPlace) bool {
		return cmp.Or(cmp.Compare(q.Effective, p.Effective), cmp.Compare(q.ID, p.ID)) <= 0
	})
}

func (m *model) world(now int64) rules.World {
	w := rules.World{Now: now, Weights: map[protocol.QueueID]int64{}}
	for id, q := range m.queues {
		w.Weights[id] = int64(q.Weight)
	}
	for _, a := range m.agents {
		row := *a
		row.Live = m.live["agent:"+string(a.ID)]
		w.Agents = append(w.Agents, row)
	}
	for _, p := range m.places {
		if len(p.offers) == 0 && (p.Actor == "" || m.live[p.Actor]) {
			w.Places = append(w.Places, p.Waiting)
		}
	}
	return w
}

// match is what a match and those that go on after it propose. ids names the offers; inOrder
// are the places whose visitors were not yet seen to be away.
func (m *model) match(now int64, ids []string, inOrder map[string]bool) (made []proposed) {
	for _, id := range slices.Sorted(maps.Keys(m.places)) {
		p := m.places[id]
		p.Waiting, _ = rules.Ripen(p.Waiting, now, m.standing(p))
	}
	if !slices.ContainsFunc(m.world(now).Agents, func(a rules.Agent) bool { return a.Ready && a.Live && !a.Ringing && a.Load < 100 }) {
		return nil
	}
	m.leaveAlone(now, inOrder)
	return m.offer(now, ids)
}

func (m *model) offer(now int64, ids []string) (made []proposed) {
	for {
		choice, ok := rules.Choose(m.world(now))
		if !ok {
			return made
		}
		p := m.places[choice.Place.ID]
		p.Round++
		for _, c := range choice.Asked {
			id, agent := ids[len(made)], string(c.Agent.ID)
			cost := c.Class.For(c.Agent.MaxChats)
			m.offers[id] = modelOffer{p.ID, agent, cost}
			m.agents[agent].Ringing = true
			p.offers = append(p.offers, id)
			made = append(made, proposed{p.ID, agent, p.Kind, cost, p.Round})
		}
	}
}

// leaveAlone ends the wait for an agent who is to be asked first and is not there any more.
func (m *model) leaveAlone(now int64, inOrder map[string]bool) {
	agents := m.world(now).Agents
	for _, p := range m.places {
		if p.Sticky == nil || !inOrder[p.ID] {
			continue
		}
		at := slices.IndexFunc(agents, func(a rules.Agent) bool { return a.ID == p.Sticky.Agent })
		if at >= 0 && (!agents[at].Ready || !agents[at].Live) {
			p.Sticky = nil
		}
	}
}

// enqueue lets a place wait; for the agent who is to be asked first only if that one is there.
func (m *model) enqueue(w rules.Waiting) {
	if w.Sticky != nil {
		if a := m.agents[string(w.Sticky.Agent)]; a == nil || !a.Ready || !m.live["agent:"+string(a.ID)] {
			w.Sticky = nil
		}
	}
	w.Asked = map[protocol.AgentID]int64{}
	m.places[w.ID] = &modelPlace{Waiting: w}
}

// never is when what ends by time ends in this test.
const never = 1 << 60

func (m *model) settle(id, outcome string) {
	o, ok := m.offers[id]
	if !ok {
		return
	}
	delete(m.offers, id)
	a, p := m.agents[o.agent], m.places[o.place]
	a.Ringing = false
	p.offers = slices.DeleteFunc(p.offers, func(x string) bool { return x == id })
	switch outcome {
	case "accepted":
		a.Load += o.cost
		if p.Medium == store.MediumVideo {
			a.Videos++
		}
		m.remove(p)
		return
	case "undone":
		if p.Kind != protocol.OfferAll {
			p.Round--
		}
		return
	case "rejected", "timed_out":
		p.Asked[a.ID] = never
		p.Sticky = nil
	case "full": // may be asked again
		p.Sticky = nil
	}
	if outcome == "timed_out" && p.Kind != protocol.OfferAll {
		a.Ready = false
	}
	if !p.inLine() && p.Classes[0].Agent != "" { // the one who was asked does not take it
		m.remove(p)
	}
}

// remove frees all who are being asked about a place.
func (m *model) remove(p *modelPlace) {
	for _, id := range p.offers {
		m.agents[m.offers[id].agent].Ringing = false
		delete(m.offers, id)
	}
	delete(m.places, p.ID)
}
