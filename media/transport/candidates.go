package transport

import (
	"fmt"
	"hash/crc32"
	"net/netip"
	"strconv"
	"strings"
)

// advertised reads Options.Advertise; the zero value means none.
func advertised(value string) (netip.AddrPort, error) {
	if value == "" {
		return netip.AddrPort{}, nil
	}
	addr, err := netip.ParseAddrPort(value)
	if err != nil || addr.Port() == 0 || addr.Addr().IsUnspecified() {
		return netip.AddrPort{}, fmt.Errorf("advertised WebRTC address %q is not ip:port", value)
	}
	return netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port()), nil
}

// candidateLines are all candidates of an endpoint, values of a=candidate. An
// advertised address takes the place of every own one.
func (p *ports) candidateLines(advertise netip.AddrPort) []string {
	udp, tcp := p.udpAddrs, p.tcpAddrs
	if advertise.IsValid() {
		if len(udp) > 0 {
			udp = []netip.AddrPort{advertise}
		}
		if len(tcp) > 0 {
			tcp = []netip.AddrPort{advertise}
		}
	}
	lines := make([]string, 0, len(udp)+len(tcp))
	for i, a := range udp {
		lines = append(lines, candidateLine("udp", hostPreference, i, a, ""))
	}
	for i, a := range tcp {
		lines = append(lines, candidateLine("tcp", tcpPreference, i, a, " tcptype passive"))
	}
	return lines
}

const (
	hostPreference = 126 // type preference of a host candidate (RFC 8445, 5.1.2.2)
	tcpPreference  = 90  // below every UDP one
)

func candidateLine(network string, preference uint32, rank int, addr netip.AddrPort, suffix string) string {
	local := uint32(65535 - rank)
	foundation := crc32.ChecksumIEEE([]byte(network + addr.Addr().String()))
	return strconv.FormatUint(uint64(foundation), 10) + " 1 " + network + " " +
		strconv.FormatUint(uint64(preference<<24|local<<8|255), 10) + " " +
		addr.Addr().String() + " " + strconv.Itoa(int(addr.Port())) + " typ host" + suffix
}

// ReplaceCandidates puts the endpoint's candidates in the place of those in
// each media section of an SDP that another stack on the same ports made, so
// that the advertised address holds for it too. Sections without candidates
// stay as they are.
func (e *Endpoint) ReplaceCandidates(sdp string) string {
	var b strings.Builder
	b.Grow(len(sdp))
	replaced := false
	for line := range strings.Lines(sdp) {
		switch {
		case strings.HasPrefix(line, "a=candidate:"):
			if replaced {
				continue
			}
			replaced = true
			for _, c := range e.candidates {
				b.WriteString("a=candidate:" + c + "\r\n")
			}
			continue
		case strings.HasPrefix(line, "m="):
			replaced = false
		}
		b.WriteString(line)
	}
	return b.String()
}
