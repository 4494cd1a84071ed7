package transport

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"
	"time"
)

const certificateLife = 365 * 24 * time.Hour

// newCertificate makes a self-signed P-256 certificate. WebRTC peers pin its
// fingerprint through signalling; its name and dates mean nothing to them.
func newCertificate() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make certificate key: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make certificate serial: %w", err)
	}
	now := time.Now()
	template := x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "WebRTC"},
		NotBefore:    now.Add(-24 * time.Hour),
		NotAfter:     now.Add(certificateLife),
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("make certificate: %w", err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("read own certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

// A fingerprint is the hash of a certificate as SDP carries it, value in upper
// case with colons.
type fingerprint struct{ algorithm, value string }

// digest is the fingerprint of a DER certificate; ok is false for a hash that
// is unknown or too weak to be trusted.
func digest(algorithm string, der []byte) (value string, ok bool) {
	var sum []byte
	switch algorithm {
	case "sha-256":
		s := sha256.Sum256(der)
		sum = s[:]
	case "sha-384":
		s := sha512.Sum384(der)
		sum = s[:]
	case "sha-512":
		s := sha512.Sum512(der)
		sum = s[:]
	default:
		return "", false
	}
	text := strings.ToUpper(hex.EncodeToString(sum))
	var b strings.Builder
	b.Grow(len(text) * 3 / 2)
	for i := 0; i < len(text); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(text[i : i+2])
	}
	return b.String(), true
}

// matches says whether der is the certificate announced by any of prints.
func matches(prints []fingerprint, der []byte) bool {
	for _, p := range prints {
		if value, ok := digest(p.algorithm, der); ok && value == p.value {
			return true
		}
	}
	return false
}
