package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// UnreleasedCalls lists the calls of a node that are over, however they ended,
// and whose media nobody has freed yet. It is read from the record so that a
// node that was told nothing, or was away, finds them.
func (s *Store) UnreleasedCalls(ctx context.Context, workspace protocol.WorkspaceID, node protocol.NodeID) ([]Call, error) {
	return callKind.list(ctx, s.db.reader(), workspace, `node = $2 AND released = 0 AND NOT (`+stepLive+`) ORDER BY ended, id`, node)
}

// ReleaseCall notes that the media of a call that is over has been freed. It
// changes nothing on a call that is live.
func (s *Store) ReleaseCall(ctx context.Context, workspace protocol.WorkspaceID, id protocol.CallID) error {
	_, err := write(ctx, s, func(ctx context.Context, t *tx) (int64, error) {
		return t.exec(ctx, `UPDATE calls SET released = 1 WHERE workspace = $1 AND id = $2 AND NOT (`+stepLive+`)`, workspace, id)
	})
	if err != nil {
		return fmt.Errorf("release call: %w", err)
	}
	return nil
}

func scanCobrowseID(row scanner) (id protocol.CobrowseID, err error) {
	err = row.Scan(&id)
	return id, err
}

// CobrowsesEnded lists the sessions that have ended at or after a time, however
// they ended.
func (s *Store) CobrowsesEnded(ctx context.Context, workspace protocol.WorkspaceID, since int64) ([]protocol.CobrowseID, error) {
	list, err := all(ctx, s.db.reader(), scanCobrowseID, `SELECT id FROM cobrowses WHERE workspace = $1 AND ended >= $2 AND ended > 0`, workspace, since)
	if err != nil {
		return nil, fmt.Errorf("list ended co-browse sessions: %w", err)
	}
	return list, nil
}
