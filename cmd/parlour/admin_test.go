package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const smallWorkspace = `
workspace: {key: default, name: Example}
queues: [{key: sales}]
sites: [{key: www, origins: ["https://www.example.com"], queues: [sales]}]
profiles: [{name: Everything, queues: [sales], media: [chat]}]
roles: [{name: agent, permissions: [desk]}]
agents: [{email: anna@example.com, name: Anna, role: agent, profile: Everything, password: random}]
`

// The first thing that an operator does, in a folder that is not there yet.
func TestAdminApplyMakesItsFolderAndIsIdempotent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "workspace.yaml")
	if err := os.WriteFile(file, []byte(smallWorkspace), 0o600); err != nil {
		t.Fatal(err)
	}
	data := "--data.directory=" + filepath.Join(t.TempDir(), "new", "data")
	apply := func() string {
		t.Helper()
		var out, errs bytes.Buffer
		if err := admin(t.Context(), []string{"apply", file, data}, nil, &out, &errs); err != nil {
			t.Fatalf("apply: %v\n%s", err, errs.String())
		}
		return out.String()
	}
	first := apply()
	for _, want := range []string{"created sites www\n", "created agents anna@example.com\n", "password anna@example.com "} {
		if !strings.Contains(first, want) {
			t.Errorf("first apply printed %q, want %q in it", first, want)
		}
	}
	if again := apply(); again != "nothing changed\n" {
		t.Errorf("second apply printed %q", again)
	}
}
