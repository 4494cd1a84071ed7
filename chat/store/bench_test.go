package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/chat/store/storetest"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// BenchmarkAppend has 64 senders, each with a conversation of its own, who wait
// for each commit before they send again (G12).
func BenchmarkAppend(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchAppend(b, open(b, "")) })
	b.Run("postgresql", func(b *testing.B) { benchAppend(b, open(b, testbed.Database(b))) })
}

func benchAppend(b *testing.B, s *store.Store) {
	b.Helper()
	defer s.Close()
	const senders = 64
	w := storetest.NewWorld(b, s, 1)
	var convs []store.Conversation
	for range senders {
		convs = append(convs, w.Ask(b))
	}
	before := s.Stats()
	var sent atomic.Int64
	b.ReportAllocs()
	b.ResetTimer()
	var all sync.WaitGroup
	for n := range senders {
		all.Go(func() {
			for i := sent.Add(1); i <= int64(b.N); i = sent.Add(1) {
				if _, _, err := s.Append(b.Context(), w.Saying(convs[n], fmt.Sprintf("message %d of a bench", i))); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	after := s.Stats()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "msg/s")
	b.ReportMetric(float64(after.Functions-before.Functions)/float64(max(1, after.Commits-before.Commits)), "msg/commit")
}
