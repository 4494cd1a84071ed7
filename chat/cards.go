package chat

import (
	"context"
	"slices"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func (s *Service) offerItem(ctx context.Context, d *desk, o store.Offer) (protocol.OfferItem, error) {
	c, err := s.store.Conversation(ctx, s.ws, o.Conversation)
	if err != nil {
		return protocol.OfferItem{}, err
	}
	site, queue, err := s.names(ctx, c)
	if err != nil {
		return protocol.OfferItem{}, err
	}
	const waited = 1000 // ms: below it the visitor has not waited
	rings := s.router.Rings(ctx, d.who.Agent)
	item := protocol.OfferItem{
		Offer: o.ID, Conversation: c.ID, Medium: c.Medium, Site: site.Name, Queue: queue.Name, Name: c.Name, Verified: c.Verified, Form: c.Form,
		First: beginning(c.First, offeredFirst), Since: c.Enqueued(), Waited: o.Offered-c.Enqueued() >= waited, Offered: o.Offered, Deadline: o.Deadline,
		Rings: o.TakenBy == "" && (rings == "" || rings == d.who.Connection), Kind: o.Kind, TakenBy: o.TakenBy,
	}
	if o.Request != "" {
		request, err := s.store.Request(ctx, s.ws, o.Request)
		if err != nil {
			return item, err
		}
		item.Note, item.Waited = request.Note, false
		if item.From, err = s.nameOf(ctx, d, request.By, ""); err != nil {
			return item, err
		}
	}
	if c.Sticky != "" {
		item.LastAgent, err = s.nameOf(ctx, d, c.Sticky, "")
	}
	return item, err
}

func (s *Service) names(ctx context.Context, c store.Conversation) (store.Site, store.Queue, error) {
	site, err := s.directory.Site(ctx, s.ws, c.Site)
	if err != nil {
		return site, store.Queue{}, err
	}
	queue, err := s.directory.Queue(ctx, s.ws, c.Queue)
	return site, queue, err
}

func (s *Service) cardItems(ctx context.Context, d *desk, slot store.Slot, into map[string]protocol.Item) error {
	c, err := s.store.Conversation(ctx, s.ws, slot.Conversation)
	if err != nil {
		return err
	}
	site, queue, err := s.names(ctx, c)
	if err != nil {
		return err
	}
	item := protocol.CardItem{
		Conversation: c.ID, Slot: slot.State, State: c.State, Site: site.Name, Queue: queue.Name, Name: c.Name, Verified: c.Verified,
		Started: slot.Started, TurnSince: c.TurnSince, WrapUntil: slot.WrapUntil,
		Last: c.Seq, Read: c.AgentRead, Kind: c.Kind, Parent: c.Parent, Role: slot.Role, Over: slot.Over, ReplyDue: c.ReplyDue,
		WaitsForOwner: slot.WakeUntil > 0, Medium: slot.Medium,
	}
	if item.Visitor, err = s.visitorReach(ctx, c); err != nil {
		return err
	}
	if c.Kind == "" {
		owns := c.Owner == d.who.Agent
		calls := s.media != nil && d.who.Can(protocol.PermCall)
		item.Audio, item.Video, item.Cobrowse = site.Audio && calls, site.Video && calls, site.Cobrowse && d.who.Can(protocol.PermCobrowse)
		item.Transfer = owns && !site.Rules.NoTransfer && c.State == protocol.StateActive
		item.CallOver = callOver(d.agent, slot, item, queue.Rules)
	}
	if item.Agents, err = s.cardAgents(ctx, d, c); err != nil {
		return err
	}
	if request, ok := d.requests[c.ID]; ok && shown(request) {
		if item.Request, err = s.requestItem(ctx, d, request); err != nil {
			return err
		}
	}
	into["card/"+string(c.ID)] = protocol.Item{Card: &item}
	if c.State != protocol.StateActive || c.Kind != "" {
		return nil
	}
	return s.stepItems(ctx, d.who, c, into)
}

// visitorReach tells whether the visitor of a conversation is on the page. Who has
// logged out is not, however fresh the last sign of life: nothing goes on then,
// and what runs need not be asked for it.
func (s *Service) visitorReach(ctx context.Context, c store.Conversation) (protocol.Reach, error) {
	reach := s.router.Reach(ctx, visitorActor(c.Visitor))
	if reach == protocol.ReachAway || c.State == protocol.StateActive {
		return reach, nil
	}
	ended, err := s.store.EndedVisitors(ctx, []protocol.VisitorID{c.Visitor})
	if ended[c.Visitor] {
		reach = protocol.ReachAway
	}
	return reach, err
}

// callOver tells whether the dearest call that the card offers would take more
// than the agent has left.
func callOver(a store.Agent, slot store.Slot, item protocol.CardItem, rules store.QueueRules) bool {
	medium := store.MediumVideo
	if !item.Video {
		medium = store.MediumAudio
	}
	return (item.Audio || item.Video) && a.Load-slot.Cost+store.UnitsOf(rules, medium, a.MaxChats) > store.Units
}

// cardAgents are the agents of a conversation, the owner first; nobody is
// listed while there is only one.
func (s *Service) cardAgents(ctx context.Context, d *desk, c store.Conversation) (list []protocol.CardAgent, err error) {
	slots, err := s.store.SlotsOf(ctx, s.ws, c.ID)
	if err != nil || len(slots) < 2 {
		return nil, err
	}
	for _, slot := range slots {
		name, err := s.nameOf(ctx, d, slot.Agent, "")
		if err != nil {
			return nil, err
		}
		list = append(list, protocol.CardAgent{Agent: slot.Agent, Name: name, Role: slot.Role})
	}
	slices.SortStableFunc(list, func(a, b protocol.CardAgent) int { return rank(a) - rank(b) })
	return list, nil
}

func rank(a protocol.CardAgent) int {
	if a.Role == store.RoleGuest {
		return 1
	}
	return 0
}

// shown tells whether the card still says how a request stands: what was
// accepted is seen by itself, and what the agent took back he knows.
func shown(r store.Request) bool {
	return r.State == store.RequestOpen || r.State == store.RequestRefused || r.State == store.RequestExpired
}

func (s *Service) requestItem(ctx context.Context, d *desk, r store.Request) (*protocol.RequestItem, error) {
	to, err := s.nameOf(ctx, d, r.ToAgent, r.ToQueue)
	if err != nil {
		return nil, err
	}
	return &protocol.RequestItem{Request: r.ID, Kind: r.Kind, To: to, State: r.State, Cause: r.Cause}, nil
}
