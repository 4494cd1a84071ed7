package people_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"
	"golang.org/x/crypto/argon2"

	"github.com/parlour-chat/parlour/chat/people"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/chat/store/storetest"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const password = "a tea pot of iron"

// A house is a record with one agent who has a password, and a clock.
type house struct {
	people *people.People
	store  *store.Store
	email  string
	site   store.Site
	clock  atomic.Int64
}

func (h *house) pass(d time.Duration) { h.clock.Add(d.Milliseconds()) }

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{}
	h.clock.Store(time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli())
	s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir(), Clock: h.clock.Load})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	declared := storetest.Declaration(1)
	if declared.Agents[0].PasswordHash, err = people.HashPassword(t.Context(), password); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Apply(t.Context(), declared); err != nil {
		t.Fatal(err)
	}
	h.store, h.email, h.site = s, declared.Agents[0].Email, declared.Sites[0]
	h.site.Workspace = declared.ID
	h.people = people.New(s, people.Options{Now: func() time.Time { return time.UnixMilli(h.clock.Load()) }})
	return h
}

func code(err error) protocol.Code {
	if err == nil {
		return ""
	}
	e, _ := protocol.AsError(err)
	return e.Code
}

func TestSignInOpensASession(t *testing.T) {
	h := newHouse(t)
	who, token, expires, err := h.people.SignIn(t.Context(), " "+strings.ToUpper(h.email), password, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	if who.Kind != protocol.KindAgent || !who.Can(protocol.PermDesk) || who.Can(protocol.PermAdmin) || len(token) < 43 {
		t.Errorf("signed in as %+v", who)
	}
	if got := expires.UnixMilli() - h.clock.Load(); got != (7 * 24 * time.Hour).Milliseconds() {
		t.Errorf("expires after %d ms", got)
	}
	again, err := h.people.Session(t.Context(), token)
	if err != nil || again.Agent != who.Agent || again.Session == token {
		t.Errorf("session %+v, %v", again, err)
	}
	held, err := h.people.Sessions(t.Context(), []string{who.Session, "nobody's"})
	if err != nil || len(held) != 1 || held[who.Session].Agent != who.Agent || !held[who.Session].Can(protocol.PermDesk) {
		t.Errorf("sessions that hold: %+v, %v", held, err)
	}
	if err := h.people.SignOut(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	if _, err := h.people.Session(t.Context(), token); code(err) != protocol.CodeUnauthenticated {
		t.Errorf("after sign-out: %v", err)
	}
}

func TestSessionEnds(t *testing.T) {
	h := newHouse(t)
	_, token, _, err := h.people.SignIn(t.Context(), h.email, password, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	for range 14 { // used each 11 hours it lives until the seventh day
		h.pass(11 * time.Hour)
		if _, err := h.people.Session(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	h.pass(15 * time.Hour)
	if _, err := h.people.Session(t.Context(), token); code(err) != protocol.CodeUnauthenticated {
		t.Errorf("after 7 days: %v", err)
	}
	_, token, _, err = h.people.SignIn(t.Context(), h.email, password, "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	h.pass(12*time.Hour + time.Millisecond)
	if _, err := h.people.Session(t.Context(), token); code(err) != protocol.CodeUnauthenticated {
		t.Errorf("after 12 idle hours: %v", err)
	}
}

func TestUnknownAndWrongLookTheSame(t *testing.T) { // S17
	h := newHouse(t)
	texts, took := map[string]bool{}, map[string]time.Duration{}
	for _, email := range []string{h.email, "nobody@test.test"} {
		least := time.Hour
		for range 5 {
			began := time.Now()
			_, _, _, err := h.people.SignIn(t.Context(), email, "wrong password", "192.0.2.1")
			least = min(least, time.Since(began))
			if code(err) != protocol.CodeUnauthenticated {
				t.Fatal(err)
			}
			texts[err.Error()] = true
		}
		took[email] = least
	}
	if len(texts) != 1 {
		t.Errorf("the texts differ: %v", texts)
	}
	if a, b := took[h.email], took["nobody@test.test"]; a > 3*b || b > 3*a {
		t.Errorf("known took %v, unknown %v", a, b)
	}
}

func TestLockout(t *testing.T) { // S17
	h := newHouse(t)
	for range 10 {
		_, _, _, err := h.people.SignIn(t.Context(), h.email, "wrong", "192.0.2.1")
		if code(err) != protocol.CodeUnauthenticated {
			t.Fatal(err)
		}
	}
	if _, _, _, err := h.people.SignIn(t.Context(), h.email, password, "192.0.2.1"); code(err) != protocol.CodeRateLimited {
		t.Errorf("the account is not locked there: %v", err)
	}
	if _, _, _, err := h.people.SignIn(t.Context(), h.email, password, "198.51.100.7"); err != nil {
		t.Errorf("somebody locks an agent out: %v", err)
	}
	h.pass(16 * time.Minute)
	if _, _, _, err := h.people.SignIn(t.Context(), h.email, password, "192.0.2.1"); err != nil {
		t.Errorf("still locked: %v", err)
	}
	for i := range 50 { // one /64
		_, _, _, err := h.people.SignIn(t.Context(), fmt.Sprintf("x%d@test.test", i), "wrong", fmt.Sprintf("2001:db8::%x", i+1))
		if code(err) != protocol.CodeUnauthenticated {
			t.Fatal(err)
		}
	}
	if _, _, _, err := h.people.SignIn(t.Context(), h.email, password, "2001:db8::ffff"); code(err) != protocol.CodeRateLimited {
		t.Errorf("the /64 is not locked: %v", err)
	}
	if _, _, _, err := h.people.SignIn(t.Context(), h.email, password, "2001:db8:0:1::1"); err != nil {
		t.Errorf("the next /64 is locked: %v", err)
	}
}

func TestOldParametersAreRenewed(t *testing.T) {
	h := newHouse(t)
	a, err := h.store.AgentByEmail(t.Context(), h.email)
	if err != nil {
		t.Fatal(err)
	}
	salt := []byte("0123456789abcdef")
	b64 := base64.RawStdEncoding.EncodeToString
	old := "$argon2id$v=19$m=1024,t=1,p=1$" + b64(salt) + "$" + b64(argon2.IDKey([]byte(password), salt, 1, 1024, 1, 32))
	if err := h.store.SetPasswordHash(t.Context(), a.Workspace, a.ID, old); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, _, _, err := h.people.SignIn(t.Context(), h.email, password, "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
	}
	a, err = h.store.AgentByEmail(t.Context(), h.email)
	if err != nil || !strings.Contains(a.PasswordHash, "m=19456,t=2,p=1") {
		t.Errorf("hash %s, %v", a.PasswordHash, err)
	}
}

func TestVisitorIsKnownByToken(t *testing.T) {
	h := newHouse(t)
	who, token, err := h.people.NewVisitor(t.Context(), h.site, "", "  \u202EVe\x00\nra\u202C "+strings.Repeat("x", 80))
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.people.Visitor(t.Context(), token)
	if err != nil || again.Visitor != who.Visitor || again.Name != "Ve ra "+strings.Repeat("x", 74) || again.Site != h.site.ID || again.Kind != protocol.KindVisitor {
		t.Errorf("visitor %+v, %v", again, err)
	}
	for _, wrong := range []string{"", "x", token + "x", strings.Repeat("x", 1000)} {
		if _, err := h.people.Visitor(t.Context(), wrong); code(err) != protocol.CodeUnauthenticated {
			t.Errorf("token %.20q: %v", wrong, err)
		}
	}
	h.pass(31 * 24 * time.Hour)
	if _, err := h.people.Visitor(t.Context(), token); code(err) != protocol.CodeUnauthenticated {
		t.Errorf("after 31 days: %v", err)
	}
	who, token, err = h.people.NewVisitor(t.Context(), h.site, "", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.people.SignOut(t.Context(), who); err != nil {
		t.Fatal(err)
	}
	if _, err := h.people.Visitor(t.Context(), token); code(err) != protocol.CodeUnauthenticated {
		t.Errorf("after the site's log-out: %v", err)
	}
}

func TestIdentity(t *testing.T) { // S6
	h := newHouse(t)
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	public := string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	secret := []byte("0123456789abcdef0123456789abcdef")
	h.site.Identity = []store.IdentityKey{
		{ID: "k1", Algorithm: "HS256", Secret: string(secret)}, {ID: "k2", Algorithm: "ES256", Secret: public},
	}
	now := time.UnixMilli(h.clock.Load())
	sign := func(method jwt.SigningMethod, kid string, key any, change func(jwt.MapClaims)) string {
		claims := jwt.MapClaims{"sub": "u7", "aud": h.site.Key, "exp": now.Add(time.Hour).Unix(), "name": "Vera Signed", "email": "v@test.test"}
		if change != nil {
			change(claims)
		}
		token := jwt.NewWithClaims(method, claims)
		if kid != "" {
			token.Header["kid"] = kid
		}
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	tests := []struct {
		name, token string
		want        protocol.Code
	}{
		{"HS256", sign(jwt.SigningMethodHS256, "k1", secret, nil), ""},
		{"ES256", sign(jwt.SigningMethodES256, "k2", private, nil), ""},
		{"other HMAC", sign(jwt.SigningMethodHS512, "k1", secret, nil), protocol.CodeUnauthenticated},
		{"HS256 with the public key as its secret", sign(jwt.SigningMethodHS256, "k2", []byte(public), nil), protocol.CodeUnauthenticated},
		{"ES256 under the HS256 key", sign(jwt.SigningMethodES256, "k1", private, nil), protocol.CodeUnauthenticated},
		{"none", sign(jwt.SigningMethodNone, "k1", jwt.UnsafeAllowNoneSignatureType, nil), protocol.CodeUnauthenticated},
		{"foreign kid", sign(jwt.SigningMethodHS256, "k9", secret, nil), protocol.CodeUnauthenticated},
		{"no kid", sign(jwt.SigningMethodHS256, "", secret, nil), protocol.CodeUnauthenticated},
		{"other secret", sign(jwt.SigningMethodHS256, "k1", []byte(strings.Repeat("x", 32)), nil), protocol.CodeUnauthenticated},
		{"no exp", sign(jwt.SigningMethodHS256, "k1", secret, func(c jwt.MapClaims) { delete(c, "exp") }), protocol.CodeUnauthenticated},
		{"exp over an hour", sign(jwt.SigningMethodHS256, "k1", secret, func(c jwt.MapClaims) { c["exp"] = now.Add(time.Hour + time.Second).Unix() }), protocol.CodeUnauthenticated},
		{"expired", sign(jwt.SigningMethodHS256, "k1", secret, func(c jwt.MapClaims) { c["exp"] = now.Add(-time.Minute).Unix() }), protocol.CodeUnauthenticated},
		{"wrong aud", sign(jwt.SigningMethodHS256, "k1", secret, func(c jwt.MapClaims) { c["aud"] = "other" }), protocol.CodeUnauthenticated},
		{"no aud", sign(jwt.SigningMethodHS256, "k1", secret, func(c jwt.MapClaims) { delete(c, "aud") }), protocol.CodeUnauthenticated},
		{"no sub", sign(jwt.SigningMethodHS256, "k1", secret, func(c jwt.MapClaims) { delete(c, "sub") }), protocol.CodeUnauthenticated},
		{"not a token", "x.y.z", protocol.CodeUnauthenticated},
		{"too long", strings.Repeat("x", 5000), protocol.CodeUnauthenticated},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			who, _, err := h.people.NewVisitor(t.Context(), h.site, tt.token, "Claimed")
			if code(err) != tt.want {
				t.Fatalf("got %v, want %q", err, tt.want)
			}
			if err == nil && who.Name != "Vera Signed" {
				t.Errorf("name %q", who.Name)
			}
		})
	}
	h.site.Identity = h.site.Identity[1:] // rotated out
	if _, _, err := h.people.NewVisitor(t.Context(), h.site, tests[0].token, ""); code(err) != protocol.CodeUnauthenticated {
		t.Errorf("after rotation: %v", err)
	}
}

func TestHashingIsBounded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	hash, err := people.HashPassword(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	if right, outdated, err := people.CheckPassword(t.Context(), hash, password); err != nil || !right || outdated {
		t.Errorf("right %v, outdated %v, %v", right, outdated, err)
	}
	for _, bad := range []string{"", "x", "$argon2id$v=19$m=99999999,t=2,p=1$AAAA$AAAA", strings.Replace(hash, "t=2", "t=0", 1)} {
		if _, _, err := people.CheckPassword(ctx, bad, password); err == nil {
			t.Errorf("hash %q was taken", bad)
		}
	}
}
