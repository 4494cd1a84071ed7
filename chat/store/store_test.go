package store_test

import (
	"flag"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/chat/store/storetest"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv(childVariable) != "" {
		child()
		return
	}
	if f := flag.Lookup("rapid.checks"); f != nil && f.Value.String() == f.DefValue {
		_ = flag.Set("rapid.checks", "8") // each check is a history of some 30 commands with a full comparison after each
	}
	goleak.VerifyTestMain(m)
}

func open(t testing.TB, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{URL: url, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSQLite(t *testing.T) {
	storetest.Exercise(t, func(tb testing.TB) *store.Store { tb.Helper(); return open(tb, "") })
}

func TestPostgreSQL(t *testing.T) {
	storetest.Exercise(t, func(tb testing.TB) *store.Store { tb.Helper(); return open(tb, testbed.Database(tb)) })
}
