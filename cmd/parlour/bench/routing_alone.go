package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// assignInStore is the record without routing: each of the agents given takes
// one conversation after the other, offer and accept.
func assignInStore(ctx context.Context, db database, o RoutingOptions) (rate float64, err error) {
	embedded := embeddedRedis(ctx)
	defer embedded.stop()
	f, err := openFloor(ctx, embedded, db, o.Agents, chatsOfMany, o.Assigned)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.close(ctx)) }()
	waiting, err := f.record.Waiting(ctx, f.ws)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	err = each(ctx, len(f.desks), len(f.desks), func(ctx context.Context, i int) error {
		for n := i; n < len(waiting); n += len(f.desks) {
			now := time.Now().UnixMilli()
			offer := store.Offer{
				ID: protocol.NewID[protocol.OfferID](), Workspace: f.ws, Conversation: waiting[n].ID, Queue: f.queue.ID, Kind: protocol.OfferAlone,
				Agent: f.desks[i].who.Agent, Round: 1, Cost: 1, Offered: now, Deadline: now + time.Hour.Milliseconds(),
			}
			if err := f.record.OpenOffer(ctx, offer, nil); err != nil {
				return err
			}
			if _, _, err := f.record.Accept(ctx, f.ws, offer.Agent, offer.ID, protocol.NewID[protocol.Op]()); err != nil {
				return err
			}
		}
		return nil
	})
	return float64(len(waiting)) / time.Since(began).Seconds(), err
}

// What an assignment is at the least, in plain SQL: one transaction that writes
// the offer, and one that closes it, gives the conversation its owner, and
// counts it for the agent.
var (
	assignTables = []string{
		"CREATE TABLE bench_offers (id TEXT PRIMARY KEY, conversation TEXT NOT NULL, agent TEXT NOT NULL, offered BIGINT NOT NULL, outcome TEXT, settled BIGINT NOT NULL)",
		"CREATE TABLE bench_conversations (id TEXT PRIMARY KEY, state TEXT NOT NULL, owner TEXT NOT NULL, started BIGINT NOT NULL)",
		"CREATE TABLE bench_slots (conversation TEXT NOT NULL, agent TEXT NOT NULL, cost BIGINT NOT NULL, since BIGINT NOT NULL, PRIMARY KEY (conversation, agent))",
		"CREATE TABLE bench_agents (id TEXT PRIMARY KEY, load BIGINT NOT NULL)",
	}
	writeOffer = "INSERT INTO bench_offers (id, conversation, agent, offered, settled) VALUES ($1, $2, $3, $4, 0)"
	closeOffer = "UPDATE bench_offers SET outcome = 'accepted', settled = $2 WHERE id = $1 AND outcome IS NULL"
	giveOwner  = "UPDATE bench_conversations SET state = 'active', owner = $2, started = $3 WHERE id = $1 AND state = 'queued'"
	writeSlot  = "INSERT INTO bench_slots (conversation, agent, cost, since) VALUES ($1, $2, 1, $3)"
	countIt    = "UPDATE bench_agents SET load = load + 1 WHERE id = $1"
)

// assignInSQL gives n conversations to agents, as many at once as there are
// agents, each by these two transactions, as durable as the record's. The record
// has the same connections: one that writes in SQLite. That it writes what waits
// in one commit is its own doing, as it is in production.
func assignInSQL(ctx context.Context, db database, n, agents int) (rate float64, err error) {
	pool, _, err := plainPool(db)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	ids, err := fillAssign(ctx, pool, n, agents)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	err = each(ctx, n, agents, func(ctx context.Context, i int) error {
		id, conv, agent, now := protocol.NewID[string](), ids[i], fmt.Sprintf("agent%d", i%agents), time.Now().UnixMilli()
		if err := inTransaction(ctx, pool, statement{writeOffer, []any{id, conv, agent, now}}); err != nil {
			return err
		}
		return inTransaction(ctx, pool, statement{closeOffer, []any{id, now}}, statement{giveOwner, []any{conv, agent, now}},
			statement{writeSlot, []any{conv, agent, now}}, statement{countIt, []any{agent}})
	})
	return float64(n) / time.Since(began).Seconds(), err
}

// fillAssign makes tables, agents, and conversations that wait.
func fillAssign(ctx context.Context, pool *sql.DB, n, agents int) (ids []string, err error) {
	for _, table := range assignTables {
		if _, err := pool.ExecContext(ctx, table); err != nil {
			return nil, fmt.Errorf("make table: %w", err)
		}
	}
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return nil, fmt.Errorf("begin: %w", err)
	}
	for i := range agents {
		_, failed := tx.ExecContext(ctx, "INSERT INTO bench_agents (id, load) VALUES ($1, 0)", fmt.Sprintf("agent%d", i))
		err = errors.Join(err, failed)
	}
	for range n {
		ids = append(ids, protocol.NewID[string]())
		_, failed := tx.ExecContext(ctx, "INSERT INTO bench_conversations (id, state, owner, started) VALUES ($1, 'queued', '', 0)", ids[len(ids)-1])
		err = errors.Join(err, failed)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("fill tables: %w", err), tx.Rollback())
	}
	return ids, tx.Commit()
}

// A statement is SQL with its arguments.
type statement struct {
	text      string
	arguments []any
}

func inTransaction(ctx context.Context, pool *sql.DB, statements ...statement) error {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	for _, s := range statements {
		if _, err := tx.ExecContext(ctx, s.text, s.arguments...); err != nil {
			return errors.Join(fmt.Errorf("%s: %w", s.text, err), tx.Rollback())
		}
	}
	return tx.Commit()
}
