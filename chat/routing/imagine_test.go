package routing

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// contents is all that Redis holds.
func contents(ctx context.Context, t *testing.T, client redis.UniversalClient) map[string]any {
	t.Helper()
	all := map[string]any{}
	for _, key := range keysOf(testWorkspace) {
		kind, err := client.Type(ctx, key).Result()
		if err != nil {
			t.Fatal(err)
		}
		switch kind {
		case "hash":
			all[key] = client.HGetAll(ctx, key).Val()
		case "zset":
			all[key] = client.ZRangeWithScores(ctx, key, 0, -1).Val()
		case "none":
		default:
			t.Fatalf("%s is a %s", key, kind)
		}
	}
	return all
}

// A dreamer asks for conversations, each time after a dry run of the same.
type dreamer struct {
	*house
	*rand.Rand
	t *testing.T
	n int
}

func pick[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

// rules are drawn for both queues.
func (d *dreamer) rules() {
	ready := 1
	d.reapply(func(queues []store.Queue) {
		queues[0].Name, queues[1].Name = "one", "two"
		queues[0].Rules = store.QueueRules{
			Mode: pick(d.Rand, "", "", store.ModeRingAll, store.ModePull), Needs: pick(d.Rand, nil, map[string]int{"german": 2}),
			Spare: pick(d.Rand, nil, map[string]int{"chat": 25, "video": 30}), Units: pick(d.Rand, nil, map[string]int{"video": 60}),
			Overflow: pick(d.Rand, nil, []store.OverflowStep{{Queues: []protocol.QueueID{"q2"}, Waiting: 1}},
				[]store.OverflowStep{{AfterMs: 4000, Ready: &ready, Queues: []protocol.QueueID{"q2"}}, {AfterMs: 8000, Relax: map[string]int{"german": 0}}}),
		}
		queues[1].OfferMs = pick(d.Rand, 0, int64(15_000))
	})
	for i := range 1 + d.IntN(5) {
		id := protocol.AgentID(fmt.Sprintf("a%d", i))
		d.agent(id, 1+d.IntN(4), pick(d.Rand, []protocol.QueueID{"q1"}, []protocol.QueueID{"q2"}, []protocol.QueueID{"q1", "q2"})...)
		d.mem.do(func() {
			a := d.mem.agents[id]
			a.Name, a.Skills = "Agent "+string(id), pick(d.Rand, nil, map[string]int{"german": 1}, map[string]int{"german": 3})
			a.Profile.Media = pick(d.Rand, []string{"chat"}, []string{"chat", "video"}, []string{"chat", "audio", "video"})
			a.Rules.OfferMs = pick(d.Rand, 0, int64(30_000))
			if d.IntN(5) == 0 {
				a.Declared = protocol.DeclaredNotReady
			}
		})
		d.changed(id)
		if d.IntN(6) == 0 {
			d.silent(agentCaller(id))
		}
	}
	pass(25 * time.Second) // who is silent is away, and all know the rules
}

// dream does a dry run, sees that it changed nothing, and asks for the same.
func (d *dreamer) dream() {
	t, id := d.t, protocol.ConversationID(fmt.Sprintf("c%d", d.n))
	d.n++
	q, medium := d.mem.queues[d.IntN(2)], pick(d.Rand, store.MediumChat, store.MediumChat, store.MediumVideo)
	sticky := pick(d.Rand, "", "", protocol.AgentID(fmt.Sprintf("a%d", d.IntN(6))))
	c := d.record(id, q)
	d.mem.do(func() {
		row := d.mem.conversations[id]
		row.Medium, row.Sticky, row.State = medium, sticky, protocol.StateClosed // nobody has asked yet
	})
	d.here(visitorCaller(id))
	synctest.Wait()
	before, made := contents(d.ctx, t, d.redis), len(d.mem.opened)
	foretold, err := d.nodes[0].imagine(d.ctx, Imagined{Queue: q, Medium: medium, Agent: sticky}, id)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	if diff := cmp.Diff(before, contents(d.ctx, t, d.redis)); diff != "" || len(d.mem.opened) != made {
		t.Fatalf("a dry run changed (-before +after):\n%s", diff)
	}
	d.mem.do(func() {
		d.mem.conversations[id].State = protocol.StateQueued
		c = *d.mem.conversations[id]
		d.mem.decisions = nil
	})
	if err := d.nodes[0].Enqueue(d.ctx, c, q); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	d.compare(id, foretold)
}

func (d *dreamer) compare(id protocol.ConversationID, foretold protocol.Decision) {
	t, offer := d.t, d.offer(id)
	if foretold.What != "offered" {
		if offer.ID != "" {
			t.Fatalf("%s rings at %s; foretold was %+v", id, offer.Agent, foretold)
		}
		return
	}
	var kept protocol.Decision
	d.mem.do(func() {
		for _, it := range d.mem.decisions {
			if it.Conversation == id && it.Body.What == "offered" {
				kept = it.Body
			}
		}
	})
	foretold.Conversation = id
	if diff := cmp.Diff(kept, foretold); diff != "" {
		t.Fatalf("%s rings at %s (-decided +foretold):\n%s", id, offer.Agent, diff)
	}
}

// answer accepts an offer, rejects it, or lets it ring.
func (d *dreamer) answer(o store.Offer) {
	switch d.IntN(4) {
	case 0, 1:
		d.accept(o)
	case 2:
		d.reject(o)
	}
}

func TestADryRunForetellsWhatIsDecided(t *testing.T) { // ROUTE-12
	what := map[string]int{}
	for seed := range uint64(14) {
		ok := t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			simulate(t, 1, Timers{RampUp: -1}, func(t *testing.T, h *house) {
				d := &dreamer{house: h, Rand: rand.New(rand.NewPCG(seed, 1)), t: t}
				d.rules()
				for range 12 {
					d.dream()
					for _, o := range h.ringing() {
						if o.Kind == protocol.OfferAlone || d.IntN(2) == 0 {
							what["offers"]++
						}
						d.answer(o)
					}
					pass(time.Duration(d.IntN(6)) * time.Second)
				}
				what["agents"] += len(h.mem.agents)
			})
		})
		if !ok {
			return
		}
	}
	if what["offers"] < 40 {
		t.Errorf("only %d offers were foretold: the test says little", what["offers"])
	}
}

func TestADryRunLetsThoseBeforeGoFirst(t *testing.T) { // ROUTE-12, R5
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		b := newBench(t, client)
		q := store.Queue{ID: "q1", Workspace: testWorkspace, Weight: 1, Name: "one"}
		queues := map[protocol.QueueID]store.Queue{"q1": q}
		b.staff(agentSpec{"id": "a", "load": 0}, agentSpec{"id": "b", "load": 25}, agentSpec{"id": "c", "load": 100}, agentSpec{"id": "d", "away": true})
		b.wait(q, queues, store.Conversation{ID: "first", Queue: "q1", Asked: 1000})
		before := contents(t.Context(), t, client)
		got, err := b.r.Imagine(t.Context(), Imagined{Queue: q})
		if err != nil {
			t.Fatal(err)
		}
		reasons := map[protocol.AgentID]protocol.Reason{}
		for _, s := range got.Skipped {
			reasons[s.Agent] = s.Reason
		}
		want := map[protocol.AgentID]protocol.Reason{"a": protocol.ReasonRinging, "c": protocol.ReasonFull, "d": protocol.ReasonAway}
		if diff := cmp.Diff(want, reasons); diff != "" || got.Chosen != "b" || got.Position != 2 || got.What != "offered" || got.Rule != "only" {
			t.Errorf("foretold %+v (-want +got):\n%s", got, diff)
		}
		b.wait(q, queues, store.Conversation{ID: "second", Queue: "q1", Asked: 2000})
		if got, err = b.r.Imagine(t.Context(), Imagined{Queue: q}); err != nil || got.What != "nobody" || got.Chosen != "" || got.Next != "rings_until" || got.Position != 3 {
			t.Errorf("with two before: %+v, %v", got, err)
		}
		if got, err = b.r.Imagine(t.Context(), Imagined{Queue: q, Waited: time.Now().UnixMilli()}); err != nil || got.Chosen != "a" || got.Position != 1 {
			t.Errorf("waiting since ever: %+v, %v", got, err)
		}
		if got, err = b.r.Imagine(t.Context(), Imagined{Queue: q, Medium: store.MediumVideo}); err != nil || got.What != "nobody" || len(got.Skipped) != 4 || got.Skipped[0].Reason != protocol.ReasonMedium {
			t.Errorf("of video: %+v, %v", got, err)
		}
		b.do(removeStep, newOp(), `{"conv":"second","ramp":0}`)
		after := contents(t.Context(), t, client)
		for _, key := range b.r.keys {
			for _, same := range []string{":agents", ":ring", ":ramp", ":order", ":line", ":waiting"} {
				if len(key) > len(same) && key[len(key)-len(same):] == same && !cmp.Equal(before[key], after[key]) {
					t.Errorf("%s changed: %s", key, cmp.Diff(before[key], after[key]))
				}
			}
		}
	})
}
