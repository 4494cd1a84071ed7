package signaling

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// boundBody bounds the size of a request's body and the time until all of it
// has come, whether a handler reads it or not: who sends slower is answered and
// cut. What the handler does with it has its own time, and so does a WebSocket.
func (e *Edge) boundBody(c echo.Context) error {
	r := c.Request()
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	conn := http.NewResponseController(c.Response())
	err := conn.SetReadDeadline(time.Now().Add(e.o.Timers.Body))
	if errors.Is(err, http.ErrNotSupported) { // a server of the caller's own, which bounds it itself
		err = nil
	}
	if err != nil {
		return fmt.Errorf("bound the time of a body: %w", err)
	}
	r.Body = &body{ReadCloser: http.MaxBytesReader(c.Response(), r.Body, int64(e.o.Limits.RequestBytes)), conn: conn}
	return nil
}

// A body takes its deadline off the connection once it has come.
type body struct {
	io.ReadCloser
	conn *http.ResponseController
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		_ = b.conn.SetReadDeadline(time.Time{}) // it could be set
	}
	return n, err //nolint:wrapcheck // io.Reader's own
}

// unread says what kept a body from being read.
func unread(err error) error {
	if _, over := errors.AsType[*http.MaxBytesError](err); over {
		return protocol.NewError(protocol.CodeTooLarge, "The request is too large.")
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return protocol.NewError(protocol.CodeBadFrame, "The request took too long to come.")
	}
	return protocol.NewError(protocol.CodeBadFrame, "The request could not be read.")
}
