package signaling

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

const (
	mediaSDP     = "application/sdp"
	mediaTrickle = "application/trickle-ice-sdpfrag"
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

func (d *channelLink) write(ctx context.Context, m message) error {
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

// offerTransport answers a browser's offer of DataChannels for an open
// connection. The new transport is used once its first frame has come.
func (e *Edge) offerTransport(c echo.Context) error {
	conn := connectionOf(c)
	if e.o.Channels == nil || e.draining.Load() {
		return protocol.NewError(protocol.CodeUnavailable, "DataChannels are not open here. The WebSocket goes on.")
	}
	if contentType(c) != mediaSDP {
		return protocol.NewError(protocol.CodeUnsupportedMedia, "The offer is application/sdp.")
	}
	if !e.limits.offers.take(network(c.RealIP())) {
		e.stats.limited.Add(1)
		return protocol.NewError(protocol.CodeRateLimited, "There were too many attempts from your network. Please wait a moment.")
	}
	offer, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return tooLarge(err)
	}
	d := &channelLink{ready: make(chan struct{})}
	rtc, answer, err := e.o.Channels.Answer(c.Request().Context(), string(offer), d)
	if err != nil {
		return err
	}
	d.conn = rtc
	d.link = e.newLink(TransportDC, c.RealIP(), d, 4*e.o.Timers.Hello) // ICE and DTLS come before the first frame
	d.link.id = rand.Text()
	joined := conn.link(d.link)
	close(d.ready)
	if !joined {
		d.link.close(string(protocol.CodeNotFound))
		return protocol.NewError(protocol.CodeNotFound, "This connection has ended. Please connect anew.")
	}
	c.Response().Header().Set(echo.HeaderLocation, c.Request().URL.Path+"/"+d.link.id)
	return c.Blob(http.StatusCreated, mediaSDP, []byte(answer))
}

// trickle takes more candidates of a transport's browser.
func (e *Edge) trickle(c echo.Context) error {
	d, err := transportOf(c)
	if err != nil {
		return err
	}
	if contentType(c) != mediaTrickle {
		return protocol.NewError(protocol.CodeUnsupportedMedia, "Candidates are application/trickle-ice-sdpfrag.")
	}
	fragment, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return tooLarge(err)
	}
	if err := d.conn.Trickle(string(fragment)); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// closeTransport ends a transport; the connection goes on by another.
func (e *Edge) closeTransport(c echo.Context) error {
	d, err := transportOf(c)
	if err != nil {
		return err
	}
	d.link.close("closed")
	return c.NoContent(http.StatusNoContent)
}

func transportOf(c echo.Context) (*channelLink, error) {
	conn, id := connectionOf(c), c.Param("transport")
	conn.mu.Lock()
	defer conn.mu.Unlock()
	for _, l := range conn.links {
		if l.id != "" && l.id == id {
			return l.out.sink.(*channelLink), nil
		}
	}
	return nil, protocol.NewError(protocol.CodeNotFound, "This transport has ended.")
}

func tooLarge(err error) error {
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return protocol.NewError(protocol.CodeTooLarge, "The request is too large.")
	}
	return protocol.NewError(protocol.CodeBadFrame, "The request could not be read.")
}
