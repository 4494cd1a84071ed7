package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// appendAtOnce is all of an append in one statement, which is a transaction of
// its own: one question to the database, and one wait for its disk. The row of
// before is locked, so what it says holds until the commit. A command that the
// ledger has fails as a whole, by the ledger's key.
const appendAtOnce = `WITH before AS (
		SELECT turn_since, reply_due, (extract(epoch FROM statement_timestamp()) * 1000)::bigint AS now FROM conversations WHERE workspace = $1 AND id = $2 FOR UPDATE
	), took AS (
		UPDATE conversations c SET seq = c.seq + 1, visitor_seq = c.visitor_seq + $3::bigint,
			turn_since = CASE WHEN $4::bigint < 0 THEN 0 WHEN c.turn_since = 0 AND $4::bigint > 0 THEN before.now ELSE c.turn_since END,
			reply_due = CASE WHEN $4 < 0 AND c.owner = $7 THEN 0 ELSE c.reply_due END
		FROM before WHERE c.workspace = $1 AND c.id = $2 AND ($5::bigint = 0 OR c.state IN ('queued', 'active')) AND ($6::text = '' OR c.visitor = $6)
			AND ($7::text = '' OR c.owner = $7 OR EXISTS (SELECT 1 FROM slots WHERE conversation = $2 AND agent = $7))
		RETURNING c.seq, c.visitor_seq, c.visitor, c.owner, CASE WHEN $6 = '' THEN '' ELSE c.name END AS name, 
			CASE WHEN $4 < 0 THEN before.turn_since + before.reply_due - c.reply_due WHEN $4 > 0 AND before.turn_since = 0 THEN 1 ELSE 0 END AS turned, before.now
	), entry AS (
		INSERT INTO entries (` + entryColumns + `, workspace)
		SELECT $2, seq, CASE WHEN $3 > 0 THEN visitor_seq END, $8, $9, $10, $11, $12, COALESCE(NULLIF(name, ''), $13), $14, $15, now, $16, $1 FROM took
	), op AS (
		INSERT INTO ops (workspace, actor, op, hash, result, at)
		SELECT $1, $14, $15, $17, json_build_object('ID', $8::text, 'Seq', seq, 'VisitorSeq', visitor_seq * $3, 'At', now)::text, now FROM took WHERE $15 <> ''
	)
	SELECT seq, visitor_seq, visitor, owner, name, turned, now FROM took`

// postAtOnce appends each by a statement of its own; what follows each other in
// one conversation goes to the database together, and is kept or not together.
func (s *Store) postAtOnce(ctx context.Context, db *postgres, posts []post) {
	for len(posts) > 0 {
		n := 1
		for n < len(posts) && posts[n].in.Conversation == posts[0].in.Conversation {
			n++
		}
		if n == 1 || !s.appendTogether(ctx, db, posts[:n]) {
			for i := range posts[:n] {
				s.appendAlone(ctx, db, &posts[i])
			}
		}
		posts = posts[n:]
	}
}

// An atOnce is what one run of the statement is about.
type atOnce struct {
	id   protocol.EntryID
	args []any
}

func (p *post) atOnce() atOnce {
	in, id := p.in, protocol.NewID[protocol.EntryID]()
	return atOnce{id, []any{
		in.Workspace, in.Conversation, number(in.Audience == protocol.AudienceAll), in.turn(), number(in.Kind == protocol.EntryMessage),
		in.Visitor, in.Agent, id, in.Kind, in.Audience, in.Author.Kind, in.Author.ID, storable(in.Author.Name), in.Actor, in.Op, p.body, p.sum,
	}}
}

// appended notes what the statement gave.
func (p *post) appended(s *Store, a atOnce, got taken) {
	done := appended{a.id, got.seq, got.visitorSeq * number(p.in.Audience == protocol.AudienceAll), got.now}
	p.done, p.posted = true, Posted{Entry: p.in.entry(done), Owner: got.owner, Turned: got.turn != 0}
	in := p.in
	if got.name != "" {
		in.Author.Name = got.name
	}
	var e Entry
	if e, p.err = readable(in.entry(done), p.body); p.err != nil {
		return
	}
	got.workspace, got.conversation, got.at = in.Workspace, in.Conversation, time.Now()
	s.tail.add([]state{got.state}, []Entry{e})
}

// appendAlone is left to again when the ledger has the command, when there was
// nothing that could be appended to, and when the database asks for it.
func (s *Store) appendAlone(ctx context.Context, db *postgres, p *post) {
	if p.done {
		return
	}
	a := p.atOnce()
	got, found, err := one(ctx, db.db, scanTaken, appendAtOnce, a.args...)
	switch {
	case err != nil:
		var pg *pgconn.PgError
		repeated := errors.As(err, &pg) && pg.Code == "23505" && pg.TableName == "ops"
		p.done, p.err = !repeated && !again(err), err
	case found:
		db.commits.Add(1)
		p.appended(s, a, got)
	}
}

// appendTogether is one question to the database and one wait for its disk. It
// gives false when nothing of it was kept.
func (s *Store) appendTogether(ctx context.Context, db *postgres, posts []post) bool {
	all, got := make([]atOnce, len(posts)), make([]*taken, len(posts))
	var batch pgx.Batch
	for i := range posts {
		if posts[i].done || posts[i].op == "" {
			return false
		}
		all[i] = posts[i].atOnce()
		batch.Queue(appendAtOnce, all[i].args...).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				t, err := scanTaken(rows)
				if err != nil {
					return err
				}
				got[i] = &t
			}
			return rows.Err()
		})
	}
	conn, err := db.db.Conn(ctx)
	if err != nil {
		return false
	}
	err = conn.Raw(func(inner any) error {
		direct, ok := inner.(*stdlib.Conn)
		if !ok {
			return errors.ErrUnsupported
		}
		return direct.Conn().SendBatch(ctx, &batch).Close() // an implicit transaction
	})
	_ = conn.Close() // gives it back
	if err != nil {  // it may have been kept all the same: then the ledger has it
		return false
	}
	db.commits.Add(1)
	for i := range posts {
		if got[i] != nil {
			posts[i].appended(s, all[i], *got[i])
		}
	}
	return true
}
