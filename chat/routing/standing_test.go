package routing

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// standing is what Redis has of agent a: ready, load, slots, version.
func (b *bench) standing() string {
	b.t.Helper()
	var row struct{ Ready, Load, Slots, Ver int }
	mustDecode(b.t, b.state()["agents/a"], &row)
	return fmt.Sprintf("ready %d load %d slots %d version %d", row.Ready, row.Load, row.Slots, row.Ver)
}

func TestWhatAnAgentCarriesGoesByTheLaterCommit(t *testing.T) { // R1, ROUTE-5
	row := func(ready, load, ticket, version int) string {
		return text(t, map[string]any{"agents": []agentSpec{{
			"id": "a", "actor": "agent:a", "ready": ready, "queues": []string{"q1"}, "media": []string{"chat"}, "max": 4, "load": load, "slots": load / 25,
			"last": 0, "ticket": ticket, "ver": version,
		}}})
	}
	accepted := `{"offer":"o1","outcome":"accepted","ramp":0,"exclude":0,"rest":0,"backoff":[5000],"stand":{"ver":6,"load":25,"slots":1,"last":7}}`
	type did struct {
		step step
		in   string
	}
	tests := []struct {
		name  string
		steps []did
		want  string
	}{
		{"the acceptance tells it", []did{{settleStep, accepted}}, "ready 1 load 25 slots 1 version 6"},
		{"a row read before comes after it", []did{{settleStep, accepted}, {agentStep, row(0, 0, 2, 5)}}, "ready 0 load 25 slots 1 version 6"},
		{"a row read after comes before it", []did{{agentStep, row(1, 50, 2, 7)}, {settleStep, accepted}}, "ready 1 load 50 slots 2 version 7"},
		{"a row read after comes after it", []did{{settleStep, accepted}, {agentStep, row(1, 0, 2, 7)}}, "ready 1 load 0 slots 0 version 7"},
		{"an older ticket says nothing", []did{{settleStep, accepted}, {agentStep, row(0, 50, 0, 7)}}, "ready 1 load 25 slots 1 version 6"},
	}
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				b := newBench(t, client)
				b.signs(sign{Actor: "agent:a", Conn: "t"})
				b.do(agentStep, newOp(), row(1, 0, 1, 5))
				b.wait(store.Queue{ID: "q1", Weight: 1}, nil, store.Conversation{ID: "c1", Asked: ago(5)})
				b.do(matchStep, newOp(), matchO1)
				for _, d := range tt.steps {
					b.do(d.step, newOp(), d.in)
				}
				if diff := cmp.Diff(tt.want, b.standing()); diff != "" {
					t.Errorf("(-want +got): %s", diff)
				}
			})
		}
	})
}

// A counting record counts how often an agent's row is read.
type counting struct {
	Record
	read atomic.Int64
}

func (c *counting) Agent(ctx context.Context, ws protocol.WorkspaceID, id protocol.AgentID) (store.Agent, error) {
	c.read.Add(1)
	return c.Record.Agent(ctx, ws, id)
}

func TestAnAcceptanceNeedsNoSecondReading(t *testing.T) { // ROUTE-8
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		for _, told := range []bool{true, false} {
			b := newBench(t, client)
			b.staff(agentSpec{"id": "a"})
			b.wait(store.Queue{ID: "q1", Weight: 1}, nil, store.Conversation{ID: "c1", Asked: ago(5)})
			_, made := b.match(1)
			record := &counting{Record: b.r.record}
			b.r.record = record
			h := record.Record.(*memory)
			h.do(func() {
				h.agents["a"] = &store.Agent{ID: "a", MaxChats: 4, Declared: protocol.DeclaredReady, Profile: store.Profile{Queues: []protocol.QueueID{"q1"}, Media: []string{"chat"}}}
			})
			o := store.Offer{ID: made[0].Offer, Workspace: testWorkspace, Conversation: "c1", Queue: "q1", Agent: "a", Kind: protocol.OfferAlone, Outcome: store.OutcomeAccepted}
			if told {
				o.Standing = store.Standing{Version: 9, Load: 25, Slots: 1}
			}
			if err := b.r.Settled(t.Context(), o, store.OutcomeAccepted); err != nil {
				t.Fatal(err)
			}
			if n := record.read.Load(); (n == 0) != told {
				t.Errorf("where the standing is told (%v) the row was read %d times", told, n)
			}
		}
	})
}
