package transport

import "sync/atomic"

// ChannelStats counts one channel over all connections of an endpoint, in
// messages and bytes of payload. Dropped counts outgoing messages thrown away
// because a queue was full; only ChannelPointer drops.
type ChannelStats struct {
	MessagesIn, BytesIn   uint64
	MessagesOut, BytesOut uint64
	Dropped               uint64
}

// Stats are the counters of an endpoint since it began, except Connections and
// Open, which say how many exist now (Open: those whose SCTP is up).
type Stats struct {
	Connections, Open int64
	Accepted          uint64 // offers answered
	Established       uint64 // connections that reached Open
	BadSDP            uint64 // offers refused, for whatever is wrong with them
	Refused           uint64 // channels closed: unknown name, wrong reliability, named twice
	RefusedTCP        uint64 // TCP connections closed because there were too many
	SlowCloses        uint64 // connections given up with ErrSlow
	Oversize          uint64 // connections given up with ErrOversize
	Channels          map[string]ChannelStats
}

type channelCounters struct {
	messagesIn, bytesIn, messagesOut, bytesOut, dropped atomic.Uint64
}

type counters struct {
	connections, open                                                        atomic.Int64
	accepted, established, badSDP, refused, refusedTCP, slowCloses, oversize atomic.Uint64
	channels                                                                 [channelCount]channelCounters
}

func (c *counters) snapshot() Stats {
	s := Stats{
		Connections: c.connections.Load(), Open: c.open.Load(),
		Accepted: c.accepted.Load(), Established: c.established.Load(),
		BadSDP: c.badSDP.Load(), Refused: c.refused.Load(), RefusedTCP: c.refusedTCP.Load(),
		SlowCloses: c.slowCloses.Load(), Oversize: c.oversize.Load(),
		Channels: make(map[string]ChannelStats, channelCount),
	}
	for i, spec := range channelSpecs {
		n := &c.channels[i]
		s.Channels[spec.name] = ChannelStats{
			MessagesIn: n.messagesIn.Load(), BytesIn: n.bytesIn.Load(),
			MessagesOut: n.messagesOut.Load(), BytesOut: n.bytesOut.Load(),
			Dropped: n.dropped.Load(),
		}
	}
	return s
}
