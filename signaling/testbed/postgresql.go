package testbed

import (
	"fmt"
	"net/url"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const postgresFolder = "/usr/lib/postgresql/*/bin"

// A PostgreSQLServer is a PostgreSQL of its own, with fsync on as in
// production. Its methods fail the test that made it; Kill and Restart are for
// one goroutine at a time.
type PostgreSQLServer struct {
	process *process
	port    int
	made    atomic.Int64 // databases
}

// shared is the server of all tests of this process that only need a database.
// It ends with the process.
var shared = sync.OnceValues(startPostgreSQL)

// Database makes an empty database and gives its address. All tests of a
// process share one server, which is started by the first.
func Database(t testing.TB) string {
	t.Helper()
	s, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return s.Database(t)
}

// PostgreSQL starts a server of the test's own, for tests that hurt it. It
// ends with the test.
func PostgreSQL(t testing.TB) *PostgreSQLServer {
	t.Helper()
	s, err := startPostgreSQL()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.process.end(false) })
	return s
}

func startPostgreSQL() (*PostgreSQLServer, error) {
	var last error
	for range 5 {
		s, err := newPostgreSQL()
		if err != nil {
			return nil, err
		}
		if last = s.run(); last == nil {
			return s, nil
		}
		s.process.end(false)
	}
	return nil, last
}

// newPostgreSQL makes the files of a server.
func newPostgreSQL() (*PostgreSQLServer, error) {
	initdb, err := program("initdb", "postgresql", postgresFolder)
	if err != nil {
		return nil, err
	}
	as, err := unprivileged("postgres")
	if err != nil {
		return nil, err
	}
	port, err := testPorts.give()
	if err != nil {
		return nil, err
	}
	p, err := newProcess("postgresql", "QUIT", as)
	if err != nil {
		return nil, err
	}
	s := &PostgreSQLServer{process: p, port: port}
	// Only the files of initdb itself go unsynced; the server syncs as always.
	cmd := exec.Command(initdb, "-D", s.data(), "-U", "parlour", "-E", "UTF8", "--no-locale", "--auth", "trust", "--no-sync", "--no-instructions")
	cmd.Dir = p.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	if out, err := cmd.CombinedOutput(); err != nil {
		p.end(false)
		return nil, fmt.Errorf("make the files of PostgreSQL: %w: %s", err, out)
	}
	return s, nil
}

func (s *PostgreSQLServer) data() string { return filepath.Join(s.process.dir, "data") }

func (s *PostgreSQLServer) run() error {
	postgres, err := program("postgres", "postgresql", postgresFolder)
	if err != nil {
		return err
	}
	ready, err := program("pg_isready", "postgresql", postgresFolder)
	if err != nil {
		return err
	}
	err = s.process.start(postgres, "-D", s.data(), "-p", strconv.Itoa(s.port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories="+s.process.dir, "-c", "fsync=on", "-c", "max_connections=200", "-c", "shared_buffers=64MB")
	if err != nil {
		return err
	}
	ok := until(30*time.Second, func() bool {
		return s.process.gone() || exec.Command(ready, "-q", "-h", "127.0.0.1", "-p", strconv.Itoa(s.port)).Run() == nil
	})
	if !ok || s.process.gone() {
		return fmt.Errorf("PostgreSQL %w: %s", errNotReady, s.process.log())
	}
	return nil
}

// Database makes an empty database on this server and gives its address.
func (s *PostgreSQLServer) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", s.made.Add(1))
	s.Do(t, "postgres", "CREATE DATABASE "+name)
	return s.URL(name)
}

// URL is the address of a database as a setting.
func (s *PostgreSQLServer) URL(database string) string {
	u := url.URL{Scheme: "postgres", User: url.User("parlour"), Host: s.Addr(), Path: database, RawQuery: "sslmode=disable"}
	return u.String()
}

// Addr is host:port.
func (s *PostgreSQLServer) Addr() string { return "127.0.0.1:" + strconv.Itoa(s.port) }

// Do runs SQL in a database and gives its answer, rows by line.
func (s *PostgreSQLServer) Do(t testing.TB, database, sql string) string {
	t.Helper()
	psql, err := program("psql", "postgresql-client", postgresFolder)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), psql, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
		"-h", "127.0.0.1", "-p", strconv.Itoa(s.port), "-U", "parlour", "-d", database, "-c", sql).CombinedOutput()
	if err != nil {
		t.Fatalf("PostgreSQL: %v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// Kill ends the server at once, as kill -9 of its main process does; the files
// stay for Restart.
func (s *PostgreSQLServer) Kill(t testing.TB) {
	t.Helper()
	if err := s.process.send(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s.process.end(true)
}

// Restart starts the server again on the same port and files, ending it first
// where it still runs.
func (s *PostgreSQLServer) Restart(t testing.TB) {
	t.Helper()
	var last error
	if !until(30*time.Second, func() bool {
		// Processes of a killed server may hold its memory for a moment.
		s.process.end(true)
		last = s.run()
		return last == nil
	}) {
		t.Fatal(last)
	}
}
