package transport

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/transport/v4"
)

const (
	udpSocketBuffer = 4 << 20
	// A peer over TCP that does not read gets this much; then its packets are
	// dropped as on a full network, and SCTP repeats them.
	tcpWriteBuffer = 256 << 10
	tcpReadPackets = 8
	tcpFirstPacket = 10 * time.Second
)

// A ports is the sockets of an endpoint and what they are called outside.
type ports struct {
	udp      ice.UDPMux // nil when closed
	tcp      ice.TCPMux // nil when closed
	udpAddrs []netip.AddrPort
	tcpAddrs []netip.AddrPort
	loopback bool // some address is a loopback one
}

func (p *ports) close() error {
	var errs []error
	if p.udp != nil {
		errs = append(errs, p.udp.Close())
	}
	if p.tcp != nil {
		errs = append(errs, p.tcp.Close())
	}
	return errors.Join(errs...)
}

func listen(o Options, s *shared) (*ports, error) {
	p := &ports{}
	if o.UDPAddress != "" {
		if err := p.listenUDP(o.UDPAddress, s.network, s.loggers); err != nil {
			return nil, err
		}
	}
	if o.TCPAddress != "" {
		if err := p.listenTCP(o.TCPAddress, o.MaxConns, s); err != nil {
			return nil, errors.Join(err, p.close())
		}
	}
	for _, a := range slices.Concat(p.udpAddrs, p.tcpAddrs) {
		p.loopback = p.loopback || a.Addr().IsLoopback()
	}
	return p, nil
}

// listenUDP opens one socket per address, never one on the unspecified
// address: a datagram has to leave from the address that the peer checked.
func (p *ports) listenUDP(address string, network transport.Net, loggers *loggers) error {
	addr, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return fmt.Errorf("resolve WebRTC UDP address %s: %w", address, err)
	}
	ips, err := bindIPs(addr.IP, network)
	if err != nil {
		return fmt.Errorf("listen for WebRTC on UDP %s: %w", address, err)
	}
	port := addr.Port
	var muxes []ice.UDPMux
	for _, ip := range ips {
		socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, uint16(port))))
		if err != nil {
			for _, m := range muxes {
				err = errors.Join(err, m.Close())
			}
			return fmt.Errorf("listen for WebRTC on UDP %s: %w", address, err)
		}
		// The kernel may grant less; a smaller buffer costs datagrams in bursts, nothing else.
		_ = socket.SetReadBuffer(udpSocketBuffer)
		_ = socket.SetWriteBuffer(udpSocketBuffer)
		local := socket.LocalAddr().(*net.UDPAddr).AddrPort()
		port = int(local.Port()) // port 0: all sockets take the first one's
		p.udpAddrs = append(p.udpAddrs, netip.AddrPortFrom(local.Addr().Unmap(), local.Port()))
		muxes = append(muxes, ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: socket, Logger: loggers, Net: network}))
	}
	p.udp = muxes[0]
	if len(muxes) > 1 {
		p.udp = ice.NewMultiUDPMuxDefault(muxes...)
	}
	return nil
}

func (p *ports) listenTCP(address string, maxConns int, s *shared) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("listen for WebRTC on TCP %s: %w", address, err)
	}
	local := listener.Addr().(*net.TCPAddr).AddrPort()
	ips, err := bindIPs(local.Addr().AsSlice(), s.network)
	if err != nil {
		return errors.Join(fmt.Errorf("listen for WebRTC on TCP %s: %w", address, err), listener.Close())
	}
	for _, ip := range ips {
		p.tcpAddrs = append(p.tcpAddrs, netip.AddrPortFrom(ip, local.Port()))
	}
	p.tcp = ice.NewTCPMuxDefault(ice.TCPMuxParams{
		// A peer may have two connections for a while: one per address family.
		Listener:       newLimitedListener(listener, 2*maxConns, &s.counters.refusedTCP),
		Logger:         s.loggers,
		ReadBufferSize: tcpReadPackets, WriteBufferSize: tcpWriteBuffer,
		FirstStunBindTimeout: tcpFirstPacket, AliveDurationForConnFromStun: tcpFirstPacket,
	})
	return nil
}

// bindIPs is ip itself or, for an unspecified one, those of the interfaces
// that are up, without loopback and link-local ones.
func bindIPs(ip net.IP, network transport.Net) ([]netip.Addr, error) {
	addr, ok := netip.AddrFromSlice(ip)
	addr = addr.Unmap()
	if ok && !addr.IsUnspecified() {
		return []netip.Addr{addr}, nil
	}
	interfaces, err := network.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	var ips []netip.Addr
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		if err != nil || i.Flags&net.FlagUp == 0 {
			continue
		}
		for _, a := range addrs {
			prefix, err := netip.ParsePrefix(a.String())
			if err != nil {
				continue
			}
			own := prefix.Addr().Unmap()
			wanted := own.IsGlobalUnicast() && (own.Is4() || !addr.Is4())
			if wanted && !slices.Contains(ips, own) {
				ips = append(ips, own)
			}
		}
	}
	if len(ips) == 0 {
		return nil, errors.New("no interface has a usable address: bind to one explicitly")
	}
	return ips, nil
}
