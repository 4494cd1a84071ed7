package parlour_test

import (
	"go/ast"
	"go/parser"
	"regexp"
	"strconv"
	"testing"
)

// corners is how many cases there are that other products get wrong and that
// are decided here. Each is one test, wherever the case lives.
const corners = 20

var cornerName = regexp.MustCompile(`^TestCorner(\d\d)[A-Z]`)

func TestEachCornerCaseHasItsTest(t *testing.T) {
	found := map[int]string{}
	for _, s := range goSources(t, parser.SkipObjectResolution) {
		for _, declared := range s.file.Decls {
			f, ok := declared.(*ast.FuncDecl)
			if !ok || f.Recv != nil {
				continue
			}
			number := cornerName.FindStringSubmatch(f.Name.Name)
			if number == nil {
				continue
			}
			n, err := strconv.Atoi(number[1])
			at := s.path + ": " + f.Name.Name
			switch {
			case err != nil || n < 1 || n > corners:
				t.Errorf("%s: there is no such case", at)
			case !s.test:
				t.Errorf("%s is no test, since it stands in no test file", at)
			case found[n] != "":
				t.Errorf("case %d has two tests: %s and %s", n, found[n], at)
			case skips(f):
				t.Errorf("%s leaves itself out", at)
			}
			found[n] = at
		}
	}
	for n := 1; n <= corners; n++ {
		if found[n] == "" {
			t.Errorf("case %d has no test: it is TestCorner%02d and a name", n, n)
		}
	}
}

// skips says whether a test may leave itself out.
func skips(f *ast.FuncDecl) (found bool) {
	ast.Inspect(f, func(n ast.Node) bool {
		if call, ok := n.(*ast.SelectorExpr); ok && (call.Sel.Name == "Skip" || call.Sel.Name == "Skipf" || call.Sel.Name == "SkipNow") {
			found = true
		}
		return !found
	})
	return found
}
