package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// asked is the ledger's result of Ask.
type asked struct {
	Conversation protocol.ConversationID
}

// Ask makes a conversation with its first message (entry 1) and its request
// (entry 2), in state queued. The returned entry is the message. The same op
// again gives the conversation as it is now; existed is then true.
// CodeUnauthenticated when the visitor's token has been ended; CodeFull when one of the limits is reached: of any number that ask at once, so many as
// there is room for are taken.
func (s *Store) Ask(ctx context.Context, in AskIn) (c Conversation, message Entry, existed bool, err error) {
	c, message, existed, err = s.ask(ctx, in, askCommand(in), func(ctx context.Context, t *tx, c *Conversation) (asked, error) {
		return ask(ctx, t, in, c)
	})
	if err != nil {
		return c, message, false, fmt.Errorf("ask: %w", err)
	}
	return c, message, existed, nil
}

// ask makes a conversation once, by fn.
func (s *Store) ask(ctx context.Context, in AskIn, cmd command, fn func(context.Context, *tx, *Conversation) (asked, error)) (Conversation, Entry, bool, error) {
	type result struct {
		c       Conversation
		message Entry
		existed bool
	}
	r, err := write(ctx, s, func(ctx context.Context, t *tx) (r result, err error) {
		asked, existed, err := once(ctx, t, cmd, func() (asked, error) { return fn(ctx, t, &r.c) })
		if err != nil {
			return r, err
		}
		r.existed = existed
		if existed {
			if r.c, err = conversation(ctx, t, in.Workspace, asked.Conversation, ""); err != nil {
				return r, err
			}
		}
		r.message, _, err = one(ctx, t, scanEntry, `SELECT `+entryColumns+` FROM entries WHERE workspace = $1 AND conversation = $2 AND seq = 1`,
			in.Workspace, r.c.ID)
		return r, err
	})
	return r.c, r.message, r.existed, err
}

// askCommand is what the visitor asked, without what the server added.
func askCommand(in AskIn) command {
	op := in.Op
	in.Op, in.Author, in.MaxOpen = "", protocol.Author{}, 0
	return command{workspace: in.Workspace, actor: visitorActor(in.Visitor), op: op, asked: []any{"ask", in}}
}

// asking is the conversation that is asked for, waiting.
func asking(in AskIn, now int64) Conversation {
	c := Conversation{
		ID: protocol.NewID[protocol.ConversationID](), Workspace: in.Workspace, Site: in.Site, Visitor: in.Visitor, Queue: in.Queue,
		State: protocol.StateQueued, Name: storable(in.Name), Email: storable(in.Email), Verified: in.Verified, Form: in.Form,
		First: storable(in.Text), Asked: now, TurnSince: now, Medium: in.Medium, Previous: in.Previous, Sticky: in.Sticky, Boost: in.Boost,
	}
	if c.Medium == "" {
		c.Medium = MediumChat
	}
	return c
}

func firstMessage(in AskIn) Entry {
	return Entry{
		Kind: protocol.EntryMessage, Audience: protocol.AudienceAll, Author: in.Author, Actor: visitorActor(in.Visitor), Op: in.Op,
		Body: protocol.EntryBody{Text: in.Text},
	}
}

// openQueue is the name of the queue that is asked for.
func openQueue(ctx context.Context, t *tx, in AskIn) (string, error) {
	queue, found, err := one(ctx, t, scanString, `SELECT name FROM queues WHERE workspace = $1 AND id = $2 AND disabled = 0`, in.Workspace, in.Queue)
	if err == nil && !found {
		err = protocol.NewError(protocol.CodeInvalid, "There is no such queue. Ask in another one.")
	}
	return queue, err
}

func ask(ctx context.Context, t *tx, in AskIn, c *Conversation) (asked, error) {
	now, err := t.time(ctx)
	if err != nil {
		return asked{}, err
	}
	queue, err := openQueue(ctx, t, in)
	if err != nil {
		return asked{}, err
	}
	if err := countOpen(ctx, t, in); err != nil {
		return asked{}, err
	}
	if err := countLimits(ctx, t, in); err != nil {
		return asked{}, err
	}
	*c = asking(in, now)
	if err := insertConversation(ctx, t, *c); err != nil {
		return asked{}, err
	}
	actor := visitorActor(in.Visitor)
	request := Entry{Kind: protocol.EntryAsked, Audience: protocol.AudienceAll, Author: in.Author, Actor: actor, Body: protocol.EntryBody{Queue: queue}}
	if err := addEntries(ctx, t, c, firstMessage(in), request); err != nil {
		return asked{}, err
	}
	if err := saveConversation(ctx, t, *c); err != nil {
		return asked{}, err
	}
	c.Touched, err = t.touch(ctx, in.Workspace, actor)
	return asked{c.ID}, err
}

// countOpen counts what the visitor has open. The visitor's row is locked, so that
// two that ask at once are counted one after the other, and one that crosses the
// end of the visitor's token comes before it or is refused.
func countOpen(ctx context.Context, t *tx, in AskIn) error {
	if in.MaxOpen == 0 {
		return nil
	}
	token, _, err := one(ctx, t, scanString, `SELECT token_hash FROM visitors WHERE workspace = $1 AND id = $2`+t.lock, in.Workspace, in.Visitor)
	if err != nil {
		return err
	}
	if token == string(in.Visitor) { // as EndVisitor leaves it
		return errNoVisit()
	}
	open, _, err := one(ctx, t, scanInt,
		`SELECT COUNT(*) FROM conversations WHERE workspace = $1 AND visitor = $2 AND state IN ('queued', 'active')`, in.Workspace, in.Visitor)
	if err != nil {
		return err
	}
	if open >= int64(in.MaxOpen) {
		return protocol.NewError(protocol.CodeWrongState, "Your conversation is still open. Please write there, or end it first.")
	}
	return nil
}

func insertConversation(ctx context.Context, t *tx, c Conversation) error {
	form, err := toJSON(c.Form)
	if err != nil {
		return err
	}
	values := []any{
		c.ID, c.Workspace, c.Site, c.Visitor, c.Queue, c.State, c.Outcome, c.Owner, 0, 0, c.Name, c.Email, number(c.Verified), form, c.First, c.Asked,
		c.Started, c.Ended, c.TurnSince, 0, 0, 0, 0, 0, c.Kind, c.Parent, c.Previous, c.Medium, c.Boost, c.Sticky, 0, c.Missed, 0, 0, 0,
	}
	if _, err = t.exec(ctx, `INSERT INTO conversations (`+conversationColumns+`) VALUES (`+places(len(values))+`)`, values...); err != nil {
		return fmt.Errorf("insert conversation: %w", err)
	}
	return nil
}
