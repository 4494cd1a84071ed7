package faults

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// seed picks who does what and which part is hurt when.
var (
	seed = flag.Uint64("seed", 0, "of people and faults; 0: a new one")
	only = flag.String("only", "", "regular expression of the faults that are given; empty: all")
	long = flag.Duration("lasting", 0, "how long parts are hurt; 0: until each has been once, with SOAK=1 five minutes")
)

func TestMain(m *testing.M) {
	flag.Parse()
	code := m.Run()
	if built.dir != "" {
		_ = os.RemoveAll(built.dir)
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			_, _ = os.Stderr.WriteString(err.Error() + "\n")
			code = 1
		}
	}
	os.Exit(code)
}

// built is the program as people run it: without the race detector, which the
// harness may well be under.
var built struct {
	once sync.Once
	dir  string
	err  error
}

func program(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.dir, built.err = os.MkdirTemp("", "parlour-faults-"); built.err != nil { //nolint:usetesting // all tests share it
			return
		}
		build := exec.Command("go", "build", "-o", filepath.Join(built.dir, "parlour"), "github.com/parlour-chat/parlour/cmd/parlour")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stdout, build.Stderr = os.Stderr, os.Stderr
		built.err = build.Run()
	})
	if built.err != nil {
		t.Fatalf("build the program: %v", built.err)
	}
	return filepath.Join(built.dir, "parlour")
}
