// Package demo is a small shop of ordinary pages that carries Parlour's snippet.
//
// It stands for somebody's web site: pages are rendered on the server, every link is a real page load, the cart is in
// localStorage, the account is behind a form, and one page has a strict Content-Security-Policy. It knows nothing of
// Parlour but the origin that the snippet is loaded from, and it must be served from another site than that origin
// (127.0.0.1 and localhost; another port alone is the same site).
package demo

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
)

//go:embed pages/*.html assets
var files embed.FS

// maxBody bounds the body of a form, in bytes; a larger one is answered with 413.
const maxBody = 16 << 10

// shop is the demo shop. Its pages are parsed once; it holds no state but the key that signs sessions.
type shop struct {
	parlour  string // origin of Parlour, or "" for pages without the snippet
	pages    map[string]*template.Template
	sessions sessions
}

// view is what a page template sees.
type view struct {
	Parlour  string
	Title    string
	Customer string // e-mail of who is signed in, or ""
	Products []product
	Product  product
	Failed   bool // the sign-in was refused
	Account  account
}

// Handler returns the shop, whose pages load Parlour's snippet from parlourOrigin (scheme, host and port, such as
// "http://localhost:8080"; a path is dropped). A value that is not an http or https origin gives the shop without the
// snippet. Sessions are signed with a key made here, so a restart signs everybody out. It is safe for concurrent use.
func Handler(parlourOrigin string) http.Handler {
	s := &shop{parlour: origin(parlourOrigin), pages: parsePages(), sessions: newSessions()}
	assets, err := fs.Sub(files, "assets")
	if err != nil {
		panic(fmt.Sprintf("demo: embedded assets: %v", err)) // the folder is part of the binary
	}
	mux := http.NewServeMux()
	mux.Handle("GET /assets/", http.StripPrefix("/assets/", http.FileServerFS(assets)))
	mux.HandleFunc("GET /{$}", s.page("index", "Tea, and what it takes"))
	mux.HandleFunc("GET /index.html", redirect("/"))
	mux.HandleFunc("GET /product/{slug}", s.product)
	mux.HandleFunc("GET /cart", s.page("cart", "Your cart"))
	mux.HandleFunc("GET /checkout", s.page("checkout", "Checkout"))
	mux.HandleFunc("POST /checkout", s.order)
	mux.HandleFunc("GET /thanks", s.page("thanks", "Thank you"))
	mux.HandleFunc("GET /delivery", s.strict(s.page("delivery", "Delivery and returns")))
	mux.HandleFunc("GET /sign-in", s.signInForm)
	mux.HandleFunc("POST /sign-in", s.signIn)
	mux.HandleFunc("POST /sign-out", s.signOut)
	mux.HandleFunc("GET /account", s.account)
	mux.HandleFunc("/", s.missing)
	return headers(mux)
}

// origin reduces raw to scheme://host[:port], or to "" when it is not an http or https address.
func origin(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// headers sets what every answer of the shop carries.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
		h.Set("Cache-Control", "no-cache")
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// strict serves next under the strictest policy that still lets the snippet work: scripts from the shop and from
// Parlour, frames from Parlour, no inline script or style at all.
func (s *shop) strict(next http.HandlerFunc) http.HandlerFunc {
	parlour := ""
	if s.parlour != "" {
		parlour = " " + s.parlour
	}
	frames := parlour
	if frames == "" {
		frames = " 'none'"
	}
	policy := "default-src 'none'; script-src 'self'" + parlour + "; frame-src" + frames +
		"; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", policy)
		next(w, r)
	}
}

func redirect(to string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusMovedPermanently) }
}

// page serves a page that needs nothing but the catalogue.
func (s *shop) page(name, title string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.render(w, r, http.StatusOK, name, view{Title: title})
	}
}

func (s *shop) product(w http.ResponseWriter, r *http.Request) {
	p, ok := find(r.PathValue("slug"))
	if !ok {
		s.missing(w, r)
		return
	}
	s.render(w, r, http.StatusOK, "product", view{Title: p.Name, Product: p})
}

// order takes the checkout form. What was typed, the card above all, is neither read nor kept.
func (s *shop) order(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, "/thanks", http.StatusSeeOther)
}

func (s *shop) missing(w http.ResponseWriter, r *http.Request) {
	s.render(w, r, http.StatusNotFound, "missing", view{Title: "Page not found"})
}

func (s *shop) render(w http.ResponseWriter, r *http.Request, status int, name string, v view) {
	v.Parlour, v.Products, v.Customer = s.parlour, catalogue, s.sessions.customer(r)
	var out bytes.Buffer
	if err := s.pages[name].ExecuteTemplate(&out, "layout", v); err != nil {
		slog.ErrorContext(r.Context(), "rendering a page of the demo shop", "page", name, "error", err)
		http.Error(w, "The shop could not show this page.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(out.Len()))
	w.WriteHeader(status)
	_, _ = w.Write(out.Bytes()) // a reader who has gone away is nobody's error
}

// parsePages gives each page a template set of its own with the layout in it; pages are embedded, so a fault in one
// is a fault of the build and panics.
func parsePages() map[string]*template.Template {
	pages := map[string]*template.Template{}
	for _, name := range []string{"index", "product", "cart", "checkout", "thanks", "delivery", "sign-in", "account", "missing"} {
		t := template.New(name).Funcs(template.FuncMap{"euros": euros})
		pages[name] = template.Must(t.ParseFS(files, "pages/layout.html", "pages/pictures.html", "pages/"+name+".html"))
	}
	return pages
}
