package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

const entryColumns = `conversation, seq, visitor_seq, id, kind, audience, author_kind, author_id, author_name, actor, op, at, body`

func scanEntry(row scanner) (e Entry, err error) {
	var body string
	var visitorSeq sql.NullInt64
	err = row.Scan(&e.Conversation, &e.Seq, &visitorSeq, &e.ID, &e.Kind, &e.Audience, &e.Author.Kind, &e.Author.ID, &e.Author.Name,
		&e.Actor, &e.Op, &e.At, &body)
	if err != nil {
		return e, err
	}
	e.VisitorSeq = visitorSeq.Int64
	return e, fromJSON(body, &e.Body)
}

// addEntries gives entries the next seqs of a conversation that this
// transaction has locked, and writes them. The caller saves the conversation.
func addEntries(ctx context.Context, t *tx, c *Conversation, entries ...Entry) error {
	now, err := t.time(ctx)
	if err != nil {
		return err
	}
	for _, e := range entries {
		c.Seq++
		e.Seq = c.Seq
		if e.Audience == protocol.AudienceAll {
			c.VisitorSeq++
			e.VisitorSeq = c.VisitorSeq
		}
		e.Conversation, e.ID, e.At = c.ID, protocol.NewID[protocol.EntryID](), now
		body, err := e.Body.MarshalBody()
		if err != nil {
			return fmt.Errorf("write entry: %w", err)
		}
		if err := insertEntry(ctx, t, c.Workspace, e, string(body)); err != nil {
			return err
		}
	}
	return nil
}

var intoEntries = newInsert(`INSERT INTO entries (`+entryColumns+`, workspace)`, 14, "")

// insertEntry writes an entry whose body has been encoded. The arguments are
// plain strings: those of other types would be converted by reflection.
func insertEntry(ctx context.Context, t *tx, workspace protocol.WorkspaceID, e Entry, body string) error {
	var visitorSeq any
	if e.VisitorSeq > 0 {
		visitorSeq = e.VisitorSeq
	}
	_, err := t.insert(ctx, intoEntries, string(e.Conversation), e.Seq, visitorSeq, string(e.ID), string(e.Kind), string(e.Audience),
		string(e.Author.Kind), e.Author.ID, storable(e.Author.Name), e.Actor, string(e.Op), e.At, body, string(workspace))
	if err != nil {
		return fmt.Errorf("write entry: %w", err)
	}
	if e, err = readable(e, body); err != nil {
		return err
	}
	t.entries = append(t.entries, e)
	return nil
}

// Entries reads up to limit entries after a seq, in order, and the newest seq
// there is for this reader. For a visitor all seqs are the visitor's own and
// what names the people and commands of the other side is left out (D3).
func (s *Store) Entries(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID, after int64, limit int, visitor bool) (list []Entry, last int64, err error) {
	c, err := s.Conversation(ctx, workspace, conv)
	if err != nil {
		return nil, 0, err
	}
	last = c.Seq
	query := `SELECT ` + entryColumns + ` FROM entries WHERE workspace = $1 AND conversation = $2 AND seq > $3 ORDER BY seq LIMIT $4`
	if visitor {
		last = c.VisitorSeq
		query = `SELECT ` + entryColumns + ` FROM entries WHERE workspace = $1 AND conversation = $2 AND seq > $3 AND visitor_seq > $3 ORDER BY seq LIMIT $4`
	}
	list, err = all(ctx, s.db.reader(), scanEntry, query, workspace, conv, after, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("read entries: %w", err)
	}
	if visitor {
		for i := range list {
			list[i] = forVisitor(list[i])
		}
	}
	if n := len(list); n > 0 {
		last = max(last, list[n-1].Seq)
	}
	return list, last, nil
}

// forVisitor is an entry as the visitor may have it.
func forVisitor(e Entry) Entry {
	e.Seq = e.VisitorSeq
	e.Body.Agent, e.Body.Note, e.Body.Request = "", "", ""
	if e.Author.Kind != protocol.KindVisitor {
		e.Author.ID, e.Actor, e.Op = "", "", ""
	}
	return e
}
