package store_test

import (
	"database/sql"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/chat/store/storetest"
)

// A record of an earlier version is brought up to date and has forgotten no
// command (D2, L5).
func TestCommandsOutliveTheirTable(t *testing.T) {
	dir := t.TempDir()
	s, err := store.Open(t.Context(), store.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	w := storetest.NewWorld(t, s, 1)
	c := w.Ask(t)
	in := w.Saying(c, "once")
	before, _, err := s.Append(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	file, err := sql.Open("sqlite", filepath.Join(dir, "parlour.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	p, err := goose.NewProvider(goose.DialectSQLite3, file, store.SQLiteMigrations(), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.DownTo(t.Context(), 5); err != nil {
		t.Fatal(err)
	}
	columns := "" // of the earlier version's key
	if err := file.QueryRowContext(t.Context(), `SELECT group_concat(name) FROM (SELECT name FROM pragma_table_info('ops') WHERE pk > 0 ORDER BY pk)`).Scan(&columns); err != nil || columns != "workspace,actor,op" {
		t.Fatalf("the earlier version's key is %s, %v", columns, err)
	}
	if s, err = store.Open(t.Context(), store.Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	again, existed, err := s.Append(t.Context(), in)
	if err != nil || !existed || again.Seq != before.Seq || again.ID != before.ID {
		t.Errorf("again: %+v, existed %v, %v; want %+v", again, existed, err, before)
	}
}
