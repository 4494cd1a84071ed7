package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// endSteps ends what runs inside a locked conversation: its call and its
// co-browse session, with their entries and consents.
func endSteps(ctx context.Context, t *tx, c *Conversation, by protocol.Author, actor, cause string) error {
	calls, err := liveCalls(ctx, t, c.Workspace, c.ID)
	if err != nil {
		return err
	}
	for i := range calls {
		if err := endCall(ctx, t, c, &calls[i], by, actor, cause); err != nil {
			return err
		}
	}
	sessions, err := liveCobrowses(ctx, t, c.Workspace, c.ID)
	if err != nil {
		return err
	}
	for i := range sessions {
		if err := endCobrowse(ctx, t, c, &sessions[i], by, actor, cause); err != nil {
			return err
		}
	}
	return nil
}

// audienceOf lists the actors who see what happens in a conversation: its
// visitor and the agents with a slot in it.
func audienceOf(ctx context.Context, t *tx, c *Conversation) ([]string, error) {
	slots, err := slotsOf(ctx, t, c.Workspace, c.ID)
	if err != nil {
		return nil, err
	}
	actors := []string{visitorActor(c.Visitor)}
	for _, l := range slots {
		actors = append(actors, agentActor(l.Agent))
	}
	return actors, nil
}

// allow writes a consent into the ledger.
func allow(ctx context.Context, t *tx, c *Conversation, subject, kind, actor string) error {
	now, err := t.time(ctx)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO consents (subject, workspace, conversation, kind, actor, allowed, revoked) VALUES ($1, $2, $3, $4, $5, $6, 0)`,
		subject, c.Workspace, c.ID, kind, actor, now)
	if err != nil {
		return fmt.Errorf("write consent: %w", err)
	}
	return nil
}

// revoke ends a consent. One that was never given is no error.
func revoke(ctx context.Context, t *tx, workspace protocol.WorkspaceID, subject string) error {
	now, err := t.time(ctx)
	if err != nil {
		return err
	}
	if _, err = t.exec(ctx, `UPDATE consents SET revoked = $3 WHERE workspace = $1 AND subject = $2 AND revoked = 0`, workspace, subject, now); err != nil {
		return fmt.Errorf("revoke consent: %w", err)
	}
	return nil
}

func scanConsent(row scanner) (c Consent, err error) {
	err = row.Scan(&c.Subject, &c.Conversation, &c.Kind, &c.Actor, &c.Allowed, &c.Revoked)
	return c, err
}

// Consents lists what was allowed in a conversation, oldest first.
func (s *Store) Consents(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID) ([]Consent, error) {
	list, err := all(ctx, s.db.reader(), scanConsent,
		`SELECT subject, conversation, kind, actor, allowed, revoked FROM consents WHERE workspace = $1 AND conversation = $2 ORDER BY allowed, subject`,
		workspace, conv)
	if err != nil {
		return nil, fmt.Errorf("list consents: %w", err)
	}
	return list, nil
}

func seconds(from, to int64) int64 {
	if from == 0 || to <= from {
		return 0
	}
	return (to - from) / 1000
}

func errStepOver() error {
	return protocol.NewError(protocol.CodeExpired, "This has already ended. Ask again.")
}

func errStepLive(what string) error {
	return protocol.NewError(protocol.CodeWrongState, "There is already "+what+" in this conversation.")
}

func errNotRunning() error {
	return protocol.NewError(protocol.CodeWrongState, "This needs a running conversation.")
}

// begun is the ledger's result of asking for a step.
type begun struct {
	made    string
	touched []string
}

// begin runs fn once on a locked, running conversation, to make the step id.
// When the command was carried out before, made is the id it had then.
func (s *Store) begin(ctx context.Context, cmd command, conv protocol.ConversationID, id string, fn func(context.Context, *tx, *Conversation) error) (begun, error) {
	return write(ctx, s, func(ctx context.Context, t *tx) (b begun, err error) {
		c, err := conversation(ctx, t, cmd.workspace, conv, t.lock)
		if err != nil {
			return b, err
		}
		b.made, _, err = once(ctx, t, cmd, func() (string, error) {
			if c.State != protocol.StateActive {
				return "", errNotRunning()
			}
			if err := fn(ctx, t, &c); err != nil {
				return "", err
			}
			if err := saveConversation(ctx, t, c); err != nil {
				return "", err
			}
			actors, err := audienceOf(ctx, t, &c)
			if err != nil {
				return "", err
			}
			b.touched, err = t.touch(ctx, cmd.workspace, actors...)
			return id, err
		})
		return b, err
	})
}
