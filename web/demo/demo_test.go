package demo_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/parlour-chat/parlour/web/demo"
)

const parlour = "http://localhost:8080"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// customer is a client of a running shop with a cookie jar, that follows redirects.
type customer struct {
	t      *testing.T
	shop   string
	client *http.Client
}

func visit(t *testing.T, parlourOrigin string) customer {
	t.Helper()
	server := httptest.NewServer(demo.Handler(parlourOrigin))
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatalf("making a cookie jar: %v", err)
	}
	client := server.Client()
	client.Jar = jar
	t.Cleanup(func() { client.CloseIdleConnections(); server.Close() })
	return customer{t: t, shop: server.URL, client: client}
}

func (c customer) read(answer *http.Response, err error) (*http.Response, string) {
	c.t.Helper()
	if err != nil {
		c.t.Fatalf("asking the shop: %v", err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatalf("reading the answer: %v", err)
	}
	return answer, string(body)
}

func (c customer) get(path string) (*http.Response, string) {
	c.t.Helper()
	return c.read(c.client.Get(c.shop + path))
}

func (c customer) post(path string, form url.Values) (*http.Response, string) {
	c.t.Helper()
	return c.read(c.client.PostForm(c.shop+path, form))
}

func TestEveryPageCarriesTheSnippetAndTheStockLine(t *testing.T) {
	c := visit(t, parlour)
	for _, path := range []string{"/", "/product/copper-kettle", "/product/three-minute-glass", "/cart", "/checkout", "/thanks", "/delivery", "/sign-in"} {
		answer, body := c.get(path)
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d, want 200", path, answer.StatusCode)
		}
		if got := strings.Count(body, `<script src="http://localhost:8080/parlour.js" data-site="demo" data-color="#0b6e4f" async></script>`); got != 1 {
			t.Errorf("%s: the snippet stands %d times, want once", path, got)
		}
		for _, id := range []string{`id="stock"`, `id="promo"`, `id="promo-text"`} {
			if strings.Count(body, id) != 1 {
				t.Errorf("%s: want exactly one %s", path, id)
			}
		}
		if got := answer.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
			t.Errorf("%s: content type %q", path, got)
		}
		if strings.Contains(body, "ZgotmplZ") {
			t.Errorf("%s: the template refused a value", path)
		}
	}
}

func TestOnlyTheDeliveryPageHasAStrictPolicy(t *testing.T) {
	c := visit(t, parlour+"/a/path")
	answer, body := c.get("/delivery")
	policy := answer.Header.Get("Content-Security-Policy")
	for _, want := range []string{"default-src 'none'", "script-src 'self' http://localhost:8080;", "frame-src http://localhost:8080;", "style-src 'self';"} {
		if !strings.Contains(policy, want) {
			t.Errorf("policy %q lacks %q", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("policy %q allows what is inline", policy)
	}
	if strings.Contains(body, "style=") || strings.Contains(body, "<style") || strings.Contains(body, "<script>") {
		t.Error("the strict page has something inline, which its policy refuses")
	}
	if answer, _ := c.get("/"); answer.Header.Get("Content-Security-Policy") != "" {
		t.Error("the catalogue has a policy; most shops have none")
	}
}

func TestAShopWithoutAnOriginServesNoSnippet(t *testing.T) {
	for _, bad := range []string{"", "javascript:alert(1)", "localhost:8080", "http://"} {
		c := visit(t, bad)
		answer, body := c.get("/delivery")
		if strings.Contains(body, "parlour.js") {
			t.Errorf("origin %q: the snippet is served", bad)
		}
		if policy := answer.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "frame-src 'none'") {
			t.Errorf("origin %q: policy %q", bad, policy)
		}
	}
}

func TestAccountIsBehindTheForm(t *testing.T) {
	c := visit(t, parlour)
	answer, body := c.get("/account")
	if answer.Request.URL.Path != "/sign-in" || strings.Contains(body, "BK-20417") {
		t.Fatalf("without a session the account led to %s", answer.Request.URL.Path)
	}
	answer, body = c.post("/sign-in", url.Values{"email": {"ada@example.com"}, "password": {"wrong"}})
	if answer.StatusCode != http.StatusUnauthorized || !strings.Contains(body, `role="alert"`) {
		t.Fatalf("a wrong password got status %d", answer.StatusCode)
	}
	answer, body = c.post("/sign-in", url.Values{"email": {" Ada@Example.com "}, "password": {"two-sugars-please"}})
	if answer.Request.URL.Path != "/account" || !strings.Contains(body, "BK-20417") {
		t.Fatalf("the right password led to %s", answer.Request.URL.Path)
	}
	if got := answer.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("the account may be cached: %q", got)
	}
	if _, body = c.get("/"); !strings.Contains(body, "Sign out") {
		t.Error("no way to sign out")
	}
	c.post("/sign-out", nil)
	if answer, _ = c.get("/account"); answer.Request.URL.Path != "/sign-in" {
		t.Errorf("signed out, the account led to %s", answer.Request.URL.Path)
	}
}

func TestAForgedSessionIsRefused(t *testing.T) {
	c := visit(t, parlour)
	shop, err := url.Parse(c.shop)
	if err != nil {
		t.Fatalf("reading the shop's address: %v", err)
	}
	c.post("/sign-in", url.Values{"email": {"ada@example.com"}, "password": {"two-sugars-please"}})
	good := c.client.Jar.Cookies(shop)[0].Value
	head, tail, _ := strings.Cut(good, ".")
	for name, value := range map[string]string{
		"other payload": strings.ToLower(head) + "." + tail, "no signature": head, "empty": "", "garbage": "%%%.%%%",
	} {
		c.client.Jar.SetCookies(shop, []*http.Cookie{{Name: "shop_session", Value: value, Path: "/"}})
		if answer, _ := c.get("/account"); answer.Request.URL.Path != "/sign-in" {
			t.Errorf("%s: the account is open", name)
		}
	}
}

func TestAnOrderLeadsToThanksAndKeepsNothing(t *testing.T) {
	c := visit(t, parlour)
	answer, body := c.post("/checkout", url.Values{"card": {"4111111111111111"}})
	if answer.Request.URL.Path != "/thanks" || strings.Contains(body, "4111111111111111") {
		t.Errorf("the order led to %s", answer.Request.URL)
	}
}

func TestCheckoutHasTheFieldsThatMustBeMasked(t *testing.T) {
	_, body := visit(t, parlour).get("/checkout")
	for _, want := range []string{`autocomplete="cc-number"`, `autocomplete="cc-exp"`, `autocomplete="cc-csc"`, `type="password"`, `type="email"`} {
		if !strings.Contains(body, want) {
			t.Errorf("checkout lacks %s", want)
		}
	}
}

func TestWhatIsNotThereIsA404PageOfTheShop(t *testing.T) {
	c := visit(t, parlour)
	for _, path := range []string{"/nothing", "/product/nothing", "/product/"} {
		answer, body := c.get(path)
		if answer.StatusCode != http.StatusNotFound || !strings.Contains(body, "Page not found") {
			t.Errorf("%s: status %d", path, answer.StatusCode)
		}
	}
	if answer, _ := c.get("/assets/nothing.css"); answer.StatusCode != http.StatusNotFound {
		t.Errorf("a missing asset: status %d", answer.StatusCode)
	}
}

func TestAssetsHaveTheirTypes(t *testing.T) {
	c := visit(t, parlour)
	for path, want := range map[string]string{"/assets/shop.css": "text/css", "/assets/shop.js": "javascript", "/assets/icon.svg": "image/svg+xml"} {
		answer, _ := c.get(path)
		if got := answer.Header.Get("Content-Type"); answer.StatusCode != http.StatusOK || !strings.Contains(got, want) {
			t.Errorf("%s: status %d, type %q", path, answer.StatusCode, got)
		}
		if answer.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: its type may be guessed", path)
		}
	}
}

func TestAnOverlongFormIsRefused(t *testing.T) {
	answer, _ := visit(t, parlour).post("/sign-in", url.Values{"email": {strings.Repeat("a", 1<<20)}})
	if answer.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d, want 413", answer.StatusCode)
	}
}
