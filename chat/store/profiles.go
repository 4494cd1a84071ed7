package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// ChooseProfile gives the agent another one of his profiles (STATE-1), with a
// row in the timeline. CodeInvalid when it is not his; CodeWrongState while he
// is ready with conversations, or has a parked one. The same one again changes nothing.
func (s *Store) ChooseProfile(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID, profile protocol.ProfileID) (Agent, error) {
	a, err := write(ctx, s, func(ctx context.Context, t *tx) (Agent, error) {
		if _, _, err := one(ctx, t, scanString, `SELECT id FROM agents WHERE workspace = $1 AND id = $2`+t.lock, workspace, agent); err != nil {
			return Agent{}, err
		}
		a, err := readAgent(ctx, t, workspace, agent)
		if err != nil || a.Profile.ID == profile {
			return a, err
		}
		if err := mayChoose(ctx, t, a, profile); err != nil {
			return a, err
		}
		if err := chooseProfile(ctx, t, a, profile); err != nil {
			return a, err
		}
		return readAgent(ctx, t, workspace, agent)
	})
	if err != nil {
		return Agent{}, fmt.Errorf("choose profile: %w", err)
	}
	return a, nil
}

func mayChoose(ctx context.Context, t *tx, a Agent, profile protocol.ProfileID) error {
	if !slices.Contains(a.profiles, profile) {
		return protocol.NewError(protocol.CodeInvalid, "This profile is not one of yours.")
	}
	if a.Slots > 0 && a.Declared == protocol.DeclaredReady {
		return protocol.NewError(protocol.CodeWrongState, "Set yourself not ready first, or end your conversations.")
	}
	parked, _, err := one(ctx, t, scanInt, `SELECT COUNT(*) FROM slots WHERE workspace = $1 AND agent = $2 AND state = 'parked'`, a.Workspace, a.ID)
	if err == nil && parked > 0 {
		err = protocol.NewError(protocol.CodeWrongState, "You have a parked conversation. Take it up or end it first.")
	}
	return err
}

func chooseProfile(ctx context.Context, t *tx, a Agent, profile protocol.ProfileID) error {
	now, err := t.time(ctx)
	if err != nil {
		return err
	}
	if _, err := t.exec(ctx, `UPDATE agents SET profile = $3 WHERE workspace = $1 AND id = $2`, a.Workspace, a.ID, profile); err != nil {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO agent_states (id, workspace, agent, declared, reason, actor, cause, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		protocol.NewID[string](), a.Workspace, a.ID, a.Declared, a.Reason, agentActor(a.ID), "profile", now)
	if err != nil {
		return fmt.Errorf("write timeline: %w", err)
	}
	_, err = t.touch(ctx, a.Workspace, agentActor(a.ID))
	return err
}

// SetAutoAccept turns the agent's own auto-accept on or off. CodeSwitchedOff
// when it is not allowed to him.
func (s *Store) SetAutoAccept(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID, on bool) (Agent, error) {
	a, err := write(ctx, s, func(ctx context.Context, t *tx) (Agent, error) {
		a, err := readAgent(ctx, t, workspace, agent)
		if err != nil {
			return a, err
		}
		if on && !a.Rules.AutoAccept {
			return a, protocol.NewError(protocol.CodeSwitchedOff, "Accepting by itself is not switched on for you. Ask your administrator.")
		}
		n, err := t.exec(ctx, `UPDATE agents SET auto_accept = $3 WHERE workspace = $1 AND id = $2 AND auto_accept <> $3`, workspace, agent, number(on))
		if err != nil || n == 0 {
			return a, err
		}
		a.AutoAccept = on
		_, err = t.touch(ctx, workspace, agentActor(agent))
		return a, err
	})
	if err != nil {
		return Agent{}, fmt.Errorf("set auto-accept: %w", err)
	}
	return a, nil
}
