package store

import (
	"context"
	"fmt"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// waitForOwner is how long a parked conversation, whose visitor wrote, waits for
// its owner where Options do not say.
const waitForOwner = time.Minute

// A WakeResult tells what became of a parked conversation whose visitor wrote.
type WakeResult struct {
	Woken        bool // it runs again
	Waiting      bool // its owner has no room: it waits for him
	Conversation Conversation
	Agent        protocol.AgentID // the owner
}

// Wake takes up the parked conversation whose visitor wrote: where its owner
// has room, or is over the capacity by no more than overflow conversations of
// its cost. Else it waits for its owner for Options.OwnerWait, with the agents-only entry
// "waiting_for_owner", and may be woken again. One that is not parked is left
// alone: neither Woken nor Waiting.
func (s *Store) Wake(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID, overflow int) (WakeResult, error) {
	var r WakeResult
	c, err := s.change(ctx, command{workspace: workspace}, conv, func(ctx context.Context, t *tx, c *Conversation) (actors []string, err error) {
		r, actors, err = wake(ctx, t, c, overflow, s.ownerWait)
		return actors, err
	})
	if err != nil {
		return WakeResult{}, fmt.Errorf("wake: %w", err)
	}
	r.Conversation = c
	return r, nil
}

func wake(ctx context.Context, t *tx, c *Conversation, overflow int, wait int64) (r WakeResult, actors []string, err error) {
	r.Agent = c.Owner
	l, found, err := slotOf(ctx, t, c, c.Owner)
	if err != nil || !found || c.State != protocol.StateActive || l.State != protocol.SlotParked {
		return r, nil, err
	}
	load, _, err := one(ctx, t, scanInt, `SELECT load FROM agents WHERE workspace = $1 AND id = $2`+t.lock, c.Workspace, c.Owner)
	if err != nil {
		return r, nil, err
	}
	if int(load)-l.Cost+l.Whole <= Units+max(0, overflow)*l.Whole {
		r.Woken = true
		turn := c.TurnSince
		actors, err = moveSlot(ctx, t, c, c.Owner, protocol.EntryResumed, 100)
		c.TurnSince = turn
		return r, actors, err
	}
	r.Waiting = true
	if l.WakeUntil > 0 {
		return r, nil, nil
	}
	now, err := t.time(ctx)
	if err != nil {
		return r, nil, err
	}
	waits := l
	waits.WakeUntil = now + wait
	if err := reweigh(ctx, t, c.Workspace, l, &waits); err != nil {
		return r, nil, err
	}
	e, err := agentEntry(ctx, t, c.Workspace, c.Owner, protocol.EntryWaitingForOwner, protocol.AudienceAgents, "")
	if err != nil {
		return r, nil, err
	}
	e.Author, e.Actor = protocol.Author{Kind: protocol.KindSystem}, systemActor
	return r, []string{agentActor(c.Owner)}, addEntries(ctx, t, c, e)
}

// DueWakes lists the parked slots that waited for their owners until now or
// earlier, the earliest first.
func (s *Store) DueWakes(ctx context.Context, workspace protocol.WorkspaceID, now int64) ([]Slot, error) {
	return listSlots(ctx, s.db.reader(), `WHERE workspace = $1 AND state = 'parked' AND wake_until > 0 AND wake_until <= $2 ORDER BY wake_until, conversation`,
		workspace, now)
}
