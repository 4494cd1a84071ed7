package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"
)

// run owns the writing connection. It takes what waits, up to maxBatch
// functions, into one transaction, and lets their callers go on only after
// the commit has returned.
func (b *sqlite) run(w *writerConn) {
	defer close(b.done)
	defer w.close()
	batch := make([]*job, 0, maxBatch)
	for first := range b.jobs {
		batch = append(batch[:0], first)
		for more := true; more; { // those whom the last commit has freed join this one
			n := len(batch)
			runtime.Gosched()
			batch = b.gather(batch)
			more = n < len(batch) && len(batch) < maxBatch
		}
		err := b.commit(w, batch)
		for _, j := range batch {
			if err != nil {
				j.err = err
			}
			close(j.done)
		}
	}
}

func (b *sqlite) gather(batch []*job) []*job {
	for len(batch) < maxBatch {
		select {
		case j, ok := <-b.jobs:
			if !ok {
				return batch
			}
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
}

// commit runs the batch in one transaction. An error means that nothing of
// the batch has been kept; the error of a single function is its own.
//
// Savepoints cost as much as two statements of each function, and functions
// that fail have hardly ever written. So the batch is run without them first,
// and again with them when one failed after it had written.
func (b *sqlite) commit(w *writerConn, batch []*job) error {
	err := b.transaction(w, batch, w.plain)
	if errors.Is(err, errSpoiled) {
		err = b.transaction(w, batch, w.apart)
	}
	return err
}

// errSpoiled says that a function failed after it had written.
var errSpoiled = errors.New("a function failed half-way")

func (b *sqlite) transaction(w *writerConn, batch []*job, each func(context.Context, *sqlite, *job) error) error {
	ctx := context.Background() // a started batch is finished, whoever still waits for it
	if err := w.run(ctx, "BEGIN IMMEDIATE"); err != nil {
		return errUnavailable(fmt.Errorf("begin: %w", err))
	}
	w.later.reset()
	kept := int64(0)
	for _, j := range batch {
		if j.err = j.ctx.Err(); j.err != nil {
			continue
		}
		if err := each(context.WithoutCancel(j.ctx), b, j); err != nil {
			_ = w.run(ctx, "ROLLBACK")
			return errUnavailable(err)
		}
		if j.err == nil {
			kept++
		}
	}
	if err := w.flush(ctx); err != nil {
		_ = w.run(ctx, "ROLLBACK")
		return err
	}
	if err := w.run(ctx, "COMMIT"); err != nil {
		_ = w.run(ctx, "ROLLBACK")
		return errUnavailable(fmt.Errorf("commit: %w", err))
	}
	b.commits.Add(1)
	b.functions.Add(kept)
	return nil
}

// A writerConn is the writing connection with its prepared statements. Only
// the writer goroutine uses it.
type writerConn struct {
	conn  *sql.Conn
	kept  map[string]*sql.Stmt
	later later // rows of the transaction under way
}

// plain runs one function, whose rows may be added together with those of
// others. It fails with errSpoiled when a failure has left something behind.
func (w *writerConn) plain(ctx context.Context, b *sqlite, j *job) error {
	t := &tx{executor: w, clock: b.now, later: &w.later}
	if j.err = j.fn(ctx, t); j.err != nil && t.wrote || w.later.spoiled {
		return errSpoiled
	}
	return nil
}

// apart runs one function so that its failure leaves nothing behind.
func (w *writerConn) apart(ctx context.Context, b *sqlite, j *job) error {
	if err := w.run(ctx, "SAVEPOINT f"); err != nil {
		return fmt.Errorf("savepoint: %w", err)
	}
	if j.err = j.fn(ctx, &tx{executor: w, clock: b.now}); j.err != nil {
		if err := w.run(ctx, "ROLLBACK TO f"); err != nil {
			return fmt.Errorf("undo: %w", err)
		}
	}
	if err := w.run(ctx, "RELEASE f"); err != nil {
		return fmt.Errorf("release: %w", err)
	}
	return nil
}

func (w *writerConn) run(ctx context.Context, query string) error {
	_, err := w.exec(ctx, query)
	return err
}

func (w *writerConn) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	st, err := w.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, args...)
}

func (w *writerConn) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	if st, ok := w.kept[query]; ok {
		return st, nil
	}
	st, err := w.conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	w.kept[query] = st
	return st, nil
}

// ExecContext runs a statement that is prepared once.
func (w *writerConn) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := w.release(ctx, query); err != nil {
		return nil, err
	}
	return w.exec(ctx, query, args...)
}

// release writes what is held back before a statement that may read or change
// it, and forgets the tips, which may be others afterwards.
func (w *writerConn) release(ctx context.Context, query string) error {
	if besides[query] {
		return nil
	}
	flush := w.flush
	if pastRows[query] {
		flush = w.flushTips
	}
	err := flush(ctx)
	clear(w.later.tips)
	return err
}

// QueryContext runs a query that is prepared once.
func (w *writerConn) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := w.release(ctx, query); err != nil {
		return nil, err
	}
	st, err := w.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

func (w *writerConn) close() {
	for _, st := range w.kept {
		_ = st.Close()
	}
	_ = w.conn.Close()
}

// A pool reads over several connections with statements that are kept. The
// texts are constants of this package, so their number is bounded.
type pool struct {
	db *sql.DB

	mu   sync.RWMutex
	kept map[string]*sql.Stmt
}

func (p *pool) statement(ctx context.Context, query string) (*sql.Stmt, error) {
	p.mu.RLock()
	st, ok := p.kept[query]
	p.mu.RUnlock()
	if ok {
		return st, nil
	}
	st, err := p.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if other, ok := p.kept[query]; ok {
		return other, st.Close()
	}
	p.kept[query] = st
	return st, nil
}

// ExecContext runs a statement that is prepared once.
func (p *pool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	st, err := p.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.ExecContext(ctx, args...)
}

// QueryContext runs a query that is prepared once.
func (p *pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	st, err := p.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var first error
	for _, st := range p.kept {
		if err := st.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
