package store

import (
	"context"
	"io/fs"
)

// SQLiteMigrations are the files that Open brings SQLite up to date by.
func SQLiteMigrations() fs.FS { return migrationFiles("sqlite") }

// HoldWriter lets SQLite's writer wait, so that what is written until release
// is called shares a transaction.
func (s *Store) HoldWriter() (release func()) {
	began, hold := make(chan struct{}), make(chan struct{})
	wait := s.db.write(context.Background(), func(context.Context, *tx) error {
		close(began)
		<-hold
		return nil
	})
	<-began
	return func() {
		close(hold)
		_ = wait() // a function that does nothing
	}
}

// Panic writes a row of meta, and panics.
func (s *Store) Panic(ctx context.Context, name string) error {
	_, err := write(ctx, s, func(ctx context.Context, t *tx) (int64, error) {
		if _, err := t.exec(ctx, `INSERT INTO meta (name, value) VALUES ($1, '')`, name); err != nil {
			return 0, err
		}
		panic("broken " + name)
	})
	return err
}

// Age makes a session look as if it had been used so much earlier; ms.
func (s *Store) Age(ctx context.Context, session string, by int64) error {
	_, err := write(ctx, s, func(ctx context.Context, t *tx) (int64, error) {
		return t.exec(ctx, `UPDATE sessions SET used = used - $2 WHERE token_hash = $1`, session, by)
	})
	return err
}

// Has tells whether meta has a row.
func (s *Store) Has(ctx context.Context, name string) (bool, error) {
	_, found, err := one(ctx, s.db.reader(), scanString, `SELECT name FROM meta WHERE name = $1`, name)
	return found, err
}

// AppendApart appends the way of a command that is carried out again: nothing is
// held back.
func (s *Store) AppendApart(ctx context.Context, in AppendIn) (Posted, error) {
	p := post{in: in}
	if err := p.prepare(); err != nil {
		return Posted{}, err
	}
	return write(ctx, s, func(ctx context.Context, t *tx) (got Posted, err error) {
		t.later = nil
		_, err = appendEntry(ctx, t, in, p.body, &got)
		return got, err
	})
}
