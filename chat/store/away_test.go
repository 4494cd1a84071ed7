package store_test

import (
	"sync/atomic"
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/chat/store/storetest"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Who stays away has left when the page was closed, not when the place was
// given up (ROUTE-11, REP-1).
func TestWhoStaysAwayHasLeftBefore(t *testing.T) {
	const second, away = int64(1000), int64(120_000)
	for _, tt := range []struct {
		name        string
		left        int64 // after asking
		from, until int64 // an agent was asked; 0: nobody was
		want        string
	}{
		{"soon", 3 * second, 0, 0, store.ConversationAbandonedShort},
		{"later", 9 * second, 0, 0, store.ConversationAbandoned},
		{"while an agent was asked", 9 * second, 8 * second, 28 * second, store.ConversationAbandonedOffered},
		{"before an agent was asked", 9 * second, 10 * second, 28 * second, store.ConversationAbandoned},
		{"after an agent was asked", 40 * second, 8 * second, 28 * second, store.ConversationAbandoned},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var clock atomic.Int64
			clock.Store(1_900_000_000_000)
			s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir(), Clock: clock.Load})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			w := storetest.NewWorld(t, s, 1)
			c := w.Ask(t)
			if tt.until > 0 {
				clock.Store(c.Asked + tt.from)
				o := w.Offer(t, c, w.Agents[0])
				clock.Store(c.Asked + tt.until)
				if _, _, err := s.Settle(t.Context(), w.ID, o.ID, store.OutcomeTimedOut, "", ""); err != nil {
					t.Fatal(err)
				}
			}
			clock.Store(c.Asked + tt.left + away)
			got, _, err := s.End(t.Context(), w.ID, c.ID, protocol.Author{Kind: protocol.KindSystem}, "system", "", store.CauseAbandoned, 0)
			if err != nil || got.Outcome != tt.want {
				t.Errorf("the outcome is %q, %v; want %q", got.Outcome, err, tt.want)
			}
		})
	}
}
