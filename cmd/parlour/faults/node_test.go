package faults

import (
	"bufio"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling/testbed"
)

const hang = 60 * time.Second // a guard against hanging, no bound

// drain is how long a node that stops waits for those who are there to move.
const drain = 2 * time.Second

// A node is `parlour serve` in a process of its own. Its methods are for one
// goroutine at a time, but for url and log.
type node struct {
	t    *testing.T
	name string
	url  string
	ops  string // where its metrics are
	args []string
	cmd  *exec.Cmd

	mu    sync.Mutex // guards what follows
	lines []string
}

// keptLines are of a node's log.
const keptLines = 4000

func newNode(t *testing.T, name string, settings ...string) *node {
	t.Helper()
	address, ops := testbed.FreeAddress(t), testbed.FreeAddress(t)
	n := &node{t: t, name: name, url: "http://" + address, ops: "http://" + ops}
	n.args = append([]string{
		"serve", "--node.id=" + name, "--http.address=" + address, "--ops.address=" + ops, "--webrtc.udp_address=", "--webrtc.tcp_address=",
		"--data.directory=" + t.TempDir(), "--shutdown.drain=" + drain.String(), "--log.level=info",
	}, settings...)
	for _, limit := range []string{
		"connections_per_ip", "visitors_per_minute_per_ip", "messages_per_minute_per_visitor", "sign_ins_per_minute_per_ip",
		"requests_per_second_per_ip", "frames_per_second",
	} {
		n.args = append(n.args, "--limits."+limit+"=1000000") // all come from one address
	}
	t.Cleanup(n.kill)
	return n
}

// start starts the process; it may not be ready yet.
func (n *node) start() {
	n.t.Helper()
	n.cmd = exec.Command(program(n.t), n.args...)
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	errs, err := n.cmd.StderrPipe()
	if err == nil {
		err = n.cmd.Start()
	}
	if err != nil {
		n.t.Fatal(err)
	}
	go func() { // ends when the process does
		for lines := bufio.NewScanner(errs); lines.Scan(); {
			if line := lines.Text(); !expected(line) {
				n.mu.Lock()
				n.lines = append(n.lines[max(0, len(n.lines)-keptLines):], line)
				n.mu.Unlock()
			}
		}
	}()
}

// expected says whether a line tells no more than that a part is away.
func expected(line string) bool {
	return strings.Contains(line, "msg=request ") || strings.Contains(line, "will be tried again") || strings.Contains(line, `msg="not ready"`)
}

// kill ends the process without a word to it.
func (n *node) kill() {
	if n.cmd == nil {
		return
	}
	_ = n.cmd.Process.Kill()
	_ = n.cmd.Wait() // it was killed: it has no other way to end
	n.cmd = nil
}

func (n *node) signal(s syscall.Signal) {
	n.t.Helper()
	if err := n.cmd.Process.Signal(s); err != nil {
		n.t.Fatalf("send %s to node %s: %v", s, n.name, err)
	}
}

// quick is for requests that are answered at once, or after the 2 s that a node
// gives to each look at a part of it.
var quick = &http.Client{Timeout: 4 * time.Second}

// health is what the node says of itself, and the status; 0 when it says nothing.
func (n *node) health(path string) (int, string) {
	res, err := quick.Get(n.url + path)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	line, _ := bufio.NewReader(res.Body).ReadString('\n')
	return res.StatusCode, strings.TrimSpace(line)
}

func (n *node) ready() bool {
	status, _ := n.health("/readyz")
	return status == http.StatusOK
}

// log is the end of what the node wrote.
func (n *node) log(lines int) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.lines[max(0, len(n.lines)-lines):], "\n")
}
