package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// seenEveryMs is how exactly the last use of sessions and visitors is kept.
const seenEveryMs = 60 * 1000

func errNoVisit() error {
	return protocol.NewError(protocol.CodeUnauthenticated, "This visit is not known here any more. Begin a new one.")
}

func errNoSession() error {
	return protocol.NewError(protocol.CodeUnauthenticated, "Please sign in again.")
}

// CreateSession keeps an agent's session under the SHA-256 of its token, and
// forgets sessions that have expired. CodeUnauthenticated when the agent has
// been disabled, or has another password, since the one given was read.
func (s *Store) CreateSession(ctx context.Context, tokenHash string, agent Agent, expiresAt int64, ip string) error {
	_, err := write(ctx, s, func(ctx context.Context, t *tx) (int64, error) {
		now, err := t.time(ctx)
		if err != nil {
			return 0, err
		}
		_, err = t.exec(ctx, `DELETE FROM sessions WHERE expires <= $1`, now)
		if err != nil {
			return 0, err
		}
		hash, found, err := one(ctx, t, scanString, `SELECT password_hash FROM agents WHERE workspace = $1 AND id = $2 AND disabled = 0`+t.lock,
			agent.Workspace, agent.ID)
		if err == nil && (!found || hash != agent.PasswordHash) {
			err = errNoSession()
		}
		if err != nil {
			return 0, err
		}
		return t.exec(ctx, `INSERT INTO sessions (token_hash, workspace, agent, created, used, expires, ip) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			tokenHash, agent.Workspace, agent.ID, now, now, expiresAt, storable(ip))
	})
	if err != nil {
		return fmt.Errorf("create session: %w", err)
	}
	return nil
}

type sessionRow struct {
	workspace     protocol.WorkspaceID
	agent         protocol.AgentID
	used, expires int64
}

func scanSession(row scanner) (r sessionRow, err error) {
	err = row.Scan(&r.workspace, &r.agent, &r.used, &r.expires)
	return r, err
}

// Session finds who a token belongs to and when its session ends at the
// latest. One that has expired, was idle too long or belongs to a disabled
// agent gives CodeUnauthenticated.
func (s *Store) Session(ctx context.Context, tokenHash string) (Agent, int64, error) {
	row, found, err := one(ctx, s.db.reader(), scanSession, `SELECT workspace, agent, used, expires FROM sessions WHERE token_hash = $1`, tokenHash)
	if err != nil {
		return Agent{}, 0, fmt.Errorf("read session: %w", err)
	}
	now, err := s.Now(ctx)
	if err != nil {
		return Agent{}, 0, fmt.Errorf("read session: %w", err)
	}
	if !found || row.expires <= now || row.used+s.idle.agent <= now {
		return Agent{}, 0, errNoSession()
	}
	a, err := s.Agent(ctx, row.workspace, row.agent)
	if err != nil {
		return Agent{}, 0, err
	}
	if a.Disabled {
		return Agent{}, 0, errNoSession()
	}
	if row.used+seenEveryMs <= now {
		_, err = write(ctx, s, func(ctx context.Context, t *tx) (int64, error) {
			return t.exec(ctx, `UPDATE sessions SET used = $2 WHERE token_hash = $1 AND used < $2`, tokenHash, now)
		})
		if err != nil {
			return Agent{}, 0, fmt.Errorf("use session: %w", err)
		}
	}
	return a, row.expires, nil
}

// DeleteSession ends a session, as the agent wishes. One that does not exist is
// no error. Whose last session it was is not ready from then on, and Revoked.
func (s *Store) DeleteSession(ctx context.Context, tokenHash string) error {
	_, err := write(ctx, s, func(ctx context.Context, t *tx) (struct{}, error) {
		return struct{}{}, s.endSession(ctx, t, tokenHash)
	})
	if err != nil {
		return fmt.Errorf("delete session: %w", err)
	}
	return nil
}

// CreateVisitor keeps a visitor under the SHA-256 of the token that proves it.
func (s *Store) CreateVisitor(ctx context.Context, v Visitor, tokenHash string) error {
	_, err := write(ctx, s, func(ctx context.Context, t *tx) (int64, error) {
		now, err := t.time(ctx)
		if err != nil {
			return 0, err
		}
		return t.exec(ctx, `INSERT INTO visitors (id, workspace, site, token_hash, name, email, subject, created, seen)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			v.ID, v.Workspace, v.Site, tokenHash, storable(v.Name), storable(v.Email), storable(v.Subject), now, now)
	})
	if err != nil {
		return fmt.Errorf("create visitor: %w", err)
	}
	return nil
}

const visitorSelect = `SELECT id, workspace, site, name, email, subject, created FROM visitors `

func scanVisitor(row scanner) (v Visitor, err error) {
	err = row.Scan(&v.ID, &v.Workspace, &v.Site, &v.Name, &v.Email, &v.Subject, &v.Created)
	return v, err
}

// VisitorByToken finds who a token belongs to. A token that is not known, or
// was not seen for Options.VisitorIdle, gives CodeUnauthenticated.
func (s *Store) VisitorByToken(ctx context.Context, tokenHash string) (Visitor, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return Visitor{}, fmt.Errorf("read visitor: %w", err)
	}
	v, found, err := one(ctx, s.db.reader(), scanVisitor, visitorSelect+`WHERE token_hash = $1 AND seen > $2`, tokenHash, now-s.idle.visitor)
	if err == nil && !found {
		err = errNoVisit()
	}
	if err != nil {
		return Visitor{}, fmt.Errorf("read visitor: %w", err)
	}
	return v, nil
}

// Visitor finds one, or fails with CodeNotFound.
func (s *Store) Visitor(ctx context.Context, workspace protocol.WorkspaceID, id protocol.VisitorID) (Visitor, error) {
	v, found, err := one(ctx, s.db.reader(), scanVisitor, visitorSelect+`WHERE workspace = $1 AND id = $2`, workspace, id)
	if err == nil && !found {
		err = protocol.NewError(protocol.CodeNotFound, "There is no such visitor.")
	}
	if err != nil {
		return Visitor{}, fmt.Errorf("read visitor: %w", err)
	}
	return v, nil
}

// EndVisitor makes the visitor's token worth nothing, for good. What was said
// stays in the record.
func (s *Store) EndVisitor(ctx context.Context, workspace protocol.WorkspaceID, id protocol.VisitorID) error {
	_, err := write(ctx, s, func(ctx context.Context, t *tx) (int64, error) {
		return t.exec(ctx, `UPDATE visitors SET token_hash = id WHERE workspace = $1 AND id = $2`, workspace, id) // no hash is an id
	})
	if err != nil {
		return fmt.Errorf("end visitor: %w", err)
	}
	return nil
}

// EndedVisitors tells which of many visitors have had their token ended. One that
// is not known here counts as not ended.
func (s *Store) EndedVisitors(ctx context.Context, ids []protocol.VisitorID) (map[protocol.VisitorID]bool, error) {
	list, err := inChunks(ctx, s.db.reader(), scanString, `SELECT id FROM visitors WHERE token_hash = id AND id IN `, ids)
	if err != nil {
		return nil, fmt.Errorf("look for visitors who have left: %w", err)
	}
	ended := make(map[protocol.VisitorID]bool, len(list))
	for _, id := range list {
		ended[protocol.VisitorID(id)] = true
	}
	return ended, nil
}

// TouchVisitor notes that the visitor was seen. It writes at most once a minute for each.
func (s *Store) TouchVisitor(ctx context.Context, workspace protocol.WorkspaceID, id protocol.VisitorID) error {
	now, err := s.Now(ctx)
	if err != nil {
		return fmt.Errorf("touch visitor: %w", err)
	}
	seen, found, err := one(ctx, s.db.reader(), scanInt, `SELECT seen FROM visitors WHERE workspace = $1 AND id = $2`, workspace, id)
	if err != nil || !found || seen+seenEveryMs > now {
		return err
	}
	_, err = write(ctx, s, func(ctx context.Context, t *tx) (int64, error) {
		return t.exec(ctx, `UPDATE visitors SET seen = $3 WHERE workspace = $1 AND id = $2 AND seen < $3`, workspace, id, now)
	})
	if err != nil {
		return fmt.Errorf("touch visitor: %w", err)
	}
	return nil
}
