package signaling

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

const (
	cacheHashed = "public, max-age=31536000, immutable" // the name changes with the content
	cacheAsk    = "no-cache"                            // kept, but asked for by its ETag
	cacheLoader = "public, max-age=300"
)

// sendFile answers with a file of the build, compressed where the client takes
// it, or with nothing when the client has it.
func sendFile(c echo.Context, f *file, cache string) error {
	h := c.Response().Header()
	h.Set("Cache-Control", cache)
	h.Set("ETag", f.etag)
	h.Add("Vary", "Accept-Encoding")
	if strings.Contains(c.Request().Header.Get("If-None-Match"), f.etag) {
		return c.NoContent(http.StatusNotModified)
	}
	data := f.data
	if f.zipped != nil && strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		data = f.zipped
	}
	return c.Blob(http.StatusOK, f.kind, data)
}

var errNothingHere = protocol.NewError(protocol.CodeNotFound, "There is nothing at this address.")

// loader serves the two scripts that run on foreign pages.
func (e *Edge) loader(name string) echo.HandlerFunc {
	return func(c echo.Context) error {
		f := e.pages.files[name]
		if f == nil {
			return errNothingHere
		}
		c.Response().Header().Set("Access-Control-Allow-Origin", "*")
		c.Response().Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		return sendFile(c, f, cacheLoader)
	}
}

// assets are hashed files of the widget and of the desk.
func (e *Edge) assets(c echo.Context) error {
	for _, app := range []string{"widget", "desk"} {
		if f := e.pages.files[app+"/assets/"+c.Param("*")]; f != nil {
			return sendFile(c, f, cacheHashed)
		}
	}
	return errNothingHere
}

func (e *Edge) toDesk(c echo.Context) error { return c.Redirect(http.StatusFound, "/desk/") }

const deskCSP = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; " +
	"frame-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// desk serves the desk's files, and its page for every other address below it.
func (e *Edge) desk(c echo.Context) error {
	name := c.Param("*")
	if f := e.pages.files["desk/"+name]; f != nil && name != "index.html" {
		if strings.HasPrefix(name, "assets/") {
			return sendFile(c, f, cacheHashed)
		}
		return sendFile(c, f, cacheAsk)
	}
	f := e.pages.files["desk/index.html"]
	if f == nil {
		return c.HTMLBlob(http.StatusNotFound, notHere("No desk", "This program was built without its web apps. Run make build."))
	}
	h := c.Response().Header()
	h.Set("Content-Security-Policy", withConnect(deskCSP, e.origins, c.Request()))
	h.Set("Permissions-Policy", policyCalls)
	return sendFile(c, f, cacheAsk)
}

// The viewer's inner frame shows the visitor's page without scripts: the
// replayer writes it as about:blank, which inherits this policy.
const viewerCSP = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; media-src data: blob:; " +
	"frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

func (e *Edge) viewer(c echo.Context) error {
	f := e.pages.files["viewer/viewer.html"]
	if f == nil {
		return c.HTMLBlob(http.StatusNotFound, notHere("No viewer", "This program was built without its web apps. Run make build."))
	}
	c.Response().Header().Set("Content-Security-Policy", viewerCSP)
	return sendFile(c, f, cacheAsk)
}

func (e *Edge) viewerAssets(c echo.Context) error {
	f := e.pages.files["viewer/"+c.Param("*")]
	if f == nil || strings.HasPrefix(f.kind, "text/html") {
		return errNothingHere
	}
	return sendFile(c, f, cacheAsk)
}
