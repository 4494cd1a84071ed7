package store

import (
	"context"
	"encoding/json"
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
	posted, errs := s.PostAll(ctx, []AppendIn{in})
	return posted[0], errs[0]
}

// PostAll adds entries as Post does, each with its own result, and gives seqs in
// their order. They are not one transaction: some may fail where others are kept.
func (s *Store) PostAll(ctx context.Context, all []AppendIn) ([]Posted, []error) {
	posts := make([]post, len(all))
	for i, in := range all {
		p := &posts[i]
		p.in = in
		p.err = p.prepare()
		p.done = p.err != nil
	}
	if db, ok := s.db.(*postgres); ok {
		s.postAtOnce(ctx, db, posts)
	} else {
		s.postTogether(ctx, posts)
	}
	posted, errs := make([]Posted, len(all)), make([]error, len(all))
	for i := range posts {
		p := &posts[i]
		if !p.done {
			p.again(ctx, s)
		}
		if posted[i] = p.posted; p.err != nil {
			posted[i], errs[i] = Posted{}, fmt.Errorf("append: %w", p.err)
		}
	}
	return posted, errs
}

// A post is a command of PostAll. It is carried out as if it were the first
// time, the way that costs the least; only when that does not go it is left to
// again, which looks at what was there before.
type post struct {
	command
	in     AppendIn
	body   string // as it is stored
	sum    string // of what was asked
	posted Posted
	err    error
	done   bool
}

// prepare encodes the body once, for the entry and for the ledger.
func (p *post) prepare() error {
	in := p.in
	body, err := in.Body.MarshalBody()
	if err != nil {
		return fmt.Errorf("write entry: %w", err)
	}
	asked, err := json.Marshal([]string{"append", string(in.Conversation), string(in.Kind), string(in.Audience)})
	if err != nil {
		return fmt.Errorf("hash command: %w", err)
	}
	asked[len(asked)-1] = ','
	asked = append(append(asked, body...), ']')
	p.body, p.sum = string(body), sum(asked)
	p.command = command{in.Workspace, in.Actor, in.Op, json.RawMessage(asked)}
	return nil
}

// postTogether hands all to SQLite's writer before it waits for the first, so
// that most times they share a transaction.
func (s *Store) postTogether(ctx context.Context, posts []post) {
	waits := make([]func() error, len(posts))
	for i := range posts {
		p := &posts[i]
		if p.done {
			continue
		}
		waits[i] = begin(ctx, s, func(ctx context.Context, t *tx) error {
			p.posted = Posted{}
			done, err := first(ctx, t, p.command, p.sum, func() (appended, error) { return appendEntry(ctx, t, p.in, p.body, &p.posted) })
			p.posted.Entry = p.in.entry(done)
			return err
		})
	}
	for i := range posts {
		p := &posts[i]
		if waits[i] == nil {
			continue
		}
		p.err = waits[i]()
		refused, known := protocol.AsError(p.err)
		ended := p.err != nil && known && refused.Code == protocol.CodeWrongState // maybe by what came after the command
		p.done = !ended && !errors.Is(p.err, errRepeated)
	}
}

func (p *post) again(ctx context.Context, s *Store) {
	p.posted, p.err = write(ctx, s, func(ctx context.Context, t *tx) (got Posted, err error) {
		done, existed, err := once(ctx, t, p.command, func() (appended, error) { return appendEntry(ctx, t, p.in, p.body, &got) })
		got.Entry, got.Existed = p.in.entry(done), existed
		return got, err
	})
}

const (
	whoseTurn = `SELECT turn_since + CASE WHEN owner = $3 THEN reply_due ELSE 0 END FROM conversations WHERE workspace = $1 AND id = $2`

	takeSeqs = `UPDATE conversations SET seq = seq + 1, visitor_seq = visitor_seq + CAST($3 AS BIGINT),
		turn_since = CASE WHEN CAST($4 AS BIGINT) < 0 THEN 0 WHEN turn_since = 0 AND CAST($4 AS BIGINT) > 0 THEN CAST($8 AS BIGINT) ELSE turn_since END,
		reply_due = CASE WHEN CAST($4 AS BIGINT) < 0 AND owner = $7 THEN 0 ELSE reply_due END
		WHERE workspace = $1 AND id = $2 AND (CAST($5 AS BIGINT) = 0 OR state IN ('queued', 'active')) AND (CAST($6 AS TEXT) = '' OR visitor = $6)
		AND (CAST($7 AS TEXT) = '' OR owner = $7 OR EXISTS (SELECT 1 FROM slots WHERE conversation = $2 AND agent = $7))
		RETURNING seq, visitor_seq, visitor, owner, name, turn_since, CAST($8 AS BIGINT)`
)

func appendEntry(ctx context.Context, t *tx, in AppendIn, body string, p *Posted) (appended, error) {
	shown, turn := number(in.Audience == protocol.AudienceAll), in.turn()
	now, err := t.time(ctx)
	if err != nil {
		return appended{}, err
	}
	take := takeNow
	if t.later != nil {
		take = takeHeld
	}
	got, ran, found, err := take(ctx, t, in, shown, turn, now)
	if err != nil {
		return appended{}, fmt.Errorf("take seq: %w", err)
	}
	if !found {
		return appended{}, refuseAppend(ctx, t, in)
	}
	got.workspace, got.conversation, got.at = in.Workspace, in.Conversation, time.Now()
	t.states = append(t.states, got.state)
	p.Owner, p.Turned = got.owner, turn < 0 && ran || turn > 0 && !ran
	if in.Visitor != "" && got.name != "" {
		in.Author.Name = got.name
	}
	done := appended{ID: protocol.NewID[protocol.EntryID](), Seq: got.seq, VisitorSeq: got.visitorSeq * shown, At: now}
	return done, insertEntry(ctx, t, in.Workspace, in.entry(done), body)
}

// takeNow takes the next seqs by one statement. ran says whether the turn was
// running before, or the timer of a first reply that this is.
func takeNow(ctx context.Context, t *tx, in AppendIn, shown, turn, now int64) (got taken, ran, found bool, err error) {
	if turn < 0 {
		before, _, err := one(ctx, t, scanInt, whoseTurn+t.lock, in.Workspace, in.Conversation, in.Agent)
		if err != nil {
			return got, false, false, fmt.Errorf("look whose turn it is: %w", err)
		}
		ran = before != 0
	}
	got, found, err = returning(ctx, t, scanTaken, takeSeqs,
		in.Workspace, in.Conversation, shown, turn, number(in.Kind == protocol.EntryMessage), in.Visitor, in.Agent, now)
	return got, ran || turn > 0 && got.turn != now, found, err
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
