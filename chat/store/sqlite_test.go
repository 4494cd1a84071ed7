package store

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Every connection waits for the disk before a commit returns (D1).
func TestEveryConnectionIsSynchronous(t *testing.T) {
	s, err := Open(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	want := map[string]string{"synchronous": "2", "journal_mode": "wal", "foreign_keys": "1"}
	for name, value := range want {
		got, err := write(t.Context(), s, func(ctx context.Context, x *tx) (string, error) {
			got, _, err := one(ctx, x, scanString, "PRAGMA "+name)
			return got, err
		})
		if err != nil || got != value {
			t.Errorf("the writer has %s %q, %v; want %q", name, got, err, value)
		}
	}
	db := s.db.(*sqlite)
	for i := range readers {
		conn, err := db.pool.Conn(t.Context()) // held until the end, so that each is another one
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		for name, value := range want {
			var got string
			if err := conn.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&got); err != nil || got != value {
				t.Errorf("reader %d has %s %q, %v; want %q", i, name, got, err, value)
			}
		}
	}
	if n := db.pool.Stats().OpenConnections; n != readers {
		t.Errorf("%d connections looked at, want %d", n, readers)
	}
}

// A folder that others may read makes no record that others may read.
func TestANewRecordIsItsOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) < 3 {
		t.Fatalf("%v, %v; want the record, its log and its index", files, err)
	}
	for _, name := range files {
		if f, err := os.Stat(name); err != nil || f.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", filepath.Base(name), f, err)
		}
	}
}

// One function's failure after it has written spoils nothing of its batch and leaves nothing behind.
func TestAFailureStaysAlone(t *testing.T) {
	s, err := Open(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put := func(name string, fail error) func(context.Context, *tx) error {
		return func(ctx context.Context, x *tx) error {
			if _, err := x.exec(ctx, `INSERT INTO meta (name, value) VALUES ($1, '')`, name); err != nil {
				return err
			}
			return fail
		}
	}
	db := s.db.(*sqlite)
	hold, began := make(chan struct{}), make(chan struct{})
	results := make(chan error, 4)
	go func() { // holds the writer until the others wait together
		results <- db.write(t.Context(), func(context.Context, *tx) error { close(began); <-hold; return nil })()
	}()
	<-began
	broken := errors.New("broken")
	go func() { results <- db.write(t.Context(), put("a", nil))() }()
	go func() { results <- db.write(t.Context(), put("b", broken))() }()
	go func() { results <- db.write(t.Context(), put("c", nil))() }()
	for tick := time.NewTicker(time.Millisecond); s.Stats().Waiting < 3; {
		<-tick.C
	}
	close(hold)
	failed := 0
	for range 4 {
		if err := <-results; errors.Is(err, broken) {
			failed++
		} else if err != nil {
			t.Error(err)
		}
	}
	kept, err := all(t.Context(), s.db.reader(), scanString, `SELECT name FROM meta WHERE name IN ('a', 'b', 'c') ORDER BY name`)
	if err != nil || len(kept) != 2 || kept[0] != "a" || kept[1] != "c" || failed != 1 {
		t.Errorf("kept %v, %d failed, %v; want a and c", kept, failed, err)
	}
}

func TestClosedRecordRefuses(t *testing.T) {
	s, err := Open(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.Append(t.Context(), AppendIn{}); !errors.Is(err, errClosed) {
		t.Errorf("append after close: %v", err)
	}
}

func TestEpochStaysWithTheDatabase(t *testing.T) { // D12
	dir := t.TempDir()
	epochs := map[string]bool{}
	for range 2 {
		s, err := Open(t.Context(), Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		epochs[s.Epoch()] = true
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(epochs) != 1 {
		t.Errorf("epochs %v", epochs)
	}
}

func TestAuditRepairsLoads(t *testing.T) { // R1
	s, err := Open(t.Context(), Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, err = s.Apply(t.Context(), Workspace{
		ID: "w", Profiles: []Profile{{ID: "p", Name: "p"}}, Roles: []Role{{ID: "r", Name: "r"}},
		Agents: []Agent{{ID: "a", Email: "a@b.c", Name: "A", Role: "r", Profile: Profile{ID: "p"}, MaxChats: 4}},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = write(t.Context(), s, func(ctx context.Context, x *tx) (sql.Result, error) {
		return x.ExecContext(ctx, `UPDATE agents SET load = 75, slots = 3`)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 0} {
		if n, err := s.AuditLoads(t.Context(), "w"); err != nil || n != want {
			t.Errorf("repaired %d, %v; want %d", n, err, want)
		}
	}
	if a, err := s.Agent(t.Context(), "w", "a"); err != nil || a.Load != 0 || a.Slots != 0 {
		t.Errorf("agent %+v, %v", a, err)
	}
}

// What a message asks is hashed as it always was: a node of another version, or
// of an earlier one, knows the command again (D2, L5).
func TestAMessagesHashStays(t *testing.T) {
	in := AppendIn{Workspace: "w", Conversation: "c\"1", Actor: "a", Op: "o", Kind: "message", Audience: "all"}
	in.Body.Text = "<b> & \u2028 \xff é"
	p := post{in: in}
	if err := p.prepare(); err != nil {
		t.Fatal(err)
	}
	want, err := (command{asked: []any{"append", in.Conversation, in.Kind, in.Audience, in.Body}}).hash()
	if err != nil || p.sum != want {
		t.Errorf("hash %s, %v; want %s", p.sum, err, want)
	}
	if again, err := p.hash(); err != nil || again != want {
		t.Errorf("the second time %s, %v; want %s", again, err, want)
	}
}
