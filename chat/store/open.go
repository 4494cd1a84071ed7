package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Options says where the record is. An empty URL is SQLite in Dir/parlour.db,
// postgres:// is PostgreSQL, anything else the path of an SQLite file.
type Options struct {
	URL    string
	Dir    string
	Logger *slog.Logger
	Clock  func() int64 // SQLite only: milliseconds since 1970 UTC; nil is the process's clock
	// AgentIdle and VisitorIdle are how long an agent's session and a visitor's
	// token live unused; 0 is 12 hours and 30 days.
	AgentIdle, VisitorIdle time.Duration
	// OwnerWait is how long a parked conversation whose visitor wrote waits for
	// its owner before others are asked; 0 is a minute.
	OwnerWait time.Duration
	// VisitorAway is how long the place of a visitor who is away is kept: who is
	// given up has left so long before; 0 is two minutes.
	VisitorAway time.Duration
}

// Stats counts what the record has done since it was opened.
type Stats struct {
	Commits   int64 // transactions that wrote
	Functions int64 // methods that wrote; with group commit many share a transaction
	Retries   int64 // transactions that PostgreSQL asked to run again
	Panics    int64 // methods that panicked: each failed alone, and is logged
	Waiting   int64 // methods that wait for SQLite's writer now
}

// A backend runs the transactions of one kind of database.
type backend interface {
	// write runs fn in a transaction. What it gives has to be called: it returns
	// after the commit, or after nothing of it has been kept. fn may run more than
	// once, from here on or only then.
	write(ctx context.Context, fn func(context.Context, *tx) error) (wait func() error)
	// reader runs single queries outside of transactions.
	reader() executor
	now(ctx context.Context) (int64, error)
	stats() Stats
	ping(ctx context.Context) error
	close() error
}

// A Store is the record. Its methods may be called concurrently.
type Store struct {
	db    backend
	epoch string
	tail  tail
	idle  idleTimes
	log   *slog.Logger

	panics      atomic.Int64
	endings     endings
	ownerWait   int64 // ms
	visitorAway int64 // ms
}

// idleTimes are how long what is not used lives, in milliseconds.
type idleTimes struct{ agent, visitor int64 }

const (
	agentIdle   = 12 * time.Hour
	visitorIdle = 30 * 24 * time.Hour
	keptPlace   = 2 * time.Minute
)

func idleMs(set, usual time.Duration) int64 {
	if set == 0 {
		set = usual
	}
	return set.Milliseconds()
}

// Open opens the record, makes it where there is none, and brings its tables
// up to date. Several processes may open the same PostgreSQL database.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	db, err := openBackend(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open record: %w", err)
	}
	s := &Store{
		db: db, log: o.Logger, idle: idleTimes{agent: idleMs(o.AgentIdle, agentIdle), visitor: idleMs(o.VisitorIdle, visitorIdle)},
		ownerWait: idleMs(o.OwnerWait, waitForOwner), visitorAway: idleMs(o.VisitorAway, keptPlace),
	}
	if s.epoch, err = s.readEpoch(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open record: %w", err), db.close())
	}
	return s, nil
}

func openBackend(ctx context.Context, o Options) (backend, error) {
	if strings.HasPrefix(o.URL, "postgres://") || strings.HasPrefix(o.URL, "postgresql://") {
		return openPostgres(ctx, o)
	}
	return openSQLite(ctx, o)
}

// Close waits for the writes under way and closes the record. Methods called
// after it fail with CodeUnavailable.
func (s *Store) Close() error { return s.db.close() }

// Epoch is a UUID made when the database was. Another epoch means another
// record: readers resync and keep what they have not sent (D12).
func (s *Store) Epoch() string { return s.epoch }

// Now is the clock that decides, in milliseconds since 1970 UTC: the
// database's with PostgreSQL, the process's with SQLite.
func (s *Store) Now(ctx context.Context) (int64, error) { return s.db.now(ctx) }

// Stats counts the work done so far.
func (s *Store) Stats() Stats {
	stats := s.db.stats()
	stats.Panics = s.panics.Load()
	return stats
}

// Ping says whether the record answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.ping(ctx) }

func (s *Store) readEpoch(ctx context.Context) (string, error) {
	return write(ctx, s, func(ctx context.Context, t *tx) (string, error) {
		fresh := uuid.Must(uuid.NewV7()).String()
		if _, err := t.exec(ctx, `INSERT INTO meta (name, value) VALUES ('epoch', $1) ON CONFLICT (name) DO NOTHING`, fresh); err != nil {
			return "", err
		}
		epoch, _, err := one(ctx, t, scanString, `SELECT value FROM meta WHERE name = 'epoch'`)
		return epoch, err
	})
}

func errUnavailable(why error) error {
	return fmt.Errorf("%w: %w", protocol.NewError(protocol.CodeUnavailable, "The record does not answer now. Please try again."), why)
}
