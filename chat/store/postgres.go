package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

const (
	postgresConnections = 32
	postgresTries       = 10 // runs of one transaction before its error is given on
)

// postgres keeps the record in a database that several nodes share.
type postgres struct {
	db *sql.DB

	commits, retries atomic.Int64
}

func openPostgres(ctx context.Context, o Options) (*postgres, error) {
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return nil, fmt.Errorf("read database url: %w", redacted(err))
	}
	config.RuntimeParams["synchronous_commit"] = "on"
	config.RuntimeParams["application_name"] = "parlour"
	config.RuntimeParams["lock_timeout"] = "10s"
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(postgresConnections)
	db.SetMaxIdleConns(postgresConnections)
	if err := migratePostgres(ctx, db, o); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &postgres{db: db}, nil
}

// redacted keeps the reason and leaves out the URL, which may hold a password.
func redacted(err error) error {
	var bad *pgconn.ParseConfigError
	if errors.As(err, &bad) && bad.Unwrap() != nil {
		return bad.Unwrap()
	}
	return errors.New("it is not a PostgreSQL URL")
}

func migratePostgres(ctx context.Context, db *sql.DB, o Options) error {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 60), lock.WithUnlockTimeout(1, 10))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	p, err := goose.NewProvider(goose.DialectPostgres, db, migrationFiles(), goose.WithSlog(o.Logger),
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return migrate(ctx, p)
}

func (b *postgres) reader() executor { return b.db }

func (b *postgres) ping(ctx context.Context) error { return b.db.PingContext(ctx) }

func (b *postgres) close() error { return b.db.Close() }

func (b *postgres) stats() Stats {
	n := b.commits.Load()
	return Stats{Commits: n, Functions: n, Retries: b.retries.Load()}
}

const postgresNow = `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint`

func (b *postgres) now(ctx context.Context) (int64, error) {
	now, _, err := one(ctx, b.db, scanInt, postgresNow)
	return now, err
}

func (b *postgres) write(ctx context.Context, fn func(context.Context, *tx) error) (wait func() error) {
	return func() error { return b.run(ctx, fn) }
}

// run runs fn again when the database asks for it, and when another
// transaction was first with a row that must be unique: then fn sees that row.
func (b *postgres) run(ctx context.Context, fn func(context.Context, *tx) error) error {
	for try := 1; ; try++ {
		err := b.attempt(ctx, fn)
		if err == nil || try == postgresTries || !again(err) {
			return err
		}
		b.retries.Add(1)
		pause := time.NewTimer(time.Duration(rand.IntN(try*4)+1) * time.Millisecond) //nolint:gosec // only spreads the tries
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
	}
}

func (b *postgres) attempt(ctx context.Context, fn func(context.Context, *tx) error) error {
	inner, err := b.db.BeginTx(ctx, nil)
	if err != nil {
		return errUnavailable(fmt.Errorf("begin: %w", err))
	}
	clock := func(ctx context.Context) (int64, error) {
		now, _, err := one(ctx, inner, scanInt, postgresNow)
		return now, err
	}
	if err := fn(ctx, &tx{executor: inner, lock: " FOR UPDATE", clock: clock}); err != nil {
		_ = inner.Rollback() // a broken connection rolls back by itself
		return err
	}
	if err := inner.Commit(); err != nil {
		if again(err) {
			return err
		}
		return errUnavailable(fmt.Errorf("commit: %w", err))
	}
	b.commits.Add(1)
	return nil
}

// again says whether the transaction may succeed if it is run once more:
// serialization failure, deadlock, lock not available, unique violation, or a
// command that another transaction has put into the ledger meanwhile.
func again(err error) bool {
	if errors.Is(err, errRaced) {
		return true
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	return pg.Code == "40001" || pg.Code == "40P01" || pg.Code == "55P03" || pg.Code == "23505"
}
