package signaling

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// boundBody bounds the size of a request's body and the time until all of it
// has come, whether a handler reads it or not: who sends slower is answered and
// cut. What the handler does with it has its own time, and so does a WebSocket:
// net/http takes the deadline off the connection once the body has come.
func (e *Edge) boundBody(c echo.Context) error {
	r := c.Request()
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	err := http.NewResponseController(c.Response()).SetReadDeadline(time.Now().Add(e.o.Timers.Body))
	if errors.Is(err, http.ErrNotSupported) { // a server of the caller's own, which bounds it itself
		err = nil
	}
	if err != nil {
		return fmt.Errorf("bound the time of a body: %w", err)
	}
	r.Body = http.MaxBytesReader(c.Response(), r.Body, int64(e.o.Limits.RequestBytes))
	return nil
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
