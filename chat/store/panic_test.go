package store_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/chat/store/storetest"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// A panic costs the command that has it, and neither the process nor what others
// write in the same transaction (S10).
func TestAPanicCostsOneCommand(t *testing.T) {
	for name, url := range map[string]func(*testing.T) string{
		"SQLite": func(*testing.T) string { return "" }, "PostgreSQL": func(t *testing.T) string { t.Helper(); return testbed.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, url(t))
			defer s.Close()
			w := storetest.NewWorld(t, s, 1)
			var live []store.Conversation
			for range 3 {
				live = append(live, w.Ask(t))
			}
			release := func() {}
			if name == "SQLite" { // all of them share a transaction
				release = s.HoldWriter()
			}
			var all sync.WaitGroup
			for _, c := range live {
				all.Go(func() {
					if _, _, err := s.Append(t.Context(), w.Saying(c, "kept")); err != nil {
						t.Error(err)
					}
				})
			}
			all.Go(func() {
				if err := s.Panic(t.Context(), "canary"); err == nil || !strings.Contains(err.Error(), "broken canary") {
					t.Errorf("the panic came back as %v", err)
				}
			})
			for tick := time.NewTicker(time.Millisecond); name == "SQLite" && s.Stats().Waiting < 4; {
				<-tick.C
			}
			release()
			all.Wait()
			if has, err := s.Has(t.Context(), "canary"); has || err != nil || s.Stats().Panics != 1 {
				t.Errorf("what had panicked is kept: %v, %v, counted %d", has, err, s.Stats().Panics)
			}
			for _, c := range live {
				if list, last, err := s.Entries(t.Context(), w.ID, c.ID, 0, 100, false); err != nil || last != c.Seq+1 || list[last-1].Body.Text != "kept" {
					t.Errorf("the log goes up to %d, %v", last, err)
				}
			}
		})
	}
}
