package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Favour gives a conversation that waits boost ms more wait than it has, for
// its place in line; boosts don't add up, the greatest counts. favoured is
// false where it changed nothing: it has as much already, does not wait any
// more, or came back from an agent without one, which puts it before all others.
func (s *Store) Favour(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID, boost int64) (c Conversation, favoured bool, err error) {
	c, err = s.change(ctx, command{workspace: workspace}, conv, func(_ context.Context, _ *tx, c *Conversation) ([]string, error) {
		favoured = false // it may be tried again
		if c.State != protocol.StateQueued || c.Boost >= boost || c.Boost == 0 && c.Started != 0 {
			return nil, nil
		}
		c.Boost, favoured = boost, true
		return []string{visitorActor(c.Visitor)}, nil
	})
	if err != nil {
		return Conversation{}, false, fmt.Errorf("favour: %w", err)
	}
	return c, favoured, nil
}
