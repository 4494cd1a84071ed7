package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// An executor runs statements: a transaction, or a pool for reading.
type executor interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// A tx is one transaction under way.
type tx struct {
	executor
	lock  string // appended to a SELECT whose row will be changed; empty in SQLite, where there is one writer
	clock func(context.Context) (int64, error)
	later *later // holds back rows of insert; nil: they are added at once
	now   int64  // set by time
	wrote bool   // a statement that may write was sent

	states  []state // of conversations that were written
	entries []Entry // that were written
}

// time is the transaction's time: the same for everything it writes.
func (t *tx) time(ctx context.Context) (int64, error) {
	if t.now != 0 {
		return t.now, nil
	}
	now, err := t.clock(ctx)
	if err != nil {
		return 0, fmt.Errorf("read clock: %w", err)
	}
	t.now = now
	return now, nil
}

// exec runs a statement and counts the rows it changed.
func (t *tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	t.wrote = true
	r, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, lost(err)
	}
	return r.RowsAffected()
}

// touch raises the actors' versions and returns them, sorted, once each.
func (t *tx) touch(ctx context.Context, workspace protocol.WorkspaceID, actors ...string) ([]string, error) {
	versions, err := t.raise(ctx, workspace, actors)
	if err != nil {
		return nil, err
	}
	touched := actors[:0]
	for _, v := range versions {
		touched = append(touched, v.actor)
	}
	return touched, nil
}

// raiseOne and raiseTwo raise versions of so many actors.
const (
	raiseOne = `INSERT INTO actors (workspace, actor, version) VALUES ($1, $2, 1)` + raised
	raiseTwo = `INSERT INTO actors (workspace, actor, version) VALUES ($1, $2, 1), ($1, $3, 1)` + raised
	raised   = ` ON CONFLICT (actor) DO UPDATE SET version = actors.version + 1 RETURNING actor, version`
)

// raise raises the actors' versions and gives them as they are then, sorted by
// actor, once each. It sorts the list that it is given.
func (t *tx) raise(ctx context.Context, workspace protocol.WorkspaceID, actors []string) ([]version, error) {
	slices.Sort(actors)
	actors = slices.Compact(actors)
	versions := make([]version, 0, len(actors))
	for len(actors) > 0 { // each in its turn, so that two transactions never wait for each other
		query, args := raiseOne, []any{string(workspace), actors[0]}
		if len(actors) > 1 {
			query, args = raiseTwo, append(args, actors[1])
		}
		t.wrote = true
		some, err := all(ctx, t, scanVersion, query, args...)
		if err != nil {
			return nil, fmt.Errorf("raise version: %w", err)
		}
		versions, actors = append(versions, some...), actors[len(args)-1:]
	}
	slices.SortFunc(versions, func(a, b version) int { return cmp.Compare(a.actor, b.actor) })
	return versions, nil
}

func visitorActor(id protocol.VisitorID) string { return "visitor:" + string(id) }
func agentActor(id protocol.AgentID) string     { return "agent:" + string(id) }

// systemActor made what nobody asked for.
const systemActor = "system"

// write runs fn in a transaction and returns what it made after the commit,
// when the tail has it too.
func write[T any](ctx context.Context, s *Store, fn func(context.Context, *tx) (T, error)) (T, error) {
	var got T
	err := begin(ctx, s, func(ctx context.Context, t *tx) (err error) {
		got, err = fn(ctx, t)
		return err
	})()
	if err != nil {
		var none T
		return none, err
	}
	return got, nil
}

// begin hands fn to the database. What it gives waits for the commit, or for
// the failure, and has to be called; SQLite begins before, and runs the
// functions of one caller in the order in which they were handed in. A panic of
// fn costs this command alone (S10): nothing that it wrote is kept, and it comes
// back as an error.
func begin(ctx context.Context, s *Store, fn func(context.Context, *tx) error) (wait func() error) {
	var last *tx // of the runs, the one that is kept
	committed := s.db.write(ctx, func(ctx context.Context, t *tx) error {
		last = t
		return guarded(ctx, t, fn)
	})
	return func() error {
		if err := committed(); err != nil {
			if broken, ok := errors.AsType[*panicked](err); ok {
				s.panics.Add(1)
				s.log.Error("a function of the record panicked, nothing of it is kept", "panic", broken.value, "stack", string(broken.stack))
			}
			return err
		}
		if len(last.states) > 0 {
			s.tail.add(last.states, last.entries)
		}
		return nil
	}
}

// A panicked function has left its transaction half-way.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic in the record: %v", p.value) }

func guarded(ctx context.Context, t *tx, fn func(context.Context, *tx) error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			t.wrote = true // whatever it has done is undone
			err = &panicked{value, debug.Stack()}
		}
	}()
	return fn(ctx, t)
}

// A scanner is a row.
type scanner interface{ Scan(dest ...any) error }

// one reads the first row; found is false where there is none.
func one[T any](ctx context.Context, x executor, scan func(scanner) (T, error), query string, args ...any) (got T, found bool, err error) {
	rows, err := x.QueryContext(ctx, query, args...)
	if err != nil {
		return got, false, lost(err)
	}
	defer rows.Close()
	if rows.Next() {
		if got, err = scan(rows); err != nil {
			return got, false, err
		}
		found = true
		if rows.Next() {
			return got, false, fmt.Errorf("one row wanted, more found")
		}
	}
	return got, found, lost(rows.Err())
}

// returning runs an UPDATE .. RETURNING of at most one row.
func returning[T any](ctx context.Context, t *tx, scan func(scanner) (T, error), query string, args ...any) (got T, found bool, err error) {
	got, found, err = one(ctx, t, scan, query, args...)
	t.wrote = t.wrote || found || err != nil
	return got, found, err
}

// all reads every row.
func all[T any](ctx context.Context, x executor, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := x.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, lost(err)
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, item)
	}
	return list, lost(rows.Err())
}

func scanString(row scanner) (s string, err error) { err = row.Scan(&s); return s, err }
func scanInt(row scanner) (n int64, err error)     { err = row.Scan(&n); return n, err }
