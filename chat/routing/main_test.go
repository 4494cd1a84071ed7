package routing

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.checks"); f != nil && f.Value.String() == f.DefValue {
		_ = flag.Set("rapid.checks", "30") // each check is a history of some 30 steps on two kinds of Redis
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(os.Exit))
}
