package chat

import (
	"context"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// weigh gives a conversation's agents the load of what runs in it now, after a
// call or a co-browse session began or ended in the record (ROUTE-2). A
// failure is logged: the sweep and the next change weigh again.
func (s *Service) weigh(ctx context.Context, conv protocol.ConversationID) {
	c, err := s.store.Conversation(ctx, s.ws, conv)
	if err != nil || c.State != protocol.StateActive {
		s.unweighed(conv, err)
		return
	}
	queue, err := s.directory.Queue(ctx, s.ws, c.Queue)
	if err != nil {
		s.unweighed(conv, err)
		return
	}
	c, err = s.store.Weigh(ctx, s.ws, conv, queue.Rules)
	if err != nil {
		s.unweighed(conv, err)
		return
	}
	s.loadsChanged(ctx, c.Touched)
}

func (s *Service) unweighed(conv protocol.ConversationID, err error) {
	if err != nil {
		s.log.Warn("weigh what runs in a conversation failed", "conversation", conv, "error", err)
	}
}

// loadsChanged has routing read the rows of those among the actors who are
// agents, and all of them their views.
func (s *Service) loadsChanged(ctx context.Context, actors []string) {
	if len(actors) == 0 {
		return
	}
	for _, actor := range actors {
		if id, ok := agentOf(actor); ok {
			s.routed("agent", s.router.AgentChanged(ctx, id))
		}
	}
	s.notify.ViewChanged(s.ws, actors...)
}
