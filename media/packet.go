package media

import (
	"sync"
	"sync/atomic"

	"github.com/pion/rtp"
)

const packetBytes = 1500

// A packet is one RTP packet on its way through. It is shared by all its
// viewers and nobody changes it; the last one to release it gives it back.
type packet struct {
	buf    [packetBytes]byte
	header rtp.Header
	data   []byte // the payload, within buf
	refs   atomic.Int32
}

var packets = sync.Pool{New: func() any { return new(packet) }}

// newPacket gives a packet with one reference.
func newPacket() *packet {
	p, _ := packets.Get().(*packet)
	p.refs.Store(1)
	return p
}

// parse reads the first n bytes of buf. Padding is cut off; a packet of
// padding only (bandwidth probes) has no data.
func (p *packet) parse(n int) error {
	p.header = rtp.Header{}
	head, err := p.header.Unmarshal(p.buf[:n])
	if err != nil {
		return err
	}
	end := n
	if p.header.Padding && n > head {
		end -= int(p.buf[n-1])
	}
	if end < head {
		end = head
	}
	p.data = p.buf[head:end]
	return nil
}

func (p *packet) retain() { p.refs.Add(1) }

func (p *packet) release() {
	if p.refs.Add(-1) == 0 {
		packets.Put(p)
	}
}
