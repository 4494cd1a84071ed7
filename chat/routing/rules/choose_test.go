package rules_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// ready is an agent who can take chats of sales.
func ready(id protocol.AgentID, change func(*rules.Agent)) rules.Agent {
	a := rules.Agent{ID: id, Ready: true, Live: true, Queues: []protocol.QueueID{"sales"}, Media: []string{"chat"}, MaxChats: 4}
	if change != nil {
		change(&a)
	}
	return a
}

func TestWhyAnAgentCannotBeAsked(t *testing.T) { // ROUTE-2, ROUTE-7, ROUTE-9, ROUTE-12, STATE-1
	chat := rules.QueueClass("sales", "chat", 25, 0, nil)
	skilled := rules.QueueClass("sales", "chat", 25, 0, map[string]int{"german": 3, "repairs": 1})
	video := rules.QueueClass("sales", "video", 40, 0, nil)
	spare := rules.QueueClass("sales", "chat", 25, 50, nil)
	visual := func(a *rules.Agent) { a.Media = []string{"chat", "video"} }
	tests := []struct {
		name  string
		class rules.Class
		agent rules.Agent
		want  protocol.Reason
	}{
		{"free", chat, ready("a", nil), ""},
		{"not ready", chat, ready("a", func(a *rules.Agent) { a.Ready = false }), protocol.ReasonNotReady},
		{"no desk", chat, ready("a", func(a *rules.Agent) { a.Live = false }), protocol.ReasonAway},
		{"another queue", chat, ready("a", func(a *rules.Agent) { a.Queues = []protocol.QueueID{"support"} }), protocol.ReasonQueue},
		{"another medium", chat, ready("a", func(a *rules.Agent) { a.Media = []string{"video"} }), protocol.ReasonMedium},
		{"one skill of two", skilled, ready("a", func(a *rules.Agent) { a.Skills = map[string]int{"german": 9} }), protocol.ReasonSkill},
		{"too low a level", skilled, ready("a", func(a *rules.Agent) { a.Skills = map[string]int{"german": 2, "repairs": 1} }), protocol.ReasonSkill},
		{"just the level", skilled, ready("a", func(a *rules.Agent) { a.Skills = map[string]int{"german": 3, "repairs": 1} }), ""},
		{"just fits", chat, ready("a", func(a *rules.Agent) { a.Load = 75 }), ""},
		{"full", chat, ready("a", func(a *rules.Agent) { a.Load = 76 }), protocol.ReasonFull},
		{"a chat more for who may have ten", chat, ready("a", func(a *rules.Agent) { a.Load, a.MaxChats = 90, 10 }), ""},
		{"full for who may have one", chat, ready("a", func(a *rules.Agent) { a.Load, a.MaxChats = 1, 1 }), protocol.ReasonFull},
		{"enough is spare", spare, ready("a", func(a *rules.Agent) { a.Load = 25 }), ""},
		{"not enough is spare", spare, ready("a", func(a *rules.Agent) { a.Load = 26 }), protocol.ReasonSpare},
		{"the first video", video, ready("a", visual), ""},
		{"the second video", video, ready("a", func(a *rules.Agent) { visual(a); a.Videos = 1 }), protocol.ReasonVideo},
		{"the second of two videos", video, ready("a", func(a *rules.Agent) { visual(a); a.Videos, a.MaxVideo = 1, 2 }), ""},
		{"a chat beside a video", chat, ready("a", func(a *rules.Agent) { visual(a); a.Videos = 1 }), ""},
		{"rings", chat, ready("a", func(a *rules.Agent) { a.Ringing = true }), protocol.ReasonRinging},
		{"rests", chat, ready("a", func(a *rules.Agent) { a.Resting = true }), protocol.ReasonResting},
		{"the one asked, whatever the queues", rules.AgentClass("a", "support", "chat", 25, 0), ready("a", nil), ""},
		{"not the one asked", rules.AgentClass("b", "sales", "chat", 25, 0), ready("a", nil), protocol.ReasonSticky},
		{"the one asked is full", rules.AgentClass("a", "sales", "chat", 25, 0), ready("a", func(a *rules.Agent) { a.Load = 90 }), protocol.ReasonFull},
		{"what never changes comes first", skilled, ready("a", func(a *rules.Agent) { a.Ready, a.Load, a.Ringing = false, 100, true }), protocol.ReasonSkill},
	}
	for _, tt := range tests {
		if got := rules.Fit(tt.agent, tt.class); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if able := rules.Able(tt.agent, tt.class); able != "" && able != tt.want {
			t.Errorf("%s: not able because of %q, want %q", tt.name, able, tt.want)
		}
	}
}

func TestWhoIsAskedFirst(t *testing.T) { // ROUTE-9
	german := rules.Waiting{ID: "c", Queue: "sales", Classes: []rules.Class{rules.QueueClass("sales", "chat", 25, 0, map[string]int{"german": 1})}}
	speaks := func(level int, change func(*rules.Agent)) func(*rules.Agent) {
		return func(a *rules.Agent) {
			a.Skills = map[string]int{"german": level, "cooking": 10}
			if change != nil {
				change(a)
			}
		}
	}
	own := rules.AgentClass("b", "sales", "chat", 25, 0)
	tests := []struct {
		name   string
		place  rules.Waiting
		agents []rules.Agent
		want   []protocol.AgentID
		rule   string
	}{
		{"the only one", german, []rules.Agent{ready("a", nil), ready("b", speaks(1, nil))}, []protocol.AgentID{"b"}, rules.ByOnly},
		{"skill", german, []rules.Agent{ready("a", speaks(4, nil)), ready("b", speaks(5, func(a *rules.Agent) { a.Load, a.Last = 50, 9 }))},
			[]protocol.AgentID{"b", "a"}, rules.BySkill},
		{"fewest media", german, []rules.Agent{
			ready("a", speaks(5, func(a *rules.Agent) { a.Media = []string{"chat", "audio"} })), ready("b", speaks(5, func(a *rules.Agent) { a.Load = 50 })),
		}, []protocol.AgentID{"b", "a"}, rules.ByCapable},
		{"least load with it", german, []rules.Agent{
			ready("a", speaks(5, func(a *rules.Agent) { a.MaxChats = 2 })), ready("b", speaks(5, func(a *rules.Agent) { a.Load, a.Last = 20, 9 })),
		}, []protocol.AgentID{"b", "a"}, rules.ByLoad},
		{"longest since", german, []rules.Agent{
			ready("a", speaks(5, func(a *rules.Agent) { a.Last = 2 })), ready("b", speaks(5, func(a *rules.Agent) { a.Last = 1 })),
			ready("d", speaks(5, func(a *rules.Agent) { a.Last = 3 })),
		}, []protocol.AgentID{"b", "a", "d"}, rules.ByLongest},
		{"the ring behind c (84a5...: a 86f7..., b e9d7..., round to d 3c36...), not the order of a list", german,
			[]rules.Agent{ready("b", speaks(5, nil)), ready("d", speaks(5, nil)), ready("a", speaks(5, nil))},
			[]protocol.AgentID{"a", "b", "d"}, rules.ByHash},
		{"who was asked a moment ago", rules.Waiting{ID: "c", Classes: german.Classes, Asked: map[protocol.AgentID]int64{"a": 11}},
			[]rules.Agent{ready("a", speaks(5, nil)), ready("b", speaks(4, nil))}, []protocol.AgentID{"b"}, rules.ByOnly},
		{"no longer excluded", rules.Waiting{ID: "c", Classes: german.Classes, Asked: map[protocol.AgentID]int64{"a": 10}},
			[]rules.Agent{ready("a", speaks(5, nil)), ready("b", speaks(4, nil))}, []protocol.AgentID{"a", "b"}, rules.BySkill},
		{"in it already", rules.Waiting{ID: "c", Classes: german.Classes, By: []protocol.AgentID{"a"}},
			[]rules.Agent{ready("a", speaks(5, nil)), ready("b", speaks(4, nil))}, []protocol.AgentID{"b"}, rules.ByOnly},
		{"the last agent", rules.Waiting{ID: "c", Classes: german.Classes, Sticky: &own},
			[]rules.Agent{ready("a", speaks(5, nil)), ready("b", nil)}, []protocol.AgentID{"b"}, rules.BySticky},
		{"by any of its classes", rules.Waiting{ID: "c", Classes: append(german.Classes, rules.QueueClass("support", "chat", 25, 0, nil))},
			[]rules.Agent{
				ready("a", speaks(1, nil)), ready("b", func(a *rules.Agent) { a.Queues = []protocol.QueueID{"support"} }), ready("d", nil),
			}, []protocol.AgentID{"a", "b"}, rules.BySkill},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			order := rules.Candidates(tt.agents, tt.place, 10)
			var got []protocol.AgentID
			for _, c := range order {
				got = append(got, c.Agent.ID)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if rule := tt.place.Rule(order); rule != tt.rule {
				t.Errorf("by %q, want %q", rule, tt.rule)
			}
		})
	}
}

func TestWhoseTurnItIs(t *testing.T) { // ROUTE-1, R5
	const now = 1_000_000
	place := func(id string, queue protocol.QueueID, wait int64) rules.Waiting {
		return rules.Waiting{ID: id, Queue: queue, Since: now - wait, Effective: now - wait, Classes: []rules.Class{rules.QueueClass(queue, "chat", 25, 0, nil)}}
	}
	with := func(w rules.Waiting, change func(*rules.Waiting)) rules.Waiting {
		change(&w)
		return w
	}
	both := []protocol.QueueID{"sales", "support"}
	everything := ready("a", func(a *rules.Agent) { a.Queues = both })
	tests := []struct {
		name   string
		places []rules.Waiting
		agents []rules.Agent
		want   string
	}{
		{"nobody waits", nil, []rules.Agent{everything}, ""},
		{"nobody is there", []rules.Waiting{place("c", "sales", 9)}, nil, ""},
		{"the oldest", []rules.Waiting{place("c", "sales", 9), place("d", "sales", 10)}, []rules.Agent{everything}, "d"},
		{"by weight", []rules.Waiting{place("c", "sales", 9), place("d", "support", 17)}, []rules.Agent{everything}, "c"},
		{"nothing starves", []rules.Waiting{place("c", "sales", 9), place("d", "support", 19)}, []rules.Agent{everything}, "d"},
		{"equal: the first enqueue", []rules.Waiting{
			place("c", "support", 10), with(place("d", "sales", 5), func(w *rules.Waiting) { w.Since -= 6 }),
		}, []rules.Agent{everything}, "d"},
		{"equal: by id", []rules.Waiting{place("d", "support", 10), place("c", "support", 10)}, []rules.Agent{everything}, "c"},
		{"nobody for the first", []rules.Waiting{place("c", "support", 100), place("d", "sales", 1)}, []rules.Agent{ready("a", nil)}, "d"},
		{"everybody was asked", []rules.Waiting{
			with(place("c", "sales", 100), func(w *rules.Waiting) { w.Asked = map[protocol.AgentID]int64{"a": now + 1} }), place("d", "sales", 1),
		}, []rules.Agent{ready("a", nil)}, "d"},
		{"waits to be picked", []rules.Waiting{with(place("c", "sales", 100), func(w *rules.Waiting) { w.Pull = 1 })}, []rules.Agent{everything}, ""},
		{"an added queue's weight counts for its agents", []rules.Waiting{
			with(place("c", "support", 9), func(w *rules.Waiting) { w.Classes = append(w.Classes, place("", "sales", 0).Classes...) }), place("d", "sales", 8),
		}, []rules.Agent{ready("a", nil)}, "c"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := rules.World{Now: now, Weights: map[protocol.QueueID]int64{"sales": 2}, Agents: tt.agents, Places: tt.places}
			choice, ok := rules.Choose(w)
			if ok != (tt.want != "") || choice.Place.ID != tt.want {
				t.Errorf("chose %q, want %q", choice.Place.ID, tt.want)
			}
		})
	}
}

func TestRingAllAsksEverybodyAtMostSixteen(t *testing.T) { // ROUTE-5
	w := rules.World{Now: 10, Places: []rules.Waiting{rules.Place(store.Conversation{ID: "c", Asked: 1},
		withRules(sales, store.QueueRules{Mode: store.ModeRingAll}), queues)}}
	for i := range 20 {
		w.Agents = append(w.Agents, ready(protocol.AgentID('a'+rune(i)), func(a *rules.Agent) { a.Load = i }))
		choice, ok := rules.Choose(w)
		if want := min(i+1, rules.RingAll); !ok || len(choice.Asked) != want || choice.Asked[0].Agent.ID != "a" {
			t.Fatalf("of %d agents %d are asked, want %d", i+1, len(choice.Asked), want)
		}
	}
}
