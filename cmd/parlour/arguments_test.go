package main

import (
	"bytes"
	"strings"
	"testing"
)

// ADM-1: what a command does not know it refuses and names, before it does anything.
func TestEveryCommandRefusesWhatItDoesNotKnow(t *testing.T) {
	for _, command := range []string{"serve", "serve --demo", "doctor", "admin", "admin apply", "bench", "bench sessions", "bench chat", "bench routing", "config", "help", "--help", "-h", ""} {
		for _, extra := range []string{"extra", "--nothing-such", "-x"} {
			if command == "admin apply" && extra == "extra" {
				extra = "one.yaml two.yaml"
			}
			t.Run(command+" "+extra, func(t *testing.T) {
				var out, errs bytes.Buffer
				folder := t.TempDir()
				arguments := strings.Fields(command + " " + extra)
				if strings.HasPrefix(command, "serve") || command == "doctor" || command == "admin apply" {
					arguments = append(arguments, "--data.directory="+folder+"/none")
				}
				err := run(t.Context(), arguments, nil, &out, &errs)
				if err == nil {
					t.Fatalf("it was taken; printed %q", out.String())
				}
				if out.Len() > 0 {
					t.Errorf("it began: %q", out.String())
				}
				if s := err.Error(); !strings.Contains(s, strings.TrimLeft(extra, "-")) && !strings.Contains(s, "parlour "+command+" knows: ") && !strings.Contains(s, "one workspace file, not 2") {
					t.Errorf("it says %q", s)
				}
			})
		}
	}
}
