package routing

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// backends runs a test on the embedded Redis and on a real one.
func backends(t *testing.T, f func(t *testing.T, client redis.UniversalClient)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) {
		client, stop := Embedded(t.Context())
		defer stop()
		f(t, client)
	})
	t.Run("redis", func(t *testing.T) {
		client, err := Connect(testbed.Redis(t).URL())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		f(t, client)
	})
}

// bench is the scripts by themselves.
type bench struct {
	t *testing.T
	r *Router
}

func newBench(t *testing.T, client redis.UniversalClient) *bench {
	if err := client.FlushAll(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	h := newHouse(t.Context(), t, client, Timers{})
	b := &bench{t, New(Options{Redis: client, Record: h.mem, Notify: h, Workspace: testWorkspace, Node: "n0"})}
	b.do(beginStep, newOp(), `{"node":"n0","ms":5000,"epoch":"epoch"}`)
	b.do(publishStep, newOp(), `{"node":"n0","gen":"epoch/1","amnesty":0}`)
	return b
}

func (b *bench) do(s step, op, in string) map[string]any {
	b.t.Helper()
	var out map[string]any
	if err := b.r.run(b.t.Context(), s, op, json.RawMessage(in), &out); err != nil {
		b.t.Fatal(err)
	}
	delete(out, "now")
	return out
}

// state is everything in Redis but the memory of ops.
func (b *bench) state() map[string]string {
	b.t.Helper()
	ctx := context.Background()
	all := map[string]string{}
	for i, key := range b.r.keys {
		switch kind := b.r.redis.Type(ctx, key).Val(); kind {
		case "hash":
			m := b.r.redis.HGetAll(ctx, key).Val()
			for f, v := range m {
				all[keyNames[i]+"/"+f] = canonical(v)
			}
		case "zset":
			for _, z := range b.r.redis.ZRangeWithScores(ctx, key, 0, -1).Val() {
				all[fmt.Sprintf("%s/%v", keyNames[i], z.Member)] = fmt.Sprintf("%.0f", z.Score)
			}
		}
	}
	for k := range all {
		if strings.HasPrefix(k, "ops") {
			delete(all, k)
		}
	}
	return all
}

func canonical(text string) string {
	var v any
	if json.Unmarshal([]byte(text), &v) != nil {
		return text
	}
	out, _ := json.Marshal(v)
	return string(out)
}

const (
	placeC1   = `{"places":[{"id":"c1","v":"c1","kind":"offer","q":"q1","a":"visitor:v1","cl":[{"i":"q1.chat.25.-","q":"q1","m":"chat","c":25}],"e":1000,"s":1000,"t":0,"r":0}]}`
	queues13  = `{"queues":{"q1":{"w":1},"q2":{"w":3},"q3":{"w":10}}}`
	agentA    = `{"agents":[{"id":"a","actor":"agent:a","ready":1,"queues":["q1"],"media":["chat"],"max":4,"load":0,"slots":0,"last":0,"ticket":1}]}`
	bothHere  = `{"signs":[{"actor":"agent:a","conn":"t1","closed":false},{"actor":"visitor:v1","conn":"t2","closed":false}],"silent":20000,"closed":5000}`
	matchO1   = `{"ids":["o1"],"ring":20000,"backoff":[5000],"epoch":"epoch"}`
	settledO1 = `{"offer":"o1","outcome":%q,"ramp":5000,"exclude":120000,"rest":0,"backoff":[5000]}`
)

// waiting is a place of a chat in a queue, as enqueue takes it.
func waitingIn(conv, queue string, weight int, since, boost int64) rules.Waiting {
	return rules.Place(store.Conversation{
		ID: protocol.ConversationID(conv), Queue: protocol.QueueID(queue), Visitor: protocol.VisitorID(conv), Asked: since - boost/int64(weight),
	}, store.Queue{ID: protocol.QueueID(queue), Weight: weight}, nil)
}

func TestEachScriptTwiceWithOneOpIsOnce(t *testing.T) { // R12
	steps := []struct {
		step step
		in   string
	}{
		{configureStep, queues13},
		{enqueueStep, placeC1},
		{ticketStep, `{}`},
		{agentStep, agentA},
		{hereStep, bothHere},
		{leaseStep, `{"node":"n0","ms":2000}`},
		{verdictStep, `{"again":60000}`},
		{matchStep, matchO1},
		{sweepStep, `{"agentGone":60000,"visitorGone":120000,"prev":0}`},
		{settleStep, fmt.Sprintf(settledO1, "rejected")},
		{settleStep, fmt.Sprintf(settledO1, "rejected")},
		{holdStep, `{"offers":[{"offer":"o2","place":"c1","conv":"c1","agent":"a","cost":25,"deadline":5}],"amnesty":30000}`},
		{settleStep, `{"offer":"o2","outcome":"accepted","ramp":5000,"exclude":0,"rest":0,"backoff":[5000]}`},
		{enqueueStep, strings.NewReplacer("c1", "c2", `"offer"`, `"all"`).Replace(placeC1)},
		{hereStep, strings.ReplaceAll(bothHere, "agent:a", "agent:b")},
		{agentStep, strings.NewReplacer(`"a"`, `"b"`, "agent:a", "agent:b").Replace(agentA)},
		{matchStep, strings.Replace(matchO1, "o1", "o3", 1)},
		{settleStep, `{"offer":"o3","outcome":"rejected","ramp":5000,"exclude":1000,"rest":0,"backoff":[5000]}`},
		{configureStep, `{"version":3,"figures":{"q1":1000},"queues":{"q1":{"w":2}}}`},
		{enqueueStep, strings.NewReplacer("c1", "c2", `"offer"`, `"all"`, `"e":1000`, `"e":900`, `{"places"`, `{"force":true,"places"`).Replace(placeC1)},
		{removeStep, `{"conv":"c2","ramp":0}`},
		{unheardStep, `{"agent":"b","till":1}`},
		{forgetStep, `{"actors":["visitor:v1"],"gone":0}`},
		{beginStep, `{"node":"n0","ms":5000,"epoch":"other"}`},
		{publishStep, `{"node":"n0","gen":"other/1","amnesty":30000}`},
	}
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		b := newBench(t, client)
		var ops []string
		for i, s := range steps {
			op := newOp()
			ops = append(ops, op)
			first := b.do(s.step, op, s.in)
			if s.step.name == "match" && first["offers"] == nil {
				t.Errorf("%d offers nothing: the steps miss what they are for", i)
			}
			before := b.state()
			if diff := cmp.Diff(first, b.do(s.step, op, s.in)); diff != "" {
				t.Errorf("%d %s answered otherwise the second time:\n%s", i, s.step.name, diff)
			}
			if diff := cmp.Diff(before, b.state()); diff != "" {
				t.Errorf("%d %s changed something the second time:\n%s", i, s.step.name, diff)
			}
		}
		before := b.state()
		for i, s := range steps { // late repeats, after the world has moved on
			b.do(s.step, ops[i], s.in)
		}
		if diff := cmp.Diff(before, b.state()); diff != "" {
			t.Errorf("late repeats changed something:\n%s", diff)
		}
	})
}

func TestChoosingTheAgent(t *testing.T) { // ROUTE-9, ROUTE-2, STATE-1
	type row struct {
		ID     string   `json:"id"`
		Actor  string   `json:"actor"`
		Ready  int      `json:"ready"`
		Queues []string `json:"queues"`
		Media  []string `json:"media"`
		Max    int      `json:"max"`
		Load   int      `json:"load"`
		Slots  int      `json:"slots"`
		Last   int      `json:"last"`
		Ticket int      `json:"ticket"`
	}
	agent := func(id string, f func(*row)) row {
		r := row{ID: id, Actor: "agent:" + id, Ready: 1, Queues: []string{"q1"}, Media: []string{"chat"}, Max: 4, Ticket: 1}
		if f != nil {
			f(&r)
		}
		return r
	}
	tests := []struct {
		name   string
		agents []row
		away   string
		want   any
	}{
		{"the one who is there", []row{agent("a", nil)}, "", "a"},
		{"nobody", nil, "", nil},
		{"not ready", []row{agent("a", func(r *row) { r.Ready = 0 })}, "", nil},
		{"no live lease", []row{agent("a", nil)}, "a", nil},
		{"another queue", []row{agent("a", func(r *row) { r.Queues = []string{"q2"} })}, "", nil},
		{"no queue at all", []row{agent("a", func(r *row) { r.Queues = []string{} })}, "", nil},
		{"another medium", []row{agent("a", func(r *row) { r.Media = []string{"audio"} })}, "", nil},
		{"full by number", []row{agent("a", func(r *row) { r.Max, r.Slots, r.Load = 2, 2, 100 })}, "", nil},
		{"few chats are dear ones", []row{agent("a", func(r *row) { r.Max, r.Slots, r.Load = 2, 1, 51 })}, "", nil},
		{"full by units", []row{agent("a", func(r *row) { r.Slots, r.Load = 1, 80 })}, "", nil},
		{"just fits", []row{agent("a", func(r *row) { r.Slots, r.Load = 3, 75 })}, "", "a"},
		{"least relative load", []row{
			agent("a", func(r *row) { r.Slots, r.Load = 1, 25 }),
			agent("b", func(r *row) { r.Slots, r.Load, r.Last = 0, 0, 999 }),
		}, "", "b"},
		{"relative to the own limit", []row{
			agent("a", func(r *row) { r.Max, r.Slots, r.Load = 2, 1, 25 }),
			agent("b", func(r *row) { r.Max, r.Slots, r.Load = 4, 1, 25 }),
		}, "", "b"},
		{"longest since the last accepted", []row{
			agent("a", func(r *row) { r.Last = 200 }), agent("b", func(r *row) { r.Last = 100 }), agent("c", func(r *row) { r.Last = 300 }),
		}, "", "b"},
	}
	client, stop := Embedded(t.Context())
	defer stop()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, client)
			b.do(enqueueStep, newOp(), placeC1)
			signs := []sign{{Actor: "visitor:v1", Conn: "t"}}
			for _, a := range tt.agents {
				if a.ID != tt.away {
					signs = append(signs, sign{Actor: a.Actor, Conn: "t"})
				}
			}
			b.do(hereStep, newOp(), text(t, map[string]any{"signs": signs, "silent": 20000, "closed": 5000}))
			b.do(agentStep, newOp(), text(t, map[string]any{"agents": append([]row{}, tt.agents...)}))
			var got any
			if offers, ok := b.do(matchStep, newOp(), matchO1)["offers"].([]any); ok {
				got = offers[0].(map[string]any)["agent"]
			}
			if got != tt.want {
				t.Errorf("chose %v, want %v", got, tt.want)
			}
		})
	}
}

func text(t *testing.T, v any) string {
	t.Helper()
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

func TestChoosingTheConversation(t *testing.T) { // ROUTE-1, R5
	now := time.Now().UnixMilli()
	ago := func(s int64) int64 { return now - s*1000 }
	type at struct {
		conv, queue   string
		weight        int
		since, boost  int64
		here, another bool
	}
	tests := []struct {
		name    string
		waiting []at
		want    []string // in the order of being offered
	}{
		{"oldest first", []at{{"c1", "q1", 1, ago(10), 0, true, false}, {"c2", "q1", 1, ago(20), 0, true, false}}, []string{"c2", "c1"}},
		{"weight counts", []at{{"c1", "q1", 1, ago(40), 0, true, false}, {"c2", "q2", 5, ago(10), 0, true, false}}, []string{"c2", "c1"}},
		{"nothing starves", []at{{"c1", "q1", 1, ago(60), 0, true, false}, {"c2", "q2", 5, ago(10), 0, true, false}}, []string{"c1", "c2"}},
		{"boost", []at{{"c1", "q1", 1, ago(60), 0, true, false}, {"c2", "q1", 1, ago(10), 100_000, true, false}}, []string{"c2", "c1"}},
		{"equal: by id", []at{{"c2", "q1", 1, ago(10), 0, true, false}, {"c1", "q1", 1, ago(10), 0, true, false}}, []string{"c1", "c2"}},
		{"away is passed over", []at{{"c1", "q1", 1, ago(60), 0, false, false}, {"c2", "q1", 1, ago(10), 0, true, false}}, []string{"c2"}},
		{"a queue nobody holds", []at{{"c1", "q3", 1, ago(60), 0, true, false}, {"c2", "q1", 1, ago(10), 0, true, false}}, []string{"c2"}},
	}
	client, stop := Embedded(t.Context())
	defer stop()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, client)
			places, signs, weights := []rules.Waiting{}, []sign{}, map[string]any{}
			for _, w := range tt.waiting {
				places = append(places, waitingIn(w.conv, w.queue, w.weight, w.since, w.boost))
				weights[w.queue] = map[string]any{"w": w.weight}
				if w.here {
					signs = append(signs, sign{Actor: "visitor:" + w.conv, Conn: "t"})
				}
			}
			rows := []map[string]any{}
			for _, id := range []string{"a1", "a2", "a3"} {
				rows = append(rows, map[string]any{"id": id, "actor": "agent:" + id, "ready": 1, "queues": []string{"q1", "q2"},
					"media": []string{"chat"}, "max": 1, "load": 0, "slots": 0, "last": 0, "ticket": 1})
				signs = append(signs, sign{Actor: "agent:" + id, Conn: "t"})
			}
			b.do(configureStep, newOp(), text(t, map[string]any{"queues": weights}))
			b.do(enqueueStep, newOp(), text(t, map[string]any{"places": places}))
			b.do(hereStep, newOp(), text(t, map[string]any{"signs": signs, "silent": 20000, "closed": 5000}))
			b.do(agentStep, newOp(), text(t, map[string]any{"agents": rows}))
			var got []string
			offers, _ := b.do(matchStep, newOp(), `{"ids":["o1","o2","o3"],"ring":20000,"backoff":[5000],"epoch":"epoch"}`)["offers"].([]any)
			for _, o := range offers {
				got = append(got, o.(map[string]any)["conv"].(string))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("order of offers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOlderReadingOfAnAgentNeverOverwritesANewer(t *testing.T) { // R1
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		b := newBench(t, client)
		b.do(agentStep, newOp(), strings.Replace(agentA, `"ticket":1`, `"ticket":7`, 1))
		b.do(agentStep, newOp(), strings.NewReplacer(`"ticket":1`, `"ticket":6`, `"load":0`, `"load":75`).Replace(agentA))
		if row := b.state()["agents/a"]; strings.Contains(row, `"load":75`) {
			t.Errorf("older row won: %s", row)
		}
	})
}

func TestScriptsUseOnlyWhatTheEmbeddedRedisHas(t *testing.T) {
	allowed := []string{
		"DEL", "HDEL", "HEXISTS", "HGET", "HGETALL", "HINCRBY", "HKEYS", "HMGET", "HSET", "HVALS", "TIME", "ZADD", "ZCARD",
		"ZLEXCOUNT", "ZMSCORE", "ZRANGE", "ZRANGEBYLEX", "ZRANGEBYSCORE", "ZREM", "ZSCORE",
	}
	files, err := luaFiles.ReadDir("lua")
	if err != nil {
		t.Fatal(err)
	}
	var used []string
	for _, f := range files {
		body, _ := luaFiles.ReadFile("lua/" + f.Name())
		if !strings.Contains(string(body), "KEYS") || !strings.Contains(string(body), "ARGV") {
			t.Errorf("%s has no header that names its KEYS and ARGV", f.Name())
		}
		for _, part := range strings.Split(string(body), "redis.call('")[1:] {
			command, _, _ := strings.Cut(part, "'")
			if !slices.Contains(allowed, command) {
				t.Errorf("%s uses %s", f.Name(), command)
			}
			used = append(used, command)
		}
	}
	sort.Strings(used)
	if len(slices.Compact(used)) < 10 {
		t.Errorf("found only %v", used)
	}
}

func hasPrefix(s, p string) bool { return strings.HasPrefix(s, p) }

func rawJSON(s string) json.RawMessage { return json.RawMessage(s) }

func mustDecode(t interface{ Fatal(...any) }, s string, out any) {
	if err := json.Unmarshal([]byte(s), out); err != nil {
		t.Fatal(err)
	}
}
