package signaling

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A link is one transport of a connection: a WebSocket or a DataChannel.
type link struct {
	edge      *Edge
	transport string // TransportWS or TransportDC
	id        string // in the URL of a DataChannel's resource
	ip        string
	out       outbox
	agent     *protocol.Principal // who the cookie says it is; nil without one

	conn     atomic.Pointer[connection] // nil until hello; set from the start for DataChannels
	attached atomic.Bool                // its first frame has come

	// Owned by the goroutine that reads main.
	frames bucket
	bad    bucket

	packets packetLimit

	once sync.Once
	gone chan struct{} // closed when the link is over
}

// newLink makes a link whose first frame has to come within a time.
func (e *Edge) newLink(transport, ip string, s sink, within time.Duration) *link {
	l := &link{edge: e, transport: transport, ip: ip, gone: make(chan struct{})}
	per := float64(e.o.Limits.FramesPerSecond)
	l.frames = newBucket(per, 3*per)
	l.bad = newBucket(float64(e.o.Limits.BadFrames)/10, float64(e.o.Limits.BadFrames))
	each := float64(e.o.Limits.PacketsPerSecond)
	l.packets.bucket = newBucket(each, 4*each)
	l.out = outbox{
		sink: s, maxFrames: e.o.Limits.OutboxBytes, maxPackets: e.o.Limits.PacketBytes, stall: e.o.Timers.Stall,
		start: e.start, fail: l.failed,
	}
	e.stats.open(transport).Add(1)
	e.mu.Lock()
	e.links[l] = struct{}{}
	e.mu.Unlock()
	time.AfterFunc(within, func() {
		if !l.attached.Load() {
			l.close(string(protocol.CodeUnauthenticated))
		}
	})
	return l
}

// begun says whether the first frame has come.
func (l *link) begun() bool { return l.attached.Load() }

func (l *link) failed(err error) {
	reason := "closed"
	if errors.Is(err, errSlow) {
		l.edge.stats.slow.Add(1)
		reason = string(protocol.CodeSlow)
	}
	l.close(reason)
}

// close ends the link and takes it from its connection. It may be called more
// than once, and from any goroutine; only the first reason counts.
func (l *link) close(reason string) {
	l.once.Do(func() {
		l.out.close()
		l.out.sink.close(reason)
		l.edge.stats.open(l.transport).Add(-1)
		l.edge.mu.Lock()
		delete(l.edge.links, l)
		l.edge.mu.Unlock()
		close(l.gone)
		if c := l.conn.Load(); c != nil {
			c.unlink(l)
		}
	})
}

// closeAfterFlush ends the link when what waits has been written, at the latest
// when a write stalls.
func (l *link) closeAfterFlush(reason string) {
	l.out.flush(func() { l.close(reason) })
}

// send encodes and queues a frame on this link.
func (l *link) send(kind string, op protocol.Op, body any) {
	data, err := protocol.Encode(kind, op, body)
	if err != nil {
		l.edge.log.Error("frame cannot be encoded", "kind", kind, "err", err)
		return
	}
	l.sendFrame(kind, op, data)
}

// sendFrame queues what is encoded. An answer that is too large becomes an
// error; the transport is closed for any other such frame, since without it
// the client would go on with less than it believes to have.
func (l *link) sendFrame(kind string, op protocol.Op, data []byte) {
	if len(data) > maxAlone || (len(data) > protocol.MaxDownFrame && kind != protocol.DownEntries) {
		l.edge.stats.tooLarge.Add(1)
		l.edge.log.Error("frame is too large to be sent", "kind", kind, "op", op, "bytes", len(data))
		if op == "" {
			l.close(string(protocol.CodeInternal))
			return
		}
		kind = protocol.DownError
		data, _ = protocol.Encode(kind, op, failedBody(protocol.NewError(protocol.CodeTooLarge, "The answer is too large to be sent.")))
	}
	if l.out.put(message{channel: protocol.ChannelMain, data: data}, false) == nil {
		l.edge.stats.frame(l.transport, "down", kind)
	}
}

func (l *link) sendPacket(channel string, data []byte) {
	if l.out.put(message{channel: channel, binary: true, data: data}, true) == nil {
		l.edge.stats.packetsDown.Add(1)
	}
}

// refuse answers what cannot be done, and gives up on a link that sends
// nothing sensible.
func (l *link) refuse(op protocol.Op, err error) {
	known, _ := protocol.AsError(err)
	l.edge.stats.refused(known.Code)
	l.send(protocol.DownError, op, failedBody(known))
	switch known.Code {
	case protocol.CodeBadFrame, protocol.CodeTooLarge, protocol.CodeUnknownKind:
		if !l.bad.take(time.Now()) {
			l.close(string(known.Code))
		}
	}
}

func failedBody(err *protocol.Error) protocol.Failed {
	return protocol.Failed{Code: err.Code, Message: err.Message, Retry: err.Code.Retry()}
}
