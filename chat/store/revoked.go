package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Why conversations are taken from an agent who may not go on with them. All
// but CauseNoRight stand as reason in the agent's row from the moment the last
// session ends.
const (
	CauseSignedOut       = "signed_out"
	CausePasswordChanged = "password_changed"
	CauseAgentDisabled   = "agent_disabled"
	CauseNoRight         = "no_right" // the role has lost the right to answer
)

// A Revoked agent has running conversations and may not go on with them, or is
// ready without the right to be.
type Revoked struct {
	Agent protocol.AgentID
	Cause string
}

func scanRevoked(row scanner) (r Revoked, err error) {
	err = row.Scan(&r.Agent, &r.Cause)
	return r, err
}

// inUse is how long ago a session was used that counts as signed in still: one
// with an open desk is noted once a minute. A login that was forgotten
// elsewhere holds nothing back; ms.
const inUse = 90 * 1000

// Revoked lists agents with running or parked conversations who are disabled,
// have lost the right to answer, or whose last session in use was ended on purpose: by
// the agent, or by another password. Who was disabled counts until the next sign-in,
// even when enabled again. A session that merely ran out is none of these. Who
// may not answer and is ready is listed without conversations, too.
func (s *Store) Revoked(ctx context.Context, workspace protocol.WorkspaceID) ([]Revoked, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return nil, fmt.Errorf("list revoked agents: %w", err)
	}
	list, err := all(ctx, s.db.reader(), scanRevoked, `SELECT a.id, CASE WHEN a.disabled <> 0 THEN '`+CauseAgentDisabled+`'
			WHEN r.permissions NOT LIKE '%"`+string(protocol.PermDesk)+`"%' THEN '`+CauseNoRight+`' ELSE a.reason END
		FROM agents a JOIN roles r ON r.id = a.role
		WHERE a.workspace = $1
			AND (a.declared = 'ready' OR EXISTS (SELECT 1 FROM slots l WHERE l.workspace = a.workspace AND l.agent = a.id AND l.state <> 'wrap_up'))
			AND (a.disabled <> 0 OR r.permissions NOT LIKE '%"`+string(protocol.PermDesk)+`"%'
				OR (a.declared = 'not_ready' AND a.reason IN ('`+CauseSignedOut+`', '`+CausePasswordChanged+`', '`+CauseAgentDisabled+`')
					AND NOT EXISTS (SELECT 1 FROM sessions v WHERE v.workspace = a.workspace AND v.agent = a.id AND v.expires > $2 AND v.used > $3)))
		ORDER BY a.id`, workspace, now, now-min(inUse, s.idle.agent))
	if err != nil {
		return nil, fmt.Errorf("list revoked agents: %w", err)
	}
	return list, nil
}

// turnAway notes in the agent's row, which is locked, that the last session has
// ended on purpose. Who was off duty without conversations stays so.
func turnAway(ctx context.Context, t *tx, workspace protocol.WorkspaceID, agent protocol.AgentID, reason string) error {
	on, _, err := one(ctx, t, scanInt, `SELECT COUNT(*) FROM agents WHERE workspace = $1 AND id = $2 AND (declared <> 'offline' OR slots > 0)`, workspace, agent)
	if err != nil || on == 0 {
		return err
	}
	if err := declare(ctx, t, workspace, agent, protocol.DeclaredNotReady, reason, agentActor(agent), reason); err != nil {
		return err
	}
	_, err = t.touch(ctx, workspace, agentActor(agent))
	return err
}

// TurnAway is what the end of the last session does, for an agent of whom no
// desk is open any more although another session holds.
func (s *Store) TurnAway(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID) error {
	_, err := write(ctx, s, func(ctx context.Context, t *tx) (struct{}, error) {
		if _, _, err := one(ctx, t, scanString, `SELECT id FROM agents WHERE workspace = $1 AND id = $2`+t.lock, workspace, agent); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, turnAway(ctx, t, workspace, agent, CauseSignedOut)
	})
	if err != nil {
		return fmt.Errorf("turn an agent away: %w", err)
	}
	return nil
}

// endSession ends a session, and turns its agent away if it was the last in use.
func (s *Store) endSession(ctx context.Context, t *tx, tokenHash string) error {
	row, found, err := one(ctx, t, scanSession, `SELECT workspace, agent, used, expires FROM sessions WHERE token_hash = $1`, tokenHash)
	if err != nil || !found {
		return err
	}
	now, err := t.time(ctx)
	if err != nil {
		return err
	}
	// The agent's row is locked first: two that end at once see each other.
	if _, _, err := one(ctx, t, scanString, `SELECT id FROM agents WHERE workspace = $1 AND id = $2`+t.lock, row.workspace, row.agent); err != nil {
		return err
	}
	n, err := t.exec(ctx, `DELETE FROM sessions WHERE token_hash = $1`, tokenHash)
	if err != nil || n == 0 {
		return err
	}
	left, _, err := one(ctx, t, scanInt, `SELECT COUNT(*) FROM sessions WHERE workspace = $1 AND agent = $2 AND expires > $3 AND used > $4`,
		row.workspace, row.agent, now, now-min(inUse, s.idle.agent))
	if err != nil || left > 0 {
		return err
	}
	return turnAway(ctx, t, row.workspace, row.agent, CauseSignedOut)
}

func scanStranger(row scanner) (r Stranger, err error) {
	err = row.Scan(&r.Call, &r.Actor)
	return r, err
}

// A Stranger is an agent with a leg in a call of a conversation that the agent
// is not in any more.
type Stranger struct {
	Call  protocol.CallID
	Actor string
}

// Strangers lists those in the live calls of a node.
func (s *Store) Strangers(ctx context.Context, workspace protocol.WorkspaceID, node protocol.NodeID) ([]Stranger, error) {
	list, err := all(ctx, s.db.reader(), scanStranger, `SELECT p.call, p.actor FROM calls c JOIN call_parties p ON p.workspace = c.workspace AND p.call = c.id
		WHERE c.workspace = $1 AND c.node = $2 AND c.state IN ('asked', 'running') AND p.side = 'agent' AND p.here = 1
			AND NOT EXISTS (SELECT 1 FROM slots l WHERE l.workspace = c.workspace AND l.conversation = c.conversation AND 'agent:' || l.agent = p.actor)
		ORDER BY p.call, p.actor`, workspace, node)
	if err != nil {
		return nil, fmt.Errorf("list strangers in calls: %w", err)
	}
	return list, nil
}
