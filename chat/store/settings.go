package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Version is raised by each Apply that changed something: who keeps what the
// workspace declares reads it again when this grew.
func (s *Store) Version(ctx context.Context, workspace protocol.WorkspaceID) (int64, error) {
	version, _, err := one(ctx, s.db.reader(), scanInt, `SELECT version FROM workspaces WHERE id = $1`, workspace)
	if err != nil {
		return 0, fmt.Errorf("read version: %w", err)
	}
	return version, nil
}

// Settings are those of the workspace.
func (s *Store) Settings(ctx context.Context, workspace protocol.WorkspaceID) (settings Settings, err error) {
	raw, found, err := one(ctx, s.db.reader(), scanString, `SELECT settings FROM workspaces WHERE id = $1`, workspace)
	if err == nil && found {
		err = fromJSON(raw, &settings)
	}
	if err != nil {
		return Settings{}, fmt.Errorf("read settings: %w", err)
	}
	return settings, nil
}

func scanCalendar(row scanner) (c Calendar, err error) {
	var body string
	if err = row.Scan(&c.ID, &c.Key, &c.Zone, &body); err != nil {
		return c, err
	}
	return c, fromJSON(body, &c)
}

// Calendars lists the workspace's, by key.
func (s *Store) Calendars(ctx context.Context, workspace protocol.WorkspaceID) ([]Calendar, error) {
	list, err := all(ctx, s.db.reader(), scanCalendar, `SELECT id, key, zone, body FROM calendars WHERE workspace = $1 ORDER BY key`, workspace)
	if err != nil {
		return nil, fmt.Errorf("list calendars: %w", err)
	}
	return list, nil
}
