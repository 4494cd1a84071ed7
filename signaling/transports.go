package signaling

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

const (
	mediaSDP     = "application/sdp"
	mediaTrickle = "application/trickle-ice-sdpfrag"
)

// transportService is what nodes ask each other for when a request about a
// transport has reached another node than the connection's own.
const transportService = "transports"

// A transportAsk is a request about a connection's DataChannels. It may travel
// over the bus, so the secret is only there as its SHA-256.
type transportAsk struct {
	Verb       string                `json:"verb"` // the method: POST, PATCH, DELETE
	Connection protocol.ConnectionID `json:"connection"`
	Proof      []byte                `json:"proof"`
	Transport  string                `json:"transport,omitempty"`
	IP         string                `json:"ip"`
	Body       string                `json:"body,omitempty"`
}

// A transportAnswer is what POST gives: the transport's id and the SDP answer.
type transportAnswer struct {
	Transport string `json:"transport,omitempty"`
	SDP       string `json:"sdp,omitempty"`
}

// offerTransport answers a browser's offer of DataChannels for an open
// connection. The new transport is used once its first frame has come.
func (e *Edge) offerTransport(c echo.Context) error {
	if contentType(c) != mediaSDP {
		return protocol.NewError(protocol.CodeUnsupportedMedia, "The offer is application/sdp.")
	}
	if !e.limits.offers.take(network(c.RealIP())) {
		e.stats.limited.Add(1)
		return protocol.NewError(protocol.CodeRateLimited, "There were too many attempts from your network. Please wait a moment.")
	}
	answer, err := e.askTransport(c)
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderLocation, c.Request().URL.Path+"/"+answer.Transport)
	return c.Blob(http.StatusCreated, mediaSDP, []byte(answer.SDP))
}

// trickle takes more candidates of a transport's browser.
func (e *Edge) trickle(c echo.Context) error {
	if contentType(c) != mediaTrickle {
		return protocol.NewError(protocol.CodeUnsupportedMedia, "Candidates are application/trickle-ice-sdpfrag.")
	}
	return e.changeTransport(c)
}

// changeTransport trickles, or ends a transport; the connection goes on by
// another.
func (e *Edge) changeTransport(c echo.Context) error {
	if _, err := e.askTransport(c); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// askTransport has a request carried out where the connection is: here, or at
// another node. The secret proves it there.
func (e *Edge) askTransport(c echo.Context) (transportAnswer, error) {
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return transportAnswer{}, unread(err)
	}
	secret, ok := strings.CutPrefix(c.Request().Header.Get(echo.HeaderAuthorization), "Bearer ")
	ask := transportAsk{
		Verb: c.Request().Method, Connection: protocol.ConnectionID(c.Param("connection")), Proof: proofOf(secret),
		Transport: c.Param("transport"), IP: c.RealIP(), Body: string(body),
	}
	if !ok || !protocol.ValidID(ask.Connection) {
		return transportAnswer{}, errUnauthenticated
	}
	ctx := c.Request().Context()
	if e.hub.connection(ask.Connection) != nil {
		return e.doTransport(ctx, ask)
	}
	node, ok := e.hub.locate(ctx, ask.Connection)
	if !ok {
		return transportAnswer{}, errUnauthenticated
	}
	raw, err := e.hub.Ask(ctx, node, transportService, mustJSON(ask))
	if ctx.Err() != nil {
		return transportAnswer{}, errAnswered // nobody waits for it any more
	}
	if err != nil {
		return transportAnswer{}, err
	}
	var answer transportAnswer
	if err := json.Unmarshal(raw, &answer); err != nil {
		return transportAnswer{}, fmt.Errorf("read the answer of node %s: %w", node, err)
	}
	return answer, nil
}

// serveTransport answers other nodes.
func (e *Edge) serveTransport(ctx context.Context, payload []byte) ([]byte, error) {
	var ask transportAsk
	if err := json.Unmarshal(payload, &ask); err != nil {
		return nil, fmt.Errorf("read a question about a transport: %w", err)
	}
	answer, err := e.doTransport(ctx, ask)
	return mustJSON(answer), err
}

func proofOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

func (e *Edge) doTransport(ctx context.Context, ask transportAsk) (transportAnswer, error) {
	conn := e.hub.connection(ask.Connection)
	if conn == nil || conn.edge != e || subtle.ConstantTimeCompare(proofOf(conn.secret), ask.Proof) != 1 {
		return transportAnswer{}, errUnauthenticated
	}
	if ask.Verb == http.MethodPost {
		return e.openTransport(ctx, conn, ask)
	}
	d, err := conn.transport(ask.Transport)
	switch {
	case err != nil:
		return transportAnswer{}, err
	case ask.Verb == http.MethodPatch:
		return transportAnswer{}, d.conn.Trickle(ask.Body)
	default:
		d.link.close("closed")
		return transportAnswer{}, nil
	}
}

func (e *Edge) openTransport(ctx context.Context, conn *connection, ask transportAsk) (transportAnswer, error) {
	if e.o.Channels == nil || e.draining.Load() {
		return transportAnswer{}, protocol.NewError(protocol.CodeUnavailable, "DataChannels are not open here. The WebSocket goes on.")
	}
	d := &channelLink{ready: make(chan struct{})}
	rtc, answer, err := e.o.Channels.Answer(ctx, ask.Body, d)
	if err != nil {
		return transportAnswer{}, err
	}
	d.conn = rtc
	d.link = e.newLink(TransportDC, ask.IP, d, 4*e.o.Timers.Hello) // ICE and DTLS come before the first frame
	d.link.id = rand.Text()
	joined := conn.link(d.link)
	close(d.ready)
	if !joined {
		d.link.close(string(protocol.CodeNotFound))
		return transportAnswer{}, protocol.NewError(protocol.CodeNotFound, "This connection has ended. Please connect anew.")
	}
	return transportAnswer{Transport: d.link.id, SDP: answer}, nil
}

// transport finds a connection's DataChannels by the id in their URL.
func (c *connection) transport(id string) (*channelLink, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.links {
		if l.id != "" && l.id == id {
			return l.out.sink.(*channelLink), nil
		}
	}
	return nil, protocol.NewError(protocol.CodeNotFound, "This transport has ended.")
}
