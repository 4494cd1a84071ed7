package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

type openSession struct {
	hash string
	sessionRow
}

func scanOpenSession(row scanner) (o openSession, err error) {
	err = row.Scan(&o.hash, &o.workspace, &o.agent, &o.used, &o.expires)
	return o, err
}

// Sessions finds who holds many sessions at once, by the SHA-256 of their
// tokens. Those that Session would refuse are left out. Like Session it notes,
// at most once a minute for each, that they are in use.
func (s *Store) Sessions(ctx context.Context, tokenHashes []string) (map[string]Agent, error) {
	held, err := s.openSessions(ctx, tokenHashes)
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	return held, nil
}

func (s *Store) openSessions(ctx context.Context, tokenHashes []string) (map[string]Agent, error) {
	list, err := inChunks(ctx, s.db.reader(), scanOpenSession, `SELECT token_hash, workspace, agent, used, expires FROM sessions WHERE token_hash IN `, tokenHashes)
	if err != nil {
		return nil, err
	}
	now, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	var ids []protocol.AgentID
	for _, o := range list {
		ids = append(ids, o.agent)
	}
	agents := map[protocol.AgentID]Agent{}
	found, err := inChunks(ctx, s.db.reader(), scanAgent, agentSelect+`WHERE a.id IN `, ids)
	if err != nil {
		return nil, err
	}
	for _, a := range found {
		agents[a.ID] = a
	}
	held := map[string]Agent{}
	var used []string
	for _, o := range list {
		a, ok := agents[o.agent]
		if !ok || a.Disabled || a.Workspace != o.workspace || o.expires <= now || o.used+s.idle.agent <= now {
			continue
		}
		held[o.hash] = a
		if o.used+seenEveryMs <= now {
			used = append(used, o.hash)
		}
	}
	return held, s.useSessions(ctx, used, now)
}

func (s *Store) useSessions(ctx context.Context, tokenHashes []string, now int64) error {
	if len(tokenHashes) == 0 {
		return nil
	}
	_, err := write(ctx, s, func(ctx context.Context, t *tx) (int64, error) {
		for _, hash := range tokenHashes {
			if _, err := t.exec(ctx, `UPDATE sessions SET used = $2 WHERE token_hash = $1 AND used < $2`, hash, now); err != nil {
				return 0, err
			}
		}
		return 0, nil
	})
	return err
}
