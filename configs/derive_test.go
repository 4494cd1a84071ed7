package configs_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlour-chat/parlour/configs"
)

func TestNodeIDStaysAfterARestartAndDiffersBetweenFolders(t *testing.T) {
	c := configs.Default()
	c.Data.Directory = filepath.Join(t.TempDir(), "data")
	first, err := c.NodeID()
	if err != nil {
		t.Fatal(err)
	}
	again, err := c.NodeID()
	if err != nil || again != first {
		t.Errorf("second NodeID = %q, %v, want %q", again, err, first)
	}
	c.Data.Directory = t.TempDir()
	if other, err := c.NodeID(); err != nil || other == first {
		t.Errorf("NodeID in another folder = %q, %v, want another name", other, err)
	}
	c.Node.ID = "a"
	if got, err := c.NodeID(); err != nil || got != "a" {
		t.Errorf("NodeID = %q, %v, want the one of the settings", got, err)
	}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

func TestPublicURLFollowsFromTheAddress(t *testing.T) {
	tests := []struct{ public, address, cert, want string }{
		{"", "127.0.0.1:8080", "", "http://127.0.0.1:8080"},
		{"", ":8080", "", "http://localhost:8080"},
		{"", "[::]:8443", "a.pem", "https://localhost:8443"},
		{"https://chat.example.com/", ":8080", "", "https://chat.example.com"},
	}
	for _, tt := range tests {
		c := configs.Default()
		c.HTTP.PublicURL, c.HTTP.Address, c.HTTP.TLS.CertFile = tt.public, tt.address, tt.cert
		if got := c.PublicURL(); got != tt.want {
			t.Errorf("PublicURL of %+v = %q", tt, got)
		}
	}
}

func TestWhereThingsAreKept(t *testing.T) {
	c := configs.Default()
	c.Data.Directory = "/d"
	if path, ok := c.SQLitePath(); path != filepath.FromSlash("/d/parlour.db") || !ok {
		t.Errorf("SQLitePath = %q, %v", path, ok)
	}
	if at, err := c.BlobURL(); err != nil || !strings.HasSuffix(at.Reveal(), "/d/blobs") || !strings.HasPrefix(at.Reveal(), "file://") {
		t.Errorf("BlobURL = %q, %v", at, err)
	}
	if got := c.SecretsKeyFile(); got != filepath.FromSlash("/d/secrets.key") {
		t.Errorf("SecretsKeyFile = %q", got)
	}
	c.Database.URL = "postgres://h/d"
	if _, ok := c.SQLitePath(); ok {
		t.Error("SQLitePath with a postgres address")
	}
	for at, want := range map[configs.SecretURL]configs.RedisKind{
		"":                             configs.RedisEmbedded,
		"redis://h":                    configs.RedisSingle,
		"redis://h?addr=b:1":           configs.RedisCluster,
		"redis://h?master_name=m":      configs.RedisSentinel,
		"redis://h?master_name=m&addr": configs.RedisSentinel,
	} {
		if got := (configs.Redis{URL: at}).Kind(); got != want {
			t.Errorf("Kind of %q = %s, want %s", at, got, want)
		}
	}
}

func TestLoopback(t *testing.T) {
	for address, want := range map[string]bool{"127.0.0.1:1": true, "localhost:1": true, "[::1]:1": true, ":1": false, "10.0.0.1:1": false, "0.0.0.0:1": false} {
		c := configs.Default()
		c.HTTP.Address = address
		if got := c.Loopback(); got != want {
			t.Errorf("Loopback with %s = %v, want %v", address, got, want)
		}
	}
}
