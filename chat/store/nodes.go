package store

import (
	"context"
	"fmt"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// CauseNodeLost is why a call ended whose node has been away too long.
const CauseNodeLost = "node_lost"

// forgetNodes is how long a node is remembered that has carried no call and no shared page since.
const forgetNodes = 30 * 24 * time.Hour

// Beat notes that a node is there and carries its calls and shared pages. Nodes that have not
// been heard of for 30 days are forgotten.
func (s *Store) Beat(ctx context.Context, workspace protocol.WorkspaceID, node protocol.NodeID) error {
	_, err := write(ctx, s, func(ctx context.Context, t *tx) (int64, error) {
		now, err := t.time(ctx)
		if err != nil {
			return 0, err
		}
		return 0, t.beat(ctx, workspace, node, now)
	})
	if err != nil {
		return fmt.Errorf("note that node %s is there: %w", node, err)
	}
	return nil
}

func (t *tx) beat(ctx context.Context, workspace protocol.WorkspaceID, node protocol.NodeID, now int64) error {
	if _, err := t.exec(ctx, `DELETE FROM nodes WHERE workspace = $1 AND seen < $2`, workspace, now-forgetNodes.Milliseconds()); err != nil {
		return err
	}
	_, err := t.exec(ctx, `INSERT INTO nodes (workspace, node, seen) VALUES ($1, $2, $3)
		ON CONFLICT (workspace, node) DO UPDATE SET seen = excluded.seen`, workspace, node, now)
	return err
}

// StrandedCalls lists the live calls that were asked for before a time and
// whose node has not been heard of since.
func (s *Store) StrandedCalls(ctx context.Context, workspace protocol.WorkspaceID, before int64) ([]Call, error) {
	return callKind.list(ctx, s.db.reader(), workspace, stepLive+` AND asked < $2 AND NOT EXISTS
		(SELECT 1 FROM nodes WHERE nodes.workspace = calls.workspace AND nodes.node = calls.node AND nodes.seen >= $2) ORDER BY asked, id`, before)
}
