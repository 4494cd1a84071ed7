package signaling

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// observe gives each request an id, logs it when it is over, and turns a panic
// into an internal error. The log holds the route and not the path or query:
// ids of connections and what a client puts into an address stay out.
func (e *Edge) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		begin, id := time.Now(), string(protocol.NewID[protocol.Op]())
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		defer func() {
			if broken := recover(); broken != nil {
				e.log.Error("handler panicked", "route", c.Path(), "request", id, "panic", broken)
				e.problem(protocol.NewError(protocol.CodeInternal, "Something went wrong on our side. Please try again."), c)
			}
			level := slog.LevelInfo
			switch {
			case c.Response().Status >= http.StatusInternalServerError:
				level = slog.LevelWarn
			case c.Path() == "/livez" || c.Path() == "/readyz":
				level = slog.LevelDebug
			}
			e.log.Log(c.Request().Context(), level, "request", "method", c.Request().Method, "route", c.Path(),
				"status", c.Response().Status, "ms", time.Since(begin).Milliseconds(), "ip", network(c.RealIP()), "request", id)
		}()
		if err := next(c); err != nil {
			c.Error(err)
		}
		return nil
	}
}

// secured sets the headers that every answer has; pages add their own policy.
func secured(https bool) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			h := c.Response().Header()
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Referrer-Policy", "no-referrer")
			h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			h.Set("Permissions-Policy", policyNone)
			h.Set("Cache-Control", "no-store")
			if https {
				h.Set("Strict-Transport-Security", "max-age=31536000")
			}
			return next(c)
		}
	}
}

const (
	policyNone  = "camera=(), microphone=(), display-capture=(), geolocation=(), payment=(), usb=()"
	policyCalls = "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=(), usb=()"
)
