package signaling_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling"
)

// writePair makes a certificate of a serial number, with its key.
func writePair(t *testing.T, cert, key string, serial int64) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	like := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"chat.example"}}
	public, err := x509.CreateCertificate(rand.Reader, like, like, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: public}, key: {Type: "EC PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		changed := time.Unix(1_800_000_000+serial*60, 0) // files of one second look the same to some disks
		if err := os.Chtimes(path, changed, changed); err != nil {
			t.Fatal(err)
		}
	}
}

func TestARenewedCertificateIsServedWithoutARestart(t *testing.T) {
	folder := t.TempDir()
	cert, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	writePair(t, cert, key, 1)
	h := newHouse(t, newRecord(), func(o *signaling.Options) { o.TLSCert, o.TLSKey = cert, key })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.edge.Serve(ctx, listener) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	served := func() (serial int64) {
		t.Helper()
		conn, err := tls.Dial("tcp", listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if n := served(); n != 1 {
		t.Fatalf("serves certificate %d", n)
	}
	writePair(t, cert, key, 2)
	if n := served(); n != 2 {
		t.Errorf("after the renewal: certificate %d", n)
	}
	writePair(t, cert, filepath.Join(folder, "late.pem"), 3) // half of a renewal
	if n := served(); n != 2 {
		t.Errorf("in the middle of a renewal: certificate %d", n)
	}
	if err := os.Rename(filepath.Join(folder, "late.pem"), key); err != nil {
		t.Fatal(err)
	}
	if n := served(); n != 3 {
		t.Errorf("after the whole renewal: certificate %d", n)
	}
	for _, path := range []string{cert, key} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	if n := served(); n != 3 {
		t.Errorf("without files: certificate %d", n)
	}
}

// Limits count by address: who may say in whose name a request comes, decides
// whom they hold.
func TestForwardedAddressesAreBelievedFromTrustedProxiesOnly(t *testing.T) { // S17
	self, elsewhere := netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("10.0.0.0/8")
	for _, tt := range []struct {
		name      string
		proxies   []netip.Prefix
		forwarded []string // of one sign-in after the other
		refused   bool     // whether the last one is over the limit of 1
	}{
		{"no proxy is trusted: forged addresses count as one", nil, []string{"203.0.113.1", "203.0.113.2"}, true},
		{"another proxy is trusted", []netip.Prefix{elsewhere}, []string{"203.0.113.1", "203.0.113.2"}, true},
		{"the proxy is trusted", []netip.Prefix{self}, []string{"203.0.113.1", "203.0.113.2"}, false},
		{"the same address behind it", []netip.Prefix{self}, []string{"203.0.113.1", "203.0.113.1"}, true},
		{"what the client forged before the proxy's own word", []netip.Prefix{self}, []string{"198.51.100.1, 203.0.113.1", "198.51.100.2, 203.0.113.1"}, true},
		{"two proxies that are trusted", []netip.Prefix{self, elsewhere}, []string{"203.0.113.1, 10.1.1.1", "203.0.113.2, 10.1.1.1"}, false},
		{"one of two is not trusted", []netip.Prefix{self}, []string{"203.0.113.1, 10.1.1.1", "203.0.113.2, 10.1.1.1"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := newHouse(t, newRecord(), func(o *signaling.Options) { o.TrustedProxies, o.Limits.SignInsPerMinute = tt.proxies, 1 })
			status := 0
			for _, forwarded := range tt.forwarded {
				header := http.Header{"Content-Type": {"application/json"}, "X-Forwarded-For": {forwarded}, "X-Real-Ip": {forwarded}}
				res, _ := h.request("POST", "/v1/sign-in", "", header, `{"email":"eve@example.com","password":"secret-password"}`)
				status = res.StatusCode
			}
			if refused := status == http.StatusTooManyRequests; refused != tt.refused {
				t.Errorf("the last sign-in: %d", status)
			}
		})
	}
}
