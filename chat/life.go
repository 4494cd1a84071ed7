package chat

import (
	"context"
	"slices"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Leave takes a waiting visitor out of the queue, at once (ROUTE-11).
func (s *Service) Leave(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.OfConversation) (protocol.Ack, error) {
	c, err := s.owned(ctx, who.Principal, body.Conversation)
	if err != nil {
		return protocol.Ack{}, err
	}
	if c.State == protocol.StateActive {
		return protocol.Ack{}, protocol.NewError(protocol.CodeWrongState, "An agent has just answered. You can end the chat instead.")
	}
	return s.end(ctx, who.Principal, op, c, store.CauseVisitorLeft)
}

// Stay lets a visitor who asked for audio or video wait for chat instead, at the
// same place (ROUTE-9).
func (s *Service) Stay(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.OfConversation) (protocol.Ack, error) {
	before, err := s.owned(ctx, who.Principal, body.Conversation)
	if err != nil {
		return protocol.Ack{}, err
	}
	queue, err := s.directory.Queue(ctx, s.ws, before.Queue)
	if err != nil {
		return protocol.Ack{}, err
	}
	c, err := s.store.Stay(ctx, s.ws, before.ID, op, who.Actor())
	if err != nil {
		return protocol.Ack{}, err
	}
	if c.State == protocol.StateQueued { // its place is another one for those who can chat
		s.routed("remove", s.router.Remove(ctx, c.ID))
		s.routed("enqueue", s.router.Enqueue(ctx, c, queue))
	}
	s.told(c, c.Touched)
	return protocol.Ack{Conversation: c.ID}, nil
}

// End ends a conversation, with its call and co-browse session (DESK-6).
func (s *Service) End(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.OfConversation) (protocol.Ack, error) {
	c, err := s.owned(ctx, who.Principal, body.Conversation)
	if err != nil {
		return protocol.Ack{}, err
	}
	return s.end(ctx, who.Principal, op, c, store.CauseEnded)
}

func (s *Service) end(ctx context.Context, who protocol.Principal, op protocol.Op, before store.Conversation, cause string) (protocol.Ack, error) {
	steps, open := s.runningIn(ctx, before.ID), s.openRequests(ctx, before.ID)
	c, slots, err := s.store.End(ctx, s.ws, before.ID, author(who), who.Actor(), op, cause, s.wrapUp(ctx, before.Queue))
	if err != nil {
		return protocol.Ack{}, err
	}
	s.stop(ctx, steps)
	s.requestsOver(ctx, open)
	if c.Kind == "" && c.Outcome != store.ConversationEnded { // it waited, whatever was read before
		s.routed("remove", s.router.Remove(ctx, c.ID))
	}
	agents := make([]protocol.AgentID, 0, len(slots))
	for _, slot := range slots {
		agents = append(agents, slot.Agent)
		s.routed("agent", s.router.AgentChanged(ctx, slot.Agent))
	}
	for _, actor := range c.Touched { // of an enquiry, or of one that ended with it
		if id, ok := agentOf(actor); ok && !slices.Contains(agents, id) {
			agents = append(agents, id)
			s.routed("agent", s.router.AgentChanged(ctx, id))
		}
	}
	s.changed(c, agents...)
	return protocol.Ack{Conversation: c.ID, At: c.Ended}, nil
}

// wrapUp is how long a queue's agents have after a conversation; ms, 0: without limit.
func (s *Service) wrapUp(ctx context.Context, id protocol.QueueID) int64 {
	if queue, err := s.directory.Queue(ctx, s.ws, id); err == nil && queue.WrapUpMs != 0 {
		return max(queue.WrapUpMs, 0)
	}
	return s.limits.WrapUp.Milliseconds()
}

// Park sets a conversation aside; Unpark takes it up again (DESK-3).
func (s *Service) Park(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.OfConversation) (protocol.Ack, error) {
	return s.slot(ctx, who, op, body, func(ctx context.Context, ws protocol.WorkspaceID, agent protocol.AgentID, conv protocol.ConversationID, op protocol.Op) (store.Conversation, error) {
		c, err := s.store.Conversation(ctx, ws, conv)
		if err != nil {
			return c, err
		}
		queue, err := s.directory.Queue(ctx, ws, c.Queue)
		if err != nil {
			return c, err
		}
		return s.store.Park(ctx, ws, agent, conv, op, queue.Rules.Share())
	})
}

// Unpark takes a parked conversation up again.
func (s *Service) Unpark(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.OfConversation) (protocol.Ack, error) {
	return s.slot(ctx, who, op, body, s.store.Unpark)
}

// Clear clears the card of an ended conversation: the slot is freed and the
// next offer can come (DESK-6).
func (s *Service) Clear(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.OfConversation) (protocol.Ack, error) {
	return s.slot(ctx, who, op, body, s.store.Clear)
}

type slotStep func(ctx context.Context, ws protocol.WorkspaceID, agent protocol.AgentID, conv protocol.ConversationID, op protocol.Op) (store.Conversation, error)

func (s *Service) slot(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.OfConversation, step slotStep) (protocol.Ack, error) {
	if _, err := s.conversation(ctx, who.Principal, body.Conversation); err != nil {
		return protocol.Ack{}, err
	}
	c, err := step(ctx, s.ws, who.Agent, body.Conversation, op) // checks that the agent holds the slot
	if err != nil {
		return protocol.Ack{}, err
	}
	s.wakeWaiting(ctx, who.Agent) // before somebody new is offered
	s.routed("agent", s.router.AgentChanged(ctx, who.Agent))
	s.changed(c, who.Agent)
	return protocol.Ack{Conversation: c.ID}, nil
}
