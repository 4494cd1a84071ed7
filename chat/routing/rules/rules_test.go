package rules_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestClassesAreNamedByAllThatCounts(t *testing.T) { // ROUTE-9
	needs := map[string]int{"german": 3, "repairs": 1}
	tests := []struct {
		name string
		a, b rules.Class
		same bool
	}{
		{"equal", rules.QueueClass("q", "chat", 25, 0, needs), rules.QueueClass("q", "chat", 25, 0, map[string]int{"repairs": 1, "german": 3}), true},
		{"level 0 is no need", rules.QueueClass("q", "chat", 25, 0, nil), rules.QueueClass("q", "chat", 25, 0, map[string]int{"german": 0}), true},
		{"queue", rules.QueueClass("q", "chat", 25, 0, nil), rules.QueueClass("p", "chat", 25, 0, nil), false},
		{"medium", rules.QueueClass("q", "chat", 25, 0, nil), rules.QueueClass("q", "audio", 25, 0, nil), false},
		{"units", rules.QueueClass("q", "chat", 25, 0, nil), rules.QueueClass("q", "chat", 50, 0, nil), false},
		{"spare", rules.QueueClass("q", "chat", 25, 0, nil), rules.QueueClass("q", "chat", 25, 25, nil), false},
		{"needs", rules.QueueClass("q", "chat", 25, 0, needs), rules.QueueClass("q", "chat", 25, 0, nil), false},
		{"level", rules.QueueClass("q", "chat", 25, 0, needs), rules.QueueClass("q", "chat", 25, 0, map[string]int{"german": 4, "repairs": 1}), false},
		{"agent", rules.AgentClass("a", "q", "chat", 25, 0), rules.AgentClass("b", "q", "chat", 25, 0), false},
		{"agent or queue", rules.AgentClass("a", "q", "chat", 25, 0), rules.QueueClass("q", "chat", 25, 0, nil), false},
		{"agent's queue", rules.AgentClass("a", "q", "chat", 25, 0), rules.AgentClass("a", "p", "chat", 25, 0), false},
	}
	for _, tt := range tests {
		if same := tt.a.ID == tt.b.ID; same != tt.same {
			t.Errorf("%s: %q and %q", tt.name, tt.a.ID, tt.b.ID)
		}
	}
	if got := rules.QueueClass("q", "chat", 25, 0, nil).ID; got != "q.chat.25.-" {
		t.Errorf("class %q", got)
	}
}

func TestAChatCostsByHowManyAnAgentMayHave(t *testing.T) { // ROUTE-2
	chat, audio := rules.QueueClass("q", "chat", 25, 0, nil), rules.QueueClass("q", "audio", 50, 0, nil)
	for n, want := range map[int]int{1: 100, 2: 50, 3: 33, 4: 25, 6: 16, 7: 14, 10: 10, 0: 25} {
		if got := chat.For(n); got != want {
			t.Errorf("a chat of an agent with %d takes %d, want %d", n, got, want)
		}
		if got := audio.For(n); got != 50 {
			t.Errorf("a call of an agent with %d chats takes %d, want 50", n, got)
		}
		if n > 0 && (n*want > 100 || (n+1)*want <= 100) {
			t.Errorf("with %d units it is not %d that fit", want, n)
		}
	}
}

var (
	sales   = store.Queue{ID: "sales", Weight: 2, OfferMs: 15_000}
	support = store.Queue{ID: "support", Weight: 1}
	queues  = map[protocol.QueueID]store.Queue{"sales": sales, "support": support}
)

func withRules(q store.Queue, r store.QueueRules) store.Queue {
	q.Rules = r
	return q
}

func TestPlaceOfAConversation(t *testing.T) { // ROUTE-1, ROUTE-5, ROUTE-6
	asked := store.Conversation{ID: "c", Visitor: "v", Queue: "sales", Medium: "chat", Asked: 1_000_000_000, Rounds: 3}
	plain := rules.QueueClass("sales", "chat", 25, 0, nil)
	tests := []struct {
		name string
		conv func(*store.Conversation)
		rule store.QueueRules
		want func(*rules.Waiting)
	}{
		{"plain", nil, store.QueueRules{}, nil},
		{"boost by weight", func(c *store.Conversation) { c.Boost = 300_000 }, store.QueueRules{}, func(w *rules.Waiting) { w.Effective -= 150_000 }},
		{"an agent was lost", func(c *store.Conversation) { c.Started = 5 }, store.QueueRules{}, func(w *rules.Waiting) { w.Effective -= 43_200_000 }},
		{"ring all", nil, store.QueueRules{Mode: store.ModeRingAll}, func(w *rules.Waiting) { w.Kind = protocol.OfferAll }},
		{"pull", nil, store.QueueRules{Mode: store.ModePull}, func(w *rules.Waiting) {
			w.Pull, w.Steps = 1, []rules.Step{{At: 1_000_300_000, Do: rules.DoPush}}
		}},
		{"pull for a time, nobody first", func(c *store.Conversation) { c.Sticky = "a" }, store.QueueRules{Mode: store.ModePull, PullMaxMs: 60_000},
			func(w *rules.Waiting) { w.Pull, w.Steps = 1, []rules.Step{{At: 1_000_060_000, Do: rules.DoPush}} }},
		{"the last agent first", func(c *store.Conversation) { c.Sticky = "a" }, store.QueueRules{}, func(w *rules.Waiting) {
			own := rules.AgentClass("a", "sales", "chat", 25, 0)
			w.Sticky, w.Steps = &own, []rules.Step{{At: 1_000_030_000, Do: rules.DoGeneral}}
		}},
		{"nobody first", func(c *store.Conversation) { c.Sticky = "a" }, store.QueueRules{StickyMs: -1}, nil},
		{"video", func(c *store.Conversation) { c.Medium = "video" }, store.QueueRules{Spare: map[string]int{"video": 10}, Units: map[string]int{"video": 80}},
			func(w *rules.Waiting) {
				w.Medium, w.Cost, w.Classes = "video", 80, []rules.Class{rules.QueueClass("sales", "video", 80, 10, nil)}
			}},
		{"skills", nil, store.QueueRules{Needs: map[string]int{"german": 3}}, func(w *rules.Waiting) {
			w.Classes = []rules.Class{rules.QueueClass("sales", "chat", 25, 0, map[string]int{"german": 3})}
		}},
		{"waits no longer than", nil, store.QueueRules{MaxWaitMs: 600_000}, func(w *rules.Waiting) {
			w.Steps = []rules.Step{{At: 1_000_600_000, Do: rules.DoTop}}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := asked
			if tt.conv != nil {
				tt.conv(&c)
			}
			want := rules.Waiting{
				ID: "c", Conv: "c", Kind: protocol.OfferAlone, Queue: "sales", Medium: "chat", Cost: 25, Actor: "visitor:v", Since: 1_000_000_000,
				Effective: 1_000_000_000, Round: 3, Ring: 15_000, Classes: []rules.Class{plain}, Steps: []rules.Step{}, By: []protocol.AgentID{},
			}
			if tt.want != nil {
				tt.want(&want)
			}
			if diff := cmp.Diff(want, rules.Place(c, withRules(sales, tt.rule), queues)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if w := rules.Place(store.Conversation{Medium: "audio"}, support, queues); w.Ring != 25_000 {
		t.Errorf("a call rings for %d ms, want 25 s", w.Ring)
	}
}

func TestPlaceOfARequest(t *testing.T) { // TEAM-1, TEAM-2
	german := map[string]int{"german": 3}
	q := withRules(sales, store.QueueRules{Needs: german, Mode: store.ModePull})
	asked := store.Request{ID: "r", Conversation: "c", Kind: protocol.RequestTransfer, By: "a", ToQueue: "sales", Asked: 1_000_000_000}
	want := rules.Waiting{
		ID: "r", Conv: "c", Kind: protocol.OfferTransfer, Queue: "sales", Medium: "audio", Cost: 50, Since: 1_000_000_000, Effective: 999_850_000,
		Ring: 15_000, Classes: []rules.Class{rules.QueueClass("sales", "audio", 50, 0, german)}, Steps: []rules.Step{}, By: []protocol.AgentID{"a", "b"},
	}
	if diff := cmp.Diff(want, rules.Request(asked, q, "audio", []protocol.AgentID{"a", "b"})); diff != "" {
		t.Errorf("to a queue:\n%s", diff)
	}
	q.Rules.Boosts = map[string]int64{"transfer": 0}
	if w := rules.Request(asked, q, "", nil); w.Effective != 1_000_000_000 || w.By == nil {
		t.Errorf("without boost: %+v", w)
	}
	asked.ToQueue, asked.ToAgent, asked.Kind = "", "b", protocol.RequestConsult
	want.Kind, want.Effective, want.Medium, want.Cost, want.By = protocol.OfferConsult, 1_000_000_000, "chat", 25, []protocol.AgentID{"a"}
	want.Classes = []rules.Class{rules.AgentClass("b", "sales", "chat", 25, 0)}
	if diff := cmp.Diff(want, rules.Request(asked, q, "audio", []protocol.AgentID{"a"})); diff != "" {
		t.Errorf("to an agent:\n%s", diff)
	}
}

func TestRowsAreWhatTheScriptsRead(t *testing.T) {
	one := 1
	w := rules.Place(store.Conversation{ID: "c", Visitor: "v", Asked: 7, Sticky: "a"}, withRules(support, store.QueueRules{
		Needs: map[string]int{"german": 3}, Overflow: []store.OverflowStep{{AfterMs: 1, Ready: &one, Message: true}},
	}), queues)
	got, err := json.Marshal(w)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":"c","v":"c","kind":"offer","q":"support","m":"chat","c":25,"a":"visitor:v","s":7,"e":7,"t":0,"r":0,` +
		`"cl":[{"i":"support.chat.25.6d83ffea","q":"support","m":"chat","c":25,"nd":{"german":3}}],` +
		`"sc":{"i":"@a.support.chat.25","q":"support","a":"a","m":"chat","c":25},` +
		`"st":[{"at":8,"do":"message","ready":1},{"at":30007,"do":"general"}],"by":[]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}
