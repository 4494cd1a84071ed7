package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

func scanParty(row scanner) (p Party, err error) {
	err = row.Scan(&p.Actor, &p.Side, &p.Name, &p.Ordinal, &p.Connection, &p.Here, &p.Audio, &p.Video)
	return p, err
}

func withParties(ctx context.Context, x executor, workspace protocol.WorkspaceID, calls []Call) error {
	for i := range calls {
		var err error
		calls[i].Parties, err = all(ctx, x, scanParty, `SELECT actor, side, name, ordinal, connection, here, audio, video FROM call_parties
			WHERE workspace = $1 AND call = $2 ORDER BY ordinal`, workspace, calls[i].ID)
		if err != nil {
			return fmt.Errorf("read parties: %w", err)
		}
	}
	return nil
}

// partiesGone notes that nobody is in a call any more.
func partiesGone(ctx context.Context, t *tx, workspace protocol.WorkspaceID, id protocol.CallID) error {
	if _, err := t.exec(ctx, `UPDATE call_parties SET here = 0 WHERE workspace = $1 AND call = $2`, workspace, id); err != nil {
		return fmt.Errorf("empty call: %w", err)
	}
	return nil
}

// JoinCall puts a party into a live call, or gives the one that is in it
// already its new connection and media. The visitor has ordinal 0, agents the
// next free one; that of an agent who has left is given again when no other is
// left. Who joins anew by itself gives the connections that it has had: when the
// leg is of neither these nor its own it stays so, with CodeWrongState.
// CodeExpired when the call has ended, CodeFull when protocol.MaxParties are in it.
func (s *Store) JoinCall(ctx context.Context, workspace protocol.WorkspaceID, id protocol.CallID, p Party, had ...protocol.ConnectionID) (Call, Party, error) {
	call, err := callKind.change(ctx, s, command{workspace: workspace}, id, func(ctx context.Context, t *tx, _ *Conversation, call *Call) error {
		if !call.Live() {
			return errStepOver()
		}
		if len(had) > 0 && call.takenFrom(p, had) {
			return protocol.NewError(protocol.CodeWrongState, "This call runs in another tab of yours.")
		}
		n, err := t.exec(ctx, `UPDATE call_parties SET name = $4, connection = $5, here = $6, audio = $7, video = $8
			WHERE workspace = $1 AND call = $2 AND actor = $3`,
			workspace, id, p.Actor, storable(p.Name), p.Connection, number(p.Here), number(p.Audio), number(p.Video))
		if err != nil || n > 0 {
			return err
		}
		if p.Ordinal, err = nextOrdinal(ctx, t, workspace, call, p.Side); err != nil {
			return err
		}
		_, err = t.exec(ctx, `INSERT INTO call_parties (call, workspace, actor, side, name, ordinal, connection, here, audio, video)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			id, workspace, p.Actor, p.Side, storable(p.Name), p.Ordinal, p.Connection, number(p.Here), number(p.Audio), number(p.Video))
		return err
	})
	if err != nil {
		return Call{}, Party{}, fmt.Errorf("join call: %w", err)
	}
	for _, in := range call.Parties {
		if in.Actor == p.Actor {
			return call, in, nil
		}
	}
	return Call{}, Party{}, fmt.Errorf("join call: the party is not in it")
}

// takenFrom says whether the party's leg is another page's than the one that
// joins, which has had those connections.
func (c *Call) takenFrom(p Party, had []protocol.ConnectionID) bool {
	return slices.ContainsFunc(c.Parties, func(in Party) bool {
		return in.Actor == p.Actor && in.Connection != "" && in.Connection != p.Connection && !slices.Contains(had, in.Connection)
	})
}

// nextOrdinal is one that nobody in the call has had, or, when all are given,
// that of an agent who has left. CodeFull when all are in.
func nextOrdinal(ctx context.Context, t *tx, workspace protocol.WorkspaceID, call *Call, side protocol.PrincipalKind) (int, error) {
	if side == protocol.KindVisitor {
		return 0, nil
	}
	if call.nextOrdinal < protocol.MaxParties {
		n, _, err := returning(ctx, t, scanInt, `UPDATE calls SET next_ordinal = next_ordinal + 1 WHERE workspace = $1 AND id = $2 RETURNING next_ordinal`, workspace, call.ID)
		return int(n) - 1, err
	}
	n, freed, err := returning(ctx, t, scanInt, `DELETE FROM call_parties WHERE workspace = $1 AND call = $2 AND ordinal =
		(SELECT min(ordinal) FROM call_parties WHERE workspace = $1 AND call = $2 AND side = $3 AND here = 0 AND connection = '') RETURNING ordinal`,
		workspace, call.ID, protocol.KindAgent)
	if err == nil && !freed {
		err = protocol.NewError(protocol.CodeFull, fmt.Sprintf("A call holds %d people. One of them has to leave it first.", protocol.MaxParties))
	}
	return int(n), err
}

// LeaveCall notes that a party's leg is gone. The party keeps its ordinal, for
// when it joins again, while there are others to give.
func (s *Store) LeaveCall(ctx context.Context, workspace protocol.WorkspaceID, id protocol.CallID, actor string) (Call, error) {
	return s.onParty(ctx, "leave call", workspace, id,
		`UPDATE call_parties SET here = 0, connection = '' WHERE workspace = $1 AND call = $2 AND actor = $3`, actor)
}

// MuteParty notes which of a party's media are on.
func (s *Store) MuteParty(ctx context.Context, workspace protocol.WorkspaceID, id protocol.CallID, actor string, audio, video bool) (Call, error) {
	return s.onParty(ctx, "mute", workspace, id,
		`UPDATE call_parties SET audio = $4, video = $5 WHERE workspace = $1 AND call = $2 AND actor = $3`, actor, number(audio), number(video))
}

// PartyHere notes whether a party's leg is connected.
func (s *Store) PartyHere(ctx context.Context, workspace protocol.WorkspaceID, id protocol.CallID, ordinal int, here bool) (Call, error) {
	return s.onParty(ctx, "note leg", workspace, id,
		`UPDATE call_parties SET here = $4 WHERE workspace = $1 AND call = $2 AND ordinal = $3`, ordinal, number(here))
}

func (s *Store) onParty(ctx context.Context, doing string, workspace protocol.WorkspaceID, id protocol.CallID, update string, args ...any) (Call, error) {
	call, err := callKind.change(ctx, s, command{workspace: workspace}, id, func(ctx context.Context, t *tx, _ *Conversation, _ *Call) error {
		n, err := t.exec(ctx, update, append([]any{workspace, id}, args...)...)
		if err == nil && n == 0 {
			err = protocol.NewError(protocol.CodeNotFound, "You are not in this call.")
		}
		return err
	})
	if err != nil {
		return Call{}, fmt.Errorf("%s: %w", doing, err)
	}
	return call, nil
}
