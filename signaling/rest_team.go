package signaling

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// byFrame is a command for programs: the body is the kind's, with what the path
// names in it, and Idempotency-Key is its op. It is answered by the kind's ack.
func (e *Edge) byFrame(kind string, params ...string) echo.HandlerFunc {
	return func(c echo.Context) error {
		body := map[string]json.RawMessage{}
		if c.Request().ContentLength != 0 {
			if err := readJSON(c, &body); err != nil {
				return err
			}
		}
		for _, name := range params {
			id := c.Param(name)
			if !protocol.ValidID(id) {
				return protocol.NewError(protocol.CodeInvalid, "What the path names is a UUID.")
			}
			body[name] = mustJSON(id)
		}
		op := protocol.Op(c.Request().Header.Get("Idempotency-Key"))
		if !protocol.ValidID(op) {
			return protocol.NewError(protocol.CodeInvalid, "The Idempotency-Key is a UUID.")
		}
		return e.answerFrame(c, protocol.Frame{Kind: kind, Op: op, Body: mustJSON(body)})
	}
}

// answerFrame carries out a frame that came as a request.
func (e *Edge) answerFrame(c echo.Context, f protocol.Frame) error {
	who := protocol.Caller{Principal: principalOf(c)}
	if err := e.admit(who, f); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), e.o.Timers.Command)
	defer cancel()
	ack, err := e.execute(ctx, e.handlers[f.Kind], who, f)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, ack)
}

// targets lists whom an agent can ask about a conversation.
func (e *Edge) targets(c echo.Context) error {
	conv := protocol.ConversationID(c.Param("conversation"))
	if !protocol.ValidID(conv) {
		return protocol.NewError(protocol.CodeInvalid, "The conversation is a UUID.")
	}
	if e.o.Insight == nil {
		return errNoInsight
	}
	found, err := e.o.Insight.Targets(c.Request().Context(), principalOf(c), conv)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, found)
}

// why tells what routing decided about a conversation or an agent.
func (e *Edge) why(c echo.Context) error {
	of := protocol.WhyOf{Conversation: protocol.ConversationID(c.Param("conversation")), Agent: protocol.AgentID(c.Param("agent"))}
	if !protocol.ValidID(of.Conversation) && !protocol.ValidID(of.Agent) {
		return protocol.NewError(protocol.CodeInvalid, "What the path names is a UUID.")
	}
	if before := c.QueryParam("before"); before != "" {
		at, err := strconv.ParseInt(before, 10, 64)
		if err != nil || at <= 0 {
			return protocol.NewError(protocol.CodeInvalid, "What is given as before is a time, in ms since 1970.")
		}
		of.Before = at
	}
	if e.o.Insight == nil {
		return errNoInsight
	}
	found, err := e.o.Insight.Why(c.Request().Context(), principalOf(c), of)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, found)
}

// dryRun tells what would be decided about a conversation that nobody asked for.
func (e *Edge) dryRun(c echo.Context) error {
	return insight(c, e.o.Insight, Insight.DryRun)
}

// tryFile tells what a changed workspace file would decide.
func (e *Edge) tryFile(c echo.Context) error {
	return insight(c, e.o.Insight, Insight.TryFile)
}

// insight answers the body of a request.
func insight[T, R any](c echo.Context, from Insight, answer func(Insight, context.Context, protocol.Principal, T) (R, error)) error {
	var of T
	if err := readJSON(c, &of); err != nil {
		return err
	}
	if from == nil {
		return errNoInsight
	}
	found, err := answer(from, c.Request().Context(), principalOf(c), of)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, found)
}

var errNoInsight = protocol.NewError(protocol.CodeNotFound, "There is nothing at this address.")
