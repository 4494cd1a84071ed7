package testbed

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A UDPProxy stands between clients and a server and loses, delays or cuts
// their packets when told to. Each client has a port of its own towards the
// server, as behind a NAT. Its methods may be called from any goroutine.
type UDPProxy struct {
	*faults
	target  *net.UDPAddr
	conn    *net.UDPConn
	running sync.WaitGroup
	done    chan struct{}

	random   *rand.Rand // of the reading goroutine and, under randomMu, all others
	randomMu sync.Mutex

	routes map[netip.AddrPort]*route // of the reading goroutine

	forwarded, lost atomic.Int64
}

// UDPCounts is what a proxy has seen since its start.
type UDPCounts struct {
	Forwarded int64
	Lost      int64 // by SetLoss, Cut or a full queue of 1024 packets
}

// A route is one client's way to the server.
type route struct {
	server *net.UDPConn
	up     chan parcel
}

// PacketProxy carries UDP packets to target, host:port. Losses follow from
// seed. It ends with the test.
func PacketProxy(t testing.TB, target string, seed uint64) *UDPProxy {
	t.Helper()
	to, err := net.ResolveUDPAddr("udp", target)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	p := &UDPProxy{
		faults: newFaults(), target: to, conn: conn, done: make(chan struct{}),
		random: rand.New(rand.NewPCG(seed, 0)),
		routes: map[netip.AddrPort]*route{},
	}
	p.running.Go(p.read)
	t.Cleanup(p.close)
	return p
}

// Addr is where clients send to.
func (p *UDPProxy) Addr() string { return p.conn.LocalAddr().String() }

// SetLoss loses this share of packets, 0 to 1, in each direction.
func (p *UDPProxy) SetLoss(share float64) { p.set(func() { p.loss = share }) }

// SetDelay holds packets back for d in each direction.
func (p *UDPProxy) SetDelay(d time.Duration) { p.set(func() { p.delay = d }) }

// Cut loses everything, until Heal.
func (p *UDPProxy) Cut() { p.set(func() { p.cut = true }) }

// Heal ends Cut.
func (p *UDPProxy) Heal() { p.set(func() { p.cut = false }) }

// Counts is what has passed so far.
func (p *UDPProxy) Counts() UDPCounts { return UDPCounts{p.forwarded.Load(), p.lost.Load()} }

func (p *UDPProxy) close() {
	close(p.done)
	_ = p.conn.Close()
	p.running.Wait()
}

// read takes the clients' packets and owns the routes.
func (p *UDPProxy) read() {
	defer func() {
		for _, r := range p.routes {
			_ = r.server.Close()
		}
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, client, err := p.conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		r, ok := p.routes[client]
		if !ok {
			if r, ok = p.open(client); !ok {
				p.lost.Add(1)
				continue
			}
			p.routes[client] = r
		}
		p.queue(r.up, buffer[:n])
	}
}

// open makes the way of a client to the server and back.
func (p *UDPProxy) open(client netip.AddrPort) (*route, bool) {
	server, err := net.DialUDP("udp", nil, p.target)
	if err != nil {
		return nil, false
	}
	r := &route{server: server, up: make(chan parcel, 1024)}
	down := make(chan parcel, 1024)
	p.running.Go(func() {
		p.deliver(r.up, p.done, func(data []byte) error {
			_, _ = server.Write(data) // an unreachable server loses packets
			return nil
		})
	})
	p.running.Go(func() {
		p.deliver(down, p.done, func(data []byte) error {
			_, _ = p.conn.WriteToUDPAddrPort(data, client)
			return nil
		})
	})
	p.running.Go(func() {
		buffer := make([]byte, 64<<10)
		for {
			n, err := server.Read(buffer)
			if err != nil && isClosed(p.done) {
				return
			}
			if err == nil { // else refused by the server: it may come back
				p.queue(down, buffer[:n])
			}
		}
	})
	return r, true
}

// queue takes a packet, or loses it.
func (p *UDPProxy) queue(queue chan<- parcel, data []byte) {
	p.randomMu.Lock()
	lose := p.random.Float64() < p.lossRate()
	p.randomMu.Unlock()
	if lose || p.isCut() {
		p.lost.Add(1)
		return
	}
	select {
	case queue <- parcel{append([]byte(nil), data...), p.due()}:
		p.forwarded.Add(1)
	default:
		p.lost.Add(1)
	}
}

func isClosed(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}
