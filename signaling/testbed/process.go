package testbed

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// supervisor runs a server beside the test process and ends it when its own
// standard input ends, which happens however the test process ends. The word
// "keep" on the input ends the server too, but leaves its folder.
// Arguments: folder, signal that ends the server, command...
const supervisor = `dir=$1; signal=$2; shift 2
"$@" >>"$dir/log" 2>&1 </dev/null &
child=$!
echo $child
word=
read word
kill -"$signal" $child 2>/dev/null
kill -CONT $child 2>/dev/null
wait $child
[ "$word" = keep ] || rm -rf "$dir"
`

// A process is one server. Its methods are for one goroutine at a time.
type process struct {
	dir    string
	signal string // that ends it
	as     *syscall.Credential
	cmd    *exec.Cmd // of the supervisor
	input  io.WriteCloser
	pid    int // of the server
}

// newProcess makes a folder for a server that as (nil: ourselves) can write to.
func newProcess(name, signal string, as *syscall.Credential) (*process, error) {
	dir, err := os.MkdirTemp("", "parlour-"+name+"-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for %s: %w", name, err)
	}
	if as != nil {
		if err := os.Chown(dir, int(as.Uid), int(as.Gid)); err != nil {
			return nil, fmt.Errorf("give the folder of %s away: %w", name, err)
		}
	}
	return &process{dir: dir, signal: signal, as: as}, nil
}

func (p *process) start(argv ...string) error {
	cmd := exec.Command("/bin/sh", append([]string{"-c", supervisor, "sh", p.dir, p.signal}, argv...)...)
	cmd.Dir = p.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: p.as}
	input, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", argv[0], err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", argv[0], err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", argv[0], err)
	}
	p.cmd, p.input = cmd, input
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		return fmt.Errorf("start %s: %w", argv[0], err)
	}
	p.pid, err = strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		return fmt.Errorf("start %s: %w", argv[0], err)
	}
	return nil
}

// end stops the server and waits until it has gone. With keep its folder stays
// for the next start.
func (p *process) end(keep bool) {
	if p.cmd == nil { // not running
		if !keep {
			_ = os.RemoveAll(p.dir)
		}
		return
	}
	if keep {
		_, _ = io.WriteString(p.input, "keep\n") // fails only if it is gone already
	}
	_ = p.input.Close()
	_ = p.cmd.Wait()
	p.cmd = nil
}

func (p *process) send(s syscall.Signal) error {
	if err := syscall.Kill(p.pid, s); err != nil {
		return fmt.Errorf("send %s to process %d: %w", s, p.pid, err)
	}
	return nil
}

// gone reports whether the server has ended. Its supervisor waits for it only
// later, so that an ended one is a zombie.
func (p *process) gone() bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
	if err != nil {
		return syscall.Kill(p.pid, 0) != nil
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(rest, "Z")
}

// log is the end of what the server printed, for failures.
func (p *process) log() string {
	text, err := os.ReadFile(filepath.Join(p.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// program finds an installed program by name, also in the folders given as
// patterns, the newest version first.
func program(name, debianPackage string, patterns ...string) (string, error) {
	for _, pattern := range patterns {
		found, _ := filepath.Glob(filepath.Join(pattern, name))
		best, version := "", -1
		for _, path := range found {
			n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
			if n > version {
				best, version = path, n
			}
		}
		if best != "" {
			return best, nil
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("this test needs %s: apt-get install %s", name, debianPackage)
	}
	return path, nil
}

// unprivileged is whom to run as a server that refuses to run as root: nil
// when we are not root ourselves, else the first of the users that exists.
func unprivileged(users ...string) (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range append(users, "nobody") {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			continue
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			continue
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, fmt.Errorf("no user to run a server as: none of %v exists", users)
}
