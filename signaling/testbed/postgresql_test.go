package testbed_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/parlour-chat/parlour/signaling/testbed"
)

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestEachDatabaseIsEmptyAndDurable(t *testing.T) {
	for range 2 {
		conn := connect(t, testbed.Database(t))
		if _, err := conn.Exec(t.Context(), "CREATE TABLE a (id int)"); err != nil {
			t.Error(err)
		}
		for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
			var value string
			if err := conn.QueryRow(t.Context(), "SHOW "+setting).Scan(&value); err != nil || value != "on" {
				t.Errorf("%s = %q, %v, want on", setting, value, err)
			}
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestPostgreSQLKeepsWhatWasCommittedWhenKilled(t *testing.T) {
	s := testbed.PostgreSQL(t)
	url := s.Database(t)
	conn := connect(t, url)
	if _, err := conn.Exec(t.Context(), "CREATE TABLE a (id int); INSERT INTO a VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	s.Kill(t)
	// The killed server's children see a moment later that it is gone.
	testbed.Until(t, 20*time.Second, "the connection breaks", func() bool {
		_, err := conn.Exec(t.Context(), "SELECT 1")
		return err != nil
	})
	s.Restart(t)
	conn = connect(t, url)
	defer conn.Close(t.Context())
	var n int
	if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM a").Scan(&n); err != nil || n != 1 {
		t.Errorf("rows after the restart = %d, %v, want 1", n, err)
	}
}

// TestServersEndWithTheProcess starts this test again in a process of its own,
// which kills itself while its servers run.
func TestServersEndWithTheProcess(t *testing.T) {
	if os.Getenv("TESTBED_DIE") != "" {
		r := testbed.Redis(t)
		_, _ = os.Stdout.WriteString("REDIS " + r.Addr() + "\nDATABASE " + testbed.Database(t) + "\n")
		self, err := os.FindProcess(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		_ = self.Kill()
		select {}
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestServersEndWithTheProcess$")
	cmd.Env = append(os.Environ(), "TESTBED_DIE=1")
	out, err := cmd.Output()
	if err == nil {
		t.Fatalf("the other process ended well: %s", out)
	}
	found := map[string]string{}
	for _, line := range strings.Split(string(out), "\n") {
		if name, value, ok := strings.Cut(line, " "); ok {
			found[name] = value
		}
	}
	url, address := found["DATABASE"], found["REDIS"]
	if url == "" || address == "" {
		t.Fatalf("the other process started nothing: %s", out)
	}
	testbed.Until(t, 20*time.Second, "PostgreSQL ends", func() bool {
		conn, err := pgx.Connect(t.Context(), url)
		if err == nil {
			_ = conn.Close(t.Context())
		}
		return err != nil
	})
	testbed.Until(t, 20*time.Second, "Redis ends", func() bool { return !listening(address) })
}
