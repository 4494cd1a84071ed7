package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

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
