package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// appended is the ledger's result of Append.
type appended struct {
	ID         protocol.EntryID
	Seq        int64
	VisitorSeq int64
	At         int64
}

func scanSeqs(row scanner) (seqs [2]int64, err error) {
	err = row.Scan(&seqs[0], &seqs[1])
	return seqs, err
}

// Append adds one entry. Its seqs are taken in the transaction that writes it,
// so they are dense and in the order of commits (D3). Messages to a
// conversation that has ended fail with CodeWrongState. Plain entries do not
// raise actors' versions: readers follow the log by its seq.
func (s *Store) Append(ctx context.Context, in AppendIn) (e Entry, existed bool, err error) {
	type result struct {
		e       Entry
		existed bool
	}
	c := command{in.Workspace, in.Actor, in.Op, []any{"append", in.Conversation, in.Kind, in.Audience, in.Body}}
	look := false // in the ledger before
	attempt := func(ctx context.Context, t *tx) (r result, err error) {
		var done appended
		fn := func() (appended, error) { return appendEntry(ctx, t, in) }
		if look {
			done, r.existed, err = once(ctx, t, c, fn)
		} else {
			done, err = first(ctx, t, c, fn)
		}
		r.e = Entry{
			Conversation: in.Conversation, Seq: done.Seq, VisitorSeq: done.VisitorSeq, ID: done.ID, Kind: in.Kind, Audience: in.Audience,
			Author: in.Author, Actor: in.Actor, Op: in.Op, At: done.At, Body: in.Body,
		}
		return r, err
	}
	r, err := write(ctx, s, attempt)
	if e, known := protocol.AsError(err); err != nil && known && e.Code == protocol.CodeWrongState || errors.Is(err, errRepeated) {
		look = true // it may have been carried out before
		r, err = write(ctx, s, attempt)
	}
	if err != nil {
		return Entry{}, false, fmt.Errorf("append: %w", err)
	}
	return r.e, r.existed, nil
}

func appendEntry(ctx context.Context, t *tx, in AppendIn) (appended, error) {
	now, err := t.time(ctx)
	if err != nil {
		return appended{}, err
	}
	shown, turn := number(in.Audience == protocol.AudienceAll), int64(0)
	switch in.TurnOf {
	case protocol.KindAgent:
		turn = now
	case protocol.KindVisitor:
		turn = -1
	}
	message := number(in.Kind == protocol.EntryMessage)
	seqs, found, err := returning(ctx, t, scanSeqs, `UPDATE conversations SET seq = seq + 1, visitor_seq = visitor_seq + CAST($3 AS BIGINT),
		turn_since = CASE WHEN CAST($4 AS BIGINT) < 0 THEN 0 WHEN turn_since = 0 THEN CAST($4 AS BIGINT) ELSE turn_since END
		WHERE workspace = $1 AND id = $2 AND (CAST($5 AS BIGINT) = 0 OR state IN ('queued', 'active')) RETURNING seq, visitor_seq`,
		in.Workspace, in.Conversation, shown, turn, message)
	if err != nil {
		return appended{}, fmt.Errorf("take seq: %w", err)
	}
	if !found {
		return appended{}, refuseAppend(ctx, t, in)
	}
	done := appended{ID: protocol.NewID[protocol.EntryID](), Seq: seqs[0], VisitorSeq: seqs[1] * shown, At: now}
	return done, insertEntry(ctx, t, in.Workspace, Entry{
		Conversation: in.Conversation, Seq: done.Seq, VisitorSeq: done.VisitorSeq, ID: done.ID, Kind: in.Kind, Audience: in.Audience,
		Author: in.Author, Actor: in.Actor, Op: in.Op, At: now, Body: in.Body,
	})
}

func refuseAppend(ctx context.Context, t *tx, in AppendIn) error {
	if _, err := conversation(ctx, t, in.Workspace, in.Conversation, ""); err != nil {
		return err
	}
	return protocol.NewError(protocol.CodeWrongState, "This conversation has ended. Start a new one.")
}
