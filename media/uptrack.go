package media

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"
)

// keyFrameEvery is the shortest time between two requests for a key frame.
const keyFrameEvery = 500 * time.Millisecond

// An incoming is what an uptrack needs of pion's remote track.
type incoming interface {
	Read(b []byte) (n int, attributes interceptor.Attributes, err error)
	SSRC() webrtc.SSRC
}

// An uptrack is what one party sends in one m-line. Its goroutine reads the
// packets and hands each to every viewer's downtrack.
type uptrack struct {
	mid     int
	track   incoming
	on      atomic.Bool // not muted
	viewers atomic.Pointer[[]*downtrack]
	control func([]rtcp.Packet) error // to the sender
	stats   *counters

	mu    sync.Mutex // guards viewers' change and asked
	asked time.Time  // last request for a key frame
}

func newUptrack(mid int, track incoming, control func([]rtcp.Packet) error, stats *counters) *uptrack {
	u := &uptrack{mid: mid, track: track, control: control, stats: stats}
	u.on.Store(true)
	u.viewers.Store(&[]*downtrack{})
	return u
}

// run reads until the track ends. The leg starts it and waits for it.
func (u *uptrack) run() {
	for {
		p := newPacket()
		n, _, err := u.track.Read(p.buf[:])
		if err != nil {
			p.release()
			return
		}
		u.stats.received.Add(1)
		if u.on.Load() && p.parse(n) == nil && len(p.data) > 0 {
			for _, d := range *u.viewers.Load() {
				d.put(p)
			}
		}
		p.release()
	}
}

// show begins to feed a viewer's slot, if it does not already, and asks for a
// key frame.
func (u *uptrack) show(d *downtrack) {
	u.mu.Lock()
	if slices.Contains(*u.viewers.Load(), d) {
		u.mu.Unlock()
		return
	}
	next := append(slices.Clone(*u.viewers.Load()), d)
	u.viewers.Store(&next)
	u.mu.Unlock()
	d.source.Store(u)
	u.requestKeyFrame()
}

// hide stops feeding a viewer's slot.
func (u *uptrack) hide(d *downtrack) {
	u.mu.Lock()
	next := slices.DeleteFunc(slices.Clone(*u.viewers.Load()), func(v *downtrack) bool { return v == d })
	u.viewers.Store(&next)
	u.mu.Unlock()
	d.source.CompareAndSwap(u, nil)
}

// requestKeyFrame asks the sender for a picture that needs no earlier one (PLI,
// RFC 4585 6.3.1), at most once in keyFrameEvery.
func (u *uptrack) requestKeyFrame() {
	if kinds[u.mid] != "video" {
		return
	}
	u.mu.Lock()
	if time.Since(u.asked) < keyFrameEvery {
		u.mu.Unlock()
		return
	}
	u.asked = time.Now()
	u.mu.Unlock()
	u.stats.keyFrames.Add(1)
	// A request that cannot be sent is repeated by the viewer's own.
	_ = u.control([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(u.track.SSRC())}})
}
