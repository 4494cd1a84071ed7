package media

// A rewriter gives the packets of one receive slot a single, unbroken count,
// whichever source feeds it. It is used by one goroutine.
type rewriter struct {
	source      uint32 // ssrc that feeds the slot now
	started     bool
	seqOffset   uint16
	stampOffset uint32
	lastSeq     uint16
	lastStamp   uint32
	lastAt      int64 // milliseconds, when lastStamp was sent
}

// next gives the sequence number and timestamp under which a packet goes on.
// A new source continues where the old one stopped: its clock is set forward
// by the time that has passed, at clockRate per second.
func (r *rewriter) next(ssrc uint32, seq uint16, stamp uint32, now int64, clockRate uint32) (uint16, uint32) {
	if !r.started {
		r.started, r.source = true, ssrc
	} else if ssrc != r.source {
		passed := uint32(max(now-r.lastAt, 1)) * (clockRate / 1000) // wraps as RTP timestamps do (RFC 3550, 5.1)
		r.source = ssrc
		r.seqOffset = r.lastSeq + 1 - seq
		r.stampOffset = r.lastStamp + passed - stamp
	}
	outSeq, outStamp := seq+r.seqOffset, stamp+r.stampOffset
	if int16(outSeq-r.lastSeq) > 0 || r.lastAt == 0 { // serial number arithmetic (RFC 1982)
		r.lastSeq, r.lastStamp, r.lastAt = outSeq, outStamp, now
	}
	return outSeq, outStamp
}
