package media

import "sync/atomic"

type counters struct {
	calls, legs                                            atomic.Int64
	received, forwarded, bytes, dropped, failed, keyFrames atomic.Int64
	refused, lost                                          atomic.Int64
}

// Stats are counted since the node began; Calls and Legs are what is open now.
type Stats struct {
	Calls, Legs int64
	Received    int64 // RTP packets from senders
	Forwarded   int64 // RTP packets to viewers
	Bytes       int64 // payload bytes to viewers
	Dropped     int64 // packets a viewer's full queue had no room for
	Failed      int64 // packets that could not be written
	KeyFrames   int64 // requests for a key frame sent
	Refused     int64 // offers refused
	Lost        int64 // legs that broke and came not back
}

func (c *counters) snapshot() Stats {
	return Stats{
		Calls: c.calls.Load(), Legs: c.legs.Load(), Received: c.received.Load(), Forwarded: c.forwarded.Load(), Bytes: c.bytes.Load(),
		Dropped: c.dropped.Load(), Failed: c.failed.Load(), KeyFrames: c.keyFrames.Load(), Refused: c.refused.Load(), Lost: c.lost.Load(),
	}
}
