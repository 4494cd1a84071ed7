package chat

import (
	"context"
	"slices"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// nextTries is how many of a waiting list Next tries when others are quicker.
const nextTries = 3

// Pick takes a conversation from a waiting list (ROUTE-6): the one whose turn
// it is, or with the right to it any. Beyond the capacity only by right, and
// marked so (ROUTE-2). Who comes second reads who took it.
func (s *Service) Pick(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.OfConversation) (protocol.Ack, error) {
	none := protocol.NewError(protocol.CodeNotFound, "This conversation is in none of your waiting lists.")
	if !protocol.ValidID(body.Conversation) || who.Workspace != s.ws {
		return protocol.Ack{}, none
	}
	if known, err := s.store.Known(ctx, s.ws, who.Actor(), op); known || err != nil {
		if err == nil {
			_, _, err = s.store.Pick(ctx, store.PickIn{Workspace: s.ws, Agent: who.Agent, Conversation: body.Conversation, Op: op})
		}
		return protocol.Ack{Conversation: body.Conversation}, err
	}
	c, err := s.store.Conversation(ctx, s.ws, body.Conversation)
	if err != nil {
		return protocol.Ack{}, none
	}
	agent, queue, err := s.picking(ctx, who, c.Queue)
	if err != nil {
		return protocol.Ack{}, err
	}
	if c.State == protocol.StateQueued && !who.Can(protocol.PermPickAny) {
		head, err := s.router.Waits(ctx, queue.ID, 1)
		if err != nil {
			return protocol.Ack{}, err
		}
		if len(head) > 0 && head[0] != c.ID {
			return protocol.Ack{}, protocol.NewError(protocol.CodeForbidden, "Somebody has waited longer. Take that conversation first.")
		}
	}
	return s.pick(ctx, who, op, agent, queue, c)
}

// Next takes the conversation whose turn it is in a waiting list.
func (s *Service) Next(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.OfQueue) (protocol.Ack, error) {
	if who.Workspace != s.ws {
		return protocol.Ack{}, protocol.NewError(protocol.CodeNotFound, "There is no such queue.")
	}
	if known, err := s.store.Known(ctx, s.ws, who.Actor(), op); known || err != nil {
		return s.pickedBefore(ctx, who, op, err)
	}
	agent, queue, err := s.picking(ctx, who, body.Queue)
	if err != nil {
		return protocol.Ack{}, err
	}
	heads, err := s.router.Waits(ctx, queue.ID, nextTries)
	if err != nil {
		return protocol.Ack{}, err
	}
	for _, id := range heads {
		c, err := s.store.Conversation(ctx, s.ws, id)
		if err != nil {
			return protocol.Ack{}, err
		}
		ack, err := s.pick(ctx, who, op, agent, queue, c)
		if e, known := protocol.AsError(err); err != nil && known && (e.Code == protocol.CodeTaken || e.Code == protocol.CodeExpired) {
			continue // a colleague was quicker
		}
		return ack, err
	}
	return protocol.Ack{}, protocol.NewError(protocol.CodeNotFound, "Nobody waits in "+queue.Name+" now.")
}

// pickedBefore answers Next as it was the first time: with the conversation
// that the op took. What the agent has cleared since is answered without it.
func (s *Service) pickedBefore(ctx context.Context, who protocol.Caller, op protocol.Op, err error) (protocol.Ack, error) {
	if err != nil {
		return protocol.Ack{}, err
	}
	slots, err := s.store.SlotsOfAgent(ctx, s.ws, who.Agent)
	for _, slot := range slots {
		if _, _, err := s.store.Pick(ctx, store.PickIn{Workspace: s.ws, Agent: who.Agent, Conversation: slot.Conversation, Op: op}); err == nil {
			return protocol.Ack{Conversation: slot.Conversation}, nil
		}
	}
	return protocol.Ack{}, err
}

// picking checks that an agent may take from a queue's list at all.
func (s *Service) picking(ctx context.Context, who protocol.Caller, id protocol.QueueID) (store.Agent, store.Queue, error) {
	agent, err := s.store.Agent(ctx, s.ws, who.Agent)
	if err != nil {
		return agent, store.Queue{}, err
	}
	if !slices.Contains(agent.Profile.Queues, id) {
		return agent, store.Queue{}, protocol.NewError(protocol.CodeNotFound, "This conversation is in none of your waiting lists.")
	}
	queue, err := s.directory.Queue(ctx, s.ws, id)
	if err != nil {
		return agent, queue, err
	}
	if queue.Rules.Mode != store.ModePull {
		return agent, queue, protocol.NewError(protocol.CodeWrongState, "Conversations of this queue are offered, not picked.")
	}
	here, err := s.router.Connected(ctx, agent.ID)
	if err == nil && !here[agent.ID] {
		return agent, queue, protocol.NewError(protocol.CodeNoDesk, "Picking needs an open desktop. Open the desk first.")
	}
	settings, err := s.directory.Settings(ctx, s.ws)
	if err != nil {
		return agent, queue, err
	}
	if agent.Declared != protocol.DeclaredReady && settings.PickWhilePaused != nil && !*settings.PickWhilePaused {
		return agent, queue, protocol.NewError(protocol.CodeWrongState, "Become ready first: picking while not ready is switched off.")
	}
	return agent, queue, nil
}

func (s *Service) pick(ctx context.Context, who protocol.Caller, op protocol.Op, agent store.Agent, queue store.Queue, c store.Conversation) (protocol.Ack, error) {
	if !slices.Contains(agent.Profile.Media, c.Medium) {
		return protocol.Ack{}, protocol.NewError(protocol.CodeNotAble, "Your profile does not have this kind of contact.")
	}
	c, _, err := s.store.Pick(ctx, store.PickIn{
		Workspace: s.ws, Agent: agent.ID, Conversation: c.ID, Op: op, Over: who.Can(protocol.PermExceed),
		Cost: store.UnitsOf(queue.Rules, c.Medium, agent.MaxChats), Medium: c.Medium,
		Queue: queue.Name,
	})
	if err != nil {
		s.notify.ViewChanged(s.ws, who.Actor()) // what this desk shows is out of date
		return protocol.Ack{}, err
	}
	s.told(c, c.Touched)
	s.routed("picked", s.router.Picked(ctx, c.ID, who.Agent))
	return protocol.Ack{Conversation: c.ID}, nil
}
