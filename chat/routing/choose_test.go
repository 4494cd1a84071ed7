package routing

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// An agentSpec is an agent's row with what a test says of it; the rest is as usual.
type agentSpec map[string]any

// staff writes agents who are ready, connected and serve q1.
func (b *bench) staff(specs ...agentSpec) {
	b.t.Helper()
	rows, signs := []agentSpec{}, []sign{}
	for _, s := range specs {
		row := agentSpec{
			"ready": 1, "queues": []string{"q1"}, "media": []string{"chat"}, "max": 4, "load": 0, "slots": 0, "last": 0, "ticket": 1,
			"actor": "agent:" + s["id"].(string),
		}
		maps.Copy(row, s)
		rows = append(rows, row)
		if row["away"] == nil {
			signs = append(signs, sign{Actor: row["actor"].(string), Conn: "t"})
		}
	}
	b.signs(signs...)
	b.do(agentStep, newOp(), text(b.t, map[string]any{"agents": rows}))
}

func (b *bench) signs(signs ...sign) {
	b.t.Helper()
	b.do(hereStep, newOp(), text(b.t, map[string]any{"signs": signs, "silent": 20000, "closed": 5000}))
}

// wait lets conversations wait in a queue with their visitors there.
func (b *bench) wait(q store.Queue, queues map[protocol.QueueID]store.Queue, all ...store.Conversation) {
	b.t.Helper()
	places, signs := []rules.Waiting{}, []sign{}
	for _, c := range all {
		if c.Visitor == "" {
			c.Visitor = protocol.VisitorID(c.ID)
		}
		places = append(places, rules.Place(c, q, queues))
		signs = append(signs, sign{Actor: visitorActor(c.Visitor), Conn: "t"})
	}
	b.signs(signs...)
	b.do(enqueueStep, newOp(), text(b.t, map[string]any{"places": places}))
}

// match runs the script and gives "conversation>agent" of each offer.
func (b *bench) match(n int) (list []string, made []proposal) {
	b.t.Helper()
	ids := make([]string, n)
	for i := range ids {
		ids[i] = newOp()
	}
	var out matched
	in := text(b.t, map[string]any{"ids": ids, "ring": 20000, "backoff": []int{5000}, "epoch": "epoch"})
	if err := b.r.run(b.t.Context(), matchStep, newOp(), rawJSON(in), &out); err != nil {
		b.t.Fatal(err)
	}
	for _, p := range out.Offers {
		list = append(list, fmt.Sprintf("%s>%s", p.Conv, p.Agent))
	}
	return list, out.Offers
}

func ago(s int64) int64 { return time.Now().UnixMilli() - s*1000 }

func TestWhoCanTakeAClass(t *testing.T) { // ROUTE-2, ROUTE-9
	german := store.QueueRules{Needs: map[string]int{"german": 3}}
	media := []string{"chat", "audio", "video"}
	tests := []struct {
		name   string
		rules  store.QueueRules
		medium string
		agents []agentSpec
		want   []string
	}{
		{"without the skill", german, "", []agentSpec{{"id": "a"}, {"id": "b", "skills": map[string]int{"german": 2}}}, nil},
		{"with the skill", german, "", []agentSpec{{"id": "a"}, {"id": "b", "skills": map[string]int{"german": 3}}}, []string{"c1>b"}},
		{"the more skilled before the less busy", german, "", []agentSpec{
			{"id": "a", "skills": map[string]int{"german": 3}}, {"id": "b", "skills": map[string]int{"german": 4}, "load": 50},
		}, []string{"c1>b"}},
		{"who can do less before the less busy", store.QueueRules{}, "", []agentSpec{
			{"id": "a", "media": media}, {"id": "b", "load": 50},
		}, []string{"c1>b"}},
		{"a call wants who can speak", store.QueueRules{}, "audio", []agentSpec{{"id": "a"}, {"id": "b", "media": media}}, []string{"c1>b"}},
		{"a call costs 50", store.QueueRules{}, "audio", []agentSpec{{"id": "b", "media": media, "load": 51}}, nil},
		{"a video costs all", store.QueueRules{}, "video", []agentSpec{{"id": "b", "media": media, "load": 1}}, nil},
		{"unless the queue says less", store.QueueRules{Units: map[string]int{"video": 50}}, "video",
			[]agentSpec{{"id": "b", "media": media, "load": 50}}, []string{"c1>b"}},
		{"but one video is the limit", store.QueueRules{Units: map[string]int{"video": 50}}, "video",
			[]agentSpec{{"id": "b", "media": media, "load": 50, "videos": 1, "maxvideo": 1}}, nil},
		{"spare units must be free", store.QueueRules{Spare: map[string]int{"chat": 50}}, "", []agentSpec{{"id": "b", "load": 50}}, nil},
		{"and are not taken", store.QueueRules{Spare: map[string]int{"chat": 50}}, "", []agentSpec{{"id": "b", "load": 25}}, []string{"c1>b"}},
		{"of three chats each costs 33", store.QueueRules{}, "", []agentSpec{{"id": "b", "max": 3, "load": 68}}, nil},
		{"and three fit", store.QueueRules{}, "", []agentSpec{{"id": "b", "max": 3, "load": 66}}, []string{"c1>b"}},
	}
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				b := newBench(t, client)
				b.staff(tt.agents...)
				b.wait(store.Queue{ID: "q1", Weight: 1, Rules: tt.rules}, nil, store.Conversation{ID: "c1", Asked: ago(1), Medium: tt.medium})
				got, _ := b.match(4)
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("offers (-want +got):\n%s", diff)
				}
			})
		}
	})
}
