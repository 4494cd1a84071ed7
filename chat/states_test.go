package chat_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestAnAgentChoosesOfHisProfiles(t *testing.T) { // STATE-1, STATE-5
	var sales protocol.ProfileID
	h := newHouse(t, func(w *store.Workspace) {
		sales = protocol.NewID[protocol.ProfileID]()
		w.Profiles = append(w.Profiles, store.Profile{ID: sales, Name: "Sales only", Media: []string{"chat"}})
		w.Agents[0].Profiles = w.Profiles
	})
	_, anna, conv := h.talk()
	ctx := t.Context()
	if s := h.state(anna); len(s.Profiles) != 2 || s.Profiles[1].Name != "Sales only" || s.Profile == sales {
		t.Fatalf("Anna is %+v", s)
	}
	if _, err := h.ChooseProfile(ctx, anna, op(), protocol.ChooseProfile{Profile: sales}); code(err) != protocol.CodeWrongState {
		t.Errorf("while ready and talking: %v", err)
	}
	_, err := h.Declare(ctx, anna, op(), protocol.Declare{Declared: protocol.DeclaredNotReady})
	h.must(err)
	of := protocol.OfConversation{Conversation: conv}
	_, err = h.Park(ctx, anna, op(), of)
	h.must(err)
	if _, err := h.ChooseProfile(ctx, anna, op(), protocol.ChooseProfile{Profile: sales}); code(err) != protocol.CodeWrongState {
		t.Errorf("with one parked: %v", err)
	}
	_, err = h.Unpark(ctx, anna, op(), of)
	h.must(err)
	_, err = h.ChooseProfile(ctx, anna, op(), protocol.ChooseProfile{Profile: sales})
	h.must(err)
	if s := h.state(anna); s.Profile != sales {
		t.Errorf("after it Anna is %+v", s)
	}
	if _, err := h.ChooseProfile(ctx, h.agents[1], op(), protocol.ChooseProfile{Profile: sales}); code(err) != protocol.CodeInvalid {
		t.Errorf("Ben takes what is not his: %v", err)
	}
	states, err := h.store.AgentStates(ctx, h.ws, anna.Agent)
	h.must(err)
	if last := states[len(states)-1]; last.Cause != "profile" || last.Actor != anna.Actor() {
		t.Errorf("the timeline ends with %+v", last)
	}
}

func TestAllAreAskedAndOneHasIt(t *testing.T) { // ROUTE-5, R2, R3
	h := newHouse(t, ruled(store.QueueRules{Mode: store.ModeRingAll}))
	anna, ben := h.ready(0), h.ready(1)
	conv := h.ask(h.visitor(), "hello")
	offers := map[protocol.AgentID]protocol.OfferItem{}
	for _, who := range []protocol.Caller{anna, ben} {
		offers[who.Agent] = h.offeredKind(who, protocol.OfferAll)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var failed []error
	for _, who := range []protocol.Caller{anna, ben} { // at once
		all.Go(func() {
			_, err := h.Accept(t.Context(), who, op(), protocol.OfOffer{Offer: offers[who.Agent].Offer})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed = append(failed, err)
			}
		})
	}
	all.Wait()
	if len(failed) != 1 || code(failed[0]) != protocol.CodeTaken {
		t.Fatalf("one has to fail, as taken: %v", failed)
	}
	winner, loser := anna, ben
	if h.card(anna, conv) == nil {
		winner, loser = ben, anna
	}
	if h.card(winner, conv) == nil || h.card(loser, conv) != nil {
		t.Error("one has the card")
	}
	if !strings.Contains(failed[0].Error(), winner.Name) {
		t.Errorf("the other reads %v", failed[0])
	}
	if item := h.view(loser)["offer/"+string(offers[loser.Agent].Offer)].Offer; item == nil || item.TakenBy != winner.Name || item.Rings {
		t.Errorf("the other sees %+v", item)
	}
	if s := h.state(loser); s.Label != protocol.LabelReady || h.load(loser) != 0 {
		t.Errorf("the other is %+v", s)
	}
}
