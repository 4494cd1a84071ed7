package routing

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestStepsOfAPlace(t *testing.T) { // ROUTE-1, ROUTE-6, ROUTE-9
	one, two := 1, 2
	add := func(o store.OverflowStep) store.QueueRules {
		o.Queues = append(o.Queues, "q2")
		return store.QueueRules{Overflow: []store.OverflowStep{o}}
	}
	other := []agentSpec{{"id": "b", "queues": []string{"q2"}}}
	tests := []struct {
		name   string
		rules  store.QueueRules
		agents []agentSpec
		waits  int64 // s
		want   []string
	}{
		{"before its time overflow adds nobody", add(store.OverflowStep{AfterMs: 60_000}), other, 50, nil},
		{"then another queue's agents are asked", add(store.OverflowStep{AfterMs: 60_000}), other, 61, []string{"c1>b"}},
		{"nobody ready of the own ones", add(store.OverflowStep{AfterMs: 1, Ready: &one}), other, 1, []string{"c1>b"}},
		{"one is ready, though busy", add(store.OverflowStep{AfterMs: 1, Ready: &one}),
			append([]agentSpec{{"id": "a", "load": 100}}, other...), 1, nil},
		{"fewer than two", add(store.OverflowStep{AfterMs: 1, Ready: &two}), append([]agentSpec{{"id": "a", "load": 100}}, other...), 1, []string{"c1>b"}},
		{"not more than one waits", add(store.OverflowStep{Waiting: 1}), other, 1, nil},
		{"an estimate that is not known is not long", add(store.OverflowStep{EstimateMs: 1}), other, 1, nil},
		{"needs are lowered", store.QueueRules{Needs: map[string]int{"german": 3}, Overflow: []store.OverflowStep{
			{AfterMs: 1000, Relax: map[string]int{"german": 1}}}},
			[]agentSpec{{"id": "a"}, {"id": "b", "skills": map[string]int{"german": 1}}}, 2, []string{"c1>b"}},
		{"to nothing", store.QueueRules{Needs: map[string]int{"german": 3}, Overflow: []store.OverflowStep{
			{AfterMs: 1000, Relax: map[string]int{"german": 0}}}}, []agentSpec{{"id": "a"}}, 2, []string{"c1>a"}},
		{"what is pulled is not offered", store.QueueRules{Mode: store.ModePull}, []agentSpec{{"id": "a"}}, 200, nil},
		{"until it was not picked for long", store.QueueRules{Mode: store.ModePull}, []agentSpec{{"id": "a"}}, 301, []string{"c1>a"}},
	}
	queues := map[protocol.QueueID]store.Queue{"q2": {ID: "q2", Weight: 1}}
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				b := newBench(t, client)
				b.staff(tt.agents...)
				b.wait(store.Queue{ID: "q1", Weight: 1, Rules: tt.rules}, queues, store.Conversation{ID: "c1", Asked: ago(tt.waits)})
				got, _ := b.match(4)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("offers (-want +got):\n%s", diff)
				}
				if out := b.do(lineStep, "", `{"conv":"c1"}`); out["position"] != float64(1) {
					t.Errorf("position %v, want 1: steps keep the place", out["position"])
				}
			})
		}
	})
}

func TestConditionsAreLookedAtAgain(t *testing.T) { // ROUTE-6
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		b := newBench(t, client)
		b.staff(agentSpec{"id": "b", "queues": []string{"q2"}})
		q := store.Queue{ID: "q1", Weight: 1, Rules: store.QueueRules{Overflow: []store.OverflowStep{{Waiting: 1, Queues: []protocol.QueueID{"q2"}}}}}
		queues := map[protocol.QueueID]store.Queue{"q2": {ID: "q2", Weight: 1}}
		b.wait(q, queues, store.Conversation{ID: "c1", Asked: ago(5)})
		if got, _ := b.match(1); got != nil {
			t.Fatalf("offered %v", got)
		}
		var at int64
		if _, err := fmt.Sscan(b.state()["timers/c1"], &at); err != nil || at < ago(0)+4000 || at > ago(0)+5000 {
			t.Fatalf("looked at again at %d (%v), want in 5 s", at-ago(0), err)
		}
		b.wait(q, queues, store.Conversation{ID: "c2", Asked: ago(1)})
		if got, _ := b.match(1); len(got) != 1 || got[0] != "c2>b" { // c2 is looked at now, c1 in 5 s
			t.Errorf("offered %v, want c2 to b", got)
		}
	})
}

func TestWhoWaitedTooLongIsFirst(t *testing.T) { // ROUTE-1: max_wait
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		b := newBench(t, client)
		b.do(configureStep, newOp(), `{"queues":{"q1":{"w":1},"q2":{"w":10}}}`)
		b.wait(store.Queue{ID: "q2", Weight: 10}, nil, store.Conversation{ID: "dear", Asked: ago(100)})
		b.wait(store.Queue{ID: "q1", Weight: 1}, nil, store.Conversation{ID: "before", Asked: ago(62)})
		q := store.Queue{ID: "q1", Weight: 1, Rules: store.QueueRules{MaxWaitMs: 60_000}}
		b.wait(q, nil, store.Conversation{ID: "long", Asked: ago(61)})
		b.staff(agentSpec{"id": "a", "queues": []string{"q1", "q2"}})
		got, _ := b.match(1)
		if diff := cmp.Diff([]string{"long>a"}, got); diff != "" {
			t.Errorf("offers (-want +got):\n%s", diff)
		}
		if out := b.do(lineStep, "", `{"conv":"long"}`); out["position"] != float64(1) {
			t.Errorf("position %v, want 1", out["position"])
		}
		if out := b.do(lineStep, "", `{"conv":"before"}`); out["position"] != float64(2) {
			t.Errorf("position of the other %v, want 2", out["position"])
		}
		before := b.state()
		b.do(removeStep, newOp(), `{"conv":"long","ramp":0}`)
		for k := range b.state() {
			if strings.Contains(k, "long") && !strings.Contains(k, "visitor:long") {
				t.Errorf("%s is left of %v", k, before[k])
			}
		}
	})
}

func TestTheLastAgentIsAskedFirst(t *testing.T) { // ROUTE-9: sticky
	q := store.Queue{ID: "q1", Weight: 1}
	tests := []struct {
		name   string
		anna   agentSpec
		waits  int64
		reject bool
		want   []string
	}{
		{"free", agentSpec{"load": 75}, 1, false, []string{"c1>anna"}},
		{"full: it waits for her", agentSpec{"load": 100}, 1, false, nil},
		{"full: for 30 s", agentSpec{"load": 100}, 31, false, []string{"c1>ben"}},
		{"not ready", agentSpec{"ready": 0}, 1, false, []string{"c1>ben"}},
		{"not there", agentSpec{"away": true}, 1, false, []string{"c1>ben"}},
		{"she rejects", agentSpec{"load": 75}, 1, true, []string{"c1>ben"}},
	}
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				b := newBench(t, client)
				tt.anna["id"] = "anna"
				b.staff(tt.anna, agentSpec{"id": "ben"})
				b.wait(q, nil, store.Conversation{ID: "c1", Asked: ago(tt.waits), Sticky: "anna"})
				got, made := b.match(4)
				if tt.reject {
					b.do(settleStep, newOp(), fmt.Sprintf(`{"offer":%q,"outcome":"rejected","ramp":5000,"exclude":120000,"rest":0,"backoff":[5000]}`, made[0].Offer))
					got, _ = b.match(4)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("offers (-want +got):\n%s", diff)
				}
			})
		}
	})
}

func TestAStickyWaitEndsWithItsAgent(t *testing.T) { // ROUTE-9, R4
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		b := newBench(t, client)
		b.staff(agentSpec{"id": "anna", "load": 100}, agentSpec{"id": "ben"})
		b.wait(store.Queue{ID: "q1", Weight: 1}, nil, store.Conversation{ID: "c1", Asked: ago(1), Sticky: "anna"})
		if got, _ := b.match(1); got != nil {
			t.Fatalf("offered %v", got)
		}
		b.staff(agentSpec{"id": "anna", "load": 100, "ready": 0, "ticket": 2})
		b.match(1)
		if got, _ := b.match(1); len(got) != 1 || got[0] != "c1>ben" {
			t.Errorf("offered %v, want c1 to ben", got)
		}
	})
}
