package cobrowse

import "github.com/parlour-chat/parlour/signaling/protocol"

type assemblyState int

const (
	assemblyMore     assemblyState = iota // the batch goes on
	assemblyWhole                         // a batch is complete
	assemblyGap                           // something is missing: wait for a snapshot
	assemblyTooLarge                      // over a limit: wait for a snapshot
	assemblyFull                          // the memory of all sessions is full: wait for a snapshot
)

// keptBuffer is the largest buffer that an assembly keeps for the next batch.
const keptBuffer = 64 << 10

// An assembly puts the packets of a page together to batches. After a gap it
// takes nothing until a snapshot begins.
type assembly struct {
	memory    *memory
	gen, next uint32
	buf       []byte // its capacity is reserved
	open      bool   // within a batch
	lost      bool
	begun     bool
}

// add takes one packet; the batch it completes is only good until the next add.
func (a *assembly) add(h protocol.PacketHeader, payload []byte, l Limits) ([]byte, assemblyState) {
	first := h.Flags&protocol.FlagFirst != 0
	if h.Type == protocol.PacketSnapshot && first {
		*a = assembly{memory: a.memory, gen: h.Gen, next: h.Seq, buf: a.buf[:0], begun: true}
	}
	if a.lost || !a.begun || h.Gen != a.gen || h.Seq != a.next || first == a.open {
		a.lose()
		return nil, assemblyGap
	}
	a.next++
	if first {
		a.buf = a.buf[:0]
	}
	a.open = true
	limit := l.batch(h.Type)
	if len(a.buf)+len(payload) > limit {
		a.lose()
		return nil, assemblyTooLarge
	}
	if !a.grow(len(payload), limit) {
		a.lose()
		return nil, assemblyFull
	}
	a.buf = append(a.buf, payload...)
	if h.Flags&protocol.FlagLast == 0 {
		return nil, assemblyMore
	}
	a.open = false
	return a.buf, assemblyWhole
}

// grow makes room for n more bytes, as far as memory has it.
func (a *assembly) grow(n, limit int) bool {
	need, has := len(a.buf)+n, cap(a.buf)
	if need <= has {
		return true
	}
	size := max(need, min(2*has, limit))
	if !a.memory.take(size) { // both are held while the one is copied
		return false
	}
	buf := make([]byte, len(a.buf), size)
	copy(buf, a.buf)
	a.memory.give(has)
	a.buf = buf
	return true
}

// done says that the batch of the last add is not needed any more.
func (a *assembly) done() {
	if cap(a.buf) > keptBuffer {
		a.release()
	}
}

// lose gives up what is begun: a snapshot has to come.
func (a *assembly) lose() {
	a.release()
	a.lost, a.open = true, false
}

func (a *assembly) release() {
	a.memory.give(cap(a.buf))
	a.buf = nil
}
