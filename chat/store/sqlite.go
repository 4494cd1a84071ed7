package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

const (
	readers  = 4    // connections that read; WAL lets them go on beside the writer
	maxBatch = 256  // functions in one transaction
	maxQueue = 4096 // functions that wait; when full, callers wait for a place
)

// pragmas holds for every connection: a commit that returned is on the disk (D1).
const pragmas = "_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)" +
	"&_pragma=wal_autocheckpoint(2000)&_pragma=cache_size(-16000)&_pragma=temp_store(MEMORY)&_txlock=immediate"

// sqlite keeps the record in one file. One goroutine writes.
type sqlite struct {
	pool   *sql.DB // readers
	read   *pool
	write1 *sql.DB // the writer's one connection
	clock  func() int64
	jobs   chan *job
	done   chan struct{} // closed when the writer has ended

	mu     sync.RWMutex // held for reading while a job is handed in
	closed bool

	commits, functions atomic.Int64
}

// A job is a function that waits for the writer.
type job struct {
	ctx  context.Context
	fn   func(context.Context, *tx) error
	err  error
	done chan struct{} // closed when err is set and the commit has returned
}

// keepPrivate makes the file of a new record one that its owner alone reads;
// SQLite gives its companions the same mode. A file that is there keeps what
// its administrator gave it.
func keepPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the path is a setting
	if err != nil {
		return fmt.Errorf("make the record: %w", err)
	}
	return f.Close()
}

func openSQLite(ctx context.Context, o Options) (*sqlite, error) {
	path := o.URL
	if path == "" {
		path = filepath.Join(o.Dir, "parlour.db")
	}
	if err := keepPrivate(path); err != nil {
		return nil, err
	}
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + pragmas
	writer, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	writer.SetMaxOpenConns(1)
	p, err := goose.NewProvider(goose.DialectSQLite3, writer, migrationFiles("sqlite"), goose.WithSlog(o.Logger), goose.WithDisableGlobalRegistry(true))
	if err == nil {
		err = migrate(ctx, p)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), writer.Close())
	}
	conn, err := writer.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	reader, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, errors.Join(err, writer.Close())
	}
	reader.SetMaxOpenConns(readers)
	reader.SetMaxIdleConns(readers)
	b := &sqlite{
		pool: reader, read: &pool{db: reader, kept: map[string]*sql.Stmt{}}, write1: writer, clock: o.Clock,
		jobs: make(chan *job, maxQueue), done: make(chan struct{}),
	}
	if b.clock == nil {
		b.clock = func() int64 { return time.Now().UnixMilli() }
	}
	w := &writerConn{conn: conn, kept: map[string]*sql.Stmt{}}
	go b.run(w) // ended by close, which waits for it
	return b, nil
}

func (b *sqlite) reader() executor { return b.read }

func (b *sqlite) now(context.Context) (int64, error) { return b.clock(), nil }

func (b *sqlite) ping(ctx context.Context) error { return b.pool.PingContext(ctx) }

func (b *sqlite) stats() Stats {
	return Stats{Commits: b.commits.Load(), Functions: b.functions.Load(), Waiting: int64(len(b.jobs))}
}

func (b *sqlite) close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	b.closed = true
	close(b.jobs)
	b.mu.Unlock()
	<-b.done
	return errors.Join(b.read.close(), b.pool.Close(), b.write1.Close())
}

var errClosed = errors.New("the record is closed")

func (b *sqlite) write(ctx context.Context, fn func(context.Context, *tx) error) (wait func() error) {
	j := &job{ctx: ctx, fn: fn, done: make(chan struct{})}
	if err := b.hand(ctx, j); err != nil {
		return func() error { return err }
	}
	return j.wait
}

// wait is not shortened by ctx: fn writes into the caller's variables until then.
func (j *job) wait() error {
	<-j.done
	return j.err
}

func (b *sqlite) hand(ctx context.Context, j *job) error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.closed {
		return errUnavailable(errClosed)
	}
	select {
	case b.jobs <- j:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
