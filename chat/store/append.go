package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// appended is the ledger's result of Append.
type appended struct {
	ID         protocol.EntryID
	Seq        int64
	VisitorSeq int64
	At         int64
}

// A taken is what the statement that takes the seqs gives.
type taken struct {
	state
	name string
	turn int64
	now  int64
}

func scanTaken(row scanner) (t taken, err error) {
	err = row.Scan(&t.seq, &t.visitorSeq, &t.visitor, &t.owner, &t.name, &t.turn, &t.now)
	return t, err
}

// Append adds one entry, as Post does.
func (s *Store) Append(ctx context.Context, in AppendIn) (e Entry, existed bool, err error) {
	p, err := s.Post(ctx, in)
	return p.Entry, p.Existed, err
}

// Post adds one entry. Its seqs are taken in the transaction that writes it,
// so they are dense and in the order of commits (D3). Messages to a
// conversation that has ended fail with CodeWrongState. Plain entries do not
// raise actors' versions: readers follow the log by its seq.
func (s *Store) Post(ctx context.Context, in AppendIn) (Posted, error) {
	c := command{in.Workspace, in.Actor, in.Op, []any{"append", in.Conversation, in.Kind, in.Audience, in.Body}}
	look := false // in the ledger before
	attempt := func(ctx context.Context, t *tx) (p Posted, err error) {
		var done appended
		fn := func() (appended, error) { return appendEntry(ctx, t, in, &p) }
		if look {
			done, p.Existed, err = once(ctx, t, c, fn)
		} else {
			done, err = first(ctx, t, c, fn)
		}
		p.Entry = Entry{
			Conversation: in.Conversation, Seq: done.Seq, VisitorSeq: done.VisitorSeq, ID: done.ID, Kind: in.Kind, Audience: in.Audience,
			Author: in.Author, Actor: in.Actor, Op: in.Op, At: done.At, Body: in.Body,
		}
		return p, err
	}
	p, err := write(ctx, s, attempt)
	if e, known := protocol.AsError(err); err != nil && known && e.Code == protocol.CodeWrongState || errors.Is(err, errRepeated) {
		look = true // it may have been carried out before
		p, err = write(ctx, s, attempt)
	}
	if err != nil {
		return Posted{}, fmt.Errorf("append: %w", err)
	}
	return p, nil
}

func appendEntry(ctx context.Context, t *tx, in AppendIn, p *Posted) (appended, error) {
	shown, turn := number(in.Audience == protocol.AudienceAll), int64(0)
	switch in.TurnOf {
	case protocol.KindAgent:
		turn = 1
	case protocol.KindVisitor:
		turn = -1
		before, _, err := one(ctx, t, scanInt, `SELECT turn_since FROM conversations WHERE workspace = $1 AND id = $2`+t.lock, in.Workspace, in.Conversation)
		if err != nil {
			return appended{}, fmt.Errorf("look whose turn it is: %w", err)
		}
		p.Turned = before != 0
	}
	message := number(in.Kind == protocol.EntryMessage)
	now, clock, err := t.stamp(ctx, 8)
	if err != nil {
		return appended{}, err
	}
	got, found, err := returning(ctx, t, scanTaken, `UPDATE conversations SET seq = seq + 1, visitor_seq = visitor_seq + CAST($3 AS BIGINT),
		turn_since = CASE WHEN CAST($4 AS BIGINT) < 0 THEN 0 WHEN turn_since = 0 AND CAST($4 AS BIGINT) > 0 THEN `+clock+` ELSE turn_since END
		WHERE workspace = $1 AND id = $2 AND (CAST($5 AS BIGINT) = 0 OR state IN ('queued', 'active')) AND (CAST($6 AS TEXT) = '' OR visitor = $6)
		AND (CAST($7 AS TEXT) = '' OR owner = $7 OR EXISTS (SELECT 1 FROM slots WHERE conversation = $2 AND agent = $7))
		RETURNING seq, visitor_seq, visitor, owner, name, turn_since, `+clock,
		in.Workspace, in.Conversation, shown, turn, message, in.Visitor, in.Agent, now)
	if err != nil {
		return appended{}, fmt.Errorf("take seq: %w", err)
	}
	if !found {
		return appended{}, refuseAppend(ctx, t, in)
	}
	got.workspace, got.conversation, got.at = in.Workspace, in.Conversation, time.Now()
	t.states, t.now = append(t.states, got.state), got.now
	p.Owner, p.Turned = got.owner, p.Turned || turn > 0 && got.turn == got.now
	if in.Visitor != "" && got.name != "" {
		in.Author.Name = got.name
	}
	done := appended{ID: protocol.NewID[protocol.EntryID](), Seq: got.seq, VisitorSeq: got.visitorSeq * shown, At: got.now}
	return done, insertEntry(ctx, t, in.Workspace, Entry{
		Conversation: in.Conversation, Seq: done.Seq, VisitorSeq: done.VisitorSeq, ID: done.ID, Kind: in.Kind, Audience: in.Audience,
		Author: in.Author, Actor: in.Actor, Op: in.Op, At: got.now, Body: in.Body,
	})
}

// refuseAppend says why there was no conversation to append to.
func refuseAppend(ctx context.Context, t *tx, in AppendIn) error {
	c, err := conversation(ctx, t, in.Workspace, in.Conversation, "")
	if err != nil {
		return err
	}
	if in.Visitor != "" && in.Visitor != c.Visitor {
		return errNoConversation()
	}
	if in.Agent != "" && in.Agent != c.Owner {
		slots, err := slotsOf(ctx, t, in.Workspace, in.Conversation)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(slots, func(l Slot) bool { return l.Agent == in.Agent }) {
			return errNoConversation()
		}
	}
	return protocol.NewError(protocol.CodeWrongState, "This conversation has ended. Start a new one.")
}
