package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

func scanRules(row scanner) (r QueueRules, err error) {
	var text string
	if err = row.Scan(&text); err != nil {
		return r, err
	}
	return r, fromJSON(text, &r)
}

// rulesOf are a queue's rules.
func rulesOf(ctx context.Context, x executor, workspace protocol.WorkspaceID, queue protocol.QueueID) (QueueRules, error) {
	r, _, err := one(ctx, x, scanRules, `SELECT rules FROM queues WHERE workspace = $1 AND id = $2`, workspace, queue)
	if err != nil {
		return QueueRules{}, fmt.Errorf("read queue's rules: %w", err)
	}
	return r, nil
}

// reweigh gives a slot the cost and weight that l has, and the agent's load
// what that adds to it. Own work is always carried on: where it no longer
// fits the slot is marked as over the capacity, and where all fits again it no
// longer is. before is the slot as it was.
func reweigh(ctx context.Context, t *tx, workspace protocol.WorkspaceID, before Slot, l *Slot) error {
	load, _, err := returning(ctx, t, scanInt, `UPDATE agents SET load = load + CAST($3 AS BIGINT) WHERE workspace = $1 AND id = $2 RETURNING load`,
		workspace, l.Agent, l.Cost-before.Cost)
	if err != nil {
		return fmt.Errorf("change load: %w", err)
	}
	l.Over = load > Units && (before.Over || l.Cost > before.Cost)
	_, err = t.exec(ctx, `UPDATE slots SET state = $4, since = $5, wrap_until = $6, cost = $7, whole = $8, medium = $9, exceeds = $10, wake_until = $11
		WHERE workspace = $1 AND conversation = $2 AND agent = $3`,
		workspace, l.Conversation, l.Agent, l.State, l.Since, l.WrapUntil, l.Cost, l.Whole, l.Medium, number(l.Over), l.WakeUntil)
	if err != nil {
		return fmt.Errorf("change slot: %w", err)
	}
	return nil
}

// Weigh gives the slots of a running conversation the cost of what runs in it
// now: the dearest medium, and co-browsing beside it. What does not fit is
// marked as over the capacity, never refused: the work is there already. It is
// called after a call or a co-browse session began or ended; the touched
// actors are the agents whose cost is another one now.
func (s *Store) Weigh(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID, rules QueueRules) (Conversation, error) {
	c, err := write(ctx, s, func(ctx context.Context, t *tx) (Conversation, error) {
		c, err := conversation(ctx, t, workspace, conv, t.lock)
		if err != nil || c.State != protocol.StateActive {
			return c, err
		}
		c.Touched, err = weigh(ctx, t, &c, rules)
		return c, err
	})
	if err != nil {
		return Conversation{}, fmt.Errorf("weigh: %w", err)
	}
	return c, nil
}

func weigh(ctx context.Context, t *tx, c *Conversation, rules QueueRules) ([]string, error) {
	medium, besides, err := running(ctx, t, c, rules)
	if err != nil {
		return nil, err
	}
	slots, err := slotsOf(ctx, t, c.Workspace, c.ID)
	if err != nil {
		return nil, err
	}
	var changed []string
	for _, l := range slots {
		if l.Role == RoleAsker || l.State == protocol.SlotWrapUp {
			continue
		}
		most, _, err := one(ctx, t, scanInt, `SELECT max_chats FROM agents WHERE workspace = $1 AND id = $2`, c.Workspace, l.Agent)
		if err != nil {
			return nil, err
		}
		now := l
		now.Medium, now.Whole = medium, min(Units, UnitsOf(rules, medium, int(most))+besides)
		now.Cost = now.Whole
		if l.State == protocol.SlotParked {
			now.Cost = parkedCost(now.Whole, rules.Share())
		}
		if now == l {
			continue
		}
		if err := reweigh(ctx, t, c.Workspace, l, &now); err != nil {
			return nil, err
		}
		changed = append(changed, agentActor(l.Agent))
	}
	return t.touch(ctx, c.Workspace, changed...)
}

// running is the dearest medium of a conversation now, and the units of what
// runs beside it.
func running(ctx context.Context, t *tx, c *Conversation, rules QueueRules) (medium string, besides int, err error) {
	medium = MediumChat
	calls, err := callKind.live(ctx, t, c.Workspace, c.ID)
	if err != nil {
		return medium, 0, err
	}
	for _, call := range calls {
		if call.State == StepRunning {
			medium = string(call.Media)
		}
	}
	sessions, err := cobrowseKind.live(ctx, t, c.Workspace, c.ID)
	if err != nil {
		return medium, 0, err
	}
	for _, session := range sessions {
		if session.State == StepRunning {
			besides = UnitsOf(rules, MediumCobrowse, 0)
		}
	}
	return medium, besides, nil
}

func parkedCost(whole, share int) int { return whole * max(0, min(100, share)) / 100 }

// Park puts an active conversation aside: it costs share percent of what it
// does while it runs, and it is nobody's turn. CodeWrongState unless the agent
// holds it as active.
func (s *Store) Park(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID, conv protocol.ConversationID, op protocol.Op, share int) (Conversation, error) {
	return s.move(ctx, workspace, agent, conv, op, protocol.EntryParked, share)
}

// Unpark takes a parked conversation back, at its whole cost; what does not fit
// is marked as over the capacity. CodeWrongState unless the agent has parked it.
func (s *Store) Unpark(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID, conv protocol.ConversationID, op protocol.Op) (Conversation, error) {
	return s.move(ctx, workspace, agent, conv, op, protocol.EntryResumed, 100)
}

func (s *Store) move(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID, conv protocol.ConversationID, op protocol.Op, kind protocol.EntryKind, share int) (Conversation, error) {
	cmd := command{workspace, agentActor(agent), op, []any{kind, conv}}
	c, err := s.change(ctx, cmd, conv, func(ctx context.Context, t *tx, c *Conversation) ([]string, error) {
		return moveSlot(ctx, t, c, agent, kind, share)
	})
	if err != nil {
		return Conversation{}, fmt.Errorf("%s: %w", kind, err)
	}
	return c, nil
}

func moveSlot(ctx context.Context, t *tx, c *Conversation, agent protocol.AgentID, kind protocol.EntryKind, share int) ([]string, error) {
	from, to := protocol.SlotActive, protocol.SlotParked
	if kind == protocol.EntryResumed {
		from, to = to, from
	}
	l, found, err := slotOf(ctx, t, c, agent)
	if err != nil {
		return nil, err
	}
	if !found || l.State != from {
		return nil, protocol.NewError(protocol.CodeWrongState, "This conversation cannot be moved in the state it is in.")
	}
	now, err := t.time(ctx)
	if err != nil {
		return nil, err
	}
	moved := l
	moved.State, moved.Since, moved.WakeUntil, moved.Cost = to, now, 0, parkedCost(l.Whole, share)
	if err := reweigh(ctx, t, c.Workspace, l, &moved); err != nil {
		return nil, err
	}
	if to == protocol.SlotParked && agent == c.Owner {
		c.TurnSince = 0
	}
	e, err := agentEntry(ctx, t, c.Workspace, agent, kind, protocol.AudienceAll, "")
	if err != nil {
		return nil, err
	}
	return []string{agentActor(agent), visitorActor(c.Visitor)}, addEntries(ctx, t, c, e)
}

// slotOf is an agent's slot in a locked conversation.
func slotOf(ctx context.Context, t *tx, c *Conversation, agent protocol.AgentID) (Slot, bool, error) {
	l, found, err := one(ctx, t, scanSlot, `SELECT `+slotColumns+` FROM slots WHERE workspace = $1 AND conversation = $2 AND agent = $3`,
		c.Workspace, c.ID, agent)
	if err != nil {
		return l, false, fmt.Errorf("read slot: %w", err)
	}
	return l, found, nil
}
