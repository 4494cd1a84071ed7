package chat

import (
	"context"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var errNoConversation = protocol.NewError(protocol.CodeNotFound, "There is no such conversation, or it is not yours.")

// conversation gives a conversation to those who may read it: who may speak in
// it, and who may read all (S1).
func (s *Service) conversation(ctx context.Context, who protocol.Principal, id protocol.ConversationID) (store.Conversation, error) {
	if who.Kind == protocol.KindAgent && who.Can(protocol.PermWatch) && who.Workspace == s.ws && protocol.ValidID(id) {
		return s.store.Conversation(ctx, s.ws, id)
	}
	return s.spoken(ctx, who, id)
}

// spoken gives a conversation to those who may speak in it: its visitor, and an
// agent who owns it or holds a slot in it.
func (s *Service) spoken(ctx context.Context, who protocol.Principal, id protocol.ConversationID) (store.Conversation, error) {
	if !protocol.ValidID(id) || who.Workspace != s.ws {
		return store.Conversation{}, errNoConversation
	}
	c, err := s.store.Conversation(ctx, s.ws, id)
	if err != nil {
		return store.Conversation{}, err
	}
	switch who.Kind {
	case protocol.KindVisitor:
		if c.Visitor == who.Visitor {
			return c, nil
		}
	case protocol.KindAgent:
		if c.Owner == who.Agent {
			return c, nil
		}
		slots, err := s.store.SlotsOf(ctx, s.ws, id)
		if err != nil {
			return store.Conversation{}, err
		}
		for _, slot := range slots {
			if slot.Agent == who.Agent {
				return c, nil
			}
		}
	}
	return store.Conversation{}, errNoConversation
}

// owned gives a conversation to its visitor and to the agent who owns it.
func (s *Service) owned(ctx context.Context, who protocol.Principal, id protocol.ConversationID) (store.Conversation, error) {
	c, err := s.conversation(ctx, who, id)
	if err != nil {
		return c, err
	}
	if who.Kind == protocol.KindAgent && c.Owner != who.Agent {
		return store.Conversation{}, protocol.NewError(protocol.CodeForbidden, "Another agent has this conversation. Only they can do this.")
	}
	return c, nil
}

// talking is owned, for what an agent may only do while he holds a slot.
func (s *Service) talking(ctx context.Context, who protocol.Principal, id protocol.ConversationID) (store.Conversation, error) {
	c, err := s.owned(ctx, who, id)
	if err != nil {
		return c, err
	}
	if c.State != protocol.StateActive {
		return store.Conversation{}, protocol.NewError(protocol.CodeWrongState, "This is possible only while visitor and agent talk.")
	}
	return c, nil
}
