package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

func scanWorkspace(row scanner) (id protocol.WorkspaceID, err error) {
	err = row.Scan(&id)
	return id, err
}

// Workspaces lists the ids of all workspaces.
func (s *Store) Workspaces(ctx context.Context) ([]protocol.WorkspaceID, error) {
	list, err := all(ctx, s.db.reader(), scanWorkspace, `SELECT id FROM workspaces ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("list workspaces: %w", err)
	}
	return list, nil
}

const siteColumns = `id, workspace, key, name, origins, queues, audio, video, cobrowse, host_storage, identity, mask, color, rules`

func scanSite(row scanner) (site Site, err error) {
	var origins, queues, identity, mask, rules string
	err = row.Scan(&site.ID, &site.Workspace, &site.Key, &site.Name, &origins, &queues, &site.Audio, &site.Video, &site.Cobrowse, &site.HostStorage,
		&identity, &mask, &site.Color, &rules)
	if err != nil {
		return site, err
	}
	for _, part := range []struct {
		text string
		into any
	}{{origins, &site.Origins}, {queues, &site.Queues}, {identity, &site.Identity}, {mask, &site.Mask}, {rules, &site.Rules}} {
		if err := fromJSON(part.text, part.into); err != nil {
			return site, err
		}
	}
	return site, nil
}

// Sites lists the workspace's sites by key.
func (s *Store) Sites(ctx context.Context, workspace protocol.WorkspaceID) ([]Site, error) {
	list, err := all(ctx, s.db.reader(), scanSite, `SELECT `+siteColumns+` FROM sites WHERE workspace = $1 AND disabled = 0 ORDER BY key`, workspace)
	if err != nil {
		return nil, fmt.Errorf("list sites: %w", err)
	}
	return list, nil
}

// SiteByKey finds the site of a snippet in any workspace, or fails with CodeUnknownSite.
func (s *Store) SiteByKey(ctx context.Context, key string) (Site, error) {
	return s.site(ctx, `WHERE key = $1 AND disabled = 0`, storable(key))
}

// Site finds a site, or fails with CodeUnknownSite.
func (s *Store) Site(ctx context.Context, workspace protocol.WorkspaceID, id protocol.SiteID) (Site, error) {
	return s.site(ctx, `WHERE workspace = $1 AND id = $2`, workspace, id)
}

func (s *Store) site(ctx context.Context, where string, args ...any) (Site, error) {
	site, found, err := one(ctx, s.db.reader(), scanSite, `SELECT `+siteColumns+` FROM sites `+where, args...)
	if err == nil && !found {
		err = protocol.NewError(protocol.CodeUnknownSite, "This site is not known here. Check the key in the snippet.")
	}
	if err != nil {
		return Site{}, fmt.Errorf("read site: %w", err)
	}
	return site, nil
}

const queueColumns = `id, workspace, key, name, weight, offer_ms, wrap_ms, rules`

func scanQueue(row scanner) (q Queue, err error) {
	var rules string
	if err = row.Scan(&q.ID, &q.Workspace, &q.Key, &q.Name, &q.Weight, &q.OfferMs, &q.WrapUpMs, &rules); err != nil {
		return q, err
	}
	return q, fromJSON(rules, &q.Rules)
}

// Queues lists the workspace's queues in the order of its file. A queue that
// the file no longer has stays in the list's end while conversations wait in it.
func (s *Store) Queues(ctx context.Context, workspace protocol.WorkspaceID) ([]Queue, error) {
	list, err := all(ctx, s.db.reader(), scanQueue, `SELECT `+queueColumns+` FROM queues
		WHERE workspace = $1 AND (disabled = 0 OR EXISTS (SELECT 1 FROM conversations c WHERE c.workspace = queues.workspace AND c.queue = queues.id
			AND c.state IN ('queued', 'active', 'ended')))
		ORDER BY disabled, position, key`, workspace)
	if err != nil {
		return nil, fmt.Errorf("list queues: %w", err)
	}
	return list, nil
}
