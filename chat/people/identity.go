package people

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

const (
	identityFor = time.Hour        // the furthest expiry that is taken, by our clock
	clockSlack  = 30 * time.Second // how long after its expiry one is still taken
	maxIdentity = 4096             // bytes
)

// identityClaims is what a site's backend says of a visitor.
type identityClaims struct {
	jwt.RegisteredClaims
	Name  string `json:"name"`
	Email string `json:"email"`
}

func errIdentity() error {
	return protocol.NewError(protocol.CodeUnauthenticated, "The site's signature for this visitor is not valid. Reload the page.")
}

// readIdentity checks a JWT: signed by the key that its kid names, with that
// key's own algorithm, for this site, with a subject, and an expiry within an hour.
func readIdentity(site store.Site, token string, now func() time.Time) (identityClaims, error) {
	var claims identityClaims
	if len(token) > maxIdentity {
		return claims, errIdentity()
	}
	_, err := jwt.ParseWithClaims(token, &claims, func(t *jwt.Token) (any, error) { return verifyingKey(site, t) },
		jwt.WithValidMethods([]string{"HS256", "ES256"}), jwt.WithAudience(site.Key), jwt.WithExpirationRequired(),
		jwt.WithIssuedAt(), jwt.WithTimeFunc(now), jwt.WithLeeway(clockSlack))
	if err != nil {
		return identityClaims{}, fmt.Errorf("%w: %w", errIdentity(), err)
	}
	if claims.Subject == "" || len(claims.Subject) > 256 || claims.ExpiresAt.After(now().Add(identityFor)) {
		return identityClaims{}, errIdentity()
	}
	return claims, nil
}

func verifyingKey(site store.Site, t *jwt.Token) (any, error) {
	kid, _ := t.Header["kid"].(string)
	for _, key := range site.Identity {
		if kid == "" || key.ID != kid {
			continue
		}
		if key.Algorithm != t.Method.Alg() {
			return nil, errors.New("the key is for another algorithm")
		}
		return ParseIdentityKey(key)
	}
	return nil, errors.New("the key is not one of the site's")
}

// ParseIdentityKey reads a site's key: at least 32 bytes of secret for HS256,
// a PEM public key on P-256 for ES256.
func ParseIdentityKey(key store.IdentityKey) (any, error) {
	switch key.Algorithm {
	case "HS256":
		if len(key.Secret) < 32 {
			return nil, errors.New("an HS256 secret has at least 32 bytes")
		}
		return []byte(key.Secret), nil
	case "ES256":
		block, _ := pem.Decode([]byte(key.Secret))
		if block == nil {
			return nil, errors.New("an ES256 key is a PEM public key")
		}
		parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read ES256 key: %w", err)
		}
		public, ok := parsed.(*ecdsa.PublicKey)
		if !ok || public.Curve != elliptic.P256() {
			return nil, errors.New("an ES256 key is on the curve P-256")
		}
		return public, nil
	default:
		return nil, fmt.Errorf("algorithm %q is not known; use HS256 or ES256", key.Algorithm)
	}
}
