package signaling

import (
	"context"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

const (
	// dcAhead is how much may wait inside the transport: what is above it waits
	// in the outbox, where the bounds are.
	dcAhead = 64 << 10
	dcPause = 5 * time.Millisecond
)

// A channelLink joins a WebRTC connection to its link: it is the sink of the
// one and the handler of the other.
type channelLink struct {
	link  *link
	ready chan struct{} // closed when conn is set
	conn  ChannelConn
}

func (d *channelLink) Message(channel string, binary bool, data []byte) {
	<-d.ready
	switch {
	case channel != protocol.ChannelMain:
		d.link.packet(channel, data)
	case binary:
		d.link.refuse("", protocol.NewError(protocol.CodeBadFrame, "The main channel carries text."))
	default:
		d.link.receive(data)
	}
}

func (d *channelLink) Closed(error) {
	<-d.ready
	d.link.close("closed")
}

func (d *channelLink) write(ctx context.Context, m message, _ bool) error {
	for d.conn.Buffered() > dcAhead {
		pause := time.NewTimer(dcPause)
		select {
		case <-pause.C:
		case <-d.conn.Done():
			pause.Stop()
			return errGone
		case <-ctx.Done():
			pause.Stop()
			return errSlow
		}
	}
	err := d.conn.Send(m.channel, m.binary, m.data)
	if err != nil && m.channel != protocol.ChannelMain {
		d.link.edge.stats.packetsLost.Add(1) // the peer has not opened this channel
		return nil
	}
	return err
}

func (d *channelLink) close(string) { d.conn.Close() }
