package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// appendAtOnce is all of an append in one statement, which is a transaction of
// its own: one question to the database, and one wait for its disk. The row of
// before is locked, so what it says holds until the commit. A command that the
// ledger has fails as a whole, by the ledger's key.
const appendAtOnce = `WITH before AS (
		SELECT turn_since, (extract(epoch FROM statement_timestamp()) * 1000)::bigint AS now FROM conversations WHERE workspace = $1 AND id = $2 FOR UPDATE
	), took AS (
		UPDATE conversations c SET seq = c.seq + 1, visitor_seq = c.visitor_seq + $3::bigint,
			turn_since = CASE WHEN $4::bigint < 0 THEN 0 WHEN c.turn_since = 0 AND $4::bigint > 0 THEN before.now ELSE c.turn_since END
		FROM before WHERE c.workspace = $1 AND c.id = $2 AND ($5::bigint = 0 OR c.state IN ('queued', 'active')) AND ($6::text = '' OR c.visitor = $6)
			AND ($7::text = '' OR c.owner = $7 OR EXISTS (SELECT 1 FROM slots WHERE conversation = $2 AND agent = $7))
		RETURNING c.seq, c.visitor_seq, c.visitor, c.owner, CASE WHEN $6 = '' THEN '' ELSE c.name END AS name, 
			CASE WHEN $4 < 0 THEN before.turn_since WHEN $4 > 0 AND before.turn_since = 0 THEN 1 ELSE 0 END AS turned, before.now
	), entry AS (
		INSERT INTO entries (` + entryColumns + `, workspace)
		SELECT $2, seq, CASE WHEN $3 > 0 THEN visitor_seq END, $8, $9, $10, $11, $12, COALESCE(NULLIF(name, ''), $13), $14, $15, now, $16, $1 FROM took
	), op AS (
		INSERT INTO ops (workspace, actor, op, hash, result, at)
		SELECT $1, $14, $15, $17, json_build_object('ID', $8::text, 'Seq', seq, 'VisitorSeq', visitor_seq * $3, 'At', now)::text, now FROM took WHERE $15 <> ''
	)
	SELECT seq, visitor_seq, visitor, owner, name, turned, now FROM took`

// appendAtOnce appends an entry. It fails with errRepeated when the ledger has
// the command; found is false when there was nothing that could be appended to.
func (s *Store) appendAtOnce(ctx context.Context, db *postgres, in AppendIn, hash string) (p Posted, found bool, err error) {
	body, err := in.Body.MarshalBody()
	if err != nil {
		return p, false, fmt.Errorf("write entry: %w", err)
	}
	e := in.entry(appended{ID: protocol.NewID[protocol.EntryID]()})
	shown := number(in.Audience == protocol.AudienceAll)
	got, found, err := one(ctx, db.db, scanTaken, appendAtOnce, in.Workspace, in.Conversation, shown, in.turn(), number(in.Kind == protocol.EntryMessage),
		in.Visitor, in.Agent, e.ID, e.Kind, e.Audience, e.Author.Kind, e.Author.ID, storable(e.Author.Name), e.Actor, e.Op, string(body), hash)
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "23505" && pg.TableName == "ops" {
		return p, false, errRepeated
	}
	if err != nil || !found {
		return p, false, err
	}
	db.commits.Add(1)
	done := appended{e.ID, got.seq, got.visitorSeq * shown, got.now}
	p = Posted{Entry: in.entry(done), Owner: got.owner, Turned: got.turn != 0}
	if got.name != "" {
		in.Author.Name = got.name
	}
	if e, err = readable(in.entry(done), body); err != nil {
		return p, true, err
	}
	got.workspace, got.conversation, got.at = in.Workspace, in.Conversation, time.Now()
	s.tail.add([]state{got.state}, []Entry{e})
	return p, true, nil
}
