package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

const cobrowseColumns = `id, conversation, agent, agent_name, state, asked, started, ended, cause`

func scanCobrowse(row scanner) (b Cobrowse, err error) {
	err = row.Scan(&b.ID, &b.Conversation, &b.Agent, &b.AgentName, &b.State, &b.Asked, &b.Started, &b.Ended, &b.Cause)
	return b, err
}

func readCobrowse(ctx context.Context, x executor, workspace protocol.WorkspaceID, id protocol.CobrowseID) (Cobrowse, error) {
	b, found, err := one(ctx, x, scanCobrowse, `SELECT `+cobrowseColumns+` FROM cobrowses WHERE workspace = $1 AND id = $2`, workspace, id)
	if err == nil && !found {
		err = protocol.NewError(protocol.CodeNotFound, "There is no such co-browse session.")
	}
	return b, err
}

func liveCobrowses(ctx context.Context, x executor, workspace protocol.WorkspaceID, conv protocol.ConversationID) ([]Cobrowse, error) {
	return all(ctx, x, scanCobrowse,
		`SELECT `+cobrowseColumns+` FROM cobrowses WHERE workspace = $1 AND conversation = $2 AND state IN ('asked', 'running')`, workspace, conv)
}

// Cobrowse finds a session, live or ended, or fails with CodeNotFound.
func (s *Store) Cobrowse(ctx context.Context, workspace protocol.WorkspaceID, id protocol.CobrowseID) (Cobrowse, error) {
	b, err := readCobrowse(ctx, s.db.reader(), workspace, id)
	if err != nil {
		return Cobrowse{}, fmt.Errorf("read co-browse session: %w", err)
	}
	return b, nil
}

// CobrowsesOf lists the session of a conversation that is asked for or runs: one or none.
func (s *Store) CobrowsesOf(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID) ([]Cobrowse, error) {
	list, err := liveCobrowses(ctx, s.db.reader(), workspace, conv)
	if err != nil {
		return nil, fmt.Errorf("list co-browse sessions: %w", err)
	}
	return list, nil
}

// onCobrowse runs fn once on a session whose conversation is locked.
func (s *Store) onCobrowse(ctx context.Context, cmd command, id protocol.CobrowseID, fn func(context.Context, *tx, *Conversation, *Cobrowse) error) (Cobrowse, error) {
	b, err := s.Cobrowse(ctx, cmd.workspace, id)
	if err != nil {
		return Cobrowse{}, err
	}
	c, err := s.change(ctx, cmd, b.Conversation, func(ctx context.Context, t *tx, c *Conversation) ([]string, error) {
		now, err := readCobrowse(ctx, t, cmd.workspace, id)
		if err != nil {
			return nil, err
		}
		if err := fn(ctx, t, c, &now); err != nil {
			return nil, err
		}
		return audienceOf(ctx, t, c)
	})
	if err != nil {
		return Cobrowse{}, err
	}
	b, err = s.Cobrowse(ctx, cmd.workspace, id)
	b.Touched = c.Touched
	return b, err
}

// AskCobrowse asks the visitor to show the page. CodeWrongState when a session
// is asked for or runs, or the conversation does not run.
func (s *Store) AskCobrowse(ctx context.Context, in AskCobrowseIn) (Cobrowse, error) {
	id := protocol.NewID[protocol.CobrowseID]()
	actor := agentActor(in.Agent)
	cmd := command{in.Workspace, actor, in.Op, []any{"ask cobrowse", in.Conversation}}
	c, err := s.begin(ctx, cmd, in.Conversation, string(id), func(ctx context.Context, t *tx, c *Conversation) error {
		live, err := liveCobrowses(ctx, t, in.Workspace, in.Conversation)
		if err != nil {
			return err
		}
		if len(live) > 0 {
			return errStepLive("a co-browse session")
		}
		now, err := t.time(ctx)
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO cobrowses (`+cobrowseColumns+`, workspace) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, '', $7)`,
			id, in.Conversation, in.Agent, in.Author.Name, StepAsked, now, in.Workspace)
		if err != nil {
			return err
		}
		return addEntries(ctx, t, c, Entry{
			Kind: protocol.EntryCobrowseAsked, Audience: protocol.AudienceAll, Author: in.Author, Actor: actor,
			Body: protocol.EntryBody{Cobrowse: id, Name: in.Author.Name},
		})
	})
	if err != nil {
		return Cobrowse{}, fmt.Errorf("ask for co-browsing: %w", err)
	}
	b, err := s.Cobrowse(ctx, in.Workspace, protocol.CobrowseID(c.made))
	b.Touched = c.touched
	return b, err
}

// AnswerCobrowse allows, with a consent in the ledger, or refuses. CodeExpired
// when the question no longer stands.
func (s *Store) AnswerCobrowse(ctx context.Context, in AnswerCobrowseIn) (Cobrowse, error) {
	cmd := command{in.Workspace, in.Actor, in.Op, []any{"answer cobrowse", in.Cobrowse, in.Allow}}
	b, err := s.onCobrowse(ctx, cmd, in.Cobrowse, func(ctx context.Context, t *tx, c *Conversation, b *Cobrowse) error {
		now, err := t.time(ctx)
		if err != nil {
			return err
		}
		to, kind, started, ended := StepRefused, protocol.EntryCobrowseRefused, int64(0), now
		if in.Allow {
			to, kind, started, ended = StepRunning, protocol.EntryCobrowseAllowed, now, 0
		}
		n, err := t.exec(ctx, `UPDATE cobrowses SET state = $3, started = $4, ended = $5 WHERE workspace = $1 AND id = $2 AND state = 'asked'`,
			in.Workspace, in.Cobrowse, to, started, ended)
		if err != nil {
			return err
		}
		if n == 0 {
			return errStepOver()
		}
		if in.Allow {
			if err := allow(ctx, t, c, string(b.ID), "cobrowse", in.Actor); err != nil {
				return err
			}
		}
		return addEntries(ctx, t, c, Entry{
			Kind: kind, Audience: protocol.AudienceAll, Author: in.Author, Actor: in.Actor,
			Body: protocol.EntryBody{Cobrowse: b.ID, Name: b.AgentName},
		})
	})
	if err != nil {
		return Cobrowse{}, fmt.Errorf("answer co-browsing: %w", err)
	}
	return b, nil
}

// EndCobrowse ends a session and revokes its consent. CodeExpired when it had ended before.
func (s *Store) EndCobrowse(ctx context.Context, workspace protocol.WorkspaceID, id protocol.CobrowseID, by protocol.Author, actor string, op protocol.Op, cause string) (Cobrowse, error) {
	cmd := command{workspace, actor, op, []any{"end cobrowse", id}}
	b, err := s.onCobrowse(ctx, cmd, id, func(ctx context.Context, t *tx, c *Conversation, b *Cobrowse) error {
		return endCobrowse(ctx, t, c, b, by, actor, cause)
	})
	if err != nil {
		return Cobrowse{}, fmt.Errorf("end co-browsing: %w", err)
	}
	return b, nil
}

func endCobrowse(ctx context.Context, t *tx, c *Conversation, b *Cobrowse, by protocol.Author, actor, cause string) error {
	now, err := t.time(ctx)
	if err != nil {
		return err
	}
	n, err := t.exec(ctx, `UPDATE cobrowses SET state = 'ended', ended = $3, cause = $4 WHERE workspace = $1 AND id = $2 AND state IN ('asked', 'running')`,
		c.Workspace, b.ID, now, storable(cause))
	if err != nil {
		return err
	}
	if n == 0 {
		return errStepOver()
	}
	if err := revoke(ctx, t, c.Workspace, string(b.ID)); err != nil {
		return err
	}
	return addEntries(ctx, t, c, Entry{
		Kind: protocol.EntryCobrowseEnded, Audience: protocol.AudienceAll, Author: by, Actor: actor,
		Body: protocol.EntryBody{Cobrowse: b.ID, By: by.Kind, Cause: cause, Seconds: seconds(b.Started, now)},
	})
}
