package parlour_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	quoted  = regexp.MustCompile("`([^`\n]+)`")
	aFile   = regexp.MustCompile(`^[\w.-]+(/[\w.-]+)*\.(go|ts|tsx|lua|yaml|md|json|sql)$`)
	aFolder = regexp.MustCompile(`^(cmd|configs|signaling|chat|media|cobrowse|web|docs)(/[a-z0-9_.-]+)*$`)
	aName   = regexp.MustCompile(`^\w+$`)
	aLink   = regexp.MustCompile(`\]\(([^)#]+)(#[^)]*)?\)`)
)

// Documents name files that are there, and link to what is there.
func TestDocumentsNameWhatExists(t *testing.T) {
	documents, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	decisions, err := filepath.Glob("docs/adr/*.md")
	if err != nil {
		t.Fatal(err)
	}
	documents = append(append(documents, decisions...), "README.md", "CONTRIBUTING.md")
	for _, document := range documents {
		text := readText(t, document)
		for _, m := range aLink.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(m[1], "://") && !exists(filepath.Join(filepath.Dir(document), m[1])) {
				t.Errorf("%s links to %s, which is not there", document, m[1])
			}
		}
		for _, m := range quoted.FindAllStringSubmatch(text, -1) {
			named := strings.Contains(m[1], "/") && (aFile.MatchString(m[1]) || aFolder.MatchString(m[1]))
			if named && !strings.HasPrefix(m[1], "data/") && !exists(m[1]) {
				t.Errorf("%s names %s, which is not there", document, m[1])
			}
		}
	}
}

// In the tables of docs/architecture.md each name of the last cell is a word in
// one of the files of the cell before.
func TestArchitectureNamesFunctionsThatExist(t *testing.T) {
	checked := 0
	for _, line := range strings.Split(readText(t, "docs/architecture.md"), "\n") {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if !strings.HasPrefix(line, "|") || len(cells) != 3 {
			continue
		}
		var source strings.Builder
		for _, m := range quoted.FindAllStringSubmatch(cells[1], -1) {
			if aFile.MatchString(m[1]) && exists(m[1]) {
				source.WriteString(readText(t, m[1]))
			}
		}
		if source.Len() == 0 {
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(cells[2], -1) {
			checked++
			if aName.MatchString(m[1]) && !regexp.MustCompile(`\b`+m[1]+`\b`).MatchString(source.String()) {
				t.Errorf("docs/architecture.md: %s is not in %s", m[1], cells[1])
			}
		}
	}
	if checked < 40 {
		t.Errorf("%d names were checked, want the four ways", checked)
	}
}

// The protocol document tells of every frame, route and error code.
func TestProtocolDocumentIsWhole(t *testing.T) {
	document := readText(t, "docs/protocol.md")
	wanted := regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllStringSubmatch(readText(t, "docs/authorization.gen.md"), -1)
	for _, file := range []string{"signaling/protocol/error.go", "signaling/protocol/down.go", "signaling/protocol/entry.go"} {
		constants := regexp.MustCompile(`(?m)^\s(?:Code|Down|Entry)\w+\s+(?:\w+\s+)?= "([a-z_.]+)"`)
		wanted = append(wanted, constants.FindAllStringSubmatch(readText(t, file), -1)...)
	}
	if len(wanted) < 80 {
		t.Fatalf("%d names were found in the dictionary, want all", len(wanted))
	}
	for _, m := range wanted {
		if !strings.Contains(document, "`"+m[1]+"`") {
			t.Errorf("docs/protocol.md does not tell of %s", m[1])
		}
	}
}

// Every metric that the code makes stands in the operators' document.
func TestOperatorsReadOfEveryMetric(t *testing.T) {
	document := readText(t, "docs/operations.md")
	own := regexp.MustCompile(`"(parlour_\w+)"`).FindAllStringSubmatch(readText(t, "signaling/stats.go"), -1)
	own = append(own, regexp.MustCompile(`"(parlour_\w+)"`).FindAllStringSubmatch(readText(t, "cmd/parlour/ops.go"), -1)...)
	joined := regexp.MustCompile(`(?:gauge|counter)\("(\w+)"`).FindAllStringSubmatch(readText(t, "cmd/parlour/ops.go"), -1)
	if len(own) == 0 || len(joined) == 0 {
		t.Fatal("no metrics were found in the code")
	}
	for _, m := range append(own, joined...) {
		name := m[1]
		if !strings.HasPrefix(name, "parlour_") {
			name = "parlour_" + name
		}
		if !strings.Contains(document, "`"+name+"`") {
			t.Errorf("docs/operations.md does not tell of the metric %s", name)
		}
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func readText(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
