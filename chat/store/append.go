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
	turn int64 // when it began
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

// entry is what in adds, once it is done.
func (in AppendIn) entry(done appended) Entry {
	return Entry{
		Conversation: in.Conversation, Seq: done.Seq, VisitorSeq: done.VisitorSeq, ID: done.ID, Kind: in.Kind, Audience: in.Audience,
		Author: in.Author, Actor: in.Actor, Op: in.Op, At: done.At, Body: in.Body,
	}
}

// turn is what in does to the turn's clock: 1 starts it, -1 stops it.
func (in AppendIn) turn() int64 {
	switch in.TurnOf {
	case protocol.KindAgent:
		return 1
	case protocol.KindVisitor:
		return -1
	}
	return 0
}

// Post adds one entry. Its seqs are taken in the transaction that writes it,
// so they are dense and in the order of commits (D3). Messages to a
// conversation that has ended fail with CodeWrongState. Plain entries do not
// raise actors' versions: readers follow the log by its seq.
func (s *Store) Post(ctx context.Context, in AppendIn) (Posted, error) {
	p, err := s.post(ctx, in)
	if err != nil {
		return Posted{}, fmt.Errorf("append: %w", err)
	}
	return p, nil
}

// post carries the command out as if it were the first time, the way that costs
// the least, and only when that does not go looks at what was there before.
func (s *Store) post(ctx context.Context, in AppendIn) (Posted, error) {
	c := command{in.Workspace, in.Actor, in.Op, []any{"append", in.Conversation, in.Kind, in.Audience, in.Body}}
	hash, err := c.hash()
	if err != nil {
		return Posted{}, err
	}
	if db, ok := s.db.(*postgres); ok {
		p, found, err := s.appendAtOnce(ctx, db, in, hash)
		if found || err != nil && !errors.Is(err, errRepeated) && !again(err) {
			return p, err
		}
	} else {
		p, err := write(ctx, s, func(ctx context.Context, t *tx) (p Posted, err error) {
			done, err := first(ctx, t, c, hash, func() (appended, error) { return appendEntry(ctx, t, in, &p) })
			p.Entry = in.entry(done)
			return p, err
		})
		refused, known := protocol.AsError(err)
		ended := err != nil && known && refused.Code == protocol.CodeWrongState // maybe by what came after the command
		if !ended && !errors.Is(err, errRepeated) {
			return p, err
		}
	}
	return write(ctx, s, func(ctx context.Context, t *tx) (p Posted, err error) {
		done, existed, err := once(ctx, t, c, func() (appended, error) { return appendEntry(ctx, t, in, &p) })
		p.Entry, p.Existed = in.entry(done), existed
		return p, err
	})
}

const (
	whoseTurn = `SELECT turn_since FROM conversations WHERE workspace = $1 AND id = $2`

	takeSeqs = `UPDATE conversations SET seq = seq + 1, visitor_seq = visitor_seq + CAST($3 AS BIGINT),
		turn_since = CASE WHEN CAST($4 AS BIGINT) < 0 THEN 0 WHEN turn_since = 0 AND CAST($4 AS BIGINT) > 0 THEN CAST($8 AS BIGINT) ELSE turn_since END
		WHERE workspace = $1 AND id = $2 AND (CAST($5 AS BIGINT) = 0 OR state IN ('queued', 'active')) AND (CAST($6 AS TEXT) = '' OR visitor = $6)
		AND (CAST($7 AS TEXT) = '' OR owner = $7 OR EXISTS (SELECT 1 FROM slots WHERE conversation = $2 AND agent = $7))
		RETURNING seq, visitor_seq, visitor, owner, name, turn_since, CAST($8 AS BIGINT)`
)

func appendEntry(ctx context.Context, t *tx, in AppendIn, p *Posted) (appended, error) {
	shown, turn := number(in.Audience == protocol.AudienceAll), in.turn()
	if turn < 0 {
		before, _, err := one(ctx, t, scanInt, whoseTurn+t.lock, in.Workspace, in.Conversation)
		if err != nil {
			return appended{}, fmt.Errorf("look whose turn it is: %w", err)
		}
		p.Turned = before != 0
	}
	now, err := t.time(ctx)
	if err != nil {
		return appended{}, err
	}
	got, found, err := returning(ctx, t, scanTaken, takeSeqs,
		in.Workspace, in.Conversation, shown, turn, number(in.Kind == protocol.EntryMessage), in.Visitor, in.Agent, now)
	if err != nil {
		return appended{}, fmt.Errorf("take seq: %w", err)
	}
	if !found {
		return appended{}, refuseAppend(ctx, t, in)
	}
	got.workspace, got.conversation, got.at = in.Workspace, in.Conversation, time.Now()
	t.states = append(t.states, got.state)
	p.Owner, p.Turned = got.owner, p.Turned || turn > 0 && got.turn == now
	if in.Visitor != "" && got.name != "" {
		in.Author.Name = got.name
	}
	done := appended{ID: protocol.NewID[protocol.EntryID](), Seq: got.seq, VisitorSeq: got.visitorSeq * shown, At: now}
	return done, insertEntry(ctx, t, in.Workspace, in.entry(done))
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
