package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Outcomes of conversations; that of a message which was left stands in missed.go.
const (
	ConversationEnded            = "ended"             // after an agent had it
	ConversationAbandonedShort   = "abandoned_short"   // the visitor left sooner than anybody could have answered
	ConversationAbandonedOffered = "abandoned_offered" // the visitor left while an agent was asked
	ConversationAbandoned        = "abandoned"         // the visitor left while waiting
)

// Why conversations end.
const (
	CauseAbandoned   = "abandoned"    // by the system: the visitor stayed away
	CauseVisitorLeft = "visitor_left" // while it waited
	CauseEnded       = "ended"        // while it ran
)

// End ends a conversation for everybody. One that waits is closed as abandoned,
// its outcome says how, and its offer is rescinded (visitor_left); of one that
// runs the agents' slots go to wrap-up, for wrapMs (0 or less: without limit),
// and its call and co-browse session end with it, as does what its agents asked
// of colleagues. An enquiry is closed without wrap-up. What is found decides, not
// what the caller saw: CauseEnded of one that waits is kept as CauseVisitorLeft,
// and the other way round. The slots are returned as they are then.
// CodeWrongState when it had ended before.
func (s *Store) End(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID, by protocol.Author,
	actor string, op protocol.Op, cause string, wrapMs int64,
) (Conversation, []Slot, error) {
	cmd := command{workspace, actor, op, []any{"end", conv}}
	c, err := s.change(ctx, cmd, conv, func(ctx context.Context, t *tx, c *Conversation) ([]string, error) {
		switch c.State {
		case protocol.StateQueued:
			if cause == CauseEnded {
				cause = CauseVisitorLeft
			}
			return abandon(ctx, t, c, s.visitorAway, by, actor, cause)
		case protocol.StateActive:
			if cause == CauseVisitorLeft {
				cause = CauseEnded
			}
			return endActive(ctx, t, c, by, actor, cause, wrapMs)
		default:
			return nil, protocol.NewError(protocol.CodeWrongState, "This conversation has already ended.")
		}
	})
	if err != nil {
		return Conversation{}, nil, fmt.Errorf("end: %w", err)
	}
	if len(c.Touched) > 0 { // not when it was repeated
		s.endings.over(c.Outcome)
	}
	slots, err := s.SlotsOf(ctx, workspace, conv)
	return c, slots, err
}

// abandon closes a waiting conversation. Who is ended by the system as
// abandoned has left away ms before, for which the server kept the place.
func abandon(ctx context.Context, t *tx, c *Conversation, away int64, by protocol.Author, actor, cause string) ([]string, error) {
	now, err := t.time(ctx)
	if err != nil {
		return nil, err
	}
	leftAt := now
	if actor == systemActor && cause == CauseAbandoned {
		leftAt -= away
	}
	outcome, err := abandonment(ctx, t, c, leftAt)
	if err != nil {
		return nil, err
	}
	actors := []string{visitorActor(c.Visitor)}
	rung, err := rescind(ctx, t, c, "", CauseVisitorLeft)
	if err != nil {
		return nil, err
	}
	actors = append(actors, rung...)
	c.State, c.Outcome, c.Ended, c.TurnSince = protocol.StateClosed, outcome, now, 0
	left := Entry{
		Kind: protocol.EntryLeftQueue, Audience: protocol.AudienceAll, Author: by, Actor: actor, Body: protocol.EntryBody{Cause: cause},
	}
	return actors, addEntries(ctx, t, c, left)
}

// usualShort is how soon after asking leaving is short where the workspace does
// not say; ms.
const usualShort = 5000

// abandonment is the outcome of a conversation whose visitor left at a time.
// Who has talked with somebody before has not left soon.
func abandonment(ctx context.Context, t *tx, c *Conversation, leftAt int64) (string, error) {
	raw, _, err := one(ctx, t, scanString, `SELECT settings FROM workspaces WHERE id = $1`, c.Workspace)
	if err != nil {
		return "", fmt.Errorf("read settings: %w", err)
	}
	var settings Settings
	if err := fromJSON(raw, &settings); err != nil {
		return "", err
	}
	short := settings.ShortAbandonMs
	if short == 0 {
		short = usualShort
	}
	if short > 0 && c.Started == 0 && leftAt-c.Asked < short {
		return ConversationAbandonedShort, nil
	}
	asked, _, err := one(ctx, t, scanInt, `SELECT COUNT(*) FROM offers WHERE workspace = $1 AND conversation = $2 AND request = '' AND offered <= $3
		AND (outcome IS NULL OR settled > $3)`, c.Workspace, c.ID, leftAt)
	if err != nil {
		return "", fmt.Errorf("look for offers: %w", err)
	}
	if asked > 0 {
		return ConversationAbandonedOffered, nil
	}
	return ConversationAbandoned, nil
}

func endActive(ctx context.Context, t *tx, c *Conversation, by protocol.Author, actor, cause string, wrapMs int64) ([]string, error) {
	now, err := t.time(ctx)
	if err != nil {
		return nil, err
	}
	if c.Kind == KindConsult {
		return endConsult(ctx, t, c, cause)
	}
	if err := endSteps(ctx, t, c, by, actor, "conversation_ended"); err != nil {
		return nil, err
	}
	asked, err := endTeam(ctx, t, c, "", "conversation_ended")
	if err != nil {
		return nil, err
	}
	until := int64(0)
	if wrapMs > 0 {
		until = now + wrapMs
	}
	slots, err := slotsOf(ctx, t, c.Workspace, c.ID)
	if err != nil {
		return nil, err
	}
	for _, l := range slots {
		done := l
		done.State, done.Since, done.WrapUntil, done.WakeUntil, done.Cost = protocol.SlotWrapUp, now, until, 0, l.Whole
		if err := reweigh(ctx, t, c.Workspace, l, &done); err != nil {
			return nil, fmt.Errorf("wrap up: %w", err)
		}
	}
	actors := append(audience(c, slots), asked...)
	c.State, c.Outcome, c.Ended, c.TurnSince, c.ReplyDue = protocol.StateEnded, ConversationEnded, now, 0, 0
	if len(slots) == 0 {
		c.State = protocol.StateClosed
	}
	ended := Entry{
		Kind: protocol.EntryEnded, Audience: protocol.AudienceAll, Author: by, Actor: actor,
		Body: protocol.EntryBody{By: by.Kind, Name: by.Name, Cause: cause},
	}
	return actors, addEntries(ctx, t, c, ended)
}

// Clear frees the agent's slot of an ended conversation (Clear card). With the
// last slot the conversation is closed. CodeWrongState unless it is in wrap-up.
func (s *Store) Clear(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID, conv protocol.ConversationID, op protocol.Op) (Conversation, error) {
	cmd := command{workspace, agentActor(agent), op, []any{"clear", conv}}
	c, err := s.change(ctx, cmd, conv, func(ctx context.Context, t *tx, c *Conversation) ([]string, error) {
		return clearSlot(ctx, t, c, agent, "agent")
	})
	if err != nil {
		return Conversation{}, fmt.Errorf("clear: %w", err)
	}
	return c, nil
}

func clearSlot(ctx context.Context, t *tx, c *Conversation, agent protocol.AgentID, cause string) ([]string, error) {
	slots, err := slotsOf(ctx, t, c.Workspace, c.ID)
	if err != nil {
		return nil, err
	}
	rest := 0
	var mine *Slot
	for i, l := range slots {
		if l.Agent == agent {
			mine = &slots[i]
		} else {
			rest++
		}
	}
	if mine == nil || mine.State != protocol.SlotWrapUp {
		return nil, protocol.NewError(protocol.CodeWrongState, "There is no wrap-up to clear. End the conversation first.")
	}
	if err := freeSlot(ctx, t, c.Workspace, *mine); err != nil {
		return nil, err
	}
	actors := []string{agentActor(agent)}
	if rest == 0 && c.State == protocol.StateEnded {
		c.State = protocol.StateClosed
		actors = append(actors, visitorActor(c.Visitor))
	}
	e, err := agentEntry(ctx, t, c.Workspace, agent, protocol.EntryCleared, protocol.AudienceAgents, cause)
	if err != nil {
		return nil, err
	}
	if cause != "agent" {
		e.Author, e.Actor = protocol.Author{Kind: protocol.KindSystem}, systemActor
	}
	return actors, addEntries(ctx, t, c, e)
}

// ExpireWrapUps frees the slots whose wrap-up has lasted to its limit, one
// transaction each, and returns them. What failed is left for the next time;
// the error tells of the first failure.
func (s *Store) ExpireWrapUps(ctx context.Context, workspace protocol.WorkspaceID, now int64) ([]Slot, error) {
	due, err := listSlots(ctx, s.db.reader(), `WHERE workspace = $1 AND state = 'wrap_up' AND wrap_until > 0 AND wrap_until <= $2 ORDER BY wrap_until`, workspace, now)
	if err != nil {
		return nil, err
	}
	var freed []Slot
	for _, l := range due {
		_, err := s.change(ctx, command{workspace: workspace}, l.Conversation, func(ctx context.Context, t *tx, c *Conversation) ([]string, error) {
			return clearSlot(ctx, t, c, l.Agent, "expired")
		})
		if e, known := protocol.AsError(err); err != nil && known && e.Code == protocol.CodeWrongState {
			continue // cleared by the agent meanwhile
		}
		if err != nil {
			return freed, fmt.Errorf("expire wrap-up: %w", err)
		}
		freed = append(freed, l)
	}
	return freed, nil
}
