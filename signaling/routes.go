package signaling

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// routes builds the HTTP surface. Every route of the dictionary has a handler
// here and the other way round, else it fails; who may call it is checked by
// the dictionary's line before the handler runs.
func (e *Edge) routes() (http.Handler, error) {
	server := echo.New()
	server.HideBanner, server.HidePort = true, true
	server.IPExtractor = ipExtractor(e.o)
	server.HTTPErrorHandler = e.problem
	csrf := http.NewCrossOriginProtection()
	if err := csrf.AddTrustedOrigin(e.origins.public); err != nil {
		return nil, fmt.Errorf("trust own origin: %w", err)
	}
	server.Use(e.observe, e.limitRequests, secured(e.origins.secure), refuseForeign(csrf))
	handlers := e.surface()
	for _, route := range protocol.Routes() {
		name := route.Method + " " + route.Path
		handle := handlers[name]
		if handle == nil {
			return nil, fmt.Errorf("route %s has no handler", name)
		}
		delete(handlers, name)
		handle = e.authorized(route, handle)
		server.Add(route.Method, route.Path, handle)
		if route.Method == http.MethodGet { // RFC 9110, section 9.3.2: what can be got can be asked about; net/http drops the body
			server.HEAD(route.Path, handle)
		}
	}
	for name := range handlers {
		return nil, fmt.Errorf("handler %s has no route in the dictionary", name)
	}
	return server, nil
}

func (e *Edge) surface() map[string]echo.HandlerFunc {
	return map[string]echo.HandlerFunc{
		"GET /":                e.toDesk,
		"GET /livez":           e.livez,
		"GET /readyz":          e.readyz,
		"GET /parlour.js":      e.loader("widget/parlour.js"),
		"GET /cobrowse.js":     e.loader("widget/cobrowse.js"),
		"GET /w/:site/panel":   e.panel,
		"GET /w/:site/status":  e.siteStatus,
		"GET /assets/*":        e.assets,
		"GET /desk":            e.toDesk,
		"GET /desk/*":          e.desk,
		"GET /cobrowse/viewer": e.viewer,
		"GET /cobrowse/*":      e.viewerAssets,
		"POST /v1/visitors":    e.newVisitor,
		"POST /v1/sign-in":     e.signIn,
		"POST /v1/sign-out":    e.signOut,
		"GET /v1/me":           e.me,
		"GET /v1/connect":      e.connect,
		"POST /v1/connections/:connection/transports":              e.offerTransport,
		"PATCH /v1/connections/:connection/transports/:transport":  e.trickle,
		"DELETE /v1/connections/:connection/transports/:transport": e.changeTransport,
		"GET /v1/conversations/:conversation/entries":              e.entries,
		"POST /v1/conversations/:conversation/messages":            e.postMessage,
		"POST /v1/conversations/:conversation/transfer":            e.byFrame(protocol.UpTransfer, "conversation"),
		"POST /v1/conversations/:conversation/invite":              e.byFrame(protocol.UpInvite, "conversation"),
		"POST /v1/conversations/:conversation/enquire":             e.byFrame(protocol.UpEnquire, "conversation"),
		"POST /v1/conversations/:conversation/leave":               e.byFrame(protocol.UpDepart, "conversation"),
		"POST /v1/conversations/:conversation/pick":                e.byFrame(protocol.UpPick, "conversation"),
		"DELETE /v1/requests/:request":                             e.byFrame(protocol.UpCancel, "request"),
		"GET /v1/conversations/:conversation/targets":              e.targets,
		"GET /v1/conversations/:conversation/why":                  e.why,
		"GET /v1/agents/:agent/why":                                e.why,
		"POST /v1/routing/dry-run":                                 e.dryRun,
		"POST /v1/routing/dry-run/file":                            e.tryFile,
	}
}

// ipExtractor believes X-Forwarded-For only from the proxies that are named.
func ipExtractor(o Options) echo.IPExtractor {
	if len(o.TrustedProxies) == 0 {
		return echo.ExtractIPDirect()
	}
	trust := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, p := range o.TrustedProxies {
		_, ipNet, err := net.ParseCIDR(p.String())
		if err == nil {
			trust = append(trust, echo.TrustIPRange(ipNet))
		}
	}
	return echo.ExtractIPFromXFFHeader(trust...)
}

const keyPrincipal = "parlour.principal"

func principalOf(c echo.Context) protocol.Principal {
	who, _ := c.Get(keyPrincipal).(protocol.Principal)
	return who
}

// authorized runs a handler only for those whom the dictionary's line names: by
// a visitor's token or an agent's cookie. Routes of a connection are proved by
// its secret, at the node that holds it; see askTransport.
func (e *Edge) authorized(route protocol.Route, handle echo.HandlerFunc) echo.HandlerFunc {
	if len(route.Who) == 0 || strings.Contains(route.Path, "/:connection/") {
		return handle
	}
	return func(c echo.Context) error {
		who, err := e.authenticate(c)
		if err != nil {
			return err
		}
		if !slices.Contains(route.Who, who.Kind) {
			return protocol.NewError(protocol.CodeForbidden, "This is not for your side of the conversation.")
		}
		if who.Kind == protocol.KindAgent && !who.Can(route.Permission) {
			return protocol.NewError(protocol.CodeForbidden, "Your role does not have the right to do this. Ask your administrator.")
		}
		c.Set(keyPrincipal, who)
		return handle(c)
	}
}

func (e *Edge) authenticate(c echo.Context) (protocol.Principal, error) {
	bearer, hasBearer := strings.CutPrefix(c.Request().Header.Get(echo.HeaderAuthorization), "Bearer ")
	if hasBearer {
		return e.o.Identities.Visitor(c.Request().Context(), bearer)
	}
	cookie, err := c.Cookie(e.cookieName())
	if err != nil {
		return protocol.Principal{}, errUnauthenticated
	}
	return e.o.Identities.Session(c.Request().Context(), cookie.Value)
}

var errUnauthenticated = protocol.NewError(protocol.CodeUnauthenticated, "Please sign in.")

// refuseForeign holds requests off that a browser sends from another site:
// cookies come along with them.
func refuseForeign(csrf *http.CrossOriginProtection) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if err := csrf.Check(c.Request()); err != nil {
				return protocol.NewError(protocol.CodeOriginRefused, "This request comes from another site.")
			}
			return next(c)
		}
	}
}

// limitRequests bounds requests per address, and the size and time of their bodies.
func (e *Edge) limitRequests(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if err := e.boundBody(c); err != nil {
			return err
		}
		path := c.Request().URL.Path
		if path != "/livez" && path != "/readyz" && !e.limits.requests.take(network(c.RealIP())) {
			e.stats.limited.Add(1)
			return protocol.NewError(protocol.CodeRateLimited, "There were too many requests from your network. Please wait a moment.")
		}
		return next(c)
	}
}

// problem answers an error as RFC 9457 says, with our code; what is not known
// is logged here, once.
func (e *Edge) problem(err error, c echo.Context) {
	if errors.Is(err, errAnswered) || c.Response().Committed {
		return
	}
	known := e.known(err, c)
	c.Response().Header().Set(echo.HeaderContentType, "application/problem+json")
	status := known.Code.Status()
	if status == http.StatusTooManyRequests {
		c.Response().Header().Set(echo.HeaderRetryAfter, "5")
	}
	body := mustJSON(struct {
		Type    string        `json:"type"`
		Title   string        `json:"title"`
		Status  int           `json:"status"`
		Detail  string        `json:"detail"`
		Code    protocol.Code `json:"code"`
		Retry   bool          `json:"retry,omitempty"`
		Request string        `json:"request,omitempty"`
	}{"about:blank", http.StatusText(status), status, known.Message, known.Code, known.Code.Retry(), c.Response().Header().Get(echo.HeaderXRequestID)})
	c.Response().WriteHeader(status)
	_, _ = c.Response().Write(body)
}

func (e *Edge) known(err error, c echo.Context) *protocol.Error {
	var ours *protocol.Error
	var theirs *echo.HTTPError
	switch {
	case errors.As(err, &ours):
		return ours
	case errors.As(err, &theirs) && theirs.Code == http.StatusMethodNotAllowed: // the router has set Allow
		return protocol.NewError(protocol.CodeBadMethod, "This address does not take this method.")
	case errors.As(err, &theirs) && theirs.Code < http.StatusInternalServerError:
		return protocol.NewError(protocol.CodeNotFound, "There is nothing at this address.")
	}
	known, _ := protocol.AsError(err)
	e.log.Error("request failed", "route", c.Path(), "request", c.Response().Header().Get(echo.HeaderXRequestID), "err", err)
	return known
}
