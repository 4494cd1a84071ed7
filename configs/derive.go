package configs

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// changed is the settings that differ from the manual's.
func (c Config) changed() []slog.Attr {
	usual := reflect.ValueOf(Default())
	given := reflect.ValueOf(c)
	var attrs []slog.Attr
	for _, s := range settings {
		value := given.FieldByIndex(s.index)
		if fmt.Sprint(value.Interface()) == fmt.Sprint(usual.FieldByIndex(s.index).Interface()) {
			continue
		}
		attrs = append(attrs, slog.String(s.key, fmt.Sprint(value.Interface())))
	}
	return attrs
}

// PublicURL is the address that browsers use, without a slash at the end:
// http.public_url, or what follows from http.address.
func (c Config) PublicURL() string {
	if c.HTTP.PublicURL != "" {
		return strings.TrimRight(c.HTTP.PublicURL, "/")
	}
	scheme := "http"
	if c.HTTP.TLS.CertFile != "" {
		scheme = "https"
	}
	host, port, err := net.SplitHostPort(c.HTTP.Address)
	if err != nil {
		return scheme + "://" + c.HTTP.Address
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// Loopback reports whether every address that is listened on is of this
// machine alone.
func (c Config) Loopback() bool {
	for _, address := range []string{c.HTTP.Address, c.Ops.Address, c.WebRTC.UDPAddress, c.WebRTC.TCPAddress} {
		if address == "" {
			continue
		}
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return false
		}
		if ip, err := netip.ParseAddr(host); host != "localhost" && (err != nil || !ip.IsLoopback()) {
			return false
		}
	}
	return true
}

// SQLitePath is the file of the record, and whether it is one: with a
// postgres:// address it is not.
func (c Config) SQLitePath() (string, bool) {
	switch at := c.Database.URL.Reveal(); {
	case at == "":
		return filepath.Join(c.Data.Directory, "parlour.db"), true
	case isPostgres(at):
		return "", false
	default:
		return at, true
	}
}

// BlobURL is the address of the place for files: blob.url, or the folder blobs
// of the data folder.
func (c Config) BlobURL() (SecretURL, error) {
	if c.Blob.URL != "" {
		return c.Blob.URL, nil
	}
	path, err := filepath.Abs(filepath.Join(c.Data.Directory, "blobs"))
	if err != nil {
		return "", fmt.Errorf("find the folder for files: %w", err)
	}
	return SecretURL((&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()), nil
}

// SecretsKeyFile is secrets.key_file, or secrets.key of the data folder.
func (c Config) SecretsKeyFile() string {
	if c.Secrets.KeyFile != "" {
		return c.Secrets.KeyFile
	}
	return filepath.Join(c.Data.Directory, "secrets.key")
}

// RedisKind is how redis.url is to be connected to.
type RedisKind string

// The kinds of redis.url.
const (
	RedisEmbedded RedisKind = "embedded" // empty
	RedisSingle   RedisKind = "single"   // one server
	RedisCluster  RedisKind = "cluster"  // with addr=, for go-redis ParseClusterURL
	RedisSentinel RedisKind = "sentinel" // with master_name=, for go-redis ParseFailoverURL
)

// Kind tells the kind of redis.url.
func (r Redis) Kind() RedisKind {
	u, err := url.Parse(r.URL.Reveal())
	switch {
	case r.URL == "" || err != nil:
		return RedisEmbedded
	case u.Query().Has("master_name"):
		return RedisSentinel
	case u.Query().Has("addr"):
		return RedisCluster
	default:
		return RedisSingle
	}
}

// NodeID is node.id, or a name made of the host's name and a random ending,
// which is kept in the data folder (made if missing), so that it is the same
// after a restart. Two hosts that share the folder have two names.
func (c Config) NodeID() (string, error) {
	if c.Node.ID != "" {
		return c.Node.ID, nil
	}
	host, err := os.Hostname()
	if err != nil || !nodeName.MatchString(host) {
		host = "node"
	}
	host = host[:min(len(host), 40)]
	path := filepath.Join(c.Data.Directory, "node-id."+host)
	kept, err := os.ReadFile(path) //nolint:gosec // in our own folder
	if id := strings.TrimSpace(string(kept)); err == nil && nodeName.MatchString(id) {
		return id, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the node's name: %w", err)
	}
	ending := make([]byte, 4)
	_, _ = rand.Read(ending) // never fails
	id := host + "-" + hex.EncodeToString(ending)
	if err := os.MkdirAll(c.Data.Directory, 0o700); err != nil {
		return "", fmt.Errorf("make the data folder: %w", err)
	}
	if err := os.WriteFile(path, []byte(id+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep the node's name: %w", err)
	}
	return id, nil
}
