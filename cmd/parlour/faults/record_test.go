package faults

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// witness makes the database itself note what each commit leaves behind, so
// that nothing between two looks is missed. The triggers run at the end of the
// transaction, when it has the rows that it changed for itself alone. What a
// slot costs is counted anew: its share of the agent, half of that while parked.
const witness = `
CREATE TABLE seen_loads (seq BIGSERIAL, agent TEXT, within BIGINT, at TIMESTAMPTZ DEFAULT clock_timestamp());
CREATE TABLE seen_owners (seq BIGSERIAL, conversation TEXT, owner TEXT, slots BIGINT, alone BIGINT, at TIMESTAMPTZ DEFAULT clock_timestamp());
CREATE TABLE seen_offers (seq BIGSERIAL, offer TEXT, at TIMESTAMPTZ DEFAULT clock_timestamp());
CREATE FUNCTION see_slot() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO seen_loads (agent, within)
    SELECT a.id, COALESCE(SUM(CASE WHEN s.role = 'asker' THEN 0 WHEN s.state = 'parked' THEN 100 / a.max_chats / 2 ELSE 100 / a.max_chats END)
      FILTER (WHERE s.exceeds = 0), 0)
    FROM agents a LEFT JOIN slots s ON s.agent = a.id WHERE a.id = COALESCE(NEW.agent, OLD.agent) GROUP BY a.id;
  RETURN NULL;
END $$;
CREATE FUNCTION see_conversation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.kind = '' THEN
    INSERT INTO seen_owners (conversation, owner, slots, alone) SELECT c.id, CASE WHEN c.state = 'active' THEN c.owner ELSE '' END,
        (SELECT COUNT(*) FROM slots WHERE conversation = c.id AND role = 'owner' AND state <> 'wrap_up'),
        (SELECT COUNT(*) FROM offers WHERE conversation = c.id AND outcome IS NULL AND kind = 'offer')
      FROM conversations c WHERE c.id = NEW.id;
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION see_offer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO seen_offers (offer) VALUES (NEW.id);
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER see_slot AFTER INSERT OR UPDATE OR DELETE ON slots DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION see_slot();
CREATE CONSTRAINT TRIGGER see_conversation AFTER INSERT OR UPDATE ON conversations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION see_conversation();
CREATE CONSTRAINT TRIGGER see_offer AFTER INSERT ON offers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION see_offer();
`

// A record is the database as the test sees it, on a way of its own.
type record struct {
	db *sql.DB

	mu    sync.Mutex            // guards what follows
	hurt  bool                  // something is not well: nobody's wait counts
	since map[pairing]time.Time // who could have been offered what, all the while
	waits map[pairing]wait      // the longest of each
}

func openRecord(url string) (*record, error) {
	db, err := sql.Open("pgx", url)
	if err != nil {
		return nil, err
	}
	return &record{db: db, since: map[pairing]time.Time{}, waits: map[pairing]wait{}}, nil
}

// rows reads all rows of a query.
func rows[T any](ctx context.Context, r *record, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	found, err := r.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var list []T
	for found.Next() {
		one, err := scan(found)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, found.Err()
}

// number reads one number; -1 when the database does not answer.
func (r *record) number(query string, args ...any) int64 {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	n := int64(-1)
	if r.db.QueryRowContext(ctx, query, args...).Scan(&n) != nil {
		return -1
	}
	return n
}

// free are the conversations that are not offered and the agents who could be
// asked for them: ready, with room, nothing rings, rested, in the queue's
// profile, and never asked for it before.
const free = `
SELECT c.id, c.visitor, a.id FROM conversations c JOIN queues q ON q.id = c.queue, agents a JOIN profiles p ON p.id = a.profile
WHERE c.state = 'queued' AND c.kind = '' AND q.key <> 'list' AND NOT EXISTS (SELECT 1 FROM offers o WHERE o.conversation = c.id AND o.outcome IS NULL)
  AND a.declared = 'ready' AND a.load + 100 / a.max_chats <= 100 AND p.queues::jsonb ? q.id
  AND NOT EXISTS (SELECT 1 FROM offers o WHERE o.agent = a.id AND (o.outcome IS NULL OR o.conversation = c.id
    OR o.settled > extract(epoch FROM clock_timestamp()) * 1000 - 1000))`

type pairing struct {
	conversation protocol.ConversationID
	visitor      protocol.VisitorID
	agent        protocol.AgentID
}

// look notes how long which conversation could have been offered to whom and
// was not. here says who is connected, and has been for a while.
func (r *record) look(ctx context.Context, here func(actor string) bool) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	pairs, err := rows(ctx, r, func(f *sql.Rows) (p pairing, err error) { return p, f.Scan(&p.conversation, &p.visitor, &p.agent) }, free)
	if err != nil {
		return
	}
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.since
	r.since = map[pairing]time.Time{}
	if r.hurt {
		return
	}
	for _, p := range pairs {
		if !here("visitor:"+string(p.visitor)) || !here("agent:"+string(p.agent)) {
			continue
		}
		first, known := before[p]
		if !known {
			first = now
		}
		r.since[p] = first
		if lasted := now.Sub(first); lasted >= r.waits[p].lasted {
			r.waits[p] = wait{p.conversation, p.agent, lasted, now}
		}
	}
}

// disturbed forgets how long anybody has waited. Until something is well again
// nobody waits.
func (r *record) disturbed(hurt bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.since, r.hurt = map[pairing]time.Time{}, hurt
}

// read puts into a history what the record and its witness know.
func (r *record) read(ctx context.Context, h *history) (err error) {
	h.loads, err = rows(ctx, r, func(f *sql.Rows) (l load, err error) { return l, f.Scan(&l.agent, &l.within, &l.at) },
		`SELECT agent, within, at FROM seen_loads ORDER BY seq`)
	if err != nil {
		return fmt.Errorf("read loads: %w", err)
	}
	h.owners, err = rows(ctx, r, func(f *sql.Rows) (o owning, err error) {
		return o, f.Scan(&o.conversation, &o.owner, &o.slots, &o.alone, &o.at)
	}, `SELECT conversation, owner, slots, alone, at FROM seen_owners ORDER BY seq`)
	if err != nil {
		return fmt.Errorf("read owners: %w", err)
	}
	h.offers, h.conversations = map[protocol.OfferID]offer{}, map[protocol.ConversationID]conversation{}
	_, err = rows(ctx, r, func(f *sql.Rows) (none struct{}, err error) {
		var id protocol.OfferID
		var o offer
		err = f.Scan(&id, &o.conversation, &o.agent, &o.kind, &o.outcome)
		h.offers[id] = o
		return none, err
	}, `SELECT id, conversation, agent, kind, COALESCE(outcome, '') FROM offers`)
	if err != nil {
		return fmt.Errorf("read offers: %w", err)
	}
	_, err = rows(ctx, r, func(f *sql.Rows) (none struct{}, err error) {
		var id protocol.ConversationID
		var c conversation
		err = f.Scan(&id, &c.state, &c.owner)
		h.conversations[id] = c
		return none, err
	}, `SELECT id, state, owner FROM conversations`)
	if err != nil {
		return fmt.Errorf("read conversations: %w", err)
	}
	r.mu.Lock()
	h.waits = slices.SortedFunc(maps.Values(r.waits), func(a, b wait) int { return cmp.Compare(b.lasted, a.lasted) })
	r.mu.Unlock()
	return r.readEntries(ctx, h)
}

func (r *record) readEntries(ctx context.Context, h *history) error {
	_, err := rows(ctx, r, func(f *sql.Rows) (none struct{}, err error) {
		var id protocol.ConversationID
		var e entry
		var raw []byte
		if err = f.Scan(&id, &e.seq, &e.kind, &e.author, &raw); err != nil {
			return none, err
		}
		var body protocol.EntryBody
		if err = json.Unmarshal(raw, &body); err != nil {
			return none, err
		}
		e.text, e.cause = body.Text, body.Cause
		c := h.conversations[id]
		c.entries = append(c.entries, e)
		h.conversations[id] = c
		return none, nil
	}, `SELECT conversation, seq, kind, actor, body FROM entries ORDER BY conversation, seq`)
	if err != nil {
		return fmt.Errorf("read entries: %w", err)
	}
	return nil
}
