package signaling

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// panelData is what the panel's page holds from the start, as JSON in the
// element "bootstrap".
type panelData struct {
	Site        string      `json:"site"` // key
	Name        string      `json:"name"`
	Color       string      `json:"color,omitempty"`
	Origins     []string    `json:"origins"` // whom the port may be opened to
	HostStorage bool        `json:"hostStorage"`
	Audio       bool        `json:"audio"`
	Video       bool        `json:"video"`
	Cobrowse    bool        `json:"cobrowse"`
	Mask        []string    `json:"mask"`
	Limits      panelLimits `json:"limits"`
}

type panelLimits struct {
	MessageCharacters int `json:"messageCharacters"`
	FrameBytes        int `json:"frameBytes"`
}

// panel serves the document of the frame. Only pages of the site's list may
// embed it: the browser holds the others off by frame-ancestors (S4).
func (e *Edge) panel(c echo.Context) error {
	h := c.Response().Header()
	site, err := e.o.Sites.Site(c.Request().Context(), c.Param("site"))
	if known, _ := protocol.AsError(err); err != nil {
		if known.Code != protocol.CodeUnknownSite && known.Code != protocol.CodeNotFound {
			return err
		}
		h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'")
		return c.HTMLBlob(http.StatusNotFound, notHere("Unknown site", "No site with this key is known here. Check the snippet."))
	}
	f := e.pages.files["widget/panel.html"]
	if f == nil {
		return c.HTMLBlob(http.StatusNotFound, notHere("No panel", "This program was built without its web apps. Run make build."))
	}
	data := panelData{
		Site: site.Key, Name: site.Name, Color: site.Color, Origins: orEmpty(site.Origins), HostStorage: site.HostStorage,
		Audio: site.Audio, Video: site.Video, Cobrowse: site.Cobrowse, Mask: orEmpty(site.Mask),
		Limits: panelLimits{e.o.Limits.MessageCharacters, protocol.MaxUpFrame},
	}
	h.Set("Content-Security-Policy", panelCSP(f, site.Origins, e.origins, c.Request()))
	h.Set("Permissions-Policy", policyCalls)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Add("Vary", "Accept-Encoding")
	page := withData(f.data, mustJSON(data))
	if strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
		if zipped, err := zip(page); err == nil {
			h.Set("Content-Encoding", "gzip")
			page = zipped
		}
	}
	return c.HTMLBlob(http.StatusOK, page)
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// panelCSP lets our own files run, the inline elements of our own page by their
// hashes, and the site's pages embed it.
func panelCSP(f *file, embedders []string, o origins, r *http.Request) string {
	return withConnect(strings.Join([]string{
		"default-src 'none'",
		"script-src " + strings.Join(append([]string{"'self'"}, f.scripts...), " "),
		"style-src " + strings.Join(append([]string{"'self'"}, f.styles...), " "),
		"img-src 'self' data: blob:", "media-src 'self' blob:", "font-src 'self'", "connect-src 'self'",
		"object-src 'none'", "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'",
		"frame-ancestors " + sourceList(embedders),
	}, "; "), o, r)
}

// withConnect names our own WebSocket beside 'self', which older browsers do
// not take for one.
func withConnect(policy string, o origins, r *http.Request) string {
	own := "connect-src 'self' " + strings.Replace(o.public, "http", "ws", 1)
	if !strings.ContainsAny(r.Host, " ;,'\"*") && !strings.HasSuffix(o.public, "://"+r.Host) {
		own += " ws://" + r.Host + " wss://" + r.Host
	}
	if strings.Contains(policy, "connect-src 'self'") {
		return strings.Replace(policy, "connect-src 'self'", own, 1)
	}
	return policy + "; " + own
}

// siteStatus says whether a site takes conversations. The site's pages may ask
// it from their own scripts.
func (e *Edge) siteStatus(c echo.Context) error {
	site, err := e.o.Sites.Site(c.Request().Context(), c.Param("site"))
	if err != nil {
		return err
	}
	h := c.Response().Header()
	h.Add("Vary", "Origin")
	if origin := c.Request().Header.Get("Origin"); origin != "" && slices.Contains(site.Origins, origin) {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
	status, err := e.o.Sites.Status(c.Request().Context(), c.Param("site"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, status)
}
