package chat_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A scale weighs what people see.
type scale struct {
	h     *house
	unit  string          // what all texts are made of
	shown map[string]bool // kinds of items
}

// see fails for an item that does not go into a frame, or lost its texts.
func (s *scale) see(who protocol.Caller) map[string]protocol.Item {
	s.h.t.Helper()
	view := s.h.view(who)
	for key, item := range view {
		s.shown[strings.Split(key, "/")[0]] = true
		data, err := protocol.Encode(protocol.DownPatch, "", protocol.Patch{From: 1, Version: 2, Set: map[string]protocol.Item{key: item}})
		s.h.must(err)
		if len(data) > protocol.MaxDownFrame {
			s.h.t.Errorf("%s: %s has %d bytes", s.unit, key, len(data))
		}
		if o := item.Offer; o != nil && (!strings.HasPrefix(o.First, s.unit) || !strings.HasPrefix(o.Name, s.unit) || len(o.Form) != 20) {
			s.h.t.Errorf("%s: an offer shows %q of %q with %d answers", s.unit, o.First, o.Name, len(o.Form))
		}
		if o := item.Offer; o != nil && o.Kind != protocol.OfferAlone && !strings.HasPrefix(o.Note, s.unit) {
			s.h.t.Errorf("%s: a request shows the note %q", s.unit, o.Note)
		}
		if a := item.Agent; a != nil && (len(a.Profiles) != 51 || len(a.PauseReasons) != 50 || !strings.HasPrefix(a.PauseReasons[49].Name, s.unit)) {
			s.h.t.Errorf("%s: an agent chooses of %d profiles, %d reasons", s.unit, len(a.Profiles), len(a.PauseReasons))
		}
	}
	return view
}

// wordy is a workspace whose texts are as long as the file may have them.
func wordy(name string) func(*store.Workspace) {
	return func(w *store.Workspace) {
		w.Sites[0].Name, w.Queues[0].Name = name, name
		for i := range 50 {
			reason := store.Reason{Key: fmt.Sprintf("%s%02d", strings.Repeat("k", 61), i), Name: name}
			w.Settings.PauseReasons, w.Settings.RejectReasons = append(w.Settings.PauseReasons, reason), append(w.Settings.RejectReasons, reason)
			w.Profiles = append(w.Profiles, store.Profile{ID: protocol.NewID[protocol.ProfileID](), Name: fmt.Sprint(name, i), Queues: w.Profiles[0].Queues, Media: []string{"chat"}})
		}
		for i := range w.Agents {
			w.Agents[i].Name, w.Agents[i].Profiles = name, w.Profiles
		}
	}
}

func TestTheLongestTextsReachTheirReaders(t *testing.T) { // D1, ROUTE-3, S10
	for _, unit := range []string{"😀", "<"} {
		name, reason := strings.Repeat(unit, protocol.MaxName), strings.Repeat(unit, 100/len(unit))
		h := newHouse(t, wordy(name), secondQueue("list", name, store.QueueRules{Mode: store.ModePull}))
		s, ctx := &scale{h, unit, map[string]bool{}}, t.Context()
		ask := protocol.Ask{Text: strings.Repeat(unit, 4000), Name: name, Form: map[string]string{}}
		for i := range 20 {
			ask.Form[fmt.Sprintf("%s%02d", strings.Repeat(unit, 98), i)] = strings.Repeat(unit, 800)
		}
		anna, visitor := h.ready(0), h.visitor()
		ack, err := h.Ask(ctx, visitor, op(), ask)
		h.must(err)
		conv := ack.Conversation
		h.offered(anna)
		s.see(anna)
		s.see(visitor)
		h.accept(anna, h.offered(anna).Offer)
		call := h.inCall(visitor, anna, conv)
		_, err = h.CobrowseAsk(ctx, anna, op(), protocol.OfConversation{Conversation: conv})
		h.must(err)
		ben, cara := h.ready(1), h.ready(2)
		_, err = h.Invite(ctx, anna, op(), protocol.TeamAsk{Conversation: conv, Agent: ben.Agent, Note: strings.Repeat(unit, 1000)})
		h.must(err)
		invited := h.offeredKind(ben, protocol.OfferInvite)
		s.see(ben)
		h.accept(ben, invited.Offer)
		_, err = h.CallJoin(ctx, ben, op(), protocol.CallJoin{Call: call, SDP: "b"})
		h.must(err)
		_, err = h.Transfer(ctx, anna, op(), protocol.TeamAsk{Conversation: conv, Agent: cara.Agent, Note: strings.Repeat(unit, 1000)})
		h.must(err)
		refused := h.offeredKind(cara, protocol.OfferTransfer)
		s.see(cara)
		_, err = h.Reject(ctx, cara, op(), protocol.OfOffer{Offer: refused.Offer, Reason: reason})
		h.must(err)
		_, err = h.Declare(ctx, anna, op(), protocol.Declare{Declared: protocol.DeclaredNotReady, Reason: reason})
		h.must(err)
		ask.Queue = "list"
		_, err = h.Ask(ctx, h.visitor(), op(), ask)
		h.must(err)
		h.until("somebody waits to be picked", func() bool { return len(h.waiting(anna)) == 1 })
		if card := s.see(anna)["card/"+string(conv)].Card; card.Request == nil || card.Request.Cause != reason || len(card.Agents) != 2 {
			t.Errorf("%s: the card is %+v", unit, card)
		}
		s.see(visitor)
		for _, field := range reflect.VisibleFields(reflect.TypeFor[protocol.Item]()) {
			if kind := strings.ToLower(field.Name); !s.shown[kind] {
				t.Errorf("%s: no item of kind %s was seen", unit, kind)
			}
		}
	}
}
