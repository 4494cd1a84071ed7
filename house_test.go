// Package parlour_test guards the house: which package may import which, and
// how long files and functions may be. It reads the tree itself, so that it
// sees every file as it is.
package parlour_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/parlour-chat/parlour"

// A source is one Go file.
type source struct {
	path   string // from the root, with slashes
	folder string // of it; "." is the root
	test   bool
	file   *ast.File
	lines  *token.FileSet
}

// notOurs are folders without code of ours.
func notOurs(name string) bool {
	return name == "node_modules" || name == "dist" || name == "testdata" || name == "artifacts" || name == "bin" || name == "data" ||
		strings.HasPrefix(name, ".") && name != "."
}

// files walks the tree and hands over each file with one of the endings.
func files(t *testing.T, visit func(name string), endings ...string) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && notOurs(entry.Name()):
			return filepath.SkipDir
		case entry.IsDir():
			return nil
		}
		for _, ending := range endings {
			if strings.HasSuffix(name, ending) {
				visit(filepath.ToSlash(name))
				break
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func goSources(t *testing.T, mode parser.Mode) []source {
	t.Helper()
	var all []source
	files(t, func(name string) {
		lines := token.NewFileSet()
		file, err := parser.ParseFile(lines, name, nil, mode)
		if err != nil {
			t.Errorf("read %s: %v", name, err)
			return
		}
		folder := path.Dir(name)
		all = append(all, source{name, folder, strings.HasSuffix(name, "_test.go") || forTests(folder), file, lines})
	}, ".go")
	if len(all) < 20 {
		t.Fatalf("found %d Go files: this test looks at the wrong folder", len(all))
	}
	return all
}

func (s source) imports() []string {
	paths := make([]string, 0, len(s.file.Imports))
	for _, i := range s.file.Imports {
		p, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			p = i.Path.Value
		}
		paths = append(paths, p)
	}
	return paths
}

// isStandard tells the standard library: its paths begin without a domain.
func isStandard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}
