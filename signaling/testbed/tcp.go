package testbed

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// queued is how many chunks of at most 16 KiB wait in each direction of a
// connection. When it is full the sender is no longer read from.
const queued = 64

// A TCPProxy stands between a client and a server and breaks the connections
// between them when told to. Its methods may be called from any goroutine.
type TCPProxy struct {
	*faults
	target   string
	listener net.Listener
	running  sync.WaitGroup

	pairs sync.Map // *pair, those that are open

	connections, refused, dropped atomic.Int64
	up, down                      atomic.Int64
}

// TCPCounts is what a proxy has seen since its start.
type TCPCounts struct {
	Connections int64 // carried to the server
	Refused     int64 // while cut, or because the server did not answer
	Dropped     int64 // broken by the proxy
	BytesUp     int64 // client to server, handed on
	BytesDown   int64
}

// Proxy carries TCP connections to target, host:port. It ends with the test.
func Proxy(t testing.TB, target string) *TCPProxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &TCPProxy{faults: newFaults(), target: target, listener: listener}
	p.running.Go(p.accept)
	t.Cleanup(p.close)
	return p
}

// Addr is where clients connect to.
func (p *TCPProxy) Addr() string { return p.listener.Addr().String() }

// SetDelay holds everything back for d in each direction, in order. Zero ends it.
func (p *TCPProxy) SetDelay(d time.Duration) { p.set(func() { p.delay = d }) }

// Pause hands nothing on while connections stay open, as a network that lost
// its route does; Resume hands on what waited.
func (p *TCPProxy) Pause() { p.set(func() { p.paused = true }) }

// Resume ends Pause.
func (p *TCPProxy) Resume() { p.set(func() { p.paused = false }) }

// Drop breaks every connection with a reset, and what waited in them is lost.
// New ones are carried.
func (p *TCPProxy) Drop() {
	p.pairs.Range(func(key, _ any) bool {
		if key.(*pair).reset() {
			p.dropped.Add(1)
		}
		return true
	})
}

// Cut breaks every connection and refuses new ones, until Heal.
func (p *TCPProxy) Cut() {
	p.set(func() { p.cut = true })
	p.Drop()
}

// Heal ends Cut.
func (p *TCPProxy) Heal() { p.set(func() { p.cut = false }) }

// Counts is what has passed so far.
func (p *TCPProxy) Counts() TCPCounts {
	return TCPCounts{p.connections.Load(), p.refused.Load(), p.dropped.Load(), p.up.Load(), p.down.Load()}
}

func (p *TCPProxy) close() {
	_ = p.listener.Close()
	p.Cut()
	p.running.Wait()
}

func (p *TCPProxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.carry(client) })
	}
}

// carry owns one client's connection.
func (p *TCPProxy) carry(client net.Conn) {
	if p.isCut() {
		p.refused.Add(1)
		abort(client)
		return
	}
	server, err := net.DialTimeout("tcp", p.target, 5*time.Second)
	if err != nil {
		p.refused.Add(1)
		abort(client)
		return
	}
	c := &pair{client: client, server: server, done: make(chan struct{})}
	p.connections.Add(1)
	p.pairs.Store(c, nil)
	if p.isCut() { // between the check above and here
		c.reset()
	}
	var both sync.WaitGroup
	both.Go(func() { p.pump(c, client, server, &p.up) })
	both.Go(func() { p.pump(c, server, client, &p.down) })
	both.Wait()
	p.pairs.Delete(c)
	c.end()
}

// pump reads one direction until its end; a goroutine of its own writes. An
// end of input is passed on as such, so that half-closed connections work.
func (p *TCPProxy) pump(c *pair, from, to net.Conn, count *atomic.Int64) {
	queue := make(chan parcel, queued)
	var writer sync.WaitGroup
	writer.Go(func() {
		p.deliver(queue, c.done, func(data []byte) error {
			count.Add(int64(len(data))) // before anybody can have seen it
			_, err := to.Write(data)
			if err != nil {
				c.reset()
			}
			return err
		})
	})
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			select {
			case queue <- parcel{append([]byte(nil), buffer[:n]...), p.due()}:
			case <-c.done:
			}
		}
		if err != nil {
			close(queue)
			writer.Wait()
			if half, ok := to.(*net.TCPConn); ok && errors.Is(err, io.EOF) {
				_ = half.CloseWrite()
			} else {
				c.reset()
			}
			return
		}
	}
}

// A pair is one connection through the proxy.
type pair struct {
	client, server net.Conn
	done           chan struct{}
	once           sync.Once // closes done
}

// reset breaks the connection, and reports whether it was still whole.
func (c *pair) reset() (first bool) {
	c.once.Do(func() {
		first = true
		close(c.done)
		abort(c.client)
		abort(c.server)
	})
	return first
}

// end closes what both sides have finished; what the kernel still holds arrives.
func (c *pair) end() {
	c.once.Do(func() {
		close(c.done)
		_ = c.client.Close()
		_ = c.server.Close()
	})
}

// abort closes a connection with a reset instead of an orderly end.
func abort(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
