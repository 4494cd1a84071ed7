package signaling

import (
	"net/http/httptest"
	"testing"
)

// S4: who may change something by a browser's cookie.
func TestOnlyOurOwnPagesHaveOurOrigin(t *testing.T) {
	for _, c := range []struct {
		public, host, origin string
		own                  bool
	}{
		{"https://chat.example.com", "chat.example.com", "", true}, // no browser
		{"https://chat.example.com", "chat.example.com", "https://chat.example.com", true},
		{"https://chat.example.com", "chat.example.com", "http://chat.example.com", false},
		{"https://chat.example.com", "10.0.0.1", "https://chat.example.com", true}, // a proxy that does not keep the host
		{"https://chat.example.com", "chat.example.com", "https://shop.example.com", false},
		{"https://chat.example.com", "chat.example.com", "null", false},
		{"https://chat.example.com", "other.example.com", "https://other.example.com", true}, // a second name of ours
		{"http://localhost:8080", "127.0.0.1:8080", "http://127.0.0.1:8080", true},
		{"http://localhost:8080", "localhost:8080", "http://localhost:8090", false},
	} {
		o, err := newOrigins(Options{PublicURL: c.public})
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", "http://"+c.host+"/v1/sign-in", nil)
		if c.origin != "" {
			r.Header.Set("Origin", c.origin)
		}
		if got := o.own(r); got != c.own {
			t.Errorf("public %s, asked %s, origin %q: own is %v", c.public, c.host, c.origin, got)
		}
	}
}
