package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

const callColumns = `id, conversation, media, state, asked_by, asked_by_name, node, asked, started, ended, cause`

func scanCall(row scanner) (c Call, err error) {
	err = row.Scan(&c.ID, &c.Conversation, &c.Media, &c.State, &c.AskedBy, &c.AskedByName, &c.Node, &c.Asked, &c.Started, &c.Ended, &c.Cause)
	return c, err
}

func scanParty(row scanner) (p Party, err error) {
	err = row.Scan(&p.Actor, &p.Side, &p.Name, &p.Ordinal, &p.Connection, &p.Here, &p.Audio, &p.Video)
	return p, err
}

func withParties(ctx context.Context, x executor, workspace protocol.WorkspaceID, calls []Call) ([]Call, error) {
	for i := range calls {
		var err error
		calls[i].Parties, err = all(ctx, x, scanParty, `SELECT actor, side, name, ordinal, connection, here, audio, video FROM call_parties
			WHERE workspace = $1 AND call = $2 ORDER BY ordinal`, workspace, calls[i].ID)
		if err != nil {
			return nil, err
		}
	}
	return calls, nil
}

func listCalls(ctx context.Context, x executor, workspace protocol.WorkspaceID, where string, args ...any) ([]Call, error) {
	calls, err := all(ctx, x, scanCall, `SELECT `+callColumns+` FROM calls WHERE workspace = $1 AND `+where, append([]any{workspace}, args...)...)
	if err != nil {
		return nil, err
	}
	return withParties(ctx, x, workspace, calls)
}

func readCall(ctx context.Context, x executor, workspace protocol.WorkspaceID, id protocol.CallID) (Call, error) {
	calls, err := listCalls(ctx, x, workspace, `id = $2`, id)
	if err != nil {
		return Call{}, err
	}
	if len(calls) == 0 {
		return Call{}, protocol.NewError(protocol.CodeNotFound, "There is no such call.")
	}
	return calls[0], nil
}

func liveCalls(ctx context.Context, x executor, workspace protocol.WorkspaceID, conv protocol.ConversationID) ([]Call, error) {
	return listCalls(ctx, x, workspace, `conversation = $2 AND state IN ('asked', 'running')`, conv)
}

// Call finds a call with its parties, live or ended, or fails with CodeNotFound.
func (s *Store) Call(ctx context.Context, workspace protocol.WorkspaceID, id protocol.CallID) (Call, error) {
	c, err := readCall(ctx, s.db.reader(), workspace, id)
	if err != nil {
		return Call{}, fmt.Errorf("read call: %w", err)
	}
	return c, nil
}

// CallsOf lists the call of a conversation that is asked for or runs: one or none.
func (s *Store) CallsOf(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID) ([]Call, error) {
	list, err := liveCalls(ctx, s.db.reader(), workspace, conv)
	if err != nil {
		return nil, fmt.Errorf("list calls: %w", err)
	}
	return list, nil
}

// CallsOfNode lists the calls that are asked for or run on a node: what a node
// that starts again has lost.
func (s *Store) CallsOfNode(ctx context.Context, workspace protocol.WorkspaceID, node protocol.NodeID) ([]Call, error) {
	list, err := listCalls(ctx, s.db.reader(), workspace, `node = $2 AND state IN ('asked', 'running') ORDER BY asked, id`, node)
	if err != nil {
		return nil, fmt.Errorf("list calls of node: %w", err)
	}
	return list, nil
}

// onCall runs fn once on a call whose conversation is locked.
func (s *Store) onCall(ctx context.Context, cmd command, id protocol.CallID, fn func(context.Context, *tx, *Conversation, *Call) error) (Call, error) {
	call, err := s.Call(ctx, cmd.workspace, id)
	if err != nil {
		return Call{}, err
	}
	c, err := s.change(ctx, cmd, call.Conversation, func(ctx context.Context, t *tx, c *Conversation) ([]string, error) {
		now, err := readCall(ctx, t, cmd.workspace, id)
		if err != nil {
			return nil, err
		}
		if err := fn(ctx, t, c, &now); err != nil {
			return nil, err
		}
		return audienceOf(ctx, t, c)
	})
	if err != nil {
		return Call{}, err
	}
	call, err = s.Call(ctx, cmd.workspace, id)
	call.Touched = c.Touched
	return call, err
}

// AskCall asks the other side for a call on a node. CodeWrongState when one is
// asked for or runs, or the conversation does not run.
func (s *Store) AskCall(ctx context.Context, in AskCallIn) (Call, error) {
	id := protocol.NewID[protocol.CallID]()
	cmd := command{in.Workspace, in.Actor, in.Op, []any{"ask call", in.Conversation, in.Media}}
	b, err := s.begin(ctx, cmd, in.Conversation, string(id), func(ctx context.Context, t *tx, c *Conversation) error {
		live, err := liveCalls(ctx, t, in.Workspace, in.Conversation)
		if err != nil {
			return err
		}
		if len(live) > 0 {
			return errStepLive("a call")
		}
		now, err := t.time(ctx)
		if err != nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO calls (`+callColumns+`, workspace, next_ordinal) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, '', $9, 1)`,
			id, in.Conversation, in.Media, StepAsked, in.Author.Kind, in.Author.Name, in.Node, now, in.Workspace)
		if err != nil {
			return err
		}
		return addEntries(ctx, t, c, callEntry(protocol.EntryCallAsked, in.Author, in.Actor, Call{ID: id, Media: in.Media}, "", 0))
	})
	if err != nil {
		return Call{}, fmt.Errorf("ask for a call: %w", err)
	}
	call, err := s.Call(ctx, in.Workspace, protocol.CallID(b.made))
	call.Touched = b.touched
	return call, err
}

func callEntry(kind protocol.EntryKind, by protocol.Author, actor string, c Call, cause string, took int64) Entry {
	return Entry{
		Kind: kind, Audience: protocol.AudienceAll, Author: by, Actor: actor,
		Body: protocol.EntryBody{Call: c.ID, Media: c.Media, By: by.Kind, Cause: cause, Seconds: took},
	}
}

// AnswerCall allows, with a consent in the ledger, or refuses. CodeExpired
// when the question no longer stands.
func (s *Store) AnswerCall(ctx context.Context, in AnswerCallIn) (Call, error) {
	cmd := command{in.Workspace, in.Actor, in.Op, []any{"answer call", in.Call, in.Allow, in.Cause}}
	call, err := s.onCall(ctx, cmd, in.Call, func(ctx context.Context, t *tx, c *Conversation, call *Call) error {
		now, err := t.time(ctx)
		if err != nil {
			return err
		}
		to, kind, started, ended := StepRefused, protocol.EntryCallRefused, int64(0), now
		if in.Allow {
			to, kind, started, ended = StepRunning, protocol.EntryCallAllowed, now, 0
		}
		n, err := t.exec(ctx, `UPDATE calls SET state = $3, started = $4, ended = $5, cause = $6 WHERE workspace = $1 AND id = $2 AND state = 'asked'`,
			in.Workspace, in.Call, to, started, ended, storable(in.Cause))
		if err != nil {
			return err
		}
		if n == 0 {
			return errStepOver()
		}
		if in.Allow {
			if err := allow(ctx, t, c, string(call.ID), string(call.Media), in.Actor); err != nil {
				return err
			}
		}
		return addEntries(ctx, t, c, callEntry(kind, in.Author, in.Actor, *call, in.Cause, 0))
	})
	if err != nil {
		return Call{}, fmt.Errorf("answer call: %w", err)
	}
	return call, nil
}

// EndCall ends a call for everybody and revokes its consent. CodeExpired when it had ended before.
func (s *Store) EndCall(ctx context.Context, workspace protocol.WorkspaceID, id protocol.CallID, by protocol.Author, actor string, op protocol.Op, cause string) (Call, error) {
	cmd := command{workspace, actor, op, []any{"end call", id}}
	call, err := s.onCall(ctx, cmd, id, func(ctx context.Context, t *tx, c *Conversation, call *Call) error {
		return endCall(ctx, t, c, call, by, actor, cause)
	})
	if err != nil {
		return Call{}, fmt.Errorf("end call: %w", err)
	}
	return call, nil
}

func endCall(ctx context.Context, t *tx, c *Conversation, call *Call, by protocol.Author, actor, cause string) error {
	now, err := t.time(ctx)
	if err != nil {
		return err
	}
	n, err := t.exec(ctx, `UPDATE calls SET state = 'ended', ended = $3, cause = $4 WHERE workspace = $1 AND id = $2 AND state IN ('asked', 'running')`,
		c.Workspace, call.ID, now, storable(cause))
	if err != nil {
		return err
	}
	if n == 0 {
		return errStepOver()
	}
	if _, err := t.exec(ctx, `UPDATE call_parties SET here = 0 WHERE workspace = $1 AND call = $2`, c.Workspace, call.ID); err != nil {
		return err
	}
	if err := revoke(ctx, t, c.Workspace, string(call.ID)); err != nil {
		return err
	}
	return addEntries(ctx, t, c, callEntry(protocol.EntryCallEnded, by, actor, *call, cause, seconds(call.Started, now)))
}
