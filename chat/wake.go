package chat

import (
	"context"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// wakeParked is wake, for a conversation of which is not known that it is parked.
func (s *Service) wakeParked(ctx context.Context, conv protocol.ConversationID, owner protocol.AgentID) {
	slots, err := s.store.SlotsOf(ctx, s.ws, conv)
	if err != nil {
		s.log.Warn("look whether a conversation is parked failed", "conversation", conv, "error", err)
	}
	for _, slot := range slots {
		if slot.Agent == owner && slot.State == protocol.SlotParked {
			s.wake(ctx, conv)
		}
	}
}

// wakeWaiting takes up what waits for an agent who has more room now.
func (s *Service) wakeWaiting(ctx context.Context, agent protocol.AgentID) {
	slots, err := s.store.SlotsOfAgent(ctx, s.ws, agent)
	if err != nil {
		s.log.Warn("look what waits for an agent failed", "agent", agent, "error", err)
	}
	for _, slot := range slots {
		if slot.WakeUntil > 0 {
			s.wake(ctx, slot.Conversation)
		}
	}
}

// wake takes up a parked conversation whose visitor has written: its owner has
// room for it, or it waits for him and then goes back to its queue.
func (s *Service) wake(ctx context.Context, conv protocol.ConversationID) {
	const overflow = 1 // conversations over the capacity, so that own work is carried on
	woken, err := s.store.Wake(ctx, s.ws, conv, overflow)
	if err != nil {
		s.log.Warn("take up a parked conversation failed", "conversation", conv, "error", err)
		return
	}
	if !woken.Woken && !woken.Waiting {
		return
	}
	s.told(woken.Conversation, woken.Conversation.Touched)
	if woken.Woken {
		s.loadsChanged(ctx, []string{agentActor(woken.Agent)})
	}
}
