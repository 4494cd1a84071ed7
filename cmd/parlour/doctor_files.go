package main

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/parlour-chat/parlour/configs"
)

const notYet = "not used yet by this version"

// checkSecrets looks at the key file: nothing needs it yet, but one that is
// named must be one that will do.
func checkSecrets(_ context.Context, c configs.Config) finding {
	path := c.SecretsKeyFile()
	f := finding{part: "secrets", note: notYet + ": " + path}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && c.Secrets.KeyFile == "" { //nolint:gosec // the operator names it
		f.note = notYet + ", and no key file is needed"
		return f
	}
	text, err := readPrivate(path)
	if err != nil {
		f.err = fmt.Errorf("secrets.key_file: %w", err)
		return f
	}
	if key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text)); err != nil || len(key) != 32 {
		f.err = fmt.Errorf("secrets.key_file: %s does not hold 32 bytes in base64: make it with `head -c 32 /dev/urandom | base64`", path)
	}
	return f
}

// readPrivate reads a file that nobody but its owner may read.
func readPrivate(path string) (string, error) {
	info, err := os.Stat(path) //nolint:gosec // the operator names it
	if err != nil {
		return "", fmt.Errorf("%w: make the file, or name another one", err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a file", path)
	}
	if bits := info.Mode().Perm(); bits&0o077 != 0 {
		return "", fmt.Errorf("others may read %s (%#o): chmod 600 it", path, bits)
	}
	data, err := os.ReadFile(path) //nolint:gosec // the operator names it
	if err != nil {
		return "", fmt.Errorf("%w: give it to the user who runs the server", err)
	}
	return string(data), nil
}

// checkBlob looks at the place for files: nothing puts any there yet.
func checkBlob(_ context.Context, c configs.Config) finding {
	f := finding{part: "blob", note: notYet}
	if c.Blob.URL == "" {
		return f
	}
	f.note = notYet + ": " + c.Blob.URL.String()
	at, err := url.Parse(c.Blob.URL.Reveal())
	if err != nil || at.Scheme != "file" {
		return f
	}
	if f.err = writable(filepath.FromSlash(at.Path)); f.err != nil {
		f.err = fmt.Errorf("%w: make the folder writable, or look at blob.url", f.err)
	}
	return f
}

// writable says whether a file can be made in a folder; it leaves none.
func writable(folder string) error {
	probe, err := os.CreateTemp(folder, ".doctor-*")
	if err != nil {
		return fmt.Errorf("write to %s: %w", folder, err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// checkTLS reads the certificate and its key as the server will.
func checkTLS(_ context.Context, c configs.Config) finding {
	f := finding{part: "tls", note: "none here: browsers give camera and microphone to https pages only, and to localhost"}
	if c.HTTP.TLS.CertFile == "" {
		return f
	}
	f.note = "the certificate and its key fit"
	if _, err := tls.LoadX509KeyPair(c.HTTP.TLS.CertFile, c.HTTP.TLS.KeyFile); err != nil {
		f.err = fmt.Errorf("%w: look at http.tls.cert_file and http.tls.key_file", err)
	}
	return f
}
