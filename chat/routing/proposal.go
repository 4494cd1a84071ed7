package routing

import (
	"math"
	"slices"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A Proposal is what a workspace would declare, by the ids of the record.
type Proposal struct {
	Queues map[protocol.QueueID]store.Queue
	Agents map[protocol.AgentID]store.Agent // who is not among them may answer nobody
	Hours  Hours                            // nil: always open
}

// A Trial is what would become of a conversation by a proposal.
type Trial struct {
	Agent   protocol.AgentID    // who would be asked first; empty: nobody
	Rule    string              // what would have put the agent first
	Refused protocol.SiteReason // closed: it would not wait at all
	Unknown int                 // agents who might be asked as well, of whom was not kept how they stood
}

// Try tells what a decision would have been by the proposal, were the agents
// as it saw them: each decision by itself. tried is false of what rules don't
// decide: picks, colleagues asked by name, visitors who were away. Conditions
// of overflow see as many waiting as stood before the conversation, and no
// estimate: neither is kept.
func (p Proposal) Try(d store.PastDecision) (out Trial, tried bool) {
	if d.Body.What != "offered" && d.Body.What != "nobody" || d.Body.Next == "visitor_back" {
		return out, false
	}
	team := d.Request != "" || d.Conversation != "" && d.Body.Position == 0
	q, known := p.Queues[d.Queue]
	if !known || !team && !p.open(q, d.At-d.Body.Waited) {
		return Trial{Refused: protocol.SiteClosed}, true
	}
	agents, not := p.seen(d.Body)
	place := p.place(d, q, team)
	place.Asked = not
	place, _ = rules.Ripen(unstuck(place, agents), d.At, rules.Standing{Waiting: max(d.Body.Position, 1), Ready: readyIn(q.ID, agents)})
	if place.Pull == 0 {
		if order := rules.Candidates(agents, place, d.At); len(order) > 0 {
			out.Agent, out.Rule = order[0].Agent.ID, place.Rule(order)
		}
		out.Unknown = p.unknown(agents, place)
	}
	return out, true
}

func (p Proposal) open(q store.Queue, at int64) bool {
	if p.Hours == nil {
		return true
	}
	open, _ := p.Hours.Open(q, at)
	return open
}

// place is that of the conversation, or the request, that a decision was about.
// Whom its visitor talked with before is asked first where it was so then.
func (p Proposal) place(d store.PastDecision, q store.Queue, team bool) rules.Waiting {
	medium, asked := rules.MediumOf(d.Body.Class), d.At-d.Body.Waited
	if team {
		return rules.Request(store.Request{ID: d.Request, Conversation: d.Conversation, Kind: protocol.RequestKind(d.Kind), ToQueue: q.ID, Asked: asked}, q, medium, nil)
	}
	return rules.Place(store.Conversation{ID: d.Conversation, Queue: q.ID, Medium: medium, Asked: asked, Sticky: rules.AgentOf(d.Body.Class)}, q, p.Queues)
}

// seen are the agents as a decision saw them, with what the proposal says of
// them, and who could not be asked for the conversation again just then.
func (p Proposal) seen(d protocol.Decision) (agents []rules.Agent, not map[protocol.AgentID]int64) {
	not = map[protocol.AgentID]int64{}
	for _, c := range slices.Concat(d.Eligible, d.Others) {
		agents = append(agents, p.agent(rules.Agent{ID: c.Agent, Ready: true, Live: true, Load: c.Load, Last: c.Last}))
	}
	for _, c := range d.Skipped {
		a := rules.Agent{ID: c.Agent, Ready: true, Live: true, Load: c.Load, Last: c.Last}
		switch c.Reason {
		case protocol.ReasonExcluded:
			not[c.Agent] = math.MaxInt64
		case protocol.ReasonNotReady:
			a.Ready = false
		case protocol.ReasonAway:
			a.Live = false
		case protocol.ReasonMedium, protocol.ReasonSkill: // before readiness is looked at
			a.Ready = c.Free
		case protocol.ReasonVideo:
			a.Videos, a.Ringing = 1, !c.Free
		default:
			a.Ringing = !c.Free
		}
		agents = append(agents, p.agent(a))
	}
	return agents, not
}

// agent is one as he stands, with what the proposal says of him.
func (p Proposal) agent(a rules.Agent) rules.Agent {
	to, known := p.Agents[a.ID]
	if !known || !mayAnswer(to) {
		a.Ready = false
	}
	a.Queues, a.Media, a.Skills = to.Profile.Queues, to.Profile.Media, to.Skills
	a.MaxChats, a.MaxVideo = to.MaxChats, max(to.Rules.MaxVideo, 1)
	return a
}

// unknown counts the agents who could take a place as far as the proposal goes
// and are not among those seen.
func (p Proposal) unknown(seen []rules.Agent, w rules.Waiting) (n int) {
	for id, to := range p.Agents {
		if slices.ContainsFunc(seen, func(a rules.Agent) bool { return a.ID == id }) || !mayAnswer(to) {
			continue
		}
		a := p.agent(rules.Agent{ID: id, Ready: true, Live: true})
		if slices.ContainsFunc(w.Lines(), func(c rules.Class) bool { return rules.Able(a, c) == "" }) {
			n++
		}
	}
	return n
}

// unstuck is a place without the agent to be asked first where that one is not there.
func unstuck(w rules.Waiting, agents []rules.Agent) rules.Waiting {
	if w.Sticky != nil && !slices.ContainsFunc(agents, func(a rules.Agent) bool { return a.ID == w.Sticky.Agent && a.Ready && a.Live }) {
		w.Sticky = nil
	}
	return w
}

// readyIn counts who is ready and connected in a queue.
func readyIn(q protocol.QueueID, agents []rules.Agent) (n int) {
	for _, a := range agents {
		if a.Ready && a.Live && slices.Contains(a.Queues, q) {
			n++
		}
	}
	return n
}
