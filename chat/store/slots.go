package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

const slotColumns = `conversation, agent, state, cost, since, started, wrap_until, role, medium, whole, exceeds, wake_until`

func scanSlot(row scanner) (l Slot, err error) {
	err = row.Scan(&l.Conversation, &l.Agent, &l.State, &l.Cost, &l.Since, &l.Started, &l.WrapUntil,
		&l.Role, &l.Medium, &l.Whole, &l.Over, &l.WakeUntil)
	return l, err
}

// Slots lists every slot of the workspace.
func (s *Store) Slots(ctx context.Context, workspace protocol.WorkspaceID) ([]Slot, error) {
	return listSlots(ctx, s.db.reader(), `WHERE workspace = $1 ORDER BY agent, started, conversation`, workspace)
}

// SlotsOfAgent lists an agent's slots, oldest first.
func (s *Store) SlotsOfAgent(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID) ([]Slot, error) {
	return listSlots(ctx, s.db.reader(), `WHERE workspace = $1 AND agent = $2 ORDER BY started, conversation`, workspace, agent)
}

// SlotsOf lists the slots that a conversation holds, one for each agent in it.
func (s *Store) SlotsOf(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID) ([]Slot, error) {
	return slotsOf(ctx, s.db.reader(), workspace, conv)
}

func slotsOf(ctx context.Context, x executor, workspace protocol.WorkspaceID, conv protocol.ConversationID) ([]Slot, error) {
	return listSlots(ctx, x, `WHERE workspace = $1 AND conversation = $2 ORDER BY agent`, workspace, conv)
}

func listSlots(ctx context.Context, x executor, where string, args ...any) ([]Slot, error) {
	list, err := all(ctx, x, scanSlot, `SELECT `+slotColumns+` FROM slots `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("list slots: %w", err)
	}
	return list, nil
}

// change runs fn once on a locked conversation and returns it as it is then.
func (s *Store) change(ctx context.Context, cmd command, conv protocol.ConversationID, fn func(context.Context, *tx, *Conversation) ([]string, error)) (Conversation, error) {
	return write(ctx, s, func(ctx context.Context, t *tx) (Conversation, error) {
		c, err := conversation(ctx, t, cmd.workspace, conv, t.lock)
		if err != nil {
			return c, err
		}
		_, _, err = once(ctx, t, cmd, func() (struct{}, error) {
			actors, err := fn(ctx, t, &c)
			if err != nil {
				return struct{}{}, err
			}
			if err := saveConversation(ctx, t, c); err != nil {
				return struct{}{}, err
			}
			c.Touched, err = t.touch(ctx, cmd.workspace, actors...)
			return struct{}{}, err
		})
		return c, err
	})
}

// agentEntry is an entry made by an agent, with the name in it.
func agentEntry(ctx context.Context, t *tx, workspace protocol.WorkspaceID, agent protocol.AgentID, kind protocol.EntryKind, audience protocol.Audience, cause string) (Entry, error) {
	name, found, err := one(ctx, t, scanString, `SELECT name FROM agents WHERE workspace = $1 AND id = $2`, workspace, agent)
	if err == nil && !found {
		err = errNoAgent()
	}
	return Entry{
		Kind: kind, Audience: audience, Actor: agentActor(agent), Author: protocol.Author{Kind: protocol.KindAgent, ID: string(agent), Name: name},
		Body: protocol.EntryBody{Agent: agent, Name: name, Cause: cause},
	}, err
}

type holding struct {
	slots    int
	declared protocol.Declared
	reason   string
}

func scanHolding(row scanner) (h holding, err error) {
	err = row.Scan(&h.slots, &h.declared, &h.reason)
	return h, err
}

// freeSlot removes a slot and its cost from the agent's load. With the last
// one an agent who wanted to be not ready after these is (STATE-3).
func freeSlot(ctx context.Context, t *tx, workspace protocol.WorkspaceID, l Slot) error {
	n, err := t.exec(ctx, `DELETE FROM slots WHERE workspace = $1 AND conversation = $2 AND agent = $3`, workspace, l.Conversation, l.Agent)
	if err != nil || n == 0 {
		return err
	}
	h, _, err := returning(ctx, t, scanHolding, `UPDATE agents SET load = load - CAST($3 AS BIGINT), slots = slots - 1
		WHERE workspace = $1 AND id = $2 RETURNING slots, declared, reason`, workspace, l.Agent, l.Cost)
	if err != nil {
		return fmt.Errorf("free slot: %w", err)
	}
	if h.slots == 0 && h.declared == protocol.DeclaredPending {
		return declare(ctx, t, workspace, l.Agent, protocol.DeclaredNotReady, h.reason, systemActor, "after the last conversation")
	}
	return nil
}

// AuditLoads compares each agent's load with the sum of the slots, puts right
// what differs, and counts it. Anything but 0 is a fault worth an alarm.
func (s *Store) AuditLoads(ctx context.Context, workspace protocol.WorkspaceID) (repaired int, err error) {
	repaired, err = write(ctx, s, func(ctx context.Context, t *tx) (int, error) {
		_, err := all(ctx, t, scanString, `SELECT id FROM agents WHERE workspace = $1 ORDER BY id`+t.lock, workspace)
		if err != nil {
			return 0, err
		}
		n, err := t.exec(ctx, `UPDATE agents SET
			load = (SELECT COALESCE(SUM(s.cost), 0) FROM slots s WHERE s.workspace = agents.workspace AND s.agent = agents.id),
			slots = (SELECT COUNT(*) FROM slots s WHERE s.workspace = agents.workspace AND s.agent = agents.id)
			WHERE workspace = $1 AND (load <> (SELECT COALESCE(SUM(s.cost), 0) FROM slots s WHERE s.workspace = agents.workspace AND s.agent = agents.id)
			OR slots <> (SELECT COUNT(*) FROM slots s WHERE s.workspace = agents.workspace AND s.agent = agents.id))`, workspace)
		return int(n), err
	})
	if err != nil {
		return 0, fmt.Errorf("audit loads: %w", err)
	}
	return repaired, nil
}
