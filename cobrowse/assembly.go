package cobrowse

import "github.com/parlour-chat/parlour/signaling/protocol"

type assemblyState int

const (
	assemblyMore     assemblyState = iota // the batch goes on
	assemblyWhole                         // a batch is complete
	assemblyGap                           // something is missing: wait for a snapshot
	assemblyTooLarge                      // over a limit: wait for a snapshot
)

// An assembly puts the packets of a page together to batches. After a gap it
// takes nothing until a snapshot begins.
type assembly struct {
	gen, next uint32
	buf       []byte
	open      bool // within a batch
	lost      bool
	begun     bool
}

// add takes one packet; the batch it completes is only good until the next add.
func (a *assembly) add(h protocol.PacketHeader, payload []byte, l Limits) ([]byte, assemblyState) {
	first := h.Flags&protocol.FlagFirst != 0
	if h.Type == protocol.PacketSnapshot && first {
		*a = assembly{gen: h.Gen, next: h.Seq, buf: a.buf[:0], begun: true}
	}
	if a.lost || !a.begun || h.Gen != a.gen || h.Seq != a.next || first == a.open {
		a.lost, a.open = true, false
		return nil, assemblyGap
	}
	a.next++
	if first {
		a.buf = a.buf[:0]
	}
	a.open = true
	limit := l.BatchBytes
	if h.Type == protocol.PacketSnapshot {
		limit = l.SnapshotBytes
	}
	if len(a.buf)+len(payload) > limit {
		*a = assembly{lost: true}
		return nil, assemblyTooLarge
	}
	a.buf = append(a.buf, payload...)
	if h.Flags&protocol.FlagLast == 0 {
		return nil, assemblyMore
	}
	a.open = false
	return a.buf, assemblyWhole
}
