package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A limitRow is one limit, and the row whose lock it is counted under.
type limitRow struct {
	most         int
	table, id    string
	where, state string
}

// rows are the limits in the order in which they are locked.
func (l AskLimits) rows(ws protocol.WorkspaceID, site protocol.SiteID, queue protocol.QueueID) []limitRow {
	return []limitRow{
		{l.Workspace, "workspaces", string(ws), "workspace", "queued"},
		{l.Running, "workspaces", string(ws), "workspace", "active"},
		{l.Site, "sites", string(site), "site", "queued"},
		{l.SiteRunning, "sites", string(site), "site", "active"},
		{l.Queue, "queues", string(queue), "queue", "queued"},
	}
}

// reached counts no further than it must.
func (l limitRow) reached(ctx context.Context, x executor, ws protocol.WorkspaceID) (bool, error) {
	n, _, err := one(ctx, x, scanInt, `SELECT COUNT(*) FROM (SELECT 1 FROM conversations WHERE workspace = $1 AND `+l.where+` = $2 AND state = '`+l.state+`'
		AND kind = '' LIMIT $3) AS counted`, ws, l.id, l.most)
	if err != nil {
		return false, fmt.Errorf("count what is %s: %w", l.state, err)
	}
	return n >= int64(l.most), nil
}

// countLimits counts who waits and what runs where that is limited. The row of
// what has the limit is locked first, always in the same order, so that those
// who ask at once are counted one after the other.
func countLimits(ctx context.Context, t *tx, in AskIn) error {
	for _, limit := range in.Limits.rows(in.Workspace, in.Site, in.Queue) {
		if limit.most <= 0 {
			continue
		}
		if _, _, err := one(ctx, t, scanString, `SELECT id FROM `+limit.table+` WHERE id = $1`+t.lock, limit.id); err != nil {
			return fmt.Errorf("lock %s: %w", limit.table, err)
		}
		full, err := limit.reached(ctx, t, in.Workspace)
		if err != nil {
			return err
		}
		if full {
			return protocol.NewError(protocol.CodeFull, "Too many are waiting just now. Please leave a message, or try again later.")
		}
	}
	return nil
}

// Full says whether Ask would refuse now what a visitor of the site asks in the
// queue, because of the limits given. Nothing is locked: one who asks later may
// still come first.
func (s *Store) Full(ctx context.Context, ws protocol.WorkspaceID, site protocol.SiteID, queue protocol.QueueID, limits AskLimits) (bool, error) {
	for _, limit := range limits.rows(ws, site, queue) {
		if limit.most <= 0 {
			continue
		}
		if full, err := limit.reached(ctx, s.db.reader(), ws); err != nil || full {
			return full, err
		}
	}
	return false, nil
}
