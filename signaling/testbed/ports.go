package testbed

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/gofrs/flock"
)

// Ports of tests lie below those that the system gives to connections going
// out. One of these would sometimes take the port of a server in the moment
// before it listens, or while it is away to be started again.
const (
	firstPort = 16384
	blockSize = 64 // ports that one lock stands for
)

// ports gives each port to one test of this process only, from blocks that no
// other test process has: a lock on a file tells, and ends with the process.
type ports struct {
	folder string // of the locks

	mu    sync.Mutex
	locks []*flock.Flock // open files, kept from the garbage collector
	own   []int          // all ports of the blocks that are ours
	next  int            // in own: those before it have been given
}

var testPorts = ports{folder: filepath.Join(os.TempDir(), fmt.Sprintf("parlour-ports-%d", os.Getuid()))}

// FreePort is a port of 127.0.0.1 that nobody uses, TCP and UDP alike. No other
// test is given it, and no connection going out has it, for as long as this
// process runs; only a program that asks for this very port can take it.
func FreePort(t testing.TB) int {
	t.Helper()
	port, err := testPorts.give()
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// FreeAddress is a FreePort with its host in front.
func FreeAddress(t testing.TB) string {
	t.Helper()
	return address(FreePort(t))
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// give finds the next port. When no block is left, ports that have been given
// before are given again if nobody uses them now.
func (p *ports) give() (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var last error
	for range 10 * blockSize {
		if p.next == len(p.own) {
			if err := p.more(); err != nil {
				return 0, err
			}
		}
		port := p.own[p.next]
		p.next++
		if last = unused(port); last == nil {
			return port, nil
		}
	}
	return 0, fmt.Errorf("find a free port: %w", last)
}

// more takes one more block, or starts again with those that are ours.
func (p *ports) more() error {
	if err := os.MkdirAll(p.folder, 0o700); err != nil {
		return fmt.Errorf("find a free port: %w", err)
	}
	blocks := (outgoing() - firstPort) / blockSize
	for i, start := 0, rand.IntN(blocks); i < blocks; i++ {
		block := (start + i) % blocks
		lock := flock.New(filepath.Join(p.folder, fmt.Sprint(block)))
		ours, err := lock.TryLock()
		if err != nil {
			return fmt.Errorf("find a free port: %w", err)
		}
		if !ours {
			continue
		}
		p.locks = append(p.locks, lock)
		for port := range blockSize {
			p.own = append(p.own, firstPort+block*blockSize+port)
		}
		return nil
	}
	if len(p.own) == 0 {
		return errors.New("find a free port: other test processes have them all")
	}
	p.next = 0
	return nil
}

// outgoing is the first port that the system gives to connections going out, as
// Linux tells it. Where that leaves no room, or is not told, it is the usual one.
func outgoing() int {
	const usual = 32768
	var low, high int
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		return usual
	}
	if _, err := fmt.Sscan(string(text), &low, &high); err != nil || low < firstPort+blockSize {
		return usual
	}
	return low
}

func unused(port int) error {
	listener, err := net.Listen("tcp", address(port))
	if err != nil {
		return err
	}
	packets, err := net.ListenPacket("udp", address(port))
	if err != nil {
		_ = listener.Close()
		return err
	}
	return errors.Join(listener.Close(), packets.Close())
}
