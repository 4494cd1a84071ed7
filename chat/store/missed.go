package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// ConversationMissed is the outcome of a message that was left instead of waiting.
const ConversationMissed = "missed"

// LeaveMessage makes a conversation that is over from its first moment: a
// message (entry 1) that was left, and why (entry 2). Limits do not count. The
// same op again gives the conversation; existed is then true.
func (s *Store) LeaveMessage(ctx context.Context, in AskIn, why string) (c Conversation, message Entry, existed bool, err error) {
	cmd := askCommand(in)
	cmd.asked = []any{"leave message", cmd.asked}
	c, message, existed, err = s.ask(ctx, in, cmd, func(ctx context.Context, t *tx, c *Conversation) (asked, error) {
		return leaveMessage(ctx, t, in, why, c)
	})
	if err != nil {
		return c, message, false, fmt.Errorf("leave message: %w", err)
	}
	return c, message, existed, nil
}

func leaveMessage(ctx context.Context, t *tx, in AskIn, why string, c *Conversation) (asked, error) {
	if _, err := openQueue(ctx, t, in); err != nil {
		return asked{}, err
	}
	now, err := t.time(ctx)
	if err != nil {
		return asked{}, err
	}
	*c = asking(in, now)
	c.State, c.Outcome, c.Missed, c.Ended, c.TurnSince = protocol.StateClosed, ConversationMissed, why, now, 0
	if err := insertConversation(ctx, t, *c); err != nil {
		return asked{}, err
	}
	missed := Entry{
		Kind: protocol.EntryMissed, Audience: protocol.AudienceAll, Author: in.Author, Actor: visitorActor(in.Visitor), Body: protocol.EntryBody{Cause: why},
	}
	if err := addEntries(ctx, t, c, firstMessage(in), missed); err != nil {
		return asked{}, err
	}
	if err := saveConversation(ctx, t, *c); err != nil {
		return asked{}, err
	}
	c.Touched, err = t.touch(ctx, in.Workspace, visitorActor(in.Visitor))
	return asked{c.ID}, err
}

// Abandon closes a waiting conversation as missed: its messages stay for later,
// why says the reason. Offers that ring for it are rescinded. actor is its
// visitor or the system. CodeWrongState when it does not wait.
func (s *Store) Abandon(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID, op protocol.Op, actor, why string) (Conversation, error) {
	cmd := command{workspace, actor, op, []any{"abandon", conv}}
	c, err := s.change(ctx, cmd, conv, func(ctx context.Context, t *tx, c *Conversation) ([]string, error) {
		if c.State != protocol.StateQueued {
			return nil, protocol.NewError(protocol.CodeWrongState, "This conversation does not wait.")
		}
		by, cause := protocol.Author{Kind: protocol.KindSystem}, "closed"
		if actor == visitorActor(c.Visitor) {
			by, cause = protocol.Author{Kind: protocol.KindVisitor, ID: string(c.Visitor), Name: c.Name}, CauseVisitorLeft
		}
		actors, err := rescind(ctx, t, c, "", cause)
		if err != nil {
			return nil, err
		}
		now, err := t.time(ctx)
		if err != nil {
			return nil, err
		}
		c.State, c.Outcome, c.Missed, c.Ended, c.TurnSince = protocol.StateClosed, ConversationMissed, why, now, 0
		missed := Entry{Kind: protocol.EntryMissed, Audience: protocol.AudienceAll, Author: by, Actor: actor, Body: protocol.EntryBody{Cause: why}}
		return append(actors, visitorActor(c.Visitor)), addEntries(ctx, t, c, missed)
	})
	if err != nil {
		return Conversation{}, fmt.Errorf("abandon: %w", err)
	}
	return c, nil
}

// Introduce notes who an answer can go to, of a conversation that its visitor
// still waits in. What is empty stays as it is, and nothing that was typed
// replaces what the site has signed. It is the same however often it is done.
func (s *Store) Introduce(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID, name, email string) error {
	_, err := write(ctx, s, func(ctx context.Context, t *tx) (int64, error) {
		return t.exec(ctx, `UPDATE conversations SET name = CASE WHEN $3 = '' THEN name ELSE $3 END, email = CASE WHEN $4 = '' THEN email ELSE $4 END
			WHERE workspace = $1 AND id = $2 AND state = 'queued' AND verified = 0`, workspace, conv, storable(name), storable(email))
	})
	if err != nil {
		return fmt.Errorf("introduce: %w", err)
	}
	return nil
}
