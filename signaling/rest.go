package signaling

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// contentType is what the body is said to be, without parameters.
func contentType(c echo.Context) string {
	kind, _, _ := strings.Cut(c.Request().Header.Get(echo.HeaderContentType), ";")
	return strings.ToLower(strings.TrimSpace(kind))
}

// readJSON reads a body that is one JSON object. Nothing but application/json
// is taken, so that no form of another page can make one.
func readJSON(c echo.Context, into any) error {
	if contentType(c) != echo.MIMEApplicationJSON {
		return protocol.NewError(protocol.CodeUnsupportedMedia, "The body is application/json.")
	}
	body := json.NewDecoder(c.Request().Body)
	if err := body.Decode(into); err != nil {
		return unread(err)
	}
	if _, err := body.Token(); !errors.Is(err, io.EOF) {
		return unread(cmp.Or(err, errors.New("something stands after the object")))
	}
	return nil
}

type visitorMade struct {
	Visitor protocol.VisitorID `json:"visitor"`
	Token   string             `json:"token"`
}

// newVisitor makes a visitor of a site; the token is what proves it later.
func (e *Edge) newVisitor(c echo.Context) error {
	if !e.limits.visitors.take(network(c.RealIP())) {
		e.stats.limited.Add(1)
		return protocol.NewError(protocol.CodeRateLimited, "There are too many new visitors from your network. Please wait a moment.")
	}
	var body struct {
		Site     string `json:"site"`
		Identity string `json:"identity"`
		Name     string `json:"name"`
	}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	who, token, err := e.o.Identities.NewVisitor(c.Request().Context(), NewVisitor{SiteKey: body.Site, Identity: body.Identity, Name: body.Name})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, visitorMade{Visitor: who.Visitor, Token: token})
}

type agentSeen struct {
	Agent       protocol.AgentID      `json:"agent"`
	Name        string                `json:"name"`
	Permissions []protocol.Permission `json:"permissions"`
}

func seen(who protocol.Principal) agentSeen {
	return agentSeen{Agent: who.Agent, Name: who.Name, Permissions: who.Permissions}
}

// signIn opens a session and sets its cookie.
func (e *Edge) signIn(c echo.Context) error {
	if !e.limits.signIns.take(network(c.RealIP())) {
		e.stats.limited.Add(1)
		return protocol.NewError(protocol.CodeRateLimited, "There were too many attempts. Please wait a minute and try again.")
	}
	var body struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	who, token, expires, err := e.o.Identities.SignIn(c.Request().Context(), body.Email, body.Password, c.RealIP())
	if err != nil {
		return err
	}
	c.SetCookie(e.cookie(token, expires))
	return c.JSON(http.StatusOK, seen(who))
}

// signOut ends an agent's session or a visitor's token, then on every node the
// connections that it proved, and then what runs: nobody begins anew meanwhile.
func (e *Edge) signOut(c echo.Context) error {
	who := principalOf(c)
	if err := e.o.Identities.SignOut(c.Request().Context(), who); err != nil {
		return err
	}
	e.hub.Revoke(who.Workspace, who.Actor(), who.Session)
	e.o.Identities.SignedOut(c.Request().Context(), who)
	if who.Kind == protocol.KindAgent {
		c.SetCookie(e.cookie("", time.Unix(1, 0)))
	}
	return c.NoContent(http.StatusNoContent)
}

func (e *Edge) me(c echo.Context) error { return c.JSON(http.StatusOK, seen(principalOf(c))) }

// entries gives a part of a log: at most 200 entries after the seq.
func (e *Edge) entries(c echo.Context) error {
	conv := protocol.ConversationID(c.Param("conversation"))
	after, err := strconv.ParseInt(c.QueryParam("after"), 10, 64)
	if c.QueryParam("after") == "" {
		after, err = 0, nil
	}
	if err != nil || after < 0 || !protocol.ValidID(conv) {
		return protocol.NewError(protocol.CodeInvalid, "The conversation is a UUID, and after is a seq.")
	}
	found, err := e.o.Log.Entries(c.Request().Context(), principalOf(c), conv, after)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, found)
}

// postMessage is chat.post for programs; Idempotency-Key is its op.
func (e *Edge) postMessage(c echo.Context) error {
	var body struct {
		Text string `json:"text"`
	}
	if err := readJSON(c, &body); err != nil {
		return err
	}
	conv, op := protocol.ConversationID(c.Param("conversation")), protocol.Op(c.Request().Header.Get("Idempotency-Key"))
	if !protocol.ValidID(conv) || !protocol.ValidID(op) {
		return protocol.NewError(protocol.CodeInvalid, "The conversation and the Idempotency-Key are UUIDs.")
	}
	return e.answerFrame(c, protocol.Frame{Kind: protocol.UpPost, Op: op, Body: mustJSON(protocol.Post{Conversation: conv, Text: body.Text})})
}
