package chat

import (
	"context"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A call and a co-browse session are steps of a conversation: what differs
// stands in calls.go and cobrowses.go, what they share here.
type step interface{ Common() store.Step }

// asking is where a step may be asked for: a conversation that the caller has,
// and its site, whose switches decide.
func (s *Service) asking(ctx context.Context, who protocol.Principal, id protocol.ConversationID) (store.Conversation, store.Site, error) {
	c, err := s.talking(ctx, who, id)
	if err != nil {
		return c, store.Site{}, err
	}
	site, err := s.directory.Site(ctx, s.ws, c.Site)
	return c, site, err
}

// stepOf finds a step for a party of its conversation; unknown is what
// strangers are told.
func stepOf[S step, ID ~string](
	ctx context.Context, s *Service, who protocol.Principal, id ID,
	find func(context.Context, protocol.WorkspaceID, ID) (S, error), unknown error,
) (found S, c store.Conversation, err error) {
	if !protocol.ValidID(id) || who.Workspace != s.ws {
		return found, c, unknown
	}
	found, err = find(ctx, s.ws, id)
	if err != nil {
		return found, c, err
	}
	c, err = s.conversation(ctx, who, found.Common().Conversation)
	if e, known := protocol.AsError(err); err != nil && (!known || e.Code.Retry()) {
		return found, c, err // the record did not answer, which says nothing of the step
	}
	if err != nil {
		return found, c, unknown
	}
	return found, c, nil
}

// stepped tells both sides what became of a step, and the asker that it did.
func stepped[ID ~string](s *Service, c store.Conversation, id ID) protocol.Ack {
	s.changed(c)
	return protocol.Ack{Conversation: c.ID, ID: string(id)}
}
