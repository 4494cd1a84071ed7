package cobrowse

import "sync/atomic"

type counters struct {
	sessions, packets, refused, unconsented, gaps, dropped, full, resyncs, events, withheld, forwarded, bytes atomic.Int64
}

// Stats are counted since the node began; Sessions is what is open now.
type Stats struct {
	Sessions    int64
	Held        int64 // bytes that all sessions hold now
	Packets     int64 // of visitors, taken
	Refused     int64 // not a packet, or of nobody who may send one
	Unconsented int64 // came without a consent that runs
	Gaps        int64 // a packet was missing before it
	Dropped     int64 // full inbox, too large, too many
	Full        int64 // packets and snapshots that found no room in the memory of all sessions
	Resyncs     int64 // new snapshots asked for
	Events      int64 // passed
	Withheld    int64 // events, attributes and values that may not pass
	Forwarded   int64 // packets to viewers
	Bytes       int64 // to viewers
}

func (c *counters) snapshot() Stats {
	return Stats{
		Sessions: c.sessions.Load(), Packets: c.packets.Load(), Refused: c.refused.Load(), Unconsented: c.unconsented.Load(), Gaps: c.gaps.Load(),
		Dropped: c.dropped.Load(), Full: c.full.Load(), Resyncs: c.resyncs.Load(), Events: c.events.Load(), Withheld: c.withheld.Load(), Forwarded: c.forwarded.Load(), Bytes: c.bytes.Load(),
	}
}
