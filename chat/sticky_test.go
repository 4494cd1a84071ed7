package chat_test

import (
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// only gives an agent a profile with the first queue alone.
func only(n int) func(*store.Workspace) {
	return func(w *store.Workspace) {
		p := w.Profiles[0]
		p.ID, p.Name, p.Queues = protocol.NewID[protocol.ProfileID](), "sales only", []protocol.QueueID{w.Queues[0].ID}
		w.Profiles = append(w.Profiles, p)
		w.Agents[n].Profile = p
	}
}

// ROUTE-9: the agent whom a visitor knows is asked first where that one can
// take what is asked; otherwise it is the others' at once.
func TestWhoCannotTakeItIsNotWaitedFor(t *testing.T) {
	german := func(w *store.Workspace) { w.Agents[1].Skills = map[string]int{"german": 3} }
	for name, of := range map[string]struct {
		change []func(*store.Workspace)
		again  protocol.Ask
	}{
		"the medium": {[]func(*store.Workspace){chatting(0)}, protocol.Ask{Text: "let me show you", Medium: store.MediumVideo}},
		"the queue":  {[]func(*store.Workspace){only(0), secondQueue("support", "Support", store.QueueRules{})}, protocol.Ask{Text: "it is broken", Queue: "support"}},
		"a skill":    {[]func(*store.Workspace){german, secondQueue("german", "German", store.QueueRules{Needs: map[string]int{"german": 2}})}, protocol.Ask{Text: "guten Tag", Queue: "german"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, of.change...)
			visitor, anna, conv := h.talk()
			h.close(anna, conv)
			ben := h.ready(1)
			ack, err := h.Ask(t.Context(), visitor, op(), of.again)
			h.must(err)
			if offer := h.offered(ben); offer.Conversation != ack.Conversation {
				t.Errorf("Ben is asked for %s", offer.Conversation)
			}
		})
	}
}
