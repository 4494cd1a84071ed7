package routing

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var (
	simSeed    = flag.Int64("seed", -1, "simulate this seed only, and say what happened")
	simSeeds   = flag.Int("seeds", 0, "how many seeds to simulate; 0: as usual")
	simMinutes = flag.Int("minutes", 0, "how many virtual minutes each; 0: as usual")
	simShare   = flag.String("share", "", "simulate these seeds here, and tell their sum; the test starts itself with it")
)

// simLength is how much is simulated where nothing else is asked for: beside
// other tests what takes some seconds. make sim, sim-race and soak ask for more.
func simLength() (seeds, minutes int) {
	seeds, minutes = 8, 5
	if testing.Short() || raceEnabled {
		seeds, minutes = 4, 3
	}
	if *simSeeds > 0 {
		seeds = *simSeeds
	}
	if *simMinutes > 0 {
		minutes = *simMinutes
	}
	return seeds, minutes
}

// R1 to R13, STATE-1, STATE-4, STATE-6, ROUTE-1, ROUTE-5, ROUTE-6, ROUTE-9, ROUTE-11, TEAM-1 under faults.
func TestSimulation(t *testing.T) {
	seeds, minutes := simLength()
	length := time.Duration(minutes) * time.Minute
	switch {
	case *simSeed >= 0:
		sum := simulateAll(t, length, uint64(*simSeed))
		sum.tell(t, length)
		return
	case *simShare != "":
		var first, step uint64
		if _, err := fmt.Sscanf(*simShare, "%d/%d", &first, &step); err != nil {
			t.Fatal(err)
		}
		var own []uint64
		for seed := first; seed < uint64(seeds); seed += step {
			own = append(own, seed)
		}
		text, err := json.Marshal(simulateAll(t, length, own...))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("%s%s\n", simSum, text)
		return
	}
	sum := newTally()
	shares := min(seeds, runtime.NumCPU())
	outputs := make([][]byte, shares)
	failures := make([]error, shares)
	var all sync.WaitGroup
	for i := range shares {
		all.Go(func() { outputs[i], failures[i] = simulateShare(t, i, shares, seeds, minutes) })
	}
	all.Wait()
	for i, output := range outputs {
		for line := range strings.Lines(string(output)) {
			if text, ok := strings.CutPrefix(line, simSum); ok {
				var part tally
				if err := json.Unmarshal([]byte(text), &part); err != nil {
					t.Error(err)
				}
				sum.add(part)
			}
		}
		if failures[i] != nil {
			t.Errorf("share %d of %d: %v\n%s", i, shares, failures[i], output)
		}
	}
	sum.tell(t, length)
	if !t.Failed() && sum.Seeds != seeds {
		t.Errorf("%d seeds were simulated, want %d", sum.Seeds, seeds)
	}
}

const simSum = "SUM "

// simulateShare simulates every so manyth seed in a process of its own, which
// has one processor: so that a seed repeats, and that seeds run beside each other.
func simulateShare(t *testing.T, first, step, seeds, minutes int) ([]byte, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	share := exec.CommandContext(t.Context(), self, "-test.run", "^TestSimulation$", "-test.timeout", "24h",
		"-share", fmt.Sprintf("%d/%d", first, step), "-seeds", strconv.Itoa(seeds), "-minutes", strconv.Itoa(minutes))
	return share.CombinedOutput()
}

// simulateAll lives through seeds, one after the other.
func simulateAll(t *testing.T, length time.Duration, seeds ...uint64) (sum tally) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // see pass
	sum = newTally()
	for _, seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { sum.add(simulateSeed(t, seed, length).tally()) })
		})
	}
	return sum
}

// A tally is what happened in some seeds.
type tally struct {
	Seeds, Asked, Offered, Accepted, Examined int
	Counts                                    map[string]int // of what people did
	Faults                                    map[string]int
	Print                                     uint64 // of all that happened
}

func newTally() tally { return tally{Counts: map[string]int{}, Faults: map[string]int{}} }

func (s *tally) add(o tally) {
	s.Seeds += o.Seeds
	s.Asked += o.Asked
	s.Offered += o.Offered
	s.Accepted += o.Accepted
	s.Examined += o.Examined
	s.Print ^= o.Print
	for k, n := range o.Faults {
		s.Faults[k] += n
	}
	for k, n := range o.Counts {
		s.Counts[k] += n
	}
}

func (s *tally) tell(t *testing.T, length time.Duration) {
	faults := 0
	for n := range maps.Values(s.Faults) {
		faults += n
	}
	t.Logf("%d seeds of %v: %d asked, %d offered, %d accepted; %v; faults %d: %v; looked at %d times while nothing was wrong; print %016x",
		s.Seeds, length, s.Asked, s.Offered, s.Accepted, s.Counts, faults, s.Faults, s.Examined, s.Print)
}

func (w *world) tally() tally {
	sum := tally{Seeds: 1, Examined: w.check.examined, Counts: w.counts, Faults: w.faults}
	w.mem.peek(func() {
		sum.Asked, sum.Offered = len(w.mem.conversations), len(w.mem.opened)
		for _, c := range w.mem.conversations {
			if c.Started != 0 {
				sum.Accepted++
			}
		}
		for _, o := range w.mem.opened { // nobody has noted all of it
			sum.Counts[string(o.Kind)+" "+string(w.mem.offers[o.ID].Outcome)]++
			_, _ = fmt.Fprintln(w.print, o.Conversation, o.Agent, o.Offered, w.mem.offers[o.ID].Outcome)
		}
	})
	sum.Print = w.print.Sum64()
	return sum
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
		queues := []protocol.QueueID{simQueues[i%3].ID, simQueues[(i+1)%3].ID, "q1"}
		if i%2 == 0 {
			queues = append(queues, "q4") // who is asked together with others
		} else {
			queues = append(queues, "q5") // who picks
		}
		w.agent(protocol.AgentID(fmt.Sprintf("a%d", i)), 1+w.rng.IntN(4), skills, queues...)
	}
	f := &fate{w: w, next: w.start.Add(40 * time.Second)}
	asked := 0
	for i := 0; time.Since(w.start) < length && !w.failed(); i++ {
		w.arrive(&asked, 4*time.Second)
		f.tick()
		w.act(i)
		w.pass(w.untilTick())
		if i%2 == 1 {
			w.check.look()
		}
	}
	if w.failed() {
		w.held = take(w.server).String()
	} else {
		f.mend(time.Now().Add(time.Hour))
		w.drain()
		w.check.enough()
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
		w.pass(w.untilTick())
		if i%2 == 1 {
			w.check.look()
		}
		if left = w.left(); left == "" && i > 70 || w.failed() { // an audit has been
			break
		}
	}
	if left != "" {
		w.held = take(w.server).String()
		w.broke("left at the end: " + left)
	}
}

// left is what is not over, in the record or in Redis.
func (w *world) left() string {
	var all []string
	w.mem.peek(func() {
		for id, c := range w.mem.conversations {
			if !over(c.State) {
				all = append(all, fmt.Sprintf("%s %s", id, c.State))
			}
		}
		for id, q := range w.mem.requests {
			if q.State == store.RequestOpen {
				all = append(all, fmt.Sprintf("request %s", id))
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
		last := w.trace
		if *simSeed < 0 {
			last = last[max(0, len(last)-120):]
		}
		w.t.Logf("what happened:\n%s", strings.Join(last, "\n"))
		w.t.Logf("what Redis holds:\n%s", w.held)
	}
	for _, b := range w.broken {
		w.t.Error(b)
	}
	if len(w.broken) > 0 {
		w.t.Logf("again: go test ./chat/routing -run TestSimulation -seed %d -minutes %d", w.seed, int(time.Since(w.start).Minutes())+1)
	}
}
