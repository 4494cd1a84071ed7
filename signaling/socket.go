package signaling

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/labstack/echo/v4"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Status codes of a WebSocket's close frame. The reason is always a code of
// the dictionary, or "replaced" or "closed". From 4400 on the client does not
// come back by itself with the same credentials; below it does.
const (
	CloseAgain  websocket.StatusCode = 4000 // slow, silent, replaced, server stops: connect again
	CloseRefuse websocket.StatusCode = 4400 // the first frame or too many bad frames
	CloseWho    websocket.StatusCode = 4401 // not signed in
)

// readLimit is when a message is cut off by the transport; a frame between
// MaxUpFrame and this is answered with CodeTooLarge and the connection goes on.
const readLimit = 4 * protocol.MaxUpFrame

// connect takes a WebSocket and reads it until it ends.
func (e *Edge) connect(c echo.Context) error {
	r := c.Request()
	if !e.origins.own(r) {
		return protocol.NewError(protocol.CodeOriginRefused, "This page may not open a connection.")
	}
	if e.draining.Load() {
		return protocol.NewError(protocol.CodeUnavailable, "This server is about to stop. Please try again.")
	}
	ip := c.RealIP()
	if !e.limits.sockets.enter(network(ip)) {
		e.stats.limited.Add(1)
		return protocol.NewError(protocol.CodeRateLimited, "There are too many connections from your network.")
	}
	defer e.limits.sockets.leave(network(ip))
	if !e.enter() {
		return protocol.NewError(protocol.CodeUnavailable, "This server is about to stop. Please try again.")
	}
	defer e.workers.Done()
	agent := e.cookieProof(c)
	cork := &cork{}
	ws, err := websocket.Accept(&corker{c.Response(), cork}, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // checked above
	if err != nil {
		return errAnswered
	}
	ws.SetReadLimit(readLimit)
	s := &socket{ws: ws, cork: cork, edge: e}
	s.ctx, s.stop = context.WithCancel(e.ctx)
	l := e.newLink(TransportWS, ip, s, e.o.Timers.Hello)
	l.agent = agent
	s.read(l)
	return errAnswered
}

// errAnswered says that the response has been written or hijacked.
var errAnswered = errors.New("answered")

// A socket is the sink of a WebSocket.
type socket struct {
	ws   *websocket.Conn
	cork *cork
	edge *Edge
	ctx  context.Context // of the reader; ending it cuts the socket
	stop context.CancelFunc
}

// read owns the reading side until the WebSocket ends.
func (s *socket) read(l *link) {
	defer l.close("closed")
	for s.message(l) {
	}
}

// messages are buffers for messages while they are taken apart; what goes on
// copies what it needs, so that a socket at rest holds none.
var messages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// message waits for one message and hands it on; false says that the WebSocket
// has ended.
func (s *socket) message(l *link) bool {
	kind, r, err := s.ws.Reader(s.ctx)
	if err != nil {
		return false
	}
	buffer := messages.Get().(*bytes.Buffer)
	defer messages.Put(buffer)
	buffer.Reset()
	if _, err := buffer.ReadFrom(r); err != nil {
		if errors.Is(err, websocket.ErrMessageTooBig) {
			l.edge.stats.refused(protocol.CodeTooLarge)
		}
		return false
	}
	data := buffer.Bytes()
	switch {
	case kind == websocket.MessageText:
		l.receive(data)
	case len(data) > 0 && protocol.ChannelBytes[data[0]] != "":
		l.packet(protocol.ChannelBytes[data[0]], bytes.Clone(data[1:]))
	default:
		l.refuse("", protocol.NewError(protocol.CodeBadFrame, "The first byte of a binary message names its channel."))
	}
	return true
}

func (s *socket) write(ctx context.Context, m message, more bool) error {
	s.cork.expect(more)
	if !m.binary {
		return s.ws.Write(ctx, websocket.MessageText, m.data)
	}
	for b, channel := range protocol.ChannelBytes {
		if channel == m.channel {
			return s.ws.Write(ctx, websocket.MessageBinary, append([]byte{b}, m.data...))
		}
	}
	return nil
}

func (s *socket) close(reason string) {
	code := CloseAgain
	switch protocol.Code(reason) {
	case protocol.CodeUnauthenticated, protocol.CodeForbidden:
		code = CloseWho
	case protocol.CodeBadFrame, protocol.CodeTooLarge, protocol.CodeUnknownKind:
		code = CloseRefuse
	}
	s.cork.expect(false)
	over := func() {
		// The close frame waits for the peer's; a peer that reads no more is cut.
		late := time.AfterFunc(time.Second, s.stop)
		_ = s.ws.Close(code, reason)
		late.Stop()
		s.stop()
	}
	if !s.edge.start(over) {
		_ = s.ws.CloseNow()
		s.stop()
	}
}

// cookieProof reads the session cookie; nil without a valid one.
func (e *Edge) cookieProof(c echo.Context) *protocol.Principal {
	cookie, err := c.Cookie(e.cookieName())
	if err != nil {
		return nil
	}
	who, err := e.o.Identities.Session(c.Request().Context(), cookie.Value)
	if err != nil {
		return nil
	}
	return &who
}

func (e *Edge) cookieName() string {
	if e.origins.secure {
		return "__Host-parlour_session"
	}
	return "parlour_session"
}

func (e *Edge) cookie(value string, expires time.Time) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // Secure wherever Parlour is reached by https; browsers drop such a cookie that comes by http
		Name: e.cookieName(), Value: value, Path: "/", Expires: expires, HttpOnly: true, Secure: e.origins.secure, SameSite: http.SameSiteLaxMode,
	}
}
