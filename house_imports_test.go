package parlour_test

import (
	"go/parser"
	"path"
	"slices"
	"strings"
	"testing"
)

// anything is for the one place that joins all others.
const anything = "*"

// mayImport is the star: features import the dictionary and their own leaves,
// not each other. A new edge wants a record in docs/adr. A package that is
// missing here fails the test.
var mayImport = map[string][]string{
	".":                           {},
	"configs":                     {},
	"web":                         {},
	"web/demo":                    {},
	"signaling/protocol":          {},
	"signaling/protocol/tsgen":    {"signaling/protocol"},
	"signaling/protocol/wiretest": {"signaling/protocol"},
	"signaling/testbed":           {},
	"signaling":                   {"signaling/protocol", "media/transport", "web"},
	"media/transport":             {},
	"media/transport/measure":     {"media/transport"},
	"media":                       {"signaling/protocol", "media/transport"},
	"cobrowse":                    {"signaling/protocol"},
	"chat/store":                  {"signaling/protocol"},
	"chat/store/storetest":        {"signaling/protocol", "chat/store"},
	"chat/people":                 {"signaling/protocol", "chat/store"},
	"chat/site/hours":             {"chat/store"},
	"chat/site":                   {"signaling/protocol", "chat/store", "chat/people", "chat/site/hours"},
	"chat/routing/rules":          {"signaling/protocol", "chat/store"},
	"chat/routing":                {"signaling/protocol", "chat/store", "chat/routing/rules"},
	"chat":                        {"signaling/protocol", "chat/store", "chat/people", "chat/site", "chat/routing", "chat/routing/rules"},
	"cmd/parlour":                 {anything},
	"cmd/parlour/faults":          {"signaling/protocol"},
	"cmd/parlour/bench":           {"signaling/protocol", "chat/store", "chat/routing", "media/transport", "media/transport/measure"},
}

// A rule says which packages may import the modules whose paths begin with
// prefix; tests are the packages whose tests may do so too.
type rule struct {
	prefix string
	in     []string
	tests  []string
}

// outside has each foreign module once. The longest prefix counts.
var outside = []rule{
	{"github.com/labstack/echo/", []string{"signaling"}, nil},
	{"github.com/coder/websocket", []string{"signaling", "signaling/protocol/wiretest", "media/transport/measure", "cmd/parlour/bench"}, nil},
	{"github.com/redis/go-redis/", []string{"signaling", "chat/routing", "cmd/parlour", "cmd/parlour/bench"}, []string{"signaling/testbed", "chat"}},
	{"github.com/alicebob/miniredis/", []string{"chat/routing", "cmd/parlour"}, []string{"signaling", "chat"}},
	{"github.com/jackc/pgx/", []string{"chat/store"}, []string{"signaling/testbed", "cmd/parlour/faults"}},
	{"modernc.org/sqlite", []string{"chat/store"}, nil},
	{"github.com/pressly/goose/", []string{"chat/store"}, nil},
	{"github.com/pion/", []string{"media", "media/transport", "media/transport/measure", "cmd/parlour"}, []string{"signaling"}},
	{"github.com/prometheus/client_golang/", []string{"signaling", "chat", "chat/store", "chat/routing", "media", "media/transport", "cobrowse", "cmd/parlour"}, nil},
	{"github.com/golang-jwt/jwt/", []string{"chat/people", "chat/site"}, []string{"chat", "signaling", "cmd/parlour"}},
	{"github.com/knadh/koanf/", []string{"configs"}, nil},
	{"github.com/spf13/pflag", []string{"configs", "cmd/parlour"}, nil},
	{"github.com/gofrs/flock", []string{"cmd/parlour", "signaling/testbed"}, nil},
	{"github.com/agnivade/levenshtein", []string{"configs", "chat/site"}, nil},
	{"go.yaml.in/yaml/", []string{"cmd/parlour", "chat/site"}, []string{"configs"}},
	{"github.com/google/uuid", []string{anything}, nil},
	{"golang.org/x/", []string{anything}, nil},
	{"github.com/google/go-cmp/", nil, []string{anything}},
	{"go.uber.org/goleak", nil, []string{anything}},
	{"github.com/yuin/gopher-lua", nil, []string{"chat/routing"}}, // the Lua inside miniredis: one state of it serves all of a simulation
	{"pgregory.net/rapid", nil, []string{anything}},
}

func TestImportsFormAStar(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range goSources(t, parser.ImportsOnly) {
		seen[s.folder] = true
		if _, known := mayImport[s.folder]; !known {
			t.Errorf("%s: add the package %s to mayImport, and say in docs/adr why it is needed", s.path, s.folder)
			continue
		}
		for _, imported := range s.imports() {
			if imported == "C" {
				t.Errorf("%s: no cgo: the program is one static file", s.path)
			}
			if reason := s.refuse(imported); reason != "" {
				t.Errorf("%s imports %s: %s", s.path, imported, reason)
			}
		}
	}
	for folder, edges := range mayImport {
		for _, edge := range edges {
			if _, known := mayImport[edge]; !known && edge != anything {
				t.Errorf("mayImport of %s names %s, which is no package", folder, edge)
			}
		}
	}
	if !seen["configs"] || !seen["signaling/protocol"] {
		t.Errorf("packages that must exist were not seen: %v", seen)
	}
}

// refuse says why s may not import a path, or nothing.
func (s source) refuse(imported string) string {
	if ours, ok := strings.CutPrefix(imported, module+"/"); ok {
		edges := mayImport[s.folder]
		switch {
		case forTests(ours) && !s.test:
			return "it is for tests alone"
		case ours == "signaling/testbed", forTests(ours) && slices.Contains(edges, path.Dir(ours)):
			return ""
		case slices.Contains(edges, anything), slices.Contains(edges, ours):
			return ""
		case s.test && (ours == s.folder || strings.HasPrefix(ours, s.folder+"/")):
			return ""
		default:
			return "not in mayImport"
		}
	}
	if isStandard(imported) {
		return ""
	}
	best := rule{}
	for _, r := range outside {
		if strings.HasPrefix(imported, r.prefix) && len(r.prefix) > len(best.prefix) {
			best = r
		}
	}
	switch {
	case best.prefix == "":
		return "a new module: first do without; else add it to outside"
	case slices.Contains(best.in, s.folder), slices.Contains(best.in, anything):
		return ""
	case s.test && (slices.Contains(best.tests, s.folder) || slices.Contains(best.tests, anything)):
		return ""
	default:
		return "only " + strings.Join(append(best.in, best.tests...), ", ") + " may"
	}
}

// forTests tells packages that only tests may import.
func forTests(folder string) bool {
	return folder == "signaling/testbed" || strings.HasSuffix(folder, "test")
}

func TestRefusedImports(t *testing.T) {
	tests := []struct {
		from   source
		path   string
		refuse bool
	}{
		{source{folder: "chat"}, module + "/chat/store", false},
		{source{folder: "chat"}, module + "/media", true},
		{source{folder: "signaling"}, module + "/chat", true},
		{source{folder: "signaling"}, module + "/signaling/testbed", true},
		{source{folder: "signaling", test: true}, module + "/signaling/testbed", false},
		{source{folder: "chat/store", test: true}, module + "/chat/store/storetest", false},
		{source{folder: "chat/people", test: true}, module + "/chat/store/storetest", false},
		{source{folder: "media", test: true}, module + "/chat/store/storetest", true},
		{source{folder: "chat/store"}, module + "/chat/store/storetest", true},
		{source{folder: "chat"}, "github.com/jackc/pgx/v5", true},
		{source{folder: "chat/store"}, "github.com/jackc/pgx/v5", false},
		{source{folder: "chat"}, "github.com/google/go-cmp/cmp", true},
		{source{folder: "chat", test: true}, "github.com/google/go-cmp/cmp", false},
		{source{folder: "cmd/parlour"}, "github.com/labstack/echo/v4", true},
		{source{folder: "chat"}, "example.com/new", true},
		{source{folder: "chat"}, "net/http", false},
	}
	for _, tt := range tests {
		if got := tt.from.refuse(tt.path); (got != "") != tt.refuse {
			t.Errorf("%s (test: %v) importing %s: %q, want refused: %v", tt.from.folder, tt.from.test, tt.path, got, tt.refuse)
		}
	}
}
