package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// perSecond lets n goroutines call do again and again, and gives the calls a
// second that came back.
func perSecond(ctx context.Context, n int, measured time.Duration, do func(ctx context.Context, i int) error) (float64, error) {
	loop, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var done atomic.Int64
	var over atomic.Bool
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			for !over.Load() {
				if err := do(loop, i); err != nil {
					stop(err)
					return
				}
				done.Add(1)
			}
		})
	}
	err := wait(loop, measured/5) // warm-up
	from, began := done.Load(), time.Now()
	if err == nil {
		err = wait(loop, measured)
	}
	rate := float64(done.Load()-from) / time.Since(began).Seconds()
	over.Store(true)
	all.Wait()
	return rate, err
}

// appendAlone is the record without the handler: as many goroutines as there
// were visitors call store.Append, each for a conversation of its own.
func appendAlone(ctx context.Context, db database, senders int, measured time.Duration) (rate float64, err error) {
	record, err := store.Open(ctx, store.Options{URL: db.url})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, record.Close()) }()
	posts, err := conversations(ctx, record, senders)
	if err != nil {
		return 0, err
	}
	return perSecond(ctx, senders, measured, func(ctx context.Context, i int) error {
		in := posts[i]
		in.Op = protocol.NewID[protocol.Op]()
		_, _, err := record.Append(ctx, in)
		return err
	})
}

// conversations makes a workspace with n conversations, and for each what its
// visitor appends.
func conversations(ctx context.Context, record *store.Store, n int) ([]store.AppendIn, error) {
	ws := protocol.NewID[protocol.WorkspaceID]()
	queue := store.Queue{ID: protocol.NewID[protocol.QueueID](), Workspace: ws, Key: "all", Name: "All", Weight: 1}
	site := store.Site{ID: protocol.NewID[protocol.SiteID](), Workspace: ws, Key: "bench", Name: "Bench", Queues: []protocol.QueueID{queue.ID}}
	if _, err := record.Apply(ctx, store.Workspace{ID: ws, Name: "Bench", Queues: []store.Queue{queue}, Sites: []store.Site{site}}); err != nil {
		return nil, err
	}
	posts := make([]store.AppendIn, n)
	return posts, each(ctx, n, 16, func(ctx context.Context, i int) error {
		visitor := store.Visitor{ID: protocol.NewID[protocol.VisitorID](), Workspace: ws, Site: site.ID, Name: "Visitor"}
		if err := record.CreateVisitor(ctx, visitor, "of "+string(visitor.ID)); err != nil {
			return err
		}
		author := protocol.Author{Kind: protocol.KindVisitor, ID: string(visitor.ID), Name: visitor.Name}
		conv, _, _, err := record.Ask(ctx, store.AskIn{
			Workspace: ws, Site: site.ID, Visitor: visitor.ID, Queue: queue.ID, Op: protocol.NewID[protocol.Op](), Text: "Is anybody there?", Author: author,
		})
		posts[i] = store.AppendIn{
			Workspace: ws, Conversation: conv.ID, Actor: "visitor:" + string(visitor.ID), Kind: protocol.EntryMessage, Audience: protocol.AudienceAll,
			Author: author, Body: protocol.EntryBody{Text: filler}, TurnOf: protocol.KindAgent,
		}
		return err
	})
}

// sqlConnections is how many connections insert at a time into PostgreSQL.
// SQLite has one writer.
const sqlConnections = 32

// plainPool opens the database without the record, as durable as the record's,
// with as many connections as may write at a time.
func plainPool(db database) (pool *sql.DB, writers int, err error) {
	dsn, writers := db.dsn, sqlConnections
	if db.driver == "sqlite" {
		dsn, writers = dsn+"?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_txlock=immediate", 1
	}
	if pool, err = sql.Open(db.driver, dsn); err != nil {
		return nil, 0, fmt.Errorf("open database: %w", err)
	}
	pool.SetMaxOpenConns(writers)
	pool.SetMaxIdleConns(writers)
	return pool, writers, nil
}

// insertAlone is the database without the record: a transaction with one INSERT
// of a message, as durable as the record's, without grouping of commits.
func insertAlone(ctx context.Context, db database, measured time.Duration) (rate float64, err error) {
	pool, writers, err := plainPool(db)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, pool.Close()) }()
	if _, err := pool.ExecContext(ctx, "CREATE TABLE bench_messages (id TEXT PRIMARY KEY, conversation TEXT NOT NULL, at BIGINT NOT NULL, body TEXT NOT NULL)"); err != nil {
		return 0, fmt.Errorf("make table: %w", err)
	}
	insert, err := pool.PrepareContext(ctx, "INSERT INTO bench_messages (id, conversation, at, body) VALUES ($1, $2, $3, $4)")
	if err != nil {
		return 0, fmt.Errorf("prepare insert: %w", err)
	}
	defer func() { err = errors.Join(err, insert.Close()) }()
	conv := protocol.NewID[protocol.ConversationID]()
	return perSecond(ctx, writers, measured, func(ctx context.Context, _ int) error {
		tx, err := pool.BeginTx(ctx, nil)
		if err != nil {
			return fmt.Errorf("begin: %w", err)
		}
		if _, err := tx.StmtContext(ctx, insert).ExecContext(ctx, protocol.NewID[string](), conv, time.Now().UnixMilli(), filler); err != nil {
			return errors.Join(fmt.Errorf("insert: %w", err), tx.Rollback())
		}
		return tx.Commit()
	})
}
