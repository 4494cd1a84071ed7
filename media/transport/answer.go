package transport

import (
	"crypto/rand"
	"encoding/binary"
	"strconv"
	"strings"
)

// A sketch is what differs between the SDPs that this package writes.
type sketch struct {
	lite, bundled bool
	protocol      string
	mid           string
	setup         string
	ufrag, pwd    string
	fingerprint   string // sha-256
	candidates    []string
	maxMessage    int
}

// text writes the SDP of one data section with everything in it: this side
// never trickles.
func (s sketch) text() string {
	var id [8]byte
	rand.Read(id[:]) // never fails
	var b strings.Builder
	b.Grow(1024)
	line := func(parts ...string) {
		for _, p := range parts {
			b.WriteString(p)
		}
		b.WriteString("\r\n")
	}
	line("v=0")
	line("o=- ", strconv.FormatUint(binary.BigEndian.Uint64(id[:])>>1, 10), " 2 IN IP4 127.0.0.1")
	line("s=-")
	line("t=0 0")
	if s.lite {
		line("a=ice-lite")
	}
	if s.bundled {
		line("a=group:BUNDLE ", s.mid)
	}
	line("m=application 9 ", s.protocol, " ", mediaFormat)
	line("c=IN IP4 0.0.0.0")
	if s.mid != "" {
		line("a=mid:", s.mid)
	}
	line("a=setup:", s.setup)
	line("a=ice-ufrag:", s.ufrag)
	line("a=ice-pwd:", s.pwd)
	line("a=fingerprint:sha-256 ", s.fingerprint)
	line("a=sctp-port:", sctpPort)
	line("a=max-message-size:", strconv.Itoa(s.maxMessage))
	for _, c := range s.candidates {
		line("a=candidate:", c)
	}
	line("a=end-of-candidates")
	return b.String()
}
