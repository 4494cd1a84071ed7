package chat

import (
	"context"
	"maps"
	"slices"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A desk is what the items of one agent's view are made of.
type desk struct {
	who      protocol.Caller
	agent    store.Agent
	offers   []store.Offer
	taken    []store.Offer // that another was faster with, a moment ago
	slots    []store.Slot
	requests map[protocol.ConversationID]store.Request // the agent's own, newest of each conversation
	queues   map[protocol.QueueID]store.Queue          // of the profile
	names    map[protocol.AgentID]string
}

// deskItems are an agent's own state, offers, cards and queues.
func (s *Service) deskItems(ctx context.Context, who protocol.Caller, into map[string]protocol.Item) error {
	d, err := s.deskOf(ctx, who)
	if err != nil {
		return err
	}
	settings, err := s.directory.Settings(ctx, s.ws)
	if err != nil {
		return err
	}
	item := d.agentItem(settings)
	into["agent/"+string(d.agent.ID)] = protocol.Item{Agent: &item}
	for _, offer := range slices.Concat(d.offers, d.taken) {
		item, err := s.offerItem(ctx, &d, offer)
		if err != nil {
			return err
		}
		into["offer/"+string(offer.ID)] = protocol.Item{Offer: &item}
	}
	for _, slot := range d.slots {
		if err := s.cardItems(ctx, &d, slot, into); err != nil {
			return err
		}
	}
	return s.queueItems(ctx, &d, into)
}

func (s *Service) deskOf(ctx context.Context, who protocol.Caller) (d desk, err error) {
	d = desk{
		who: who, requests: map[protocol.ConversationID]store.Request{}, queues: map[protocol.QueueID]store.Queue{}, names: map[protocol.AgentID]string{},
	}
	if d.agent, err = s.store.Agent(ctx, s.ws, who.Agent); err != nil {
		return d, err
	}
	d.names[d.agent.ID] = d.agent.Name
	if d.offers, err = s.store.OffersOfAgent(ctx, s.ws, who.Agent); err != nil {
		return d, err
	}
	if d.slots, err = s.store.SlotsOfAgent(ctx, s.ws, who.Agent); err != nil {
		return d, err
	}
	for _, id := range d.agent.Profile.Queues {
		if d.queues[id], err = s.directory.Queue(ctx, s.ws, id); err != nil {
			return d, err
		}
	}
	if d.taken, err = s.takenOf(ctx, &d); err != nil || len(d.slots) == 0 {
		return d, err
	}
	requests, err := s.store.RequestsOf(ctx, s.ws, who.Agent)
	for _, r := range requests {
		d.requests[r.Conversation] = r
	}
	return d, err
}

// takenFor is how long a desk is told that another agent was faster; ms.
const takenFor = 5000

// takenOf are the offers that others took just now: only where several are
// asked at once there are any (ROUTE-5).
func (s *Service) takenOf(ctx context.Context, d *desk) ([]store.Offer, error) {
	several := func(q store.Queue) bool { return q.Rules.Mode == store.ModeRingAll }
	if !slices.ContainsFunc(slices.Collect(maps.Values(d.queues)), several) {
		return nil, nil
	}
	now, err := s.store.Now(ctx)
	if err != nil {
		return nil, err
	}
	return s.store.RecentlyTaken(ctx, s.ws, d.agent.ID, now-takenFor)
}

// agentItem is the agent's own state. Whose desk this is has a live desktop, so
// Offline is never its label.
func (d *desk) agentItem(settings store.Settings) protocol.AgentItem {
	a := d.agent
	item := protocol.AgentItem{
		Agent: a.ID, Name: a.Name, Declared: a.Declared, Reason: a.Reason, Used: used(d.slots, len(d.offers)), Total: a.MaxChats, Profile: a.Profile.ID,
		AutoAccept: a.AutoAccept, AutoAllowed: a.Rules.AutoAccept, Pending: a.Declared == protocol.DeclaredPending,
		PauseReasons: named(settings.PauseReasons), RejectReasons: named(settings.RejectReasons),
	}
	for _, p := range a.Profiles {
		item.Profiles = append(item.Profiles, protocol.Named{Key: string(p.ID), Name: p.Name})
	}
	ringing := 0
	for _, o := range d.offers {
		ringing += o.Cost
	}
	item.Label = label(a, d.slots, len(d.offers), ringing, cheapest(a, d.queues))
	return item
}

func named(reasons []store.Reason) (list []protocol.Named) {
	for _, r := range reasons {
		list = append(list, protocol.Named{Key: r.Key, Name: r.Name})
	}
	return list
}

// used is how many of an agent's conversations take something of his capacity:
// k of "Busy (k of n)".
func used(slots []store.Slot, offers int) int {
	for _, slot := range slots {
		if slot.Cost > 0 {
			offers++
		}
	}
	return offers
}

// label is the one word for a connected agent (STATE-3). Ringing is what the
// open offers cost, least what the cheapest conversation would.
func label(a store.Agent, slots []store.Slot, offers, ringing, least int) protocol.Label {
	wrapUps := 0
	for _, slot := range slots {
		if slot.State == protocol.SlotWrapUp {
			wrapUps++
		}
	}
	taken := len(slots) + offers
	switch {
	case a.Declared == protocol.DeclaredPending && taken > 0:
		if wrapUps == taken {
			return protocol.LabelWrapUp
		}
		return protocol.LabelBusy
	case a.Declared != protocol.DeclaredReady:
		return protocol.LabelNotReady
	case taken == 0:
		return protocol.LabelReady
	case wrapUps == taken:
		return protocol.LabelWrapUp
	case a.Load+ringing+least > store.Units:
		return protocol.LabelFull
	}
	return protocol.LabelBusy
}

// cheapest is the least that one more conversation of the agent's profile costs.
func cheapest(a store.Agent, queues map[protocol.QueueID]store.Queue) int {
	least := 0
	for _, id := range a.Profile.Queues {
		for _, medium := range a.Profile.Media {
			if medium == store.MediumCobrowse {
				continue
			}
			if units := store.UnitsOf(queues[id].Rules, medium, a.MaxChats); least == 0 || units < least {
				least = units
			}
		}
	}
	if least == 0 {
		least = store.UnitsOf(store.QueueRules{}, store.MediumChat, a.MaxChats)
	}
	return least
}

// nameOf is an agent's name, or the queue's where no agent is meant.
func (s *Service) nameOf(ctx context.Context, d *desk, agent protocol.AgentID, queue protocol.QueueID) (string, error) {
	if agent == "" {
		q, err := s.directory.Queue(ctx, s.ws, queue)
		return q.Name, err
	}
	if name, ok := d.names[agent]; ok {
		return name, nil
	}
	a, err := s.store.Agent(ctx, s.ws, agent)
	if err == nil {
		d.names[agent] = a.Name
	}
	return a.Name, err
}
