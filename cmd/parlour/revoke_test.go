package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// S5, SITE-2: what `parlour admin apply` says of an agent holds for the agent's
// open desk too, within 2 s, and for nobody else's.
func TestAgentWhoIsAppliedAwayIsCut(t *testing.T) {
	s := startServer(t)
	anna, ben := s.agent("anna@shop.test"), s.agent("ben@shop.test")
	for _, c := range []*client{anna, ben} {
		c.do(protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredReady})
	}
	file := filepath.Join(t.TempDir(), "workspace.yaml")
	lines := strings.SplitAfter(workspaceFile, "\n")
	kept := ""
	for _, line := range lines {
		if !strings.Contains(line, "ben@") {
			kept += line
		}
	}
	if err := os.WriteFile(file, []byte(kept), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(t.Context(), append([]string{"admin", "apply", file}, databaseOf(s.args)...), nil, &out, &out); err != nil {
		t.Fatalf("apply: %v\n%s", err, &out)
	}
	if !strings.Contains(out.String(), "disabled agents ben@shop.test") {
		t.Fatalf("apply said %q", &out)
	}
	at := time.Now()
	s.until("the desk is cut", func() bool { return !ben.online() })
	if took := time.Since(at); took > 2*time.Second {
		t.Errorf("cut after %v", took)
	}
	anna.do(protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredNotReady, Reason: "lunch"})
	if ben.online() {
		t.Error("the agent who is disabled came back")
	}
	if anna.opened != 1 {
		t.Errorf("the other agent connected %d times", anna.opened)
	}
}
