package parlour_test

import (
	"bytes"
	"go/ast"
	"go/parser"
	"os"
	"strings"
	"testing"
)

const (
	mostFileLines     = 500
	mostFunctionLines = 70
)

// longer may be longer than the rest: "path" for a file, "path:Function" for a
// function, with the reason. Keep it short.
var longer = map[string]string{
	"chat/story_test.go:TestFromQuestionToClearedCard": "one story from its beginning to its end",
	"chat/routing/script_test.go:TestChoosingTheAgent": "a table of cases, and the loop over it",
}

func generated(name string, text []byte) bool {
	head := text[:min(len(text), 1000)]
	return strings.Contains(name, ".gen.") || bytes.Contains(head, []byte("Code generated ")) && bytes.Contains(head, []byte("DO NOT EDIT"))
}

func TestFilesAreShort(t *testing.T) {
	files(t, func(name string) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, allowed := longer[name]; allowed || generated(name, text) {
			return
		}
		if n := bytes.Count(text, []byte("\n")); n > mostFileLines {
			t.Errorf("%s has %d lines, %d at most: it holds more than one thought", name, n, mostFileLines)
		}
	}, ".go", ".ts", ".tsx", ".lua")
}

func TestFunctionsAreShort(t *testing.T) {
	for _, s := range goSources(t, parser.ParseComments) {
		if ast.IsGenerated(s.file) {
			continue
		}
		for _, declared := range s.file.Decls {
			f, ok := declared.(*ast.FuncDecl)
			if !ok || f.Body == nil {
				continue
			}
			if _, allowed := longer[s.path+":"+f.Name.Name]; allowed {
				continue
			}
			n := s.lines.Position(f.End()).Line - s.lines.Position(f.Pos()).Line + 1
			if n > mostFunctionLines {
				t.Errorf("%s: %s has %d lines, %d at most", s.path, f.Name.Name, n, mostFunctionLines)
			}
		}
	}
}
