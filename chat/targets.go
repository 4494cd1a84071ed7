package chat

import (
	"context"
	"slices"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// mostTargets bounds how many colleagues are listed, by name.
const mostTargets = 500

// A floor is everybody who works in the workspace, as they stand now.
type floor struct {
	agents  []store.Agent
	slots   map[protocol.AgentID][]store.Slot
	offers  map[protocol.AgentID]int
	ringing map[protocol.AgentID]int // units
	here    map[protocol.AgentID]bool
}

// floor reads how agents stand. With Redis away only those connected to this
// node count as there.
func (s *Service) floor(ctx context.Context) (f floor, err error) {
	f = floor{slots: map[protocol.AgentID][]store.Slot{}, offers: map[protocol.AgentID]int{}, ringing: map[protocol.AgentID]int{}}
	all, err := s.store.Agents(ctx, s.ws)
	if err != nil {
		return f, err
	}
	ids := make([]protocol.AgentID, 0, len(all))
	for _, a := range all {
		if a.Disabled || !slices.Contains(a.Permissions, protocol.PermDesk) || len(ids) == mostTargets {
			continue
		}
		f.agents, ids = append(f.agents, a), append(ids, a.ID)
	}
	slots, err := s.store.Slots(ctx, s.ws)
	if err != nil {
		return f, err
	}
	for _, slot := range slots {
		f.slots[slot.Agent] = append(f.slots[slot.Agent], slot)
	}
	offers, err := s.store.OpenOffers(ctx, s.ws)
	if err != nil {
		return f, err
	}
	for _, o := range offers {
		f.offers[o.Agent]++
		f.ringing[o.Agent] += o.Cost
	}
	f.here, _ = s.router.Connected(ctx, ids...)
	return f, nil
}

// Targets lists whom an agent can ask to take over, come into or talk about a
// conversation: those who can, with how busy they are, and those who cannot,
// with the reason (TEAM-1). Only who speaks in the conversation may ask.
func (s *Service) Targets(ctx context.Context, who protocol.Principal, id protocol.ConversationID) (protocol.Targets, error) {
	out := protocol.Targets{Conversation: id, Agents: []protocol.TargetAgent{}, Queues: []protocol.TargetQueue{}}
	c, err := s.spoken(ctx, who, id)
	if err != nil {
		return out, err
	}
	site, queue, err := s.names(ctx, c)
	if err != nil {
		return out, err
	}
	in, err := s.store.SlotsOf(ctx, s.ws, c.ID)
	if err != nil {
		return out, err
	}
	f, err := s.floor(ctx)
	if err != nil {
		return out, err
	}
	queues, err := s.directory.Queues(ctx, s.ws)
	if err != nil {
		return out, err
	}
	byID := map[protocol.QueueID]store.Queue{}
	for _, q := range queues {
		byID[q.ID] = q
	}
	inside := map[protocol.QueueID]int{} // of a queue's ready agents, those who are in it already
	for _, a := range f.agents {
		if a.ID != who.Agent && !holds(in, a.ID) {
			out.Agents = append(out.Agents, f.target(a, queue, weight(c, in), byID))
		} else if a.Declared == protocol.DeclaredReady && f.here[a.ID] {
			for _, id := range a.Profile.Queues {
				inside[id]++
			}
		}
	}
	out.Queues = s.targetQueues(ctx, site, queues, inside)
	return out, nil
}

func holds(slots []store.Slot, agent protocol.AgentID) bool {
	return slices.ContainsFunc(slots, func(l store.Slot) bool { return l.Agent == agent })
}

// weight is the medium by which a conversation weighs now.
func weight(c store.Conversation, slots []store.Slot) string {
	for _, slot := range slots {
		if slot.Agent == c.Owner {
			return slot.Medium
		}
	}
	return c.Medium
}

// target is one colleague as the list shows him. Who rings or rests is able:
// the request waits a moment for him.
func (f floor) target(a store.Agent, queue store.Queue, medium string, queues map[protocol.QueueID]store.Queue) protocol.TargetAgent {
	slots := f.slots[a.ID]
	out := protocol.TargetAgent{Agent: a.ID, Name: a.Name, Used: used(slots, f.offers[a.ID]), Total: a.MaxChats}
	out.Label = label(a, slots, f.offers[a.ID], f.ringing[a.ID], cheapest(a, queues))
	if !f.here[a.ID] {
		out.Label = protocol.LabelOffline
	}
	out.Reason = f.reason(a, queue, medium)
	if out.Able = out.Reason == ""; out.Able && f.offers[a.ID] > 0 {
		out.Reason = protocol.ReasonRinging
	}
	return out
}

// reason is why a colleague cannot take a conversation of a queue; empty: he can.
func (f floor) reason(a store.Agent, queue store.Queue, medium string) protocol.Reason {
	units := store.UnitsOf(queue.Rules, medium, 0)
	class := rules.AgentClass(a.ID, queue.ID, medium, units, 0)
	return rules.Fit(rules.Agent{
		ID: a.ID, Ready: a.Declared == protocol.DeclaredReady, Live: f.here[a.ID], Queues: a.Profile.Queues, Media: a.Profile.Media,
		Load: a.Load + f.ringing[a.ID], MaxChats: a.MaxChats, Videos: a.Videos, MaxVideo: a.Rules.MaxVideo,
	}, class)
}

// targetQueues lists the queues with how many are ready there whom a request
// could reach: not those inside, who are in the conversation already.
func (s *Service) targetQueues(ctx context.Context, site store.Site, queues []store.Queue, inside map[protocol.QueueID]int) []protocol.TargetQueue {
	out := make([]protocol.TargetQueue, 0, len(queues))
	ids := make([]protocol.QueueID, 0, len(queues))
	for _, q := range queues {
		ids = append(ids, q.ID)
	}
	lines, err := s.router.Positions(ctx, ids...)
	if err != nil {
		lines = nil // with Redis away the list goes without
	}
	for _, q := range queues {
		reason, _ := s.router.Accepting(ctx, site, q)
		out = append(out, protocol.TargetQueue{
			Queue: q.ID, Name: q.Name, Open: reason != protocol.SiteClosed, Ready: max(0, lines[q.ID].Ready-inside[q.ID]), Waiting: lines[q.ID].Waiting,
			LowMs: lines[q.ID].LowMs, HighMs: lines[q.ID].HighMs,
			Able: reason == "", Reason: reason,
		})
	}
	return out
}
