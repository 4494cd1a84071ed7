package rules_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

const (
	start = int64(10_000_000_000)
	after = 100 // the rules below are of the first 100 ms
)

var queueIDs = []protocol.QueueID{"q1", "q2", "q3"}

func drawNeeds(t *rapid.T, label string) map[string]int {
	return rapid.MapOfN(rapid.SampledFrom([]string{"german", "repairs"}), rapid.IntRange(0, 3), 0, 2).Draw(t, label)
}

func drawQueues(t *rapid.T) map[protocol.QueueID]store.Queue {
	all := map[protocol.QueueID]store.Queue{}
	for _, id := range queueIDs {
		q := store.Queue{ID: id, Weight: rapid.IntRange(1, 10).Draw(t, "weight")}
		q.Rules.Needs = drawNeeds(t, "needs")
		q.Rules.Mode = rapid.SampledFrom([]string{"", "", store.ModeRingAll, store.ModePull}).Draw(t, "mode")
		q.Rules.PullMaxMs, q.Rules.StickyMs = 50, 30
		q.Rules.MaxWaitMs = rapid.SampledFrom([]int64{0, 70}).Draw(t, "max wait")
		for range rapid.IntRange(0, 3).Draw(t, "steps") {
			o := store.OverflowStep{AfterMs: rapid.Int64Range(0, after).Draw(t, "after"), Message: rapid.Bool().Draw(t, "message")}
			o.Queues = rapid.SliceOfN(rapid.SampledFrom(queueIDs), 0, 2).Draw(t, "added")
			o.Relax = drawNeeds(t, "relax")
			o.Waiting = rapid.SampledFrom([]int{0, 0, 5}).Draw(t, "waiting")
			q.Rules.Overflow = append(q.Rules.Overflow, o)
		}
		all[id] = q
	}
	return all
}

func drawPlace(t *rapid.T, id int, queues map[protocol.QueueID]store.Queue) rules.Waiting {
	q := queues[rapid.SampledFrom(queueIDs).Draw(t, "queue")]
	w := rules.Place(store.Conversation{
		ID: protocol.ConversationID(fmt.Sprintf("c%02d", id)), Asked: start + rapid.Int64Range(0, 5).Draw(t, "asked"),
		Boost:  rapid.SampledFrom([]int64{0, 0, 3}).Draw(t, "boost"),
		Medium: rapid.SampledFrom([]string{"chat", "chat", "video"}).Draw(t, "medium"),
		Sticky: rapid.SampledFrom([]protocol.AgentID{"", "", "a1"}).Draw(t, "sticky"),
	}, q, queues)
	if rapid.IntRange(0, 3).Draw(t, "asked before") == 0 {
		w.Asked = map[protocol.AgentID]int64{"a2": start + rapid.Int64Range(0, 2*after).Draw(t, "till")}
	}
	return w
}

func drawAgent(t *rapid.T, id int) rules.Agent {
	return rules.Agent{
		ID: protocol.AgentID(fmt.Sprintf("a%d", id)), Ready: rapid.IntRange(0, 4).Draw(t, "ready") > 0, Live: rapid.IntRange(0, 4).Draw(t, "live") > 0,
		Queues: rapid.SliceOfN(rapid.SampledFrom(queueIDs), 0, 3).Draw(t, "queues"),
		Media:  rapid.SampledFrom([][]string{{"chat"}, {"chat", "video"}, {"video"}}).Draw(t, "media"),
		Skills: drawNeeds(t, "skills"), MaxChats: rapid.IntRange(1, 10).Draw(t, "max"),
		Load: rapid.SampledFrom([]int{0, 25, 75, 100}).Draw(t, "load"), Last: rapid.Int64Range(0, 2).Draw(t, "last"),
	}
}

func drawWorld(t *rapid.T) (w rules.World) {
	queues := drawQueues(t)
	w.Now, w.Weights = start+rapid.Int64Range(0, after).Draw(t, "now"), map[protocol.QueueID]int64{}
	for id, q := range queues {
		w.Weights[id] = int64(q.Weight)
	}
	for i := range rapid.IntRange(0, 8).Draw(t, "places") {
		p, _ := rules.Ripen(drawPlace(t, i, queues), w.Now, rules.Standing{Waiting: 6})
		w.Places = append(w.Places, p)
	}
	for i := range rapid.IntRange(0, 5).Draw(t, "agents") {
		w.Agents = append(w.Agents, drawAgent(t, i))
	}
	return w
}

// stripped is what may be compared of a choice.
func stripped(c rules.Choice) (all []string) {
	all = []string{c.Place.ID, c.Class.ID, c.Rule}
	for _, list := range [][]rules.Candidate{c.Order, c.Asked} {
		for _, a := range list {
			all = append(all, string(a.Agent.ID)+" "+a.Class.ID)
		}
	}
	return all
}

func TestChoosingDoesNotDependOnTheOrderOfLists(t *testing.T) { // ROUTE-9
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		one, ok := rules.Choose(w)
		w.Places, w.Agents = rapid.Permutation(w.Places).Draw(t, "places"), rapid.Permutation(w.Agents).Draw(t, "agents")
		two, again := rules.Choose(w)
		if diff := cmp.Diff(stripped(one), stripped(two)); diff != "" || ok != again {
			t.Fatalf("the other way round:\n%s", diff)
		}
	})
}

// takers are the agents whom a place could be offered to, by the filters alone.
func takers(w rules.World, p rules.Waiting) (list []rules.Agent) {
	for _, a := range w.Agents {
		if p.Pull == 0 && !p.Excluded(a.ID, w.Now) && slices.ContainsFunc(p.Lines(), func(c rules.Class) bool { return rules.Fit(a, c) == "" }) {
			list = append(list, a)
		}
	}
	return list
}

func TestAsLongAsSomebodyFitsSomethingIsOffered(t *testing.T) { // R1, R4, R5
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		for range 200 {
			choice, ok := rules.Choose(w)
			for _, p := range w.Places {
				if len(takers(w, p)) > 0 && !ok {
					t.Fatalf("%s waits, and %d agents could take it", p.ID, len(takers(w, p)))
				}
				sooner := p.ID != choice.Place.ID && p.Queue == choice.Place.Queue && p.Effective < choice.Place.Effective
				if ok && sooner && sameLines(p, choice.Place) && len(takers(w, p)) > 0 {
					t.Fatalf("%s was overtaken by %s", p.ID, choice.Place.ID)
				}
			}
			if !ok {
				return
			}
			for _, c := range choice.Asked {
				if reason := rules.Fit(c.Agent, c.Class); reason != "" || choice.Place.Excluded(c.Agent.ID, w.Now) {
					t.Fatalf("%s is asked for %s: %s", c.Agent.ID, choice.Place.ID, reason)
				}
			}
			take(t, w.Agents, choice.Asked[0])
			w.Places = slices.DeleteFunc(w.Places, func(p rules.Waiting) bool { return p.ID == choice.Place.ID })
		}
		t.Fatal("there is no end to it")
	})
}

func sameLines(a, b rules.Waiting) bool { return cmp.Equal(ids(a.Lines()), ids(b.Lines())) }

func take(t *rapid.T, agents []rules.Agent, c rules.Candidate) {
	for i := range agents {
		if a := &agents[i]; a.ID == c.Agent.ID {
			a.Load += c.Class.For(a.MaxChats)
			if c.Class.Medium == "video" {
				a.Videos++
			}
			if a.Load > 100 || a.Load != c.Load || a.Videos > 1 {
				t.Fatalf("R1: %s carries %d units and %d videos", a.ID, a.Load, a.Videos)
			}
		}
	}
}

func TestRipeningLateIsRipeningInTime(t *testing.T) { // ROUTE-6: what a sweep missed is made up for
	rapid.Check(t, func(t *rapid.T) {
		queues := drawQueues(t)
		w := drawPlace(t, 1, queues)
		full := rules.Standing{Waiting: 6}
		end := start + rapid.Int64Range(0, after+10).Draw(t, "end")
		late, _ := rules.Ripen(w, end, full)
		inTime := w
		for _, at := range slices.Sorted(slices.Values(rapid.SliceOfN(rapid.Int64Range(start, end), 0, 5).Draw(t, "at"))) {
			inTime, _ = rules.Ripen(inTime, at, full)
		}
		inTime, _ = rules.Ripen(inTime, end, full)
		if diff := cmp.Diff(late, inTime); diff != "" {
			t.Fatalf("(-late +in time):\n%s", diff)
		}
		again, message := rules.Ripen(late, end, full)
		if diff := cmp.Diff(late, again); diff != "" || message {
			t.Fatalf("the second time:\n%s", diff)
		}
		if got, _ := rules.Ripen(w, end, full); !cmp.Equal(got, late) {
			t.Fatal("what it was given was changed")
		}
		repeated := w // after a rebuild the steps that were carried out are carried out again
		repeated.Classes, repeated.Effective, repeated.Pull, repeated.Sticky = late.Classes, late.Effective, late.Pull, late.Sticky
		if got, _ := rules.Ripen(repeated, end, full); !cmp.Equal(ids(got.Lines()), ids(late.Lines())) || got.Effective != late.Effective {
			t.Fatalf("carried out twice: %v, once: %v", ids(got.Lines()), ids(late.Lines()))
		}
	})
}

func TestNeedsNeverRise(t *testing.T) { // ROUTE-6: whatever conditions hold, and in whatever order steps come to be carried out
	rapid.Check(t, func(t *rapid.T) {
		w := drawPlace(t, 1, drawQueues(t))
		for at := start; at < start+5*rules.Again; at += rapid.Int64Range(1, rules.Again).Draw(t, "pass") {
			was := w
			w, _ = rules.Ripen(w, at, rules.Standing{Waiting: rapid.IntRange(5, 6).Draw(t, "waiting")})
			for _, c := range w.Classes {
				of := func(list []rules.Class) int {
					return slices.IndexFunc(list, func(x rules.Class) bool { return x.Queue == c.Queue })
				}
				for skill, level := range c.Needs {
					if i := of(was.Classes); i >= 0 && was.Classes[i].Needs[skill] < level {
						t.Fatalf("%s rose to %d in %s", skill, level, c.Queue)
					}
					if own := w.Classes[0]; of(w.Classes) > 0 && own.Needs[skill] < level && own.Queue != c.Queue {
						t.Fatalf("%s is needed more in %s than in the own queue", skill, c.Queue)
					}
				}
			}
			if len(was.Classes) > len(w.Classes) {
				t.Fatalf("from %v to %v", ids(was.Classes), ids(w.Classes))
			}
		}
	})
}
