package demo

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	sessionCookie = "shop_session"
	sessionLife   = 12 * time.Hour
)

// account is what the one customer of the demo sees behind the form.
type account struct {
	Name   string
	Email  string
	Street string
	City   string
	Orders []order
}

type order struct {
	Number, Date, What, State string
	Cents                     int
}

// customer is the demo's only account. Its password stands on the sign-in page: it protects nothing.
var customer = account{
	Name: "Ada Larkspur", Email: "ada@example.com", Street: "14 Heron Lane", City: "Port Sorrel",
	Orders: []order{
		{"BK-20417", "3 March", "Copper kettle", "Delivered", 8900},
		{"BK-20988", "19 May", "Garden mint, two tins", "On its way", 2300},
	},
}

const customerPassword = "two-sugars-please"

// sessions signs and checks the cookie of who is signed in: base64(e-mail|expiry).base64(HMAC-SHA256).
type sessions struct{ key []byte }

func newSessions() sessions {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: the runtime ends the program instead
	return sessions{key: key}
}

func (s sessions) sign(payload string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(payload))
	return base64.RawURLEncoding.EncodeToString([]byte(payload)) + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// customer returns the e-mail of a valid session that has not run out, or "".
func (s sessions) customer(r *http.Request) string {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return ""
	}
	head, _, _ := strings.Cut(cookie.Value, ".")
	payload, err := base64.RawURLEncoding.DecodeString(head)
	if err != nil || !hmac.Equal([]byte(s.sign(string(payload))), []byte(cookie.Value)) {
		return ""
	}
	email, expiry, _ := strings.Cut(string(payload), "|")
	until, err := strconv.ParseInt(expiry, 10, 64)
	if err != nil || time.Now().UnixMilli() >= until {
		return ""
	}
	return email
}

func (s *shop) signInForm(w http.ResponseWriter, r *http.Request) {
	if s.sessions.customer(r) != "" {
		http.Redirect(w, r, "/account", http.StatusSeeOther)
		return
	}
	s.render(w, r, http.StatusOK, "sign-in", view{Title: "Sign in", Account: customer})
}

func (s *shop) signIn(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "The form could not be read.", http.StatusRequestEntityTooLarge)
		return
	}
	email := strings.ToLower(strings.TrimSpace(r.PostForm.Get("email")))
	right := subtle.ConstantTimeCompare([]byte(r.PostForm.Get("password")), []byte(customerPassword)) == 1
	if email != customer.Email || !right {
		s.render(w, r, http.StatusUnauthorized, "sign-in", view{Title: "Sign in", Failed: true, Account: customer})
		return
	}
	until := time.Now().Add(sessionLife)
	s.setCookie(w, s.sessions.sign(email+"|"+strconv.FormatInt(until.UnixMilli(), 10)), int(sessionLife.Seconds()))
	http.Redirect(w, r, "/account", http.StatusSeeOther)
}

func (s *shop) signOut(w http.ResponseWriter, r *http.Request) {
	s.setCookie(w, "", -1)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

func (s *shop) setCookie(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}

func (s *shop) account(w http.ResponseWriter, r *http.Request) {
	if s.sessions.customer(r) == "" {
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	s.render(w, r, http.StatusOK, "account", view{Title: "Your account", Account: customer})
}
