package chat

import (
	"context"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// deskItems are an agent's own state, offers, cards and queues.
func (s *Service) deskItems(ctx context.Context, who protocol.Caller, into map[string]protocol.Item) error {
	agent, err := s.store.Agent(ctx, s.ws, who.Agent)
	if err != nil {
		return err
	}
	offers, err := s.store.OffersOfAgent(ctx, s.ws, agent.ID)
	if err != nil {
		return err
	}
	slots, err := s.store.SlotsOfAgent(ctx, s.ws, agent.ID)
	if err != nil {
		return err
	}
	item := agentItem(agent, slots, len(offers))
	into["agent/"+string(agent.ID)] = protocol.Item{Agent: &item}
	for _, offer := range offers {
		item, err := s.offerItem(ctx, who, offer)
		if err != nil {
			return err
		}
		into["offer/"+string(offer.ID)] = protocol.Item{Offer: &item}
	}
	for _, slot := range slots {
		if err := s.cardItems(ctx, who, slot, into); err != nil {
			return err
		}
	}
	return s.queueItems(ctx, agent, into)
}

// agentItem computes the one label of an agent at the desk (STATE-3). Whose desk
// this is has a live desktop, so Offline is never it.
func agentItem(a store.Agent, slots []store.Slot, offers int) protocol.AgentItem {
	item := protocol.AgentItem{Agent: a.ID, Name: a.Name, Declared: a.Declared, Reason: a.Reason, Used: len(slots) + offers, Total: a.MaxChats}
	wrapUps, load := 0, offers*chatCost
	for _, slot := range slots {
		load += slot.Cost
		if slot.State == protocol.SlotWrapUp {
			wrapUps++
		}
	}
	switch {
	case a.Declared != protocol.DeclaredReady:
		item.Label = protocol.LabelNotReady
	case item.Used == 0:
		item.Label = protocol.LabelReady
	case wrapUps == item.Used:
		item.Label = protocol.LabelWrapUp
	case item.Used >= a.MaxChats || load+chatCost > allUnits:
		item.Label = protocol.LabelFull
	default:
		item.Label = protocol.LabelBusy
	}
	return item
}

// chatCost is what a chat takes of an agent's allUnits (ROUTE-2).
const (
	chatCost = 25
	allUnits = 100
)

func (s *Service) offerItem(ctx context.Context, who protocol.Caller, o store.Offer) (protocol.OfferItem, error) {
	c, err := s.store.Conversation(ctx, s.ws, o.Conversation)
	if err != nil {
		return protocol.OfferItem{}, err
	}
	site, queue, err := s.names(ctx, c)
	if err != nil {
		return protocol.OfferItem{}, err
	}
	const waited = 1000 // ms: below it the visitor has not waited
	rings := s.router.Rings(ctx, who.Agent)
	return protocol.OfferItem{
		Offer: o.ID, Conversation: c.ID, Medium: "chat", Site: site.Name, Queue: queue.Name, Name: c.Name, Verified: c.Verified, Form: c.Form,
		First: c.First, Since: c.Asked, Waited: o.Offered-c.Asked >= waited, Offered: o.Offered, Deadline: o.Deadline,
		Rings: rings == "" || rings == who.Connection,
	}, nil
}

func (s *Service) names(ctx context.Context, c store.Conversation) (store.Site, store.Queue, error) {
	site, err := s.directory.Site(ctx, s.ws, c.Site)
	if err != nil {
		return site, store.Queue{}, err
	}
	queue, err := s.directory.Queue(ctx, s.ws, c.Queue)
	return site, queue, err
}

func (s *Service) cardItems(ctx context.Context, who protocol.Caller, slot store.Slot, into map[string]protocol.Item) error {
	c, err := s.store.Conversation(ctx, s.ws, slot.Conversation)
	if err != nil {
		return err
	}
	site, queue, err := s.names(ctx, c)
	if err != nil {
		return err
	}
	calls := s.media != nil && who.Can(protocol.PermCall)
	item := protocol.CardItem{
		Conversation: c.ID, Slot: slot.State, State: c.State, Site: site.Name, Queue: queue.Name, Name: c.Name, Verified: c.Verified,
		Started: slot.Started, TurnSince: c.TurnSince, WrapUntil: slot.WrapUntil, Visitor: s.router.Reach(ctx, visitorActor(c.Visitor)),
		Audio: site.Audio && calls, Video: site.Video && calls, Cobrowse: site.Cobrowse && who.Can(protocol.PermCobrowse),
		Last: c.Seq, Read: c.AgentRead,
	}
	into["card/"+string(c.ID)] = protocol.Item{Card: &item}
	if c.State != protocol.StateActive {
		return nil
	}
	return s.stepItems(ctx, who, c, into)
}

func (s *Service) queueItems(ctx context.Context, agent store.Agent, into map[string]protocol.Item) error {
	// With Redis away the lengths are not known, and the desk shows the queues without.
	lines, err := s.router.Positions(ctx, agent.Profile.Queues...)
	if err != nil {
		lines = nil
	}
	for _, id := range agent.Profile.Queues {
		queue, err := s.directory.Queue(ctx, s.ws, id)
		if err != nil {
			return err
		}
		item := protocol.QueueItem{Queue: id, Name: queue.Name, Waiting: lines[id].Waiting, Oldest: lines[id].Oldest}
		into["queue/"+string(id)] = protocol.Item{Queue: &item}
	}
	return nil
}
