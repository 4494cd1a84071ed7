package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// PickIn is what an agent takes from a waiting list.
type PickIn struct {
	Workspace    protocol.WorkspaceID
	Agent        protocol.AgentID
	Conversation protocol.ConversationID
	Op           protocol.Op
	Over         bool   // the agent may exceed the capacity
	Cost         int    // UnitsOf
	Medium       string // empty: what the conversation was asked by
	Queue        string // name of the waiting list, for "Why?"
}

// Pick takes a waiting conversation at once (ROUTE-6). CodeTaken, with the
// name, when another agent has it or is being asked alone; CodeExpired when it
// waits no more; CodeFull when it does not fit and In.Over is not set. Offers
// that ring for it at several agents are superseded. What was picked is kept as
// a decision. over tells that it was taken over the capacity.
func (s *Store) Pick(ctx context.Context, in PickIn) (c Conversation, over bool, err error) {
	cmd := command{in.Workspace, agentActor(in.Agent), in.Op, []any{"pick", in.Conversation}}
	c, err = s.change(ctx, cmd, in.Conversation, func(ctx context.Context, t *tx, c *Conversation) ([]string, error) {
		return pick(ctx, t, c, in)
	})
	if err != nil {
		return Conversation{}, false, fmt.Errorf("pick: %w", err)
	}
	slots, err := s.SlotsOf(ctx, in.Workspace, in.Conversation)
	for _, l := range slots {
		over = over || l.Agent == in.Agent && l.Over
	}
	return c, over, err
}

func pick(ctx context.Context, t *tx, c *Conversation, in PickIn) ([]string, error) {
	if c.State != protocol.StateQueued {
		return nil, errPicked(ctx, t, c)
	}
	alone, found, err := one(ctx, t, scanOffer, `SELECT `+offerColumns+` FROM offers WHERE workspace = $1 AND conversation = $2 AND outcome IS NULL
		AND kind = 'offer'`, c.Workspace, c.ID)
	if err != nil {
		return nil, err
	}
	if found {
		name, err := nameOfTarget(ctx, t, c.Workspace, alone.Agent, "")
		if err != nil {
			return nil, err
		}
		return nil, protocol.NewError(protocol.CodeTaken, name+" is being asked to take this conversation.")
	}
	now, err := t.time(ctx)
	if err != nil {
		return nil, err
	}
	medium := in.Medium
	if medium == "" {
		medium = c.Medium
	}
	l := Slot{
		Conversation: c.ID, Agent: in.Agent, State: protocol.SlotActive, Cost: in.Cost, Since: now, Started: now, Role: RoleOwner, Medium: medium,
		Whole: in.Cost,
	}
	a := &accepting{tx: t, o: Offer{Conversation: c.ID, Agent: in.Agent}, c: c, now: now, actors: []string{agentActor(in.Agent), visitorActor(c.Visitor)}}
	if a.name, err = takeAnyhow(ctx, t, c.Workspace, &l, in.Over); err != nil {
		return nil, err
	}
	if a.rules, err = rulesOf(ctx, t, c.Workspace, c.Queue); err != nil {
		return nil, err
	}
	a.own()
	if err := addEntries(ctx, t, c, a.joined("picked")); err != nil {
		return nil, err
	}
	why, err := encoded(picked(in, a.name, *c, now))
	if err != nil {
		return nil, err
	}
	if err := decide(ctx, t, why); err != nil {
		return nil, err
	}
	_, err = a.supersede(ctx)
	return a.actors, err
}

// picked is what "Why?" tells of a pick.
func picked(in PickIn, name string, c Conversation, now int64) Decision {
	return Decision{
		ID: protocol.NewID[string](), Workspace: c.Workspace, Conversation: c.ID, Queue: c.Queue, Agent: in.Agent, At: now,
		Body: protocol.Decision{
			At: now, What: "picked", Queue: in.Queue, Conversation: c.ID, Chosen: in.Agent, ChosenName: name, Waited: now - c.Asked,
		},
	}
}

func errPicked(ctx context.Context, t *tx, c *Conversation) error {
	if c.Owner == "" {
		return protocol.NewError(protocol.CodeExpired, "This conversation waits no more.")
	}
	name, err := nameOfTarget(ctx, t, c.Workspace, c.Owner, "")
	if err != nil {
		return err
	}
	return protocol.NewError(protocol.CodeTaken, name+" took this conversation.")
}

// takeAnyhow adds a slot beside the agent's others and open offers; what does
// not fit is marked as over the capacity where that is allowed. It gives the
// agent's name.
func takeAnyhow(ctx context.Context, t *tx, workspace protocol.WorkspaceID, l *Slot, exceed bool) (string, error) {
	r, found, err := one(ctx, t, scanRoom, readRoom+t.lock, workspace, l.Agent)
	if err != nil {
		return "", err
	}
	if !found || r.disabled {
		return "", errNoAgent()
	}
	ringing, _, err := one(ctx, t, scanInt, `SELECT COALESCE(SUM(cost), 0) FROM offers WHERE workspace = $1 AND agent = $2 AND outcome IS NULL
		AND conversation <> $3`, workspace, l.Agent, l.Conversation)
	if err != nil {
		return "", err
	}
	l.Over = r.load+int(ringing)+l.Cost > Units
	if l.Over && !exceed {
		return "", errFull()
	}
	_, err = t.exec(ctx, `UPDATE agents SET load = load + CAST($3 AS BIGINT), slots = slots + 1, last_accepted = $4 WHERE workspace = $1 AND id = $2`,
		workspace, l.Agent, l.Cost, l.Started)
	if err != nil {
		return "", fmt.Errorf("take slot: %w", err)
	}
	return r.name, insertSlot(ctx, t, workspace, *l)
}
