package signaling

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"io/fs"
	"mime"
	"path"
	"regexp"
	"slices"
	"strings"
)

// A file is one file of the web build, ready to be sent.
type file struct {
	data, zipped []byte // zipped is nil where it would not be smaller
	etag, kind   string
	scripts      []string // CSP hashes of inline scripts of a page
	styles       []string // and of inline styles
}

// Pages hold the web build in memory, compressed once. It never changes.
type pages struct {
	files map[string]*file // by path in the build: widget/panel.html
}

var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml", ".json": "application/json", ".woff2": "font/woff2", ".map": "application/json",
	".png": "image/png", ".ico": "image/x-icon", ".wasm": "application/wasm", ".txt": "text/plain; charset=utf-8",
	".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".wav": "audio/wav",
}

func loadPages(build fs.FS) (*pages, error) {
	p := &pages{files: map[string]*file{}}
	err := fs.WalkDir(build, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		data, err := fs.ReadFile(build, name)
		if err != nil {
			return err
		}
		f, err := newFile(name, data)
		p.files[name] = f
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read web build: %w", err)
	}
	return p, nil
}

func newFile(name string, data []byte) (*file, error) {
	sum := sha256.Sum256(data)
	f := &file{data: data, etag: `"` + hex.EncodeToString(sum[:12]) + `"`, kind: kinds[path.Ext(name)]}
	if f.kind == "" {
		f.kind = mime.TypeByExtension(path.Ext(name))
	}
	if f.kind == "" {
		f.kind = "application/octet-stream"
	}
	if path.Ext(name) == ".html" {
		f.scripts, f.styles = inlineHashes(inlineScript, data), inlineHashes(inlineStyle, data)
	}
	zipped, err := zip(data)
	if err != nil {
		return nil, fmt.Errorf("compress %s: %w", name, err)
	}
	if len(zipped) < len(data) {
		f.zipped = zipped
	}
	return f, nil
}

func zip(data []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

var (
	inlineScript = regexp.MustCompile(`(?is)<script(?:\s[^>]*)?>(.*?)</script>`)
	inlineStyle  = regexp.MustCompile(`(?is)<style(?:\s[^>]*)?>(.*?)</style>`)
)

// inlineHashes are the source expressions that let exactly these inline
// elements of our own build run.
func inlineHashes(pattern *regexp.Regexp, page []byte) []string {
	var hashes []string
	for _, m := range pattern.FindAllSubmatch(page, -1) {
		if len(bytes.TrimSpace(m[1])) == 0 {
			continue
		}
		sum := sha256.Sum256(m[1])
		hashes = append(hashes, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'")
	}
	return hashes
}

var bootstrap = regexp.MustCompile(`(?is)(<script[^>]*\sid="?bootstrap"?[^>]*>)(.*?)(</script>)`)

// withData puts a JSON object into the element of a page that waits for it, a
// script of type application/json with the id "bootstrap". A page without one
// gets one at the end of its head.
func withData(page []byte, data []byte) []byte {
	// Go's JSON has <, > and & as escapes: it cannot end the element.
	at := bootstrap.FindSubmatchIndex(page)
	if at == nil {
		element := "<script type=\"application/json\" id=\"bootstrap\">" + string(data) + "</script>"
		head := max(0, bytes.Index(page, []byte("</head>")))
		return slices.Concat(page[:head], []byte(element), page[head:])
	}
	return slices.Concat(page[:at[4]], data, page[at[5]:])
}

// notHere is the page that stands where something is missing.
func notHere(title, text string) []byte {
	return []byte("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>" +
		html.EscapeString(title) + "</title></head><body><h1>" + html.EscapeString(title) + "</h1><p>" + html.EscapeString(text) + "</p></body></html>")
}
