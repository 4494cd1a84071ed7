package routing

import (
	"testing"
	"testing/synctest"

	"github.com/parlour-chat/parlour/chat/store"
)

// A conversation that came back has its place by the first enqueue, and is not
// the one that waits longest for that.
func TestTheLongestWaitCountsFromTheLastEnqueue(t *testing.T) { // ROUTE-1, ROUTE-3
	synctest.Test(t, func(t *testing.T) {
		client, stop := Embedded(t.Context())
		defer stop()
		b := newBench(t, client)
		b.do(configureStep, newOp(), queues13)
		oldest := func() int64 {
			return int64(b.do(lineStep, "", `{"queues":["q1"]}`)["lines"].([]any)[0].(map[string]any)["oldest"].(float64))
		}
		back := store.Conversation{ID: "c1", Asked: ago(600), Started: ago(590), Requeued: ago(5)}
		b.wait(store.Queue{ID: "q1", Weight: 1}, nil, back)
		if got := oldest(); got != back.Requeued {
			t.Errorf("since %d, want %d, when it came back, and not %d", got, back.Requeued, back.Asked)
		}
		fresh := store.Conversation{ID: "c2", Asked: ago(60)}
		b.wait(store.Queue{ID: "q1", Weight: 1}, nil, fresh, store.Conversation{ID: "c3", Asked: ago(30)})
		if got := oldest(); got != fresh.Asked {
			t.Errorf("since %d, want %d, of the one behind it", got, fresh.Asked)
		}
	})
}
