package routing

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

var (
	simSeed    = flag.Int64("seed", -1, "simulate this seed only, and say what happened")
	simSeeds   = flag.Int("seeds", 0, "how many seeds to simulate; 0: as usual")
	simMinutes = flag.Int("minutes", 0, "how many virtual minutes each; 0: as usual")
)

// simLength is how much is simulated where nothing else is asked for: in the
// ordinary run what takes some seconds; make sim asks for more, and a soak is
// of a night, or with the race detector of an hour.
func simLength() (seeds, minutes int) {
	seeds, minutes = 4, 5
	if raceEnabled || testing.Short() {
		seeds, minutes = 2, 2
	}
	switch soak := os.Getenv("SOAK") != ""; {
	case soak && raceEnabled:
		seeds, minutes = 20, 10
	case soak:
		seeds, minutes = 500, 60
	}
	if *simSeeds > 0 {
		seeds = *simSeeds
	}
	if *simMinutes > 0 {
		minutes = *simMinutes
	}
	return seeds, minutes
}

// R1 to R6, R7, R8, R9, R10, R11, R12, STATE-4, STATE-6, ROUTE-11 under faults.
func TestSimulation(t *testing.T) {
	seeds, minutes := simLength()
	length := time.Duration(minutes) * time.Minute
	from := 0
	if *simSeed >= 0 {
		from, seeds = int(*simSeed), 1
	}
	var sum tally
	sum.faults = map[string]int{}
	t.Run("all", func(t *testing.T) {
		for seed := from; seed < from+seeds; seed++ {
			t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { sum.add(simulateSeed(t, uint64(seed), length)) })
			})
		}
	})
	t.Logf("%d seeds of %v: %d asked, %d offered, %d accepted; faults %d: %v; %d seconds looked at", sum.seeds, length, sum.asked, sum.offered,
		sum.accepted, sum.total(), sum.faults, sum.examined)
}

// A tally is what happened in all seeds.
type tally struct {
	mu                                        sync.Mutex // guards all
	seeds, asked, offered, accepted, examined int
	faults                                    map[string]int
}

func (s *tally) add(w *world) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seeds++
	s.examined += w.check.examined
	for k, n := range w.faults {
		s.faults[k] += n
	}
	w.mem.peek(func() {
		s.asked += len(w.mem.conversations)
		s.offered += len(w.mem.opened)
		for _, c := range w.mem.conversations {
			if c.Started != 0 {
				s.accepted++
			}
		}
	})
}

func (s *tally) total() (n int) {
	for v := range maps.Values(s.faults) {
		n += v
	}
	return n
}

func simulateSeed(t *testing.T, seed uint64, length time.Duration) *world {
	ctx, cancel := context.WithCancel(t.Context())
	w := newWorld(ctx, t, seed, 3)
	defer func() {
		cancel()
		w.close()
	}()
	for i := range 8 {
		skills := map[string]int{"german": i % 5}
		w.agent(protocol.AgentID(fmt.Sprintf("a%d", i)), 1+w.rng.IntN(4), skills, simQueues[i%3].ID, simQueues[(i+1)%3].ID, "q1")
	}
	f := &fate{w: w, next: w.start.Add(40 * time.Second)}
	asked := 0
	for i := 0; time.Since(w.start) < length && !w.failed(); i++ {
		w.arrive(&asked, 4*time.Second)
		f.tick()
		w.act(i)
		w.pass(tick)
		if i%2 == 1 {
			w.check.look()
		}
	}
	if !w.failed() {
		f.mend(time.Now().Add(time.Hour))
		w.drain()
	}
	w.report()
	return w
}

func (w *world) failed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.broken) > 0
}

// drain lets everybody come back and answer, until nobody waits: nothing is
// lost, and Redis holds nothing more.
func (w *world) drain() {
	w.note("everybody comes back")
	w.eager = true
	clear(w.plans)
	for _, p := range w.people {
		if p.node == nil || p.silent {
			p.back = time.Now()
		}
	}
	left := ""
	for i := range 600 {
		w.act(i)
		w.pass(tick)
		if i%2 == 1 {
			w.check.look()
		}
		if left = w.left(); left == "" && i > 70 || w.failed() { // an audit has been
			break
		}
	}
	if left != "" {
		w.broke("left at the end: " + left)
	}
}

// left is what is not over, in the record or in Redis.
func (w *world) left() string {
	var all []string
	w.mem.peek(func() {
		for id, c := range w.mem.conversations {
			if c.State != protocol.StateEnded {
				all = append(all, fmt.Sprintf("%s %s", id, c.State))
			}
		}
		for id, o := range w.mem.offers {
			if o.Outcome == "" {
				all = append(all, fmt.Sprintf("offer %s at %s", id, o.Agent))
			}
		}
	})
	for _, name := range []string{"waiting", "order", "offers", "deadlines", "ring", "line", "timers", "aside", "places"} {
		key := keysOf(testWorkspace)[slices.Index(keyNames, name)]
		fields, _ := w.server.HKeys(key)
		members, _ := w.server.ZMembers(key)
		if names := slices.Concat(fields, members); len(names) > 0 {
			all = append(all, fmt.Sprintf("%s holds %v", name, names))
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// report prints what broke, and how to see it again.
func (w *world) report() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if *simSeed >= 0 || len(w.broken) > 0 {
		last := w.trace[max(0, len(w.trace)-120):]
		w.t.Logf("what happened last:\n%s", strings.Join(last, "\n"))
	}
	for _, b := range w.broken {
		w.t.Error(b)
	}
	if len(w.broken) > 0 {
		w.t.Logf("again: go test ./chat/routing -run TestSimulation -seed %d -minutes %d", w.seed, int(time.Since(w.start).Minutes())+1)
	}
}
