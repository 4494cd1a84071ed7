package transport

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/transport/v4"
	"github.com/pion/transport/v4/stdnet"
)

const (
	defaultConnectTimeout = 20 * time.Second
	defaultMaxConns       = 10_000
)

// Options say where an Endpoint listens. Zero values are defaults.
type Options struct {
	// UDPAddress and TCPAddress are host:port; empty closes that way. An
	// unspecified host means the addresses that the interfaces have now.
	UDPAddress, TCPAddress string
	// Advertise, ip:port, is put into candidates instead of the own addresses,
	// for a server behind a 1:1 NAT or port forwarding.
	Advertise string
	// Logger receives what pion says, at debug level; nil is silent.
	Logger *slog.Logger
	// ConnectTimeout bounds the time from the answer to the open main channel; 0 is 20 s.
	ConnectTimeout time.Duration
	// MaxConns bounds the connections that exist at once; 0 is 10,000. Offers
	// beyond it are refused with CodeFull. Twice as many TCP connections may
	// exist; what comes beyond that is closed at once.
	MaxConns int
}

// shared is what all connections of one endpoint, or of one process of
// clients, have in common.
type shared struct {
	loggers     *loggers
	network     transport.Net
	certificate tls.Certificate
	fingerprint string // sha-256
	counters    counters
	timeout     time.Duration
}

func newShared(log *slog.Logger, timeout time.Duration) (*shared, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	if timeout == 0 {
		timeout = defaultConnectTimeout
	}
	network, err := stdnet.NewNet()
	if err != nil {
		return nil, fmt.Errorf("read network interfaces: %w", err)
	}
	certificate, err := newCertificate()
	if err != nil {
		return nil, err
	}
	fingerprint, _ := digest("sha-256", certificate.Certificate[0])
	return &shared{
		loggers: &loggers{log}, network: network, timeout: timeout,
		certificate: certificate, fingerprint: fingerprint,
	}, nil
}

// An Endpoint is the server side: the ports, the certificate and the
// connections that came through them. Its methods may be called concurrently.
type Endpoint struct {
	*shared
	ports      *ports
	candidates []string
	maxConns   int

	mu     sync.Mutex
	conns  map[*Conn]struct{}
	closed bool
}

// Listen opens the ports. With both addresses empty the endpoint exists and
// refuses every offer with CodeUnavailable.
func Listen(o Options) (*Endpoint, error) {
	advertise, err := advertised(o.Advertise)
	if err != nil {
		return nil, err
	}
	s, err := newShared(o.Logger, o.ConnectTimeout)
	if err != nil {
		return nil, err
	}
	if o.MaxConns == 0 {
		o.MaxConns = defaultMaxConns
	}
	p, err := listen(o, s)
	if err != nil {
		return nil, err
	}
	return &Endpoint{
		shared: s, ports: p, candidates: p.candidateLines(advertise),
		maxConns: o.MaxConns, conns: make(map[*Conn]struct{}),
	}, nil
}

// Answer takes a browser's offer of a data-only connection and gives the
// answer, which holds all candidates. It does not wait for the peer: the Conn
// is connecting when it comes back, and h hears how it goes on. ctx bounds
// only the call. Every error is an *Error, except that of an ended ctx.
func (e *Endpoint) Answer(ctx context.Context, offerSDP string, h Handler) (*Conn, string, error) {
	remote, err := parseOffer(offerSDP)
	if err != nil {
		e.counters.badSDP.Add(1)
		return nil, "", err
	}
	if len(e.candidates) == 0 {
		return nil, "", refuse(CodeUnavailable, "WebRTC is switched off here")
	}
	c := newConn(e.shared, h, remote)
	c.settled, c.forget = e.settled, e.forget
	if err := e.admit(c); err != nil {
		return nil, "", err
	}
	if err := c.gather(ctx, e.agentOptions(c)); err != nil {
		_ = c.abandon()
		if ctx.Err() != nil {
			return nil, "", fmt.Errorf("answer offer: %w", ctx.Err())
		}
		return nil, "", refuse(CodeUnavailable, "the connection cannot be prepared")
	}
	ufrag, pwd, err := c.agent.GetLocalUserCredentials()
	if err != nil {
		_ = c.abandon()
		return nil, "", refuse(CodeUnavailable, "the connection cannot be prepared")
	}
	answer := sketch{
		lite: true, bundled: remote.bundled, protocol: remote.protocol, mid: remote.mid,
		setup: "passive", ufrag: ufrag, pwd: pwd, fingerprint: e.fingerprint,
		candidates: e.candidates, maxMessage: MaxSend,
	}
	e.counters.accepted.Add(1)
	c.start()
	return c, answer.text(), nil
}

func (e *Endpoint) admit(c *Conn) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return refuse(CodeUnavailable, "the server is shutting down")
	}
	if len(e.conns) >= e.maxConns {
		return refuse(CodeFull, "the server has as many connections as it may")
	}
	e.conns[c] = struct{}{}
	e.counters.connections.Add(1)
	return nil
}

func (e *Endpoint) forget(c *Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.conns, c)
	e.counters.connections.Add(-1)
}

// settled gives back what a connection over UDP holds on the TCP port: two
// goroutines and 8 KB for a way it does not use. Should UDP stop working, the
// peer makes a new connection.
func (e *Endpoint) settled(c *Conn) {
	if e.ports.tcp == nil || e.ports.udp == nil {
		return
	}
	pair, err := c.agent.GetSelectedCandidatePair()
	if err != nil || pair == nil || pair.Local.NetworkType().IsTCP() {
		return
	}
	if ufrag, _, err := c.agent.GetLocalUserCredentials(); err == nil {
		e.ports.tcp.RemoveConnByUfrag(ufrag)
	}
}

// Close ends all connections with ErrClosed, waits until their handlers have
// heard so, and closes the ports.
func (e *Endpoint) Close() error {
	e.mu.Lock()
	e.closed = true
	conns := make([]*Conn, 0, len(e.conns))
	for c := range e.conns {
		conns = append(conns, c)
	}
	e.mu.Unlock()
	for _, c := range conns {
		c.Close()
	}
	for _, c := range conns {
		<-c.Done()
	}
	if err := e.ports.close(); err != nil {
		return fmt.Errorf("close WebRTC ports: %w", err)
	}
	return nil
}

// UDPMux is the UDP port, to be shared with other ICE agents; nil when closed.
// The endpoint owns it.
func (e *Endpoint) UDPMux() ice.UDPMux { return e.ports.udp }

// TCPMux is the ICE-TCP port, like UDPMux; nil when closed.
func (e *Endpoint) TCPMux() ice.TCPMux { return e.ports.tcp }

// Certificate is the P-256 certificate that all connections of this process
// present; its Leaf is set and its key is an *ecdsa.PrivateKey.
func (e *Endpoint) Certificate() tls.Certificate { return e.certificate }

// Net is the view of the network taken at Listen, to be shared with other
// agents: each of their own would cost 10 KB.
func (e *Endpoint) Net() transport.Net { return e.network }

// Loopback says whether a port is bound to a loopback address, so that agents
// on these ports have to include loopback candidates.
func (e *Endpoint) Loopback() bool { return e.ports.loopback }

// Candidates are the values of a=candidate lines that every answer carries.
func (e *Endpoint) Candidates() []string { return append([]string(nil), e.candidates...) }

// Stats are the counters now.
func (e *Endpoint) Stats() Stats { return e.counters.snapshot() }
