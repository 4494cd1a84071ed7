package routing

import (
	"fmt"
	"math"
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

// A growing is one agent who is free, and who waits in a way that costs a match
// something without an offer.
type growing struct {
	name   string
	change func(*rules.Waiting)
	looked []int // places that one match after the other looks at
}

func TestAMatchLooksAtFewHoweverManyWait(t *testing.T) { // ROUTE-8: at most 64 places, and no step that grows faster than the log of who waits
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		sizes := []int{100, 1000, 10_000}
		switch {
		case raceEnabled:
			sizes = sizes[:2]
		case strings.HasSuffix(t.Name(), "/redis"):
			sizes = append(sizes, 100_000)
		}
		for _, g := range []growing{
			{"nobody fits", func(w *rules.Waiting) { w.Classes = []rules.Class{rules.QueueClass("q2", "chat", 25, 0, nil)} }, []int{0, 0, 0}},
			{"the agent is in it", func(w *rules.Waiting) { w.By = []protocol.AgentID{"a"} }, []int{64, 64, 64}},
			{"the visitors are away", func(w *rules.Waiting) { w.Actor = "visitor:away" + w.ID }, []int{64, 36, 0}},
		} {
			if err := client.FlushAllAsync(t.Context()).Err(); err != nil { // of 100,000 places it would take long
				t.Fatal(err)
			}
			b := newBench(t, client)
			b.staff(agentSpec{"id": "a"})
			b.do(hereStep, newOp(), text(t, map[string]any{"signs": []sign{{Actor: agentActor("a"), Conn: "t"}}, "silent": 3_600_000, "closed": 0}))
			took, had := map[string][]time.Duration{}, 0
			for _, size := range sizes {
				b.fill(had, size, g.change)
				had = size
				for step, d := range b.timed(g, size) {
					took[step] = append(took[step], d)
				}
			}
			for step, all := range took {
				t.Logf("%s, %v wait: %s takes %v", g.name, sizes, step, all)
				first, last := max(all[0], 300*time.Microsecond), all[len(all)-1]
				logs := math.Log(float64(sizes[len(sizes)-1])) / math.Log(float64(sizes[0]))
				if most := time.Duration(8 * logs * float64(first)); last > most {
					t.Errorf("%s: %s took %v with %d and %v with %d, want at most %v", g.name, step, all[0], sizes[0], last, sizes[len(sizes)-1], most)
				}
			}
		}
	})
}

// fill lets those of the numbers from one to before another wait.
func (b *bench) fill(from, to int, change func(*rules.Waiting)) {
	b.t.Helper()
	for ; from < to; from += loadBatch {
		places := make([]rules.Waiting, 0, loadBatch)
		for i := from; i < min(to, from+loadBatch); i++ {
			w := rules.Place(store.Conversation{ID: protocol.ConversationID(fmt.Sprintf("c%06d", i)), Asked: 1}, store.Queue{ID: "q1"}, nil)
			w.Actor = ""
			change(&w)
			places = append(places, w)
		}
		b.do(enqueueStep, newOp(), text(b.t, map[string]any{"places": places}))
	}
}

// timed gives for each step the shortest of several times while size wait:
// others use this machine too. A match must look at exactly as many as it should.
func (b *bench) timed(g growing, size int) map[string]time.Duration {
	b.t.Helper()
	took := map[string]time.Duration{}
	measure := func(step string, s step, in any) (out matched) {
		start := time.Now()
		if err := b.r.run(b.t.Context(), s, newOp(), in, &out); err != nil {
			b.t.Fatal(err)
		}
		d := time.Since(start)
		if s.name == matchStep.name && out.Looked < g.looked[0] {
			return out // fewer were left
		}
		if took[step] == 0 || d < took[step] {
			took[step] = d
		}
		return out
	}
	for i := range 9 {
		out := measure("match", matchStep, b.r.matching("epoch", nil, matchBatch))
		want := 0
		if size > sizeAway || g.looked[0] == g.looked[1] { // more wait than all these matches look at
			want = g.looked[0]
		} else if i < len(g.looked) {
			want = g.looked[i]
		}
		if out.Looked != want || len(out.Offers) > 0 {
			b.t.Errorf("%s: match %d looked at %d of %d and made %d offers, want %d and none", g.name, i, out.Looked, size, len(out.Offers), want)
		}
		w := rules.Place(store.Conversation{ID: "last", Asked: 2}, store.Queue{ID: "q1"}, nil)
		measure("enqueue", enqueueStep, map[string]any{"places": []rules.Waiting{w}})
		measure("position", lineStep, map[string]any{"conv": "last"})
		measure("remove", removeStep, map[string]any{"conv": "last", "ramp": 0})
	}
	return took
}

// sizeAway is how many are away at first; matches look at all of them.
const sizeAway = 100

// Where a node's own clock may be looked at: how long ago this node did
// something or heard of somebody, and how far Redis is ahead of it.
var clockedFiles = []string{"audit.go", "sweep.go", "client.go", "watch.go", "router.go", "presence.go"}

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
