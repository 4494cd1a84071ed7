package routing

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"pgregory.net/rapid"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

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

func TestScriptsAgreeWithTheModel(t *testing.T) { // R1, R2, R5, R12, ROUTE-1, ROUTE-2, ROUTE-5, ROUTE-6, ROUTE-9, TEAM-1
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		rapid.Check(t, func(rt *rapid.T) {
			x := &machine{b: newBench(t, client), m: &model{
				queues: drawQueues(rt), agents: map[string]*rules.Agent{}, places: map[string]*modelPlace{}, offers: map[string]modelOffer{},
				live: map[string]bool{},
			}}
			if _, err := x.b.r.configure(t.Context(), map[string]any{"version": 1}, slices.Collect(maps.Values(x.m.queues))...); err != nil {
				t.Fatal(err)
			}
			rt.Repeat(map[string]func(*rapid.T){
				"":        x.check,
				"ask":     x.ask,
				"ask2":    x.ask,
				"request": x.request,
				"agent":   x.agent,
				"agent2":  x.agent,
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

const (
	longAgo = int64(1_700_000_000_000) // when everybody asked
	far     = int64(400_000_000_000)   // after that: years from now
)

func drawQueues(t *rapid.T) map[protocol.QueueID]store.Queue {
	queues := map[protocol.QueueID]store.Queue{}
	when := rapid.SampledFrom([]int64{1, far})
	for i, id := range []protocol.QueueID{"q1", "q2", "q3"} {
		q := store.Queue{ID: id, Weight: []int{1, 3, 10}[i]}
		q.Rules = store.QueueRules{
			Mode: rapid.SampledFrom([]string{"", "", store.ModeRingAll, store.ModePull}).Draw(t, "mode"), PullMaxMs: when.Draw(t, "pulled"),
			Needs: drawLevels(t, "needs"), StickyMs: rapid.SampledFrom([]int64{1, far, far}).Draw(t, "sticky"),
			MaxWaitMs: rapid.SampledFrom([]int64{0, 0, 1, far}).Draw(t, "max wait"),
			Spare:     map[string]int{"chat": rapid.SampledFrom([]int{0, 0, 25}).Draw(t, "spare")},
			Units:     map[string]int{"video": 50},
		}
		for range rapid.IntRange(0, 3).Draw(t, "steps") {
			o := store.OverflowStep{AfterMs: when.Draw(t, "after"), Relax: drawLevels(t, "relax"),
				Queues: rapid.SliceOfN(rapid.SampledFrom([]protocol.QueueID{"q1", "q2", "q3"}), 0, 2).Draw(t, "added")}
			o.Waiting = rapid.SampledFrom([]int{0, 0, 2}).Draw(t, "waiting")
			if fewer := rapid.IntRange(0, 3).Draw(t, "ready"); fewer > 0 {
				o.Ready = &fewer
			}
			q.Rules.Overflow = append(q.Rules.Overflow, o)
		}
		queues[id] = q
	}
	return queues
}

func drawLevels(t *rapid.T, label string) map[string]int {
	return rapid.MapOfN(rapid.SampledFrom([]string{"german", "repairs"}), rapid.IntRange(0, 2), 0, 2).Draw(t, label)
}

func (x *machine) ask(t *rapid.T) {
	id := fmt.Sprintf("c%02d", x.next)
	x.next++
	q := x.m.queues[rapid.SampledFrom([]protocol.QueueID{"q1", "q2", "q3"}).Draw(t, "queue")]
	w := rules.Place(store.Conversation{
		ID: protocol.ConversationID(id), Visitor: protocol.VisitorID(id), Queue: q.ID, Asked: longAgo + rapid.Int64Range(0, 20).Draw(t, "since"),
		Boost: rapid.SampledFrom([]int64{0, 0, 7}).Draw(t, "boost"), Medium: rapid.SampledFrom([]string{"", "", "video"}).Draw(t, "medium"),
		Sticky: rapid.SampledFrom([]protocol.AgentID{"", "", "a", "b"}).Draw(t, "sticky"),
	}, q, x.m.queues)
	x.do(t, enqueueStep, text(x.b.t, map[string]any{"places": []rules.Waiting{w}}))
	x.m.enqueue(w)
	x.sign(t, w.Actor, false)
}

func (x *machine) request(t *rapid.T) {
	id := fmt.Sprintf("r%02d", x.next)
	x.next++
	q := x.m.queues[rapid.SampledFrom([]protocol.QueueID{"q1", "q2", "q3"}).Draw(t, "queue")]
	r := store.Request{
		ID: protocol.RequestID(id), Conversation: protocol.ConversationID("of " + id), Asked: longAgo + rapid.Int64Range(0, 20).Draw(t, "since"),
		Kind:    rapid.SampledFrom([]protocol.RequestKind{protocol.RequestTransfer, protocol.RequestInvite, protocol.RequestConsult}).Draw(t, "kind"),
		ToAgent: rapid.SampledFrom([]protocol.AgentID{"", "", "a", "b"}).Draw(t, "to"),
	}
	if r.ToAgent == "" {
		r.ToQueue = q.ID
	}
	w := rules.Request(r, q, rapid.SampledFrom([]string{"", "video"}).Draw(t, "medium"), rapid.SampledFrom([][]protocol.AgentID{{"c"}, {"c", "d"}}).Draw(t, "by"))
	x.do(t, enqueueStep, text(x.b.t, map[string]any{"places": []rules.Waiting{w}}))
	x.m.enqueue(w)
}

func (x *machine) agent(t *rapid.T) {
	id := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "agent")
	a := x.m.agents[id]
	if a == nil {
		a = &rules.Agent{ID: protocol.AgentID(id)}
		x.m.agents[id] = a
		x.sign(t, "agent:"+id, false)
	}
	a.Ready = rapid.IntRange(0, 4).Draw(t, "ready") > 0
	a.MaxChats = rapid.IntRange(1, 10).Draw(t, "max")
	a.Load = rapid.SampledFrom([]int{0, 0, 20, 50, 75, 99}).Draw(t, "load")
	a.Last = rapid.Int64Range(0, 2).Draw(t, "last")
	a.Queues = rapid.SampledFrom([][]protocol.QueueID{{"q1"}, {"q1", "q2"}, {"q3"}, {"q1", "q2", "q3"}}).Draw(t, "queues")
	a.Media = rapid.SampledFrom([][]string{{"chat"}, {"chat", "video"}, {"video"}}).Draw(t, "media")
	a.Skills, a.Videos, a.MaxVideo = drawLevels(t, "skills"), rapid.IntRange(0, 1).Draw(t, "videos"), rapid.IntRange(1, 2).Draw(t, "max video")
	row := store.Agent{
		ID: a.ID, MaxChats: a.MaxChats, Load: a.Load, LastAccepted: a.Last, Skills: a.Skills, Videos: a.Videos,
		Rules: store.AgentRules{MaxVideo: a.MaxVideo}, Profile: store.Profile{Queues: a.Queues, Media: a.Media},
	}
	if a.Ready {
		row.Declared = protocol.DeclaredReady
	}
	out := x.do(t, agentStep, text(x.b.t, map[string]any{"agents": []any{agentRow(answering(row), 1)}}))
	withdraw, _ := out["withdraw"].([]any)
	if want := !a.Ready && a.Ringing; (len(withdraw) == 1) != want {
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
	for _, p := range x.m.places {
		if p.Actor != "" {
			all = append(all, p.Actor)
		}
	}
	if len(all) == 0 {
		t.Skip("nobody")
	}
	slices.Sort(all)
	return rapid.SampledFrom(all).Draw(t, "actor")
}

func (x *machine) here(t *rapid.T) { x.sign(t, x.someone(t), false) }
func (x *machine) gone(t *rapid.T) { x.sign(t, x.someone(t), true) }

// match runs the script as the Router does, until there is no more.
func (x *machine) match(t *rapid.T) {
	batch := rapid.IntRange(4, 6).Draw(t, "offers")
	var ids []string
	var got []proposed
	var from map[string]string
	now, inOrder := int64(0), x.inOrder(t)
	agents := x.m.world(0).Agents
	for run := range 20 {
		some := []string{newOp(), newOp(), newOp(), newOp(), newOp(), newOp()}[:batch]
		in := map[string]any{"ids": some, "ring": 3_600_000, "backoff": []int{3_600_000}, "epoch": "epoch"}
		if len(from) > 0 {
			in["from"] = from
		}
		var out matched
		op := newOp()
		for range 2 { // the second changes nothing and says the same: R12
			out = matched{}
			if err := x.b.r.run(x.b.t.Context(), matchStep, op, rawJSON(text(x.b.t, in)), &out); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range out.Offers {
			ids = append(ids, string(p.Offer))
			got = append(got, proposed{p.Place, string(p.Agent), p.Kind, p.Cost, p.Round})
		}
		if run == 0 {
			x.checkAccounts(t, agents, out)
		}
		now, from = max(now, out.Now), out.From
		if !out.More {
			break
		}
	}
	want := x.m.match(now, append(ids, "", "", "", "", "", "", "", ""), inOrder)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("proposals (-model +script):\n%s", diff)
	}
}

// checkAccounts sees that a match says of the agents what the rules say.
func (x *machine) checkAccounts(t *rapid.T, agents []rules.Agent, out matched) { // ROUTE-12
	known := map[string]rules.Class{}
	state := x.b.state()
	for k, v := range state {
		if id, ok := strings.CutPrefix(k, "classes/"); ok {
			var c rules.Class
			mustDecode(t, v, &c)
			known[id] = c
		}
	}
	for id, said := range out.Accounts {
		c, ok := known[id]
		if !ok {
			continue // the last of its line has left it
		}
		want, got := map[string]int{}, map[string]int{}
		for _, a := range agents {
			switch reason := rules.Fit(a, c); reason {
			case "":
			case protocol.ReasonQueue, protocol.ReasonSticky:
				want[string(reason)]++
			default:
				want[string(a.ID)+" "+string(reason)]++
			}
		}
		for _, a := range said.List {
			got[string(a.Agent)+" "+string(a.Reason)]++
		}
		for reason, n := range said.More {
			got[string(reason)] += n
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("who cannot be asked for %s (-rules +script):\n%s", id, diff)
		}
	}
}

func (x *machine) inOrder(t *rapid.T) map[string]bool {
	there := map[string]bool{}
	state := x.b.state()
	for id := range x.m.places {
		var w struct{ At string }
		mustDecode(t, state["waiting/"+id], &w)
		there[id] = w.At == "order"
	}
	return there
}

func (x *machine) settle(t *rapid.T) {
	if len(x.m.offers) == 0 {
		t.Skip("no offers")
	}
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(x.m.offers))).Draw(t, "offer")
	outcome := rapid.SampledFrom([]string{"accepted", "accepted", "rejected", "timed_out", "rescinded", "full", "undone"}).Draw(t, "outcome")
	said, exclude, pass := outcome, 3_600_000, 0
	switch outcome {
	case "rescinded":
		exclude = 0
	case "full":
		said, exclude, pass = "rescinded", 0, 1
	}
	agent := x.m.offers[id].agent
	x.do(t, settleStep, fmt.Sprintf(`{"offer":%q,"outcome":%q,"ramp":0,"exclude":%d,"pass":%d,"rest":0,"backoff":[3600000]}`, id, said, exclude, pass))
	x.m.settle(id, outcome)
	if outcome == "accepted" { // the script notes the hour of the accept: read it back into the model
		var row struct{ Last int64 }
		mustDecode(t, x.b.state()["agents/"+agent], &row)
		x.m.agents[agent].Last = row.Last
	}
}

func (x *machine) remove(t *rapid.T) {
	if len(x.m.places) == 0 {
		t.Skip("nobody waits")
	}
	id := rapid.SampledFrom(slices.Sorted(maps.Keys(x.m.places))).Draw(t, "place")
	x.do(t, removeStep, fmt.Sprintf(`{"conv":%q,"ramp":0}`, id))
	x.m.remove(x.m.places[id])
}

// check compares places, reservations and positions after every step.
func (x *machine) check(t *rapid.T) {
	state := x.b.state()
	got, want := map[string]string{}, map[string]string{}
	for k, v := range state {
		key, member, _ := strings.Cut(k, "/")
		switch key {
		case "offers":
			var o struct{ P, A string }
			mustDecode(t, v, &o)
			got[k] = o.P + " " + o.A
		case "ring", "places":
			got[k] = v
		case "deadlines", "waiting":
			got[k] = ""
		case "line": // of a queue, or of the requests
			queue, rest, _ := strings.Cut(member, ":")
			_, id, _ := strings.Cut(rest, ":")
			got["line/"+queue+"/"+id] = ""
		}
	}
	for id, o := range x.m.offers {
		want["offers/"+id], want["ring/"+o.agent], want["deadlines/"+id] = o.place+" "+o.agent, id, ""
	}
	for id, p := range x.m.places {
		want["waiting/"+id] = ""
		if p.Actor != "" {
			want["places/"+p.Actor] = id
		}
		want["line/@/"+id] = ""
		if p.inLine() {
			delete(want, "line/@/"+id)
			want["line/"+string(p.Queue)+"/"+id] = ""
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("state (-model +script):\n%s", diff)
	}
	x.checkIndexes(t, state)
	for id, p := range x.m.places {
		if !p.inLine() {
			continue
		}
		if out := x.b.do(lineStep, "", fmt.Sprintf(`{"conv":%q}`, id)); out["position"] != float64(x.m.position(p)) {
			t.Fatalf("position of %s is %v, want %d", id, out["position"], x.m.position(p))
		}
		break // any one: the order of a map is random
	}
}

// checkIndexes sees that each place stands where its row says, and nowhere else.
func (x *machine) checkIndexes(t *rapid.T, state map[string]string) {
	got, want := map[string]bool{}, map[string]bool{}
	for k := range state {
		if hasPrefix(k, "order/") || hasPrefix(k, "aside/") || hasPrefix(k, "timers/") {
			got[k] = true
		}
	}
	for id := range x.m.places {
		var w struct {
			E, U   int64
			At     string
			Cl     []rules.Class
			Sc     *rules.Class
			St, Os any // an empty list has no one form
		}
		mustDecode(t, state["waiting/"+id], &w)
		steps, _ := w.St.([]any)
		if w.At == "rest" {
			want["aside/"+id] = true
		}
		if w.At == "rest" || len(steps) > 0 {
			want["timers/"+id] = true
		}
		lines := rules.Waiting{Classes: w.Cl, Sticky: w.Sc}.Lines()
		for _, c := range lines {
			if w.At == "order" {
				want[fmt.Sprintf("order/%s:%013d:%s", c.ID, w.E, id)] = true
				if state["classes/"+c.ID] == "" {
					t.Fatalf("%s waits in class %s, which is not known", id, c.ID)
				}
			}
		}
		if held, _ := w.Os.([]any); (w.At == "held") != (len(held) > 0) || len(held) != len(x.m.places[id].offers) {
			t.Fatalf("%s is %s with %d offers", id, w.At, len(held))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("indexes (-rows +there):\n%s", diff)
	}
}
