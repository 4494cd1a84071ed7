package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Known tells whether an actor's command has been carried out under an op: a
// repetition must be answered as the first was, whatever has changed since.
func (s *Store) Known(ctx context.Context, workspace protocol.WorkspaceID, actor string, op protocol.Op) (bool, error) {
	if op == "" {
		return false, nil
	}
	n, _, err := one(ctx, s.db.reader(), scanInt, `SELECT COUNT(*) FROM ops WHERE workspace = $1 AND actor = $2 AND op = $3`, workspace, actor, op)
	if err != nil {
		return false, fmt.Errorf("look up command: %w", err)
	}
	return n > 0, nil
}
