package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling/testbed"
)

const hang = 60 * time.Second // a guard against hanging, no bound

// A server is `parlour serve` in a process of its own, which can be killed and
// started again on the same data and ports.
type server struct {
	t     *testing.T
	args  []string
	url   string
	ops   string
	http  *http.Client
	cmd   *exec.Cmd
	mu    sync.Mutex
	lines []string
}

const workspaceFile = `
workspace: {key: default, name: Test}
queues: [{key: sales, name: Sales}]
sites: [{key: shop, name: Shop, origins: ["http://127.0.0.1"], queues: [sales], audio: true, video: true, cobrowse: true}]
profiles: [{name: all, queues: [sales], media: [chat, audio, video, cobrowse]}]
roles: [{name: agent, permissions: [desk, call.start, cobrowse.start]}]
agents:
  - {email: anna@shop.test, name: Anna, role: agent, profile: all, max_chats: 4, password: "correct horse battery"}
  - {email: ben@shop.test, name: Ben, role: agent, profile: all, max_chats: 4, password: "correct horse battery"}
`

// startServer applies the workspace and starts a server with settings.
func startServer(t *testing.T, settings ...string) *server {
	t.Helper()
	folder := t.TempDir()
	file := filepath.Join(folder, "workspace.yaml")
	if err := os.WriteFile(file, []byte(workspaceFile), 0o600); err != nil {
		t.Fatal(err)
	}
	address, ops := testbed.FreeAddress(t), testbed.FreeAddress(t)
	s := &server{t: t, url: "http://" + address, ops: "http://" + ops, http: &http.Client{Timeout: hang}}
	common := append([]string{"--data.directory=" + folder}, settings...)
	var out bytes.Buffer
	if err := run(t.Context(), append([]string{"admin", "apply", file}, databaseOf(common)...), nil, &out, &out); err != nil {
		t.Fatalf("apply: %v\n%s", err, &out)
	}
	s.args = append([]string{
		"serve", "--http.address=" + address, "--ops.address=" + ops, "--webrtc.udp_address=", "--webrtc.tcp_address=",
		"--limits.messages_per_minute_per_visitor=1000000", "--limits.frames_per_second=100000",
	}, common...)
	t.Cleanup(func() {
		s.kill()
		if t.Failed() {
			s.mu.Lock()
			defer s.mu.Unlock()
			t.Logf("the server wrote:\n%s", strings.Join(s.lines[max(0, len(s.lines)-40):], "\n"))
		}
	})
	s.start()
	return s
}

func databaseOf(settings []string) []string {
	var out []string
	for _, s := range settings {
		if strings.HasPrefix(s, "--data.") || strings.HasPrefix(s, "--database.") {
			out = append(out, s)
		}
	}
	return out
}

func (s *server) start() {
	s.t.Helper()
	self, err := os.Executable()
	if err != nil {
		s.t.Fatal(err)
	}
	s.cmd = exec.Command(self, s.args...)
	s.cmd.Env = append(os.Environ(), asProgram+"=1")
	errs, err := s.cmd.StderrPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	go func() { // ends when the process does
		for lines := bufio.NewScanner(errs); lines.Scan(); {
			s.mu.Lock()
			s.lines = append(s.lines, lines.Text())
			s.mu.Unlock()
		}
	}()
	s.until("the server is ready", func() bool {
		res, err := s.http.Get(s.url + "/readyz")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// kill ends the process without a word to it.
func (s *server) kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	_ = s.cmd.Wait() // it was killed: it has no other way to end
	s.cmd = nil
	s.http.CloseIdleConnections()
}

func (s *server) until(what string, condition func() bool) {
	s.t.Helper()
	guard := time.After(hang)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-guard:
			s.t.Fatalf("never: %s", what)
		}
	}
}

// post sends JSON and reads JSON.
func (s *server) post(path string, body any, into any) *http.Response {
	s.t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := s.http.Post(s.url+path, "application/json", bytes.NewReader(data))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode >= 300 {
		s.t.Fatalf("POST %s: %s", path, res.Status)
	}
	if into != nil {
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			s.t.Fatal(fmt.Errorf("read answer of %s: %w", path, err))
		}
	}
	return res
}
