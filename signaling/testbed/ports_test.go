package testbed

import (
	"net"
	"testing"
)

// No two test processes have one port, nor a process one twice; and none is
// among those that the system gives to connections going out.
func TestPortsAreGivenOnce(t *testing.T) {
	folder := t.TempDir()
	here, there := ports{folder: folder}, ports{folder: folder} // as two processes have them
	seen := map[int]bool{}
	for range (outgoing() - firstPort) / 3 { // each of the two has a third of all
		for _, p := range []*ports{&here, &there} {
			port, err := p.give()
			if err != nil {
				t.Fatal(err)
			}
			if seen[port] {
				t.Fatalf("%d is given a second time", port)
			}
			if port < firstPort || port >= outgoing() {
				t.Fatalf("%d is not between %d and %d", port, firstPort, outgoing())
			}
			seen[port] = true
		}
	}
	for _, p := range []*ports{&here, &there} {
		for _, lock := range p.locks {
			if err := lock.Unlock(); err != nil {
				t.Error(err)
			}
		}
	}
}

// A port that a program has taken, by TCP or by UDP alone, is left out.
func TestTakenPortsAreNotGiven(t *testing.T) {
	tcp, udp := FreePort(t), FreePort(t)
	l, err := net.Listen("tcp", address(tcp))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	c, err := net.ListenPacket("udp", address(udp))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	free := FreePort(t)
	p := ports{own: []int{tcp, udp, free}}
	if got, err := p.give(); err != nil || got != free {
		t.Errorf("%d, %v; want %d", got, err, free)
	}
}
