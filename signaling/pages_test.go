package signaling_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/coder/websocket"

	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestPanelMayBeEmbeddedByTheSiteAlone(t *testing.T) { // S4
	h := newHouse(t, newRecord(), nil)
	res, body := h.request("GET", "/w/shop/panel", "", nil, "")
	csp := res.Header.Get("Content-Security-Policy")
	for _, want := range []string{
		"default-src 'none'", "script-src 'self' 'sha256-", "style-src 'self' 'sha256-", "base-uri 'none'",
		"frame-ancestors https://shop.example http://127.0.0.1:4000",
	} {
		if !strings.Contains(csp, want) {
			t.Errorf("CSP lacks %q: %s", want, csp)
		}
	}
	if strings.Contains(csp, "unsafe") || strings.Contains(csp, "bad") {
		t.Errorf("CSP: %s", csp)
	}
	if !strings.Contains(res.Header.Get("Permissions-Policy"), "camera=(self)") {
		t.Error("no camera for the panel")
	}
	if !strings.Contains(body, `id="bootstrap">{`) || strings.Contains(body, "The </script> Shop") || !strings.Contains(body, `\u003c/script`) {
		t.Errorf("data: %s", body)
	}
	filled := newHouse(t, newRecord(), func(o *signaling.Options) {
		page := `<head><script type="application/json" id="bootstrap">null</script></head>`
		o.Web = fstest.MapFS{"widget/panel.html": {Data: []byte(page)}}
	})
	if _, body := filled.request("GET", "/w/shop/panel", "", nil, ""); !strings.Contains(body, `id="bootstrap">{"site":"shop"`) || strings.Contains(body, "null<") {
		t.Errorf("filled in: %s", body)
	}
	res, body = h.request("GET", "/w/nobody/panel", "", nil, "")
	if res.StatusCode != 404 || !strings.Contains(res.Header.Get("Content-Type"), "text/html") || strings.Contains(body, "<script") {
		t.Errorf("unknown site: %d %s", res.StatusCode, body)
	}
}

func TestPages(t *testing.T) {
	h := newHouse(t, newRecord(), nil)
	for _, tt := range []struct {
		path        string
		status      int
		body        string
		header, has string
	}{
		{"/", 302, "", "Location", "/desk/"},
		{"/desk", 302, "", "Location", "/desk/"},
		{"/desk/", 200, "desk", "Content-Security-Policy", "frame-ancestors 'none'"},
		{"/desk/any/where", 200, "desk", "Cache-Control", "no-cache"},
		{"/desk/assets/desk-1.css", 200, "desk", "Cache-Control", "immutable"},
		{"/assets/a-1.js", 200, "asset", "Cache-Control", "immutable"},
		{"/assets/none.js", 404, "not_found", "Content-Type", "application/problem+json"},
		{"/assets/..%2fpanel.html", 404, "not_found", "", ""},
		{"/parlour.js", 200, "loader", "Access-Control-Allow-Origin", "*"},
		{"/cobrowse.js", 200, "capture", "Cross-Origin-Resource-Policy", "cross-origin"},
		{"/cobrowse/viewer", 200, "viewer", "Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data: blob:"},
		{"/cobrowse/viewer.js", 200, "viewer", "Content-Type", "text/javascript"},
		{"/cobrowse/viewer.html", 404, "not_found", "", ""},
		{"/livez", 200, "ok", "X-Content-Type-Options", "nosniff"},
		{"/nothing", 404, "not_found", "Referrer-Policy", "no-referrer"},
		{"/w/shop/status", 200, `"open":true`, "Vary", "Origin"},
		{"/w/nobody/status", 404, "unknown_site", "", ""},
	} {
		res, body := h.request("GET", tt.path, "", nil, "")
		if res.StatusCode != tt.status || !strings.Contains(body, tt.body) || (tt.header != "" && !strings.Contains(res.Header.Get(tt.header), tt.has)) {
			t.Errorf("%s: %d %s %v", tt.path, res.StatusCode, body, res.Header)
		}
		if res, body := h.request("HEAD", tt.path, "", nil, ""); res.StatusCode != tt.status || body != "" {
			t.Errorf("HEAD %s: %d %q, want %d and nothing", tt.path, res.StatusCode, body, tt.status)
		}
	}
	res, _ := h.request("GET", "/parlour.js", "", nil, "")
	again := http.Header{"If-None-Match": {res.Header.Get("ETag")}}
	if res, _ := h.request("GET", "/parlour.js", "", again, ""); res.StatusCode != http.StatusNotModified {
		t.Errorf("with its ETag: %d", res.StatusCode)
	}
	for origin, want := range map[string]string{"https://shop.example": "https://shop.example", "https://evil.example": ""} {
		res, _ := h.request("GET", "/w/shop/status", "", http.Header{"Origin": {origin}}, "")
		if got := res.Header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("status for %s: allowed %q, want %q", origin, got, want)
		}
	}
}

// What an address takes is said by each that it does not take.
func TestAnAddressSaysWhichMethodsItTakes(t *testing.T) { // API-1
	h := newHouse(t, newRecord(), func(o *signaling.Options) { o.Limits.RequestsPerSecond = 10_000 })
	h.everything()
	takes := map[string][]string{}
	for _, route := range protocol.Routes() {
		takes[route.Path] = append(takes[route.Path], route.Method)
		if route.Method == http.MethodGet {
			takes[route.Path] = append(takes[route.Path], http.MethodHead)
		}
	}
	id := string(protocol.NewID[protocol.Op]())
	for route, methods := range takes {
		path := strings.NewReplacer(":conversation", id, ":connection", id, ":transport", id, ":agent", id, ":request", id, ":site", "shop", "*", "x").Replace(route)
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
			if slices.Contains(methods, method) {
				continue
			}
			res, body := h.request(method, path, "secret-tim", nil, "")
			allow := strings.Split(res.Header.Get("Allow"), ", ")
			slices.Sort(allow)
			if want := slices.Sorted(slices.Values(append([]string{"OPTIONS"}, methods...))); res.StatusCode != 405 || !slices.Equal(allow, want) {
				t.Errorf("%s %s: %d, allows %v, want 405 and %v", method, path, res.StatusCode, allow, want)
			}
			if method != "HEAD" && !strings.Contains(body, `"bad_method"`) {
				t.Errorf("%s %s: %s", method, path, body)
			}
		}
	}
}

func TestWithoutTheWebBuildItSaysSo(t *testing.T) {
	h := newHouse(t, newRecord(), func(o *signaling.Options) { o.Web = fstest.MapFS{} })
	for _, path := range []string{"/desk/", "/w/shop/panel", "/cobrowse/viewer"} {
		if res, body := h.request("GET", path, "", nil, ""); res.StatusCode != 404 || !strings.Contains(body, "make build") {
			t.Errorf("%s: %d %s", path, res.StatusCode, body)
		}
	}
}

func TestReadyNamesWhatIsNot(t *testing.T) { // L1
	var broken error
	h := newHouse(t, newRecord(), func(o *signaling.Options) {
		o.Checks = []signaling.Check{
			{Name: "record", Run: func(context.Context) error { return nil }},
			{Name: "redis", Run: func(context.Context) error { return broken }},
		}
	})
	if res, body := h.request("GET", "/readyz", "", nil, ""); res.StatusCode != 200 {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	broken = errors.New("secret address")
	res, body := h.request("GET", "/readyz", "", nil, "")
	if res.StatusCode != 503 || !strings.Contains(body, "redis") || strings.Contains(body, "record") || strings.Contains(body, "secret") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	if res, _ := h.request("GET", "/livez", "", nil, ""); res.StatusCode != 200 {
		t.Errorf("livez: %d", res.StatusCode)
	}
	h.edge.Drain(t.Context())
	res, body = h.request("GET", "/readyz", "", nil, "")
	if res.StatusCode != 503 || !strings.Contains(body, "draining") || strings.Contains(body, "redis") {
		t.Errorf("a node that drains says %d %s", res.StatusCode, body) // and does not wait for what may hang
	}
}

func TestForeignOriginGetsNoSocket(t *testing.T) { // S4
	h := newHouse(t, newRecord(), func(o *signaling.Options) { o.PublicURL = "https://chat.example"; o.Limits.ConnectionsPerIP = 2 })
	own := strings.Replace(h.server.URL, "http://", "", 1)
	for origin, ok := range map[string]bool{
		"https://chat.example": true, "https://" + own: true, "http://" + own: false, "https://shop.example": false, "null": false, "https://chat.example.evil": false,
	} {
		conn, res, err := websocket.Dial(t.Context(), h.server.URL+"/v1/connect", &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {origin}}})
		if (err == nil) != ok {
			t.Errorf("origin %s: %v", origin, err)
		}
		if conn != nil {
			_ = conn.CloseNow()
		} else if res.StatusCode != 403 {
			t.Errorf("origin %s: %d", origin, res.StatusCode)
		}
	}
}

func TestAddressHasSoManyConnections(t *testing.T) {
	h := newHouse(t, newRecord(), func(o *signaling.Options) { o.Limits.ConnectionsPerIP = 2 })
	_, second := h.open("secret-a", protocol.Hello{}), h.open("secret-b", protocol.Hello{})
	if _, res, err := websocket.Dial(t.Context(), h.server.URL+"/v1/connect", nil); err == nil || res.StatusCode != 429 {
		t.Errorf("third connection: %v", err)
	}
	_ = second.ws.Close(websocket.StatusNormalClosure, "")
	if n := h.edge.Stats().Limited; n != 1 {
		t.Errorf("limited = %d, want 1", n)
	}
}
