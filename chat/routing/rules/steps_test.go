package rules_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func ids(classes []rules.Class) (list []string) {
	for _, c := range classes {
		list = append(list, c.ID)
	}
	return list
}

func class(queue protocol.QueueID, needs map[string]int) string {
	return rules.QueueClass(queue, "chat", 25, 0, needs).ID
}

func TestStepsOfAPlace(t *testing.T) { // ROUTE-6: counted from the first enqueue, own order kept where times are equal
	two := 2
	q := withRules(sales, store.QueueRules{
		Needs: map[string]int{"german": 3, "repairs": 2}, MaxWaitMs: 90_000,
		Overflow: []store.OverflowStep{
			{AfterMs: 60_000, Queues: []protocol.QueueID{"support", "sales", "nowhere", "support"}},
			{AfterMs: 120_000, Ready: &two, EstimateMs: 5, Relax: map[string]int{"german": 0, "repairs": 5, "french": 1}},
			{Waiting: 50, Message: true},
			{AfterMs: 180_000, Queues: []protocol.QueueID{"support"}, Relax: map[string]int{"repairs": 1}},
		},
	})
	w := rules.Place(store.Conversation{ID: "c", Asked: 1_000_000}, q, queues)
	type step struct {
		At      int64
		Do      string
		Classes []string
	}
	var got []step
	for _, s := range w.Steps {
		got = append(got, step{s.At, s.Do, ids(s.Classes)})
	}
	all, less, least := map[string]int{"german": 3, "repairs": 2}, map[string]int{"repairs": 2}, map[string]int{"repairs": 1}
	want := []step{
		{1_000_000, rules.DoMessage, nil},
		{1_060_000, rules.DoQueues, []string{class("support", all)}},
		{1_090_000, rules.DoTop, nil},
		{1_120_000, rules.DoRelax, []string{class("sales", less), class("support", less)}},
		{1_180_000, rules.DoRelax, []string{class("sales", least), class("support", least)}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s := w.Steps[3]; s.Ready == nil || *s.Ready != 2 || s.Estimate != 5 {
		t.Errorf("conditions of a step: %+v", s)
	}
	if w.Steps[0].Waiting != 50 {
		t.Errorf("conditions of a step: %+v", w.Steps[0])
	}
	if q.Rules.Needs["german"] != 3 {
		t.Error("the queue's own rules were changed")
	}
}

func TestConditionsMustAllHold(t *testing.T) { // ROUTE-6
	none := 0
	three := 3
	tests := []struct {
		name string
		step rules.Step
		q    rules.Standing
		want bool
	}{
		{"none", rules.Step{}, rules.Standing{}, true},
		{"more wait", rules.Step{Waiting: 5}, rules.Standing{Waiting: 6}, true},
		{"as many wait", rules.Step{Waiting: 5}, rules.Standing{Waiting: 5}, false},
		{"fewer are ready", rules.Step{Ready: &three}, rules.Standing{Ready: 2}, true},
		{"as many are ready", rules.Step{Ready: &three}, rules.Standing{Ready: 3}, false},
		{"fewer than none", rules.Step{Ready: &none}, rules.Standing{}, false},
		{"a longer estimate", rules.Step{Estimate: 10}, rules.Standing{Estimate: 11}, true},
		{"no estimate", rules.Step{Estimate: 10}, rules.Standing{}, false},
		{"one of two", rules.Step{Waiting: 5, Ready: &three}, rules.Standing{Waiting: 6, Ready: 3}, false},
	}
	for _, tt := range tests {
		if got := tt.step.Holds(tt.q); got != tt.want {
			t.Errorf("%s: %v", tt.name, got)
		}
	}
}

func TestAPlaceRipens(t *testing.T) { // ROUTE-5, ROUTE-6, ROUTE-9
	german := map[string]int{"german": 3}
	overflow := store.QueueRules{Needs: german, MaxWaitMs: 300, Overflow: []store.OverflowStep{
		{AfterMs: 100, Queues: []protocol.QueueID{"support"}},
		{AfterMs: 200, Relax: map[string]int{"german": 1}},
		{AfterMs: 250, Waiting: 10, Message: true},
	}}
	now := func(after int64) int64 { return 10_000_000_000 + after }
	tests := []struct {
		name    string
		rule    store.QueueRules
		sticky  protocol.AgentID
		after   int64
		waiting int
		classes []string
		left    int
		check   func(w rules.Waiting, message bool) bool
	}{
		{"nothing is due", overflow, "", 99, 0, []string{class("sales", german)}, 4, func(w rules.Waiting, _ bool) bool { return w.Effective == now(0) }},
		{"more agents", overflow, "", 100, 0, []string{class("sales", german), class("support", german)}, 3, nil},
		{"lower needs, in all queues", overflow, "", 200, 0,
			[]string{class("sales", map[string]int{"german": 1}), class("support", map[string]int{"german": 1})}, 2, nil},
		{"first of all; the condition does not hold", overflow, "", 300, 10,
			[]string{class("sales", map[string]int{"german": 1}), class("support", map[string]int{"german": 1})}, 1,
			func(w rules.Waiting, message bool) bool {
				return !message && w.Effective == now(0)-30*24*3600*1000 && w.Steps[0].At == now(300)+rules.Again
			}},
		{"a message", overflow, "", 300, 11,
			[]string{class("sales", map[string]int{"german": 1}), class("support", map[string]int{"german": 1})}, 0,
			func(_ rules.Waiting, message bool) bool { return message }},
		{"the last agent alone", overflow, "a", 250, 0,
			[]string{class("sales", map[string]int{"german": 1}), class("support", map[string]int{"german": 1})}, 3,
			func(w rules.Waiting, _ bool) bool { return w.Sticky != nil && w.Lines()[0].Agent == "a" }},
		{"no longer", store.QueueRules{}, "a", 30_000, 0, []string{class("sales", nil)}, 0, func(w rules.Waiting, _ bool) bool {
			return w.Sticky == nil && len(w.Lines()) == 1 && w.Lines()[0].Agent == ""
		}},
		{"still to be picked", store.QueueRules{Mode: store.ModePull}, "", 299_999, 0, []string{class("sales", nil)}, 1,
			func(w rules.Waiting, _ bool) bool { return w.Pull == 1 }},
		{"no longer to be picked", store.QueueRules{Mode: store.ModePull}, "", 300_000, 0, []string{class("sales", nil)}, 0,
			func(w rules.Waiting, _ bool) bool { return w.Pull == 0 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			fresh := rules.Place(store.Conversation{ID: "c", Asked: now(0), Sticky: tt.sticky}, withRules(sales, tt.rule), queues)
			before := len(fresh.Steps)
			w, message := rules.Ripen(fresh, now(tt.after), rules.Standing{Waiting: tt.waiting})
			if diff := cmp.Diff(tt.classes, ids(w.Classes)); diff != "" {
				t.Errorf("classes:\n%s", diff)
			}
			if len(w.Steps) != tt.left {
				t.Errorf("left: %+v", w.Steps)
			}
			if tt.check != nil && !tt.check(w, message) {
				t.Errorf("%+v, message %v", w, message)
			}
			if len(fresh.Steps) != before || fresh.Classes[0].ID != class("sales", tt.rule.Needs) {
				t.Error("what it was given was changed")
			}
		})
	}
}

func TestOverflowGoesByTimeAndNeedsStayLowered(t *testing.T) { // ROUTE-6
	needs := func(level int) map[string]int { return map[string]int{"german": level} }
	q := withRules(sales, store.QueueRules{Needs: needs(5), Overflow: []store.OverflowStep{
		{AfterMs: 20, Relax: needs(2)},
		{AfterMs: 10, Relax: needs(4), Waiting: 1},
		{AfterMs: 15, Queues: []protocol.QueueID{"support"}, Waiting: 1},
	}})
	fresh := rules.Place(store.Conversation{ID: "c"}, q, queues)
	if got := ids(fresh.Steps[2].Classes); !cmp.Equal(got, []string{class("sales", needs(2)), class("support", needs(2))}) {
		t.Errorf("the last step lowers %v", got)
	}
	w, _ := rules.Ripen(fresh, 20, rules.Standing{})
	if diff := cmp.Diff([]string{class("sales", needs(2))}, ids(w.Classes)); diff != "" {
		t.Errorf("after the one without a condition:\n%s", diff)
	}
	if got := ids(fresh.Classes); !cmp.Equal(got, []string{class("sales", needs(5))}) {
		t.Errorf("what it was given was changed: %v", got)
	}
	w, _ = rules.Ripen(w, 20+rules.Again, rules.Standing{Waiting: 2})
	if diff := cmp.Diff([]string{class("sales", needs(2)), class("support", needs(2))}, ids(w.Classes)); diff != "" || len(w.Steps) > 0 {
		t.Errorf("after those that were held up (left %v):\n%s", w.Steps, diff)
	}
}
