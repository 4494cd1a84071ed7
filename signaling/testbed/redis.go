package testbed

import (
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A RedisServer is one redis-server process without persistence. Its methods
// fail the test that made it; they are for one goroutine at a time.
type RedisServer struct {
	t       testing.TB
	process *process
	argv    []string
	port    int
}

// Redis starts one server. It ends with the test.
func Redis(t testing.TB) *RedisServer {
	t.Helper()
	return redisServer(t)
}

// redisServer starts a server with more arguments. A port that was taken
// meanwhile is tried again with another.
func redisServer(t testing.TB, more ...string) *RedisServer {
	t.Helper()
	path, err := program("redis-server", "redis-server")
	if err != nil {
		t.Fatal(err)
	}
	var last error
	for range 5 {
		port, err := testPorts.give()
		if err != nil {
			t.Fatal(err)
		}
		p, err := newProcess("redis", "KILL", nil)
		if err != nil {
			t.Fatal(err)
		}
		s := &RedisServer{t: t, process: p, port: port, argv: append([]string{
			path, "--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--dir", p.dir, "--save", "", "--appendonly", "no",
		}, more...)}
		if last = s.run(); last == nil {
			t.Cleanup(func() { s.process.end(false) })
			return s
		}
		p.end(false)
	}
	t.Fatal(last)
	return nil
}

var errNotReady = errors.New("does not answer")

func (s *RedisServer) run() error {
	if err := s.process.start(s.argv...); err != nil {
		return err
	}
	ready := until(10*time.Second, func() bool {
		answer, err := do(s.Addr(), "PING")
		return err == nil && answer == "PONG" || s.process.gone()
	})
	if !ready || s.process.gone() {
		return fmt.Errorf("redis-server %w: %s", errNotReady, s.process.log())
	}
	return nil
}

// Addr is host:port.
func (s *RedisServer) Addr() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(s.port)) }

// URL is the address as a setting.
func (s *RedisServer) URL() string { return "redis://" + s.Addr() + "/0" }

// Do sends one command and gives the answer as text, lists by line.
func (s *RedisServer) Do(args ...string) string {
	s.t.Helper()
	answer, err := do(s.Addr(), args...)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer
}

// Try sends one command as Do does, and gives the error to who expects one:
// of a server that is paused, dead, or no master.
func (s *RedisServer) Try(args ...string) (string, error) { return do(s.Addr(), args...) }

// Kill ends the server at once, as kill -9 does. Nothing of it is kept.
func (s *RedisServer) Kill() {
	s.t.Helper()
	if err := s.process.send(syscall.SIGKILL); err != nil {
		s.t.Fatal(err)
	}
	s.process.end(true)
}

// Restart starts the server again, empty, on the same port, killing it first
// where it still runs.
func (s *RedisServer) Restart() {
	s.t.Helper()
	s.process.end(true)
	if err := s.run(); err != nil {
		s.t.Fatal(err)
	}
}

// Pause stops the process without ending it: connections stay, nothing answers.
func (s *RedisServer) Pause() {
	s.t.Helper()
	if err := s.process.send(syscall.SIGSTOP); err != nil {
		s.t.Fatal(err)
	}
}

// Resume lets a paused server go on.
func (s *RedisServer) Resume() {
	s.t.Helper()
	if err := s.process.send(syscall.SIGCONT); err != nil {
		s.t.Fatal(err)
	}
}

// has reports whether a line of the answer to INFO or CLUSTER INFO is given.
func (s *RedisServer) has(line string, command ...string) bool {
	answer, err := do(s.Addr(), command...)
	if err != nil {
		return false
	}
	for _, l := range strings.Split(answer, "\n") {
		if strings.TrimSpace(l) == line {
			return true
		}
	}
	return false
}
