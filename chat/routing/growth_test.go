package routing

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestAMatchLooksAtFewHoweverManyWait(t *testing.T) { // ROUTE-8: at most 64 places, and no step that grows with who waits
	sizes := []int{100, 1000, 10_000}
	if raceEnabled {
		sizes = sizes[:2]
	}
	mixes := map[string]func(*rules.Waiting){
		"nobody fits":           func(w *rules.Waiting) { w.Classes = []rules.Class{rules.QueueClass("q2", "chat", 25, 0, nil)} },
		"the agent is in it":    func(w *rules.Waiting) { w.By = []protocol.AgentID{"a"} },
		"the visitors are away": func(w *rules.Waiting) { w.Actor = "visitor:away" + w.ID },
	}
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		for mix, change := range mixes {
			for _, size := range sizes {
				b := newBench(t, client)
				b.staff(agentSpec{"id": "a"})
				for from := 0; from < size; from += loadBatch {
					places := make([]rules.Waiting, 0, loadBatch)
					for i := range min(loadBatch, size-from) {
						w := rules.Place(store.Conversation{ID: protocol.ConversationID(fmt.Sprintf("c%06d", from+i)), Asked: 1}, store.Queue{ID: "q1"}, nil)
						w.Actor = ""
						change(&w)
						places = append(places, w)
					}
					b.do(enqueueStep, newOp(), text(t, map[string]any{"places": places}))
				}
				var took time.Duration
				for range 3 {
					var out matched
					in := text(t, map[string]any{"ids": []string{newOp()}, "ring": 20000, "backoff": []int{5000}, "epoch": "epoch"})
					start := time.Now()
					if err := b.r.run(t.Context(), matchStep, newOp(), rawJSON(in), &out); err != nil {
						t.Fatal(err)
					}
					took = time.Since(start)
					if out.Looked > 64 || mix == "nobody fits" && out.Looked > 0 {
						t.Errorf("%s: looked at %d of %d", mix, out.Looked, size)
					}
				}
				t.Logf("%s, %d wait: a match takes %v", mix, size, took)
			}
		}
	})
}

// Where a node's own clock may be looked at: how long ago this node did
// something, and how far Redis is ahead of it.
var clockedFiles = []string{"audit.go", "sweep.go", "client.go", "watch.go", "router.go"}

func TestNoDecisionUsesANodesClock(t *testing.T) { // R11
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		seen++
		body, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(body), "time.Now(") && !slices.Contains(clockedFiles, f.Name()) {
			t.Errorf("%s looks at the node's clock: decisions take Redis TIME", f.Name())
		}
	}
	if seen < 10 {
		t.Errorf("looked at %d files only", seen)
	}
}
