package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// A Program is this program, to be started again as another process: its path
// with the arguments that come before the command's, and its environment.
type Program struct {
	Path    string
	Environ []string
}

// A child is a process of ours. It ends with ctx, with close, and with this
// process, because it reads its input to the end or is told to.
type child struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
	said  *tail
}

// start runs the program with the arguments. What it prints is read by line.
func (p Program) start(ctx context.Context, arguments ...string) (*child, error) {
	c := &child{cmd: exec.CommandContext(ctx, p.Path, arguments...), said: &tail{}} //nolint:gosec // our own program
	c.cmd.Env, c.cmd.Stderr = p.Environ, c.said
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	c.cmd.Cancel = func() error { return c.cmd.Process.Signal(syscall.SIGTERM) }
	c.cmd.WaitDelay = 5 * time.Second
	in, err := c.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", arguments[0], err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", arguments[0], err)
	}
	c.in, c.lines = in, bufio.NewScanner(out)
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", arguments[0], err)
	}
	return c, nil
}

// line waits for the next line that the process prints.
func (c *child) line() (string, error) {
	if c.lines.Scan() {
		return c.lines.Text(), nil
	}
	_ = c.in.Close()
	return "", fmt.Errorf("%s has ended: %w\n%s", c.cmd.Args[1:], errors.Join(c.lines.Err(), c.cmd.Wait()), c.said)
}

// close ends the process by closing its input, with a signal for those that do
// not read it, and waits for its end.
func (c *child) close() {
	_ = c.in.Close()
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	_ = c.cmd.Wait() // that it was told to end is no error
}

// A tail keeps the last of what a process says, for the error that tells of it.
type tail struct {
	mu   sync.Mutex
	last []byte
}

const tailBytes = 4096

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = append(t.last, p...)
	if over := len(t.last) - tailBytes; over > 0 {
		t.last = append([]byte(nil), t.last[over:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.last)
}

// finish waits for a process that ends by itself.
func (c *child) finish() error {
	for c.lines.Scan() { // reads it to its end
	}
	_ = c.in.Close()
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w\n%s", c.cmd.Args[1:], err, c.said)
	}
	return nil
}
