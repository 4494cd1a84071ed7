package signaling_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A speaker is one column of the authorization matrix.
type speaker struct {
	name  string
	token string
	who   *protocol.Principal // nil: nobody
}

func speakers() []speaker {
	return []speaker{
		{"anonymous", "", nil}, {"visitor A", "secret-a", &visitorA}, {"visitor B", "secret-b", &visitorB},
		{"agent", "secret-eve", &agent}, {"agent without right", "secret-tim", &clerk}, {"revoked session", "secret-old", nil},
	}
}

func TestOnlyWhoMaySendsAFrame(t *testing.T) { // S1
	r := newRecord()
	h := newHouse(t, r, func(o *signaling.Options) { o.Limits.FramesPerSecond, o.Limits.BadFrames = 1000, 1000 })
	h.everything()
	conv := r.conversation(visitorA, agent)
	for _, s := range speakers() {
		if s.who == nil {
			for _, kind := range []string{protocol.UpHello, protocol.UpPost, protocol.UpResume} {
				c := h.dial(cookie(s.token), nil)
				if f := c.command(kind, protocol.Post{Conversation: conv, Text: "x"}); code(f) != protocol.CodeUnauthenticated {
					t.Errorf("%s sends %s: %s %s", s.name, kind, f.Kind, f.Body)
				}
			}
			continue
		}
		c := h.open(s.token, protocol.Hello{})
		for _, rule := range protocol.Rules() {
			want := protocol.Code("")
			if err := rule.Allows(*s.who); err != nil {
				want = protocol.CodeForbidden
			}
			switch {
			case rule.Kind == protocol.UpHello:
				want = protocol.CodeWrongState
			case rule.Kind == protocol.UpPost && s.name == "visitor B", rule.Kind == protocol.UpSince && s.name == "visitor B":
				want = protocol.CodeNotFound // the object check of the feature
			case !rule.Op && want == "":
				continue // a notice that is allowed is not answered
			}
			op, body := protocol.Op(""), map[string]any{"conversation": conv, "text": "x"}
			if rule.Op {
				op = protocol.NewID[protocol.Op]()
			}
			c.send(rule.Kind, op, body)
			f := c.reply(op)
			if code(f) != want {
				t.Errorf("%s sends %s: got %q (%s %s), want %q", s.name, rule.Kind, code(f), f.Kind, f.Body, want)
			}
		}
	}
}

// reply is the next answer: by op, or the next error without one.
func (c *client) reply(op protocol.Op) protocol.Frame {
	c.t.Helper()
	if op != "" {
		return c.answer(op)
	}
	for {
		f, err := c.read(5e9)
		if err != nil {
			c.t.Fatal(err)
		}
		if f.Kind == protocol.DownError {
			return f
		}
	}
}

func (h *house) request(method, path, token string, header http.Header, body string) (*http.Response, string) {
	h.t.Helper()
	req, err := http.NewRequestWithContext(h.t.Context(), method, h.server.URL+path, strings.NewReader(body))
	if err != nil {
		h.t.Fatal(err)
	}
	maps.Copy(req.Header, header)
	if token == "secret-eve" || token == "secret-tim" || token == "secret-old" {
		req.Header.Set("Cookie", "parlour_session="+token)
	} else if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return res, string(data)
}

func TestOnlyWhoMayCallsARoute(t *testing.T) { // S1
	r := newRecord()
	h := newHouse(t, r, func(o *signaling.Options) { o.Limits.RequestsPerSecond = 10_000 })
	conv := r.conversation(visitorA, agent)
	h.everything()
	conn := h.open("secret-a", protocol.Hello{}).welcome
	for _, route := range protocol.Routes() {
		if len(route.Who) == 0 {
			continue
		}
		path := strings.NewReplacer(":conversation", string(conv), ":connection", string(conn.Connection), ":transport", "t",
			":agent", string(agent.Agent), ":request", string(protocol.NewID[protocol.RequestID]())).Replace(route.Path)
		for _, s := range speakers() {
			allowed := false
			for _, kind := range route.Who {
				allowed = allowed || s.who != nil && s.who.Kind == kind && (kind == protocol.KindVisitor || s.who.Can(route.Permission))
			}
			if strings.Contains(path, "/connections/") {
				allowed = false // only the connection's own secret, see below
			}
			if route.Object == protocol.ObjectConversation && s.name == "visitor B" {
				allowed = false
			}
			if route.Path == "/v1/sign-out" && allowed {
				continue // would end what the other rows use
			}
			header := http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {string(protocol.NewID[protocol.Op]())}}
			res, body := h.request(route.Method, path, s.token, header, `{"text":"x"}`)
			if got := res.StatusCode < 400; got != allowed {
				t.Errorf("%s %s as %s: %d %s, allowed = %v", route.Method, route.Path, s.name, res.StatusCode, body, allowed)
			}
			if !allowed && (res.Header.Get("Content-Type") != "application/problem+json" || res.StatusCode >= 500) {
				t.Errorf("%s %s as %s: refusal is %d %s", route.Method, route.Path, s.name, res.StatusCode, res.Header.Get("Content-Type"))
			}
		}
	}
	res, body := h.request("DELETE", "/v1/connections/"+string(conn.Connection)+"/transports/t", conn.Secret, nil, "")
	if res.StatusCode != http.StatusNotFound || !strings.Contains(body, `"not_found"`) {
		t.Errorf("with the connection's secret: %d %s", res.StatusCode, body)
	}
}

func TestSignOutCutsTheSessionsConnections(t *testing.T) { // S5
	for _, token := range []string{"secret-eve", "secret-a"} { // an agent, a visitor
		t.Run(token, func(t *testing.T) {
			r := newRecord()
			conv := r.conversation(visitorA, agent)
			bus := signaling.NewLocalBus()
			h, other := newNode(t, r, "n1", bus, nil), newNode(t, r, "n2", bus, nil)
			page, stranger := other.open(token, protocol.Hello{}), other.open("secret-b", protocol.Hello{})
			res, _ := h.request("POST", "/v1/sign-out", token, nil, "")
			if res.StatusCode != http.StatusNoContent {
				t.Fatalf("sign-out: %d", res.StatusCode)
			}
			for {
				if _, err := page.read(2e9); err != nil {
					break
				}
			}
			if page.close != signaling.CloseWho {
				t.Errorf("close code %v, want %v", page.close, signaling.CloseWho)
			}
			if res, _ := h.request("GET", "/v1/conversations/"+string(conv)+"/entries", token, nil, ""); res.StatusCode != http.StatusUnauthorized {
				t.Errorf("revoked: %d", res.StatusCode)
			}
			if f := stranger.command(protocol.UpSince, protocol.Since{Conversation: r.conversation(visitorB)}); f.Kind != protocol.DownEntries {
				t.Errorf("another visitor: %s", f.Body)
			}
		})
	}
}

func TestSignIn(t *testing.T) {
	h := newHouse(t, newRecord(), func(o *signaling.Options) { o.Limits.SignInsPerMinute = 3 })
	json := http.Header{"Content-Type": {"application/json"}}
	good := `{"email":"eve@example.com","password":"secret-password"}`
	res, body := h.request("POST", "/v1/sign-in", "", json, good)
	set := res.Header.Get("Set-Cookie")
	if res.StatusCode != 200 || !strings.Contains(body, `"Eve"`) || !strings.Contains(set, "parlour_session=secret-eve") ||
		!strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Lax") || !strings.Contains(set, "Path=/") {
		t.Errorf("sign-in: %d %s %s", res.StatusCode, body, set)
	}
	foreign := http.Header{"Content-Type": {"application/json"}, "Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}}
	if res, body := h.request("POST", "/v1/sign-in", "", foreign, good); res.StatusCode != 403 || !strings.Contains(body, `"origin_refused"`) {
		t.Errorf("from another site: %d %s", res.StatusCode, body)
	}
	if res, _ := h.request("POST", "/v1/sign-in", "", http.Header{"Content-Type": {"text/plain"}}, good); res.StatusCode != 415 {
		t.Errorf("as a form could send it: %d", res.StatusCode)
	}
	if res, _ := h.request("POST", "/v1/sign-in", "", json, `{"email":"eve@example.com"}`); res.StatusCode != 401 {
		t.Errorf("without password: %d", res.StatusCode)
	}
	if res, body := h.request("POST", "/v1/sign-in", "", json, good); res.StatusCode != 429 || !strings.Contains(body, `"rate_limited"`) {
		t.Errorf("fourth try: %d %s", res.StatusCode, body)
	}
}

func TestHTTPSCookieIsBoundToTheHost(t *testing.T) {
	h := newHouse(t, newRecord(), func(o *signaling.Options) { o.PublicURL = "https://chat.example" })
	res, _ := h.request("POST", "/v1/sign-in", "", http.Header{"Content-Type": {"application/json"}}, `{"email":"eve@example.com","password":"secret-password"}`)
	if set := res.Header.Get("Set-Cookie"); !strings.HasPrefix(set, "__Host-parlour_session=") || !strings.Contains(set, "Secure") {
		t.Errorf("cookie = %s", set)
	}
	if res.Header.Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS")
	}
}

// A logbook keeps everything that is logged.
type logbook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func TestNoSecretIsLogged(t *testing.T) { // S3
	var book logbook
	r := newRecord()
	h := newHouse(t, r, func(o *signaling.Options) {
		o.Logger = slog.New(slog.NewJSONHandler(&book, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	conv := r.conversation(visitorA, agent)
	c := h.open("secret-a", protocol.Hello{})
	_ = c.command(protocol.UpPost, protocol.Post{Conversation: conv, Text: "secret-text"})
	h.request("GET", "/v1/conversations/"+string(conv)+"/entries?after=0&token=secret-query", "secret-a", nil, "")
	h.request("GET", "/v1/me", "secret-eve", nil, "")
	h.request("GET", "/secret-path", "secret-wrong", nil, "")
	h.request("POST", "/v1/sign-in", "", http.Header{"Content-Type": {"application/json"}}, `{"email":"e","password":"secret-password"}`)
	h.request("DELETE", "/v1/connections/"+string(c.welcome.Connection)+"/transports/x", c.welcome.Secret, nil, "")
	book.mu.Lock()
	defer book.mu.Unlock()
	if text := book.text.String(); strings.Contains(text, "secret") || strings.Contains(text, c.welcome.Secret) || !strings.Contains(text, "/v1/me") {
		t.Errorf("log: %s", text)
	}
}

func TestRESTPostsOnce(t *testing.T) { // D2
	r := newRecord()
	h := newHouse(t, r, nil)
	conv := r.conversation(visitorA, agent)
	key := http.Header{"Content-Type": {"application/json"}, "Idempotency-Key": {string(protocol.NewID[protocol.Op]())}}
	for range 2 {
		res, body := h.request("POST", "/v1/conversations/"+string(conv)+"/messages", "secret-a", key, `{"text":"by REST"}`)
		var ack protocol.Ack
		if err := json.Unmarshal([]byte(body), &ack); err != nil || res.StatusCode != 201 || ack.Seq != 1 {
			t.Errorf("%d %s", res.StatusCode, body)
		}
	}
	_, body := h.request("GET", "/v1/conversations/"+string(conv)+"/entries?after=0", "secret-eve", nil, "")
	if strings.Count(body, "by REST") != 1 {
		t.Error(body)
	}
	big := fmt.Sprintf(`{"text":"%s"}`, strings.Repeat("x", 70_000))
	if res, _ := h.request("POST", "/v1/conversations/"+string(conv)+"/messages", "secret-a", key, big); res.StatusCode != 413 {
		t.Errorf("70 KB: %d", res.StatusCode)
	}
}

func TestWhyIsAskedByPages(t *testing.T) { // ROUTE-12
	h := newHouse(t, newRecord(), nil)
	path := "/v1/agents/" + string(agent.Agent) + "/why"
	for query, want := range map[string]string{
		"": `{`, "?before=12": `"older":12`, "?before=-1": `"invalid"`, "?before=soon": `"invalid"`, "?before=0": `"invalid"`,
	} {
		if _, body := h.request("GET", path+query, "secret-eve", nil, ""); !strings.Contains(body, want) || query == "" && strings.Contains(body, "older") {
			t.Errorf("%s: %s, want %s", query, body, want)
		}
	}
}
