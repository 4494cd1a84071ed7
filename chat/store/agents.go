package store

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

const agentSelect = `SELECT a.id, a.workspace, a.email, a.name, a.password_hash, a.role, r.permissions, p.id, p.name, p.queues, p.media,
	a.max_chats, a.declared, a.reason, a.declared_at, a.last_accepted, a.load, a.slots, a.disabled, a.profiles, a.skills, a.rules, a.auto_accept,
	(SELECT COUNT(*) FROM slots v WHERE v.workspace = a.workspace AND v.agent = a.id AND v.medium = 'video'),
	COALESCE((SELECT version FROM actors WHERE actor = 'agent:' || a.id), 0)
	FROM agents a JOIN roles r ON r.id = a.role JOIN profiles p ON p.id = a.profile `

func scanAgent(row scanner) (a Agent, err error) {
	var permissions, queues, media, profiles, skills, rules string
	err = row.Scan(&a.ID, &a.Workspace, &a.Email, &a.Name, &a.PasswordHash, &a.Role, &permissions, &a.Profile.ID, &a.Profile.Name, &queues, &media,
		&a.MaxChats, &a.Declared, &a.Reason, &a.DeclaredAt, &a.LastAccepted, &a.Load, &a.Slots, &a.Disabled,
		&profiles, &skills, &rules, &a.AutoAccept, &a.Videos, &a.Version)
	if err != nil {
		return a, err
	}
	for _, part := range []struct {
		text string
		into any
	}{
		{permissions, &a.Permissions}, {queues, &a.Profile.Queues}, {media, &a.Profile.Media}, {profiles, &a.profiles}, {skills, &a.Skills},
		{rules, &a.Rules},
	} {
		if err := fromJSON(part.text, part.into); err != nil {
			return a, err
		}
	}
	return a, nil
}

func scanProfile(row scanner) (p Profile, err error) {
	var queues, media string
	if err = row.Scan(&p.ID, &p.Name, &queues, &media); err != nil {
		return p, err
	}
	if err = fromJSON(queues, &p.Queues); err == nil {
		err = fromJSON(media, &p.Media)
	}
	return p, err
}

// withProfiles fills in what each agent may choose of.
func withProfiles(ctx context.Context, x executor, workspace protocol.WorkspaceID, agents ...*Agent) error {
	if !slices.ContainsFunc(agents, func(a *Agent) bool { return len(a.profiles) > 0 }) {
		return nil
	}
	list, err := all(ctx, x, scanProfile, `SELECT id, name, queues, media FROM profiles WHERE workspace = $1`, workspace)
	if err != nil {
		return fmt.Errorf("list profiles: %w", err)
	}
	for _, a := range agents {
		for _, id := range a.profiles {
			if i := slices.IndexFunc(list, func(p Profile) bool { return p.ID == id }); i >= 0 {
				a.Profiles = append(a.Profiles, list[i])
			}
		}
	}
	return nil
}

func errNoAgent() error {
	return protocol.NewError(protocol.CodeNotFound, "There is no such agent.")
}

// Agents lists the workspace's agents by name, disabled ones too.
func (s *Store) Agents(ctx context.Context, workspace protocol.WorkspaceID) ([]Agent, error) {
	list, err := all(ctx, s.db.reader(), scanAgent, agentSelect+`WHERE a.workspace = $1 ORDER BY a.name, a.id`, workspace)
	if err == nil {
		them := make([]*Agent, len(list))
		for i := range list {
			them[i] = &list[i]
		}
		err = withProfiles(ctx, s.db.reader(), workspace, them...)
	}
	if err != nil {
		return nil, fmt.Errorf("list agents: %w", err)
	}
	return list, nil
}

// Agent finds one, disabled or not, or fails with CodeNotFound.
func (s *Store) Agent(ctx context.Context, workspace protocol.WorkspaceID, id protocol.AgentID) (Agent, error) {
	a, err := readAgent(ctx, s.db.reader(), workspace, id)
	if err != nil {
		return Agent{}, fmt.Errorf("read agent: %w", err)
	}
	return a, nil
}

// AgentByEmail finds one in any workspace by the address, whose case does not
// matter, or fails with CodeNotFound.
func (s *Store) AgentByEmail(ctx context.Context, email string) (Agent, error) {
	a, found, err := one(ctx, s.db.reader(), scanAgent, agentSelect+`WHERE a.email = $1`, foldEmail(email))
	if err == nil && !found {
		err = errNoAgent()
	}
	if err != nil {
		return Agent{}, fmt.Errorf("read agent: %w", err)
	}
	return a, nil
}

func foldEmail(email string) string { return strings.ToLower(strings.TrimSpace(storable(email))) }

func readAgent(ctx context.Context, x executor, workspace protocol.WorkspaceID, id protocol.AgentID) (Agent, error) {
	a, found, err := one(ctx, x, scanAgent, agentSelect+`WHERE a.workspace = $1 AND a.id = $2`, workspace, id)
	if err == nil && !found {
		err = errNoAgent()
	}
	if err == nil {
		err = withProfiles(ctx, x, workspace, &a)
	}
	return a, err
}

// SetPasswordHash replaces an agent's password hash, for example by one with
// newer parameters.
func (s *Store) SetPasswordHash(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID, hash string) error {
	_, err := write(ctx, s, func(ctx context.Context, t *tx) (int64, error) {
		return t.exec(ctx, `UPDATE agents SET password_hash = $3 WHERE workspace = $1 AND id = $2`, workspace, agent, hash)
	})
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	return nil
}

// Declare sets what an agent says of himself, and writes it to the timeline
// with who did it and why (STATE-5). The same state and reason again changes
// nothing. Who wants to be not ready after these conversations and has none is
// not ready at once.
func (s *Store) Declare(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID, declared protocol.Declared, reason, actor, cause string) (Agent, error) {
	switch declared {
	case protocol.DeclaredOffline, protocol.DeclaredNotReady, protocol.DeclaredReady, protocol.DeclaredPending:
	default:
		return Agent{}, protocol.NewError(protocol.CodeInvalid, "The state is one of offline, not_ready, ready, pending_not_ready.")
	}
	return s.declareIf(ctx, workspace, agent, declared, reason, actor, cause, func(context.Context, *tx) error { return nil })
}

// DeclareSigned is Declare by the agent in a session. One that has ended on
// purpose or run out gives CodeUnauthenticated and changes nothing: of a
// declaration and a sign-out that cross, the sign-out counts.
func (s *Store) DeclareSigned(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID, declared protocol.Declared, reason, session string) (Agent, error) {
	return s.declareIf(ctx, workspace, agent, declared, reason, agentActor(agent), "agent", func(ctx context.Context, t *tx) error {
		// As the end of a session does, which is seen whole or not at all then.
		if _, _, err := one(ctx, t, scanString, `SELECT id FROM agents WHERE workspace = $1 AND id = $2`+t.lock, workspace, agent); err != nil {
			return err
		}
		now, err := t.time(ctx)
		if err != nil {
			return err
		}
		held, _, err := one(ctx, t, scanInt, `SELECT COUNT(*) FROM sessions WHERE token_hash = $1 AND workspace = $2 AND agent = $3 AND expires > $4`, session, workspace, agent, now)
		if err == nil && held == 0 {
			err = errNoSession()
		}
		return err
	})
}

func (s *Store) declareIf(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID, declared protocol.Declared, reason, actor, cause string, holds func(context.Context, *tx) error) (Agent, error) {
	a, err := write(ctx, s, func(ctx context.Context, t *tx) (Agent, error) {
		if err := holds(ctx, t); err != nil {
			return Agent{}, err
		}
		if err := declare(ctx, t, workspace, agent, declared, storable(reason), actor, storable(cause)); err != nil {
			return Agent{}, err
		}
		if _, err := t.touch(ctx, workspace, agentActor(agent)); err != nil {
			return Agent{}, err
		}
		return readAgent(ctx, t, workspace, agent)
	})
	if err != nil {
		return Agent{}, fmt.Errorf("declare: %w", err)
	}
	return a, nil
}

func declare(ctx context.Context, t *tx, workspace protocol.WorkspaceID, agent protocol.AgentID, declared protocol.Declared, reason, actor, cause string) error {
	now, err := t.time(ctx)
	if err != nil {
		return err
	}
	if declared == protocol.DeclaredPending {
		slots, _, err := one(ctx, t, scanInt, `SELECT slots FROM agents WHERE workspace = $1 AND id = $2`+t.lock, workspace, agent)
		if err != nil {
			return err
		}
		if slots == 0 {
			declared = protocol.DeclaredNotReady
		}
	}
	n, err := t.exec(ctx, `UPDATE agents SET declared = $3, reason = $4, declared_at = $5
		WHERE workspace = $1 AND id = $2 AND (declared <> $3 OR reason <> $4)`, workspace, agent, string(declared), reason, now)
	if err != nil || n == 0 {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO agent_states (id, workspace, agent, declared, reason, actor, cause, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		protocol.NewID[string](), workspace, agent, declared, reason, actor, cause, now)
	return err
}

func scanAgentState(row scanner) (a AgentState, err error) {
	err = row.Scan(&a.Declared, &a.Reason, &a.Actor, &a.Cause, &a.At)
	return a, err
}

// AgentStates lists an agent's timeline, oldest first.
func (s *Store) AgentStates(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID) ([]AgentState, error) {
	list, err := all(ctx, s.db.reader(), scanAgentState,
		`SELECT declared, reason, actor, cause, at FROM agent_states WHERE workspace = $1 AND agent = $2 ORDER BY at, id`, workspace, agent)
	if err != nil {
		return nil, fmt.Errorf("list agent's states: %w", err)
	}
	return list, nil
}
