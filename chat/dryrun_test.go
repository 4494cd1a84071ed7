package chat_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// sees says whether a decision knows so many agents.
func sees(d protocol.Decision, eligible, skipped int) bool {
	return len(d.Eligible) == eligible && len(d.Skipped) == skipped
}

func TestADryRunChangesNothing(t *testing.T) { // ROUTE-12, S1
	everywhere(t, func(t *testing.T, g ground) {
		h := g.house(t, chatting(1), secondQueue("support", "Support", store.QueueRules{Mode: store.ModePull, StickyMs: -1}))
		ctx := t.Context()
		sam := h.agents[2].Principal
		sam.Permissions = append([]protocol.Permission{protocol.PermWatch}, sam.Permissions...)
		ask := func(of protocol.DryRun) protocol.DryRunResult {
			got, err := h.DryRun(ctx, sam, of)
			h.must(err)
			return got
		}
		if got := ask(protocol.DryRun{Queue: "sales"}); got.Decision.What != "nobody" || got.Decision.Queue != "Sales" || got.Refused != "" {
			t.Errorf("with nobody there: %+v", got)
		}
		anna, ben := h.ready(0), h.ready(1)
		h.until("both are there, and the third is known", func() bool { return sees(ask(protocol.DryRun{Queue: "sales"}).Decision, 2, 1) })
		before := h.store.Stats()
		plain := ask(protocol.DryRun{Queue: "sales"})
		if d := plain.Decision; d.Chosen != ben.Agent || d.ChosenName != "Ben" || d.Rule != "capable" || d.Position != 1 || d.Next != "rings_until" {
			t.Errorf("a chat: %+v", d) // he can do nothing else
		}
		if d := ask(protocol.DryRun{Queue: "sales", Medium: store.MediumVideo}).Decision; d.Chosen != anna.Agent || len(d.Skipped) == 0 || d.Skipped[0].Name == "" {
			t.Errorf("a video: %+v", d)
		}
		if d := ask(protocol.DryRun{Queue: "sales", Agent: anna.Agent}).Decision; d.Chosen != anna.Agent || d.Rule != "sticky" {
			t.Errorf("of whom Anna knows: %+v", d)
		}
		if d := ask(protocol.DryRun{Queue: "support", Agent: anna.Agent}).Decision; d.What != "nobody" || d.Next != "picks" {
			t.Errorf("in a waiting list: %+v", d)
		}
		h.shut(true)
		if got := ask(protocol.DryRun{Queue: "sales"}); got.Refused != protocol.SiteClosed || got.OpensAt != opening || got.Decision.Chosen != ben.Agent {
			t.Errorf("while closed: %+v", got)
		}
		h.shut(false)
		if after := h.store.Stats(); after.Functions != before.Functions {
			t.Errorf("the record was written %d times", after.Functions-before.Functions)
		}
		lines, err := h.router.Positions(ctx, h.queue.ID)
		if err != nil || lines[h.queue.ID].Waiting != 0 || slices.ContainsFunc(slices.Collect(maps.Values(h.view(ben))), func(i protocol.Item) bool { return i.Offer != nil }) {
			t.Errorf("something waits or rings: %+v, %v; Ben sees %+v", lines, err, h.view(ben))
		}

		conv := h.ask(h.visitor(), "really")
		h.offered(ben)
		why, err := h.Why(ctx, sam, protocol.WhyOf{Conversation: conv})
		h.must(err)
		really := why.Decisions[len(why.Decisions)-1]
		really.At, really.NextAt, really.Waited, really.Conversation = plain.Decision.At, plain.Decision.NextAt, plain.Decision.Waited, ""
		if diff := cmp.Diff(plain.Decision, really); diff != "" {
			t.Errorf("really asked (-foretold +decided):\n%s", diff)
		}
		for name, tt := range map[string]struct {
			who  protocol.Principal
			of   protocol.DryRun
			code protocol.Code
		}{
			"who may not read all": {anna.Principal, protocol.DryRun{Queue: "sales"}, protocol.CodeForbidden},
			"no such queue":        {sam, protocol.DryRun{Queue: "nope"}, protocol.CodeNotFound},
			"no such medium":       {sam, protocol.DryRun{Queue: "sales", Medium: "fax"}, protocol.CodeInvalid},
			"the future":           {sam, protocol.DryRun{Queue: "sales", Waited: -1}, protocol.CodeInvalid},
		} {
			if _, err := h.DryRun(ctx, tt.who, tt.of); code(err) != tt.code {
				t.Errorf("%s: %v, want %s", name, err, tt.code)
			}
		}
	})
}
