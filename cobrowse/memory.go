package cobrowse

import "sync/atomic"

// packetOverhead is what a waiting packet counts beside its payload.
const packetOverhead = 128

// A memory bounds what all sessions of a node hold together: packets that wait,
// batches that are put together, and what late viewers need. When it is full,
// packets are dropped as after a gap, and a snapshot is passed on without being
// kept; the page is asked for a new one when somebody needs it.
type memory struct {
	most int64
	held atomic.Int64
}

// take reserves so many bytes; false says that there is no room.
func (m *memory) take(n int) bool {
	if m.held.Add(int64(n)) > m.most {
		m.held.Add(int64(-n))
		return false
	}
	return true
}

func (m *memory) give(n int) { m.held.Add(int64(-n)) }

func (p packetIn) cost() int { return len(p.payload) + packetOverhead }
