package media

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// queuePackets is how many packets may wait for one viewer's slot: about a
// quarter of a second of video. When it is full the rest of the frame is
// dropped and counted; the viewer then asks for a key frame.
const queuePackets = 256

// A downtrack is one receive slot of a viewer's leg. It is the
// webrtc.TrackLocal that pion binds, and the queue before it.
type downtrack struct {
	id    string
	codec webrtc.RTPCodecCapability
	queue chan *packet
	stats *counters

	source   atomic.Pointer[uptrack]
	skipping atomic.Bool // dropping until the next frame begins

	mu      sync.Mutex // guards what Bind sets
	ssrc    webrtc.SSRC
	payload webrtc.PayloadType
	writer  webrtc.TrackLocalWriter
}

func newDowntrack(id string, codec webrtc.RTPCodecCapability, stats *counters) *downtrack {
	return &downtrack{id: id, codec: codec, queue: make(chan *packet, queuePackets), stats: stats}
}

// put queues a packet and never waits. Only the source's goroutine calls it.
func (d *downtrack) put(p *packet) {
	video := d.Kind() == webrtc.RTPCodecTypeVideo
	if d.skipping.Load() {
		if p.header.Marker {
			d.skipping.Store(false) // the next packet begins a frame
		}
		d.stats.dropped.Add(1)
		return
	}
	p.retain()
	select {
	case d.queue <- p:
	default:
		p.release()
		d.stats.dropped.Add(1)
		d.skipping.Store(video && !p.header.Marker)
	}
}

// run writes what is queued until ctx ends. The leg starts it and waits for it.
func (d *downtrack) run(ctx context.Context) {
	var r rewriter
	for {
		select {
		case p := <-d.queue:
			d.write(p, &r)
			p.release()
		case <-ctx.Done():
			for {
				select {
				case p := <-d.queue:
					p.release()
				default:
					return
				}
			}
		}
	}
}

func (d *downtrack) write(p *packet, r *rewriter) {
	d.mu.Lock()
	ssrc, payload, writer := d.ssrc, d.payload, d.writer
	d.mu.Unlock()
	if writer == nil {
		return
	}
	seq, stamp := r.next(p.header.SSRC, p.header.SequenceNumber, p.header.Timestamp, time.Now().UnixMilli(), d.codec.ClockRate)
	header := rtp.Header{Version: 2, Marker: p.header.Marker, PayloadType: uint8(payload), SequenceNumber: seq, Timestamp: stamp, SSRC: uint32(ssrc)}
	if _, err := writer.WriteRTP(&header, p.data); err != nil {
		d.stats.failed.Add(1)
		return
	}
	d.stats.forwarded.Add(1)
	d.stats.bytes.Add(int64(len(p.data)))
}

// Bind is called by pion when the answer is made.
func (d *downtrack) Bind(t webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	for _, c := range t.CodecParameters() {
		if c.MimeType == d.codec.MimeType {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.ssrc, d.payload, d.writer = t.SSRC(), c.PayloadType, t.WriteStream()
			return c, nil
		}
	}
	return webrtc.RTPCodecParameters{}, errors.New("bind receive slot: the viewer's codecs do not fit")
}

// Unbind is called by pion when the leg closes.
func (d *downtrack) Unbind(webrtc.TrackLocalContext) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.writer = nil
	return nil
}

// ID, RID, StreamID and Kind describe the slot to pion.
func (d *downtrack) ID() string       { return d.id }
func (d *downtrack) RID() string      { return "" }
func (d *downtrack) StreamID() string { return d.id }

func (d *downtrack) Kind() webrtc.RTPCodecType {
	if d.codec.MimeType == webrtc.MimeTypeOpus {
		return webrtc.RTPCodecTypeAudio
	}
	return webrtc.RTPCodecTypeVideo
}
