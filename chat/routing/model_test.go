package routing

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/parlour-chat/parlour/chat/routing/rules"
)

// A model is the same rules in plain Go. Nothing in it ends by time: leases,
// exclusions and back-offs of the scripts are an hour long here.
type model struct {
	agents  map[string]*modelAgent
	waiting map[string]*modelPlace
	offers  map[string]modelOffer
	live    map[string]bool
}

type modelAgent struct {
	ready            bool
	queues           []string
	max, load, slots int
	last, offer      int64 // offer: 1 while one rings
}

type modelPlace struct {
	queue  string
	weight int64
	since  int64
	offer  string
	asked  map[string]bool
}

type modelOffer struct {
	conv, agent string
	cost        int
}

func (m *model) able(id, queue string) bool {
	a := m.agents[id]
	return a.ready && m.live["agent:"+id] && slices.Contains(a.queues, queue)
}

// choose is the best pair, as ROUTE-1 and ROUTE-9 have it.
func (m *model) choose(now int64) (conv, agent string) {
	convs := slices.SortedFunc(maps.Keys(m.waiting), func(x, y string) int {
		a, b := m.waiting[x], m.waiting[y]
		if wa, wb := (now-a.since)*a.weight, (now-b.since)*b.weight; wa != wb {
			return int(wb - wa)
		}
		if a.since != b.since {
			return int(a.since - b.since)
		}
		return cmpText(x, y)
	})
	for _, c := range convs {
		w := m.waiting[c]
		if w.offer != "" || !m.live["visitor:"+c] {
			continue
		}
		best := ""
		for id, a := range m.agents {
			if !m.able(id, w.queue) || a.offer != 0 || a.load+25*4/a.max > 100 || w.asked[id] {
				continue
			}
			if best == "" || m.better(id, best, c) {
				best = id
			}
		}
		if best != "" {
			return c, best
		}
	}
	return "", ""
}

func cmpText(a, b string) int {
	if a < b {
		return -1
	}
	return 1
}

func (m *model) better(x, y, conv string) bool {
	a, b := m.agents[x], m.agents[y]
	ra, rb := a.load+25*4/a.max, b.load+25*4/b.max
	if ra != rb {
		return ra < rb
	}
	if a.last != b.last {
		return a.last < b.last
	}
	hash := func(id string) string { h := sha1.Sum([]byte(conv + id)); return hex.EncodeToString(h[:]) }
	return hash(x) < hash(y)
}

func (m *model) settle(id, outcome string) {
	o, ok := m.offers[id]
	if !ok {
		return
	}
	delete(m.offers, id)
	a, w := m.agents[o.agent], m.waiting[o.conv]
	a.offer = 0
	switch outcome {
	case "accepted":
		a.load, a.slots = a.load+o.cost, a.slots+1
	case "timed_out":
		a.ready = false
	}
	if w == nil || w.offer != id {
		return
	}
	if outcome == "accepted" {
		delete(m.waiting, o.conv)
		return
	}
	w.offer = ""
	if outcome == "rejected" || outcome == "timed_out" {
		w.asked[o.agent] = true
	}
}

// A machine drives the scripts and the model side by side.
type machine struct {
	b    *bench
	m    *model
	next int
}

func (x *machine) do(t *rapid.T, s step, in string) map[string]any {
	op := newOp()
	out := x.b.do(s, op, in)
	if rapid.IntRange(0, 3).Draw(t, "repeat") == 0 {
		x.b.do(s, op, in) // R12
	}
	return out
}

func TestScriptsAgreeWithTheModel(t *testing.T) { // R1, R2, R5, R12, ROUTE-1, ROUTE-2, ROUTE-9
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		rapid.Check(t, func(rt *rapid.T) {
			x := &machine{b: newBench(t, client), m: &model{
				agents: map[string]*modelAgent{}, waiting: map[string]*modelPlace{}, offers: map[string]modelOffer{}, live: map[string]bool{},
			}}
			x.b.do(configureStep, newOp(), queues13)
			rt.Repeat(map[string]func(*rapid.T){
				"":        x.check,
				"ask":     x.ask,
				"agent":   x.agent,
				"here":    x.here,
				"gone":    x.gone,
				"match":   x.match,
				"match2":  x.match,
				"settle":  x.settle,
				"settle2": x.settle,
				"remove":  x.remove,
			})
		})
	})
}

var modelQueues = map[string]int64{"q1": 1, "q2": 3, "q3": 10}

func (x *machine) ask(t *rapid.T) {
	conv := fmt.Sprintf("c%02d", x.next)
	x.next++
	queue := rapid.SampledFrom([]string{"q1", "q2", "q3"}).Draw(t, "queue")
	since := rapid.Int64Range(1_000_000, 1_000_020).Draw(t, "since")
	x.do(t, enqueueStep, text(x.b.t, map[string]any{"places": []rules.Waiting{waitingIn(conv, queue, int(modelQueues[queue]), since, 0)}}))
	x.m.waiting[conv] = &modelPlace{queue: queue, weight: modelQueues[queue], since: since, asked: map[string]bool{}}
	x.sign(t, "visitor:"+conv, false)
}

func (x *machine) agent(t *rapid.T) {
	id := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "agent")
	a := x.m.agents[id]
	if a == nil {
		a = &modelAgent{}
		x.m.agents[id] = a
		x.sign(t, "agent:"+id, false)
	}
	a.ready = rapid.IntRange(0, 4).Draw(t, "ready") > 0
	a.max = rapid.IntRange(1, 5).Draw(t, "max")
	a.slots = rapid.IntRange(0, 4).Draw(t, "slots")
	a.load = a.slots * 25
	a.last = rapid.Int64Range(0, 2).Draw(t, "last")
	a.queues = rapid.SampledFrom([][]string{{"q1"}, {"q1", "q2"}, {"q3"}, {"q1", "q2", "q3"}}).Draw(t, "queues")
	ready := 0
	if a.ready {
		ready = 1
	}
	out := x.do(t, agentStep, text(x.b.t, map[string]any{"agents": []any{map[string]any{
		"id": id, "actor": "agent:" + id, "ready": ready, "queues": a.queues, "media": []string{"chat"}, "max": a.max, "load": a.load,
		"slots": a.slots, "last": a.last, "ticket": 1,
	}}}))
	withdraw, _ := out["withdraw"].([]any)
	if want := !a.ready && a.offer != 0; (len(withdraw) == 1) != want {
		t.Fatalf("withdraw %v, want one: %v", withdraw, want)
	}
}

func (x *machine) sign(t *rapid.T, actor string, closed bool) {
	x.do(t, hereStep, text(x.b.t, map[string]any{"signs": []sign{{Actor: actor, Conn: "t", Closed: closed}}, "silent": 3_600_000, "closed": 0}))
	x.m.live[actor] = !closed
}

func (x *machine) someone(t *rapid.T) string {
	all := []string{}
	for id := range x.m.agents {
		all = append(all, "agent:"+id)
	}
	for c := range x.m.waiting {
		all = append(all, "visitor:"+c)
	}
	if len(all) == 0 {
		t.Skip("nobody")
	}
	slices.Sort(all)
	return rapid.SampledFrom(all).Draw(t, "actor")
}

func (x *machine) here(t *rapid.T) { x.sign(t, x.someone(t), false) }
func (x *machine) gone(t *rapid.T) { x.sign(t, x.someone(t), true) }

func (x *machine) match(t *rapid.T) {
	ids := []string{newOp(), newOp(), newOp()}[:rapid.IntRange(1, 3).Draw(t, "offers")]
	in := text(x.b.t, map[string]any{"ids": ids, "ring": 3_600_000, "backoff": []int{3_600_000}, "epoch": "epoch"})
	op := newOp()
	var out struct {
		Now    int64
		Offers []proposal
	}
	for range 2 { // the second changes nothing and says the same: R12
		if err := x.b.r.run(x.b.t.Context(), matchStep, op, rawJSON(in), &out); err != nil {
			t.Fatal(err)
		}
	}
	got, want := [][2]string{}, [][2]string{}
	for _, p := range out.Offers {
		got = append(got, [2]string{string(p.Conv), string(p.Agent)})
	}
	for i := range ids {
		conv, agent := x.m.choose(out.Now)
		if conv == "" {
			break
		}
		want = append(want, [2]string{conv, agent})
		x.m.waiting[conv].offer, x.m.agents[agent].offer = ids[i], 1
		x.m.offers[ids[i]] = modelOffer{conv, agent, 25 * 4 / x.m.agents[agent].max}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("proposals (-model +script):\n%s", diff)
	}
}

func (x *machine) settle(t *rapid.T) {
	if len(x.m.offers) == 0 {
		t.Skip("no offers")
	}
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(x.m.offers))).Draw(t, "offer")
	outcome := rapid.SampledFrom([]string{"accepted", "accepted", "rejected", "timed_out", "rescinded", "undone"}).Draw(t, "outcome")
	exclude := 3_600_000
	if outcome == "rescinded" {
		exclude = 0
	}
	agent := x.m.offers[id].agent
	x.do(t, settleStep, fmt.Sprintf(`{"offer":%q,"outcome":%q,"ramp":0,"exclude":%d,"rest":0,"backoff":[3600000]}`, id, outcome, exclude))
	x.m.settle(id, outcome)
	if outcome == "accepted" { // the script notes the hour of the accept: read it back into the model
		var row struct{ Last int64 }
		mustDecode(t, x.b.state()["agents/"+agent], &row)
		x.m.agents[agent].last = row.Last
	}
}

func (x *machine) remove(t *rapid.T) {
	if len(x.m.waiting) == 0 {
		t.Skip("nobody waits")
	}
	conv := rapid.SampledFrom(slices.Sorted(maps.Keys(x.m.waiting))).Draw(t, "conv")
	x.do(t, removeStep, fmt.Sprintf(`{"conv":%q,"ramp":0}`, conv))
	if id := x.m.waiting[conv].offer; id != "" {
		x.m.agents[x.m.offers[id].agent].offer = 0
		delete(x.m.offers, id)
	}
	delete(x.m.waiting, conv)
}

// check compares queues, reservations and positions after every step.
func (x *machine) check(t *rapid.T) {
	state := x.b.state()
	got, want := map[string]string{}, map[string]string{}
	for k, v := range state {
		var o struct{ C, A string }
		switch {
		case hasPrefix(k, "offers/"):
			mustDecode(t, v, &o)
			got[k] = o.C + " " + o.A
		case hasPrefix(k, "ring/"), hasPrefix(k, "places/"):
			got[k] = v
		case hasPrefix(k, "deadlines/"), hasPrefix(k, "waiting/"):
			got[k] = ""
		}
	}
	for id, o := range x.m.offers {
		want["offers/"+id], want["ring/"+o.agent], want["deadlines/"+id] = o.conv+" "+o.agent, id, ""
	}
	for c := range x.m.waiting {
		want["places/visitor:"+c], want["waiting/"+c] = c, ""
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("state (-model +script):\n%s", diff)
	}
	held := 0
	for c := range x.m.waiting {
		var w struct{ At string }
		mustDecode(t, state["waiting/"+c], &w)
		if w.At == "held" {
			held++
		}
	}
	if held != len(x.m.offers) {
		t.Fatalf("%d held, want %d", held, len(x.m.offers))
	}
	for c, w := range x.m.waiting {
		ahead := 1
		for d, v := range x.m.waiting {
			if v.queue == w.queue && (v.since < w.since || v.since == w.since && d < c) {
				ahead++
			}
		}
		if out := x.b.do(lineStep, "", fmt.Sprintf(`{"conv":%q}`, c)); out["position"] != float64(ahead) {
			t.Fatalf("position of %s is %v, want %d", c, out["position"], ahead)
		}
		break // any one: the order of a map is random
	}
}
