package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Stay lets a conversation that waits for audio or video wait for chat, since
// it was first asked: its visitor does not want to wait for who can do the
// call (ROUTE-9). An offer that rings is withdrawn without blame, since it
// reserves what the call would take. One that waits for chat stays as it is.
// CodeWrongState when it does not wait any more.
func (s *Store) Stay(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID, op protocol.Op, actor string) (Conversation, error) {
	c, err := s.change(ctx, command{workspace, actor, op, []any{"stay", conv}}, conv, stay)
	if err != nil {
		return Conversation{}, fmt.Errorf("stay with chat: %w", err)
	}
	return c, nil
}

func stay(ctx context.Context, t *tx, c *Conversation) ([]string, error) {
	if c.State != protocol.StateQueued {
		return nil, protocol.NewError(protocol.CodeWrongState, "This conversation does not wait any more.")
	}
	if c.Medium == MediumChat {
		return nil, nil
	}
	rung, err := rescind(ctx, t, c, "", CauseSuperseded)
	if err != nil {
		return nil, err
	}
	c.Medium = MediumChat
	return append(rung, visitorActor(c.Visitor)), nil
}
