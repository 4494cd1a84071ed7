package chat_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

func kinds(entries []protocol.Entry) []string {
	var out []string
	for _, e := range entries {
		out = append(out, string(e.Kind))
	}
	return out
}

func TestFromQuestionToClearedCard(t *testing.T) { // VIS-1, ROUTE-3, ROUTE-4, ROUTE-5, DESK-6, STATE-3
	h := newHouse(t)
	ctx := t.Context()
	visitor := h.visitor()
	conv := h.ask(visitor, "Do you have green tea?")
	h.until("the visitor reads the place", func() bool {
		item := h.view(visitor)["conversation/"+string(conv)].Conversation
		return item != nil && item.State == protocol.StateQueued && item.Position == 1
	})

	anna := h.ready(0)
	offer := h.offered(anna)
	if offer.Name != "Vera" || offer.Queue != "Sales" || offer.Site != "Shop" || offer.First != "Do you have green tea?" {
		t.Errorf("offer %+v", offer)
	}
	if label := h.view(anna)["agent/"+string(anna.Agent)].Agent; label.Label != protocol.LabelBusy || label.Used != 1 || label.Total != 2 {
		t.Errorf("while it rings Anna is %+v", label)
	}
	ben := h.ready(1)
	if _, err := h.Reject(ctx, anna, op(), protocol.OfOffer{Offer: offer.Offer, Reason: "busy"}); err != nil {
		t.Fatal(err)
	}
	second := h.offered(ben)
	if _, err := h.Accept(ctx, anna, op(), protocol.OfOffer{Offer: second.Offer}); code(err) != protocol.CodeNotFound {
		t.Errorf("Anna accepts Ben's offer: %v", err)
	}
	if _, err := h.Accept(ctx, anna, op(), protocol.OfOffer{Offer: offer.Offer}); code(err) != protocol.CodeExpired && code(err) != protocol.CodeTaken {
		t.Errorf("Anna accepts what she rejected: %v", err)
	}
	if _, err := h.Accept(ctx, ben, op(), protocol.OfOffer{Offer: second.Offer}); err != nil {
		t.Fatal(err)
	}
	if item := h.view(visitor)["conversation/"+string(conv)].Conversation; item.Agent != "Ben" || item.State != protocol.StateActive {
		t.Errorf("the visitor sees %+v", item)
	}

	for _, say := range []struct {
		who  protocol.Caller
		text string
	}{{ben, "Hello Vera"}, {visitor, "Hello Ben"}} {
		if _, err := h.Post(ctx, say.who, op(), protocol.Post{Conversation: conv, Text: say.text}); err != nil {
			t.Fatal(err)
		}
	}
	if card := h.view(ben)["card/"+string(conv)].Card; card.TurnSince == 0 || card.Slot != protocol.SlotActive || !card.Video || !card.Cobrowse {
		t.Errorf("card %+v", card)
	}
	if _, err := h.End(ctx, visitor, op(), protocol.OfConversation{Conversation: conv}); err != nil {
		t.Fatal(err)
	}
	if card := h.view(ben)["card/"+string(conv)].Card; card.Slot != protocol.SlotWrapUp || card.State != protocol.StateEnded || card.WrapUntil == 0 {
		t.Errorf("after the end the card is %+v", card)
	}
	if label := h.view(ben)["agent/"+string(ben.Agent)].Agent.Label; label != protocol.LabelWrapUp {
		t.Errorf("Ben is %s", label)
	}
	if _, err := h.Post(ctx, visitor, op(), protocol.Post{Conversation: conv, Text: "one more"}); code(err) != protocol.CodeWrongState {
		t.Errorf("post after the end: %v", err)
	}
	if _, err := h.Clear(ctx, ben, op(), protocol.OfConversation{Conversation: conv}); err != nil {
		t.Fatal(err)
	}
	if items := h.view(ben); items["card/"+string(conv)].Card != nil || items["agent/"+string(ben.Agent)].Agent.Label != protocol.LabelReady {
		t.Errorf("after clearing Ben sees %+v", items)
	}

	theirs, err := h.Entries(ctx, visitor.Principal, conv, 0)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"message", "asked", "joined", "message", "message", "ended"}, kinds(theirs.Entries)); diff != "" {
		t.Errorf("the visitor's log (-want +got):\n%s", diff)
	}
	for i, e := range theirs.Entries { // D3: dense, and nothing private shows
		if e.Seq != int64(i+1) || e.Audience != protocol.AudienceAll {
			t.Errorf("entry %d of the visitor's log is %+v", i, e)
		}
	}
}

func TestMarksAreInTheReadersOwnCount(t *testing.T) { // VIS-4, D9
	h := newHouse(t)
	visitor, agent, conv := h.talk()
	ctx := t.Context()
	if _, err := h.Post(ctx, agent, op(), protocol.Post{Conversation: conv, Text: "Hello"}); err != nil {
		t.Fatal(err)
	}
	mine, err := h.Entries(ctx, agent.Principal, conv, 0)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := h.Entries(ctx, visitor.Principal, conv, 0)
	if err != nil {
		t.Fatal(err)
	}
	if mine.Last == theirs.Last {
		t.Fatal("nothing private is in the log: the test says nothing")
	}
	h.must(h.Mark(ctx, visitor, protocol.Mark{Conversation: conv, Delivered: theirs.Last, Read: theirs.Last - 1}))
	h.must(h.Mark(ctx, agent, protocol.Mark{Conversation: conv, Delivered: 99, Read: 1}))
	want := []protocol.ReadMark{{Side: protocol.KindVisitor, Delivered: mine.Last}, {Side: protocol.KindAgent, Delivered: mine.Last, Read: 1}}
	for _, e := range mine.Entries { // the visitor's last but one, as the agent counts
		if e.ID == theirs.Entries[len(theirs.Entries)-2].ID {
			want[0].Read = e.Seq
		}
	}
	got, err := h.Marks(ctx, agent.Principal, conv)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.Marks); diff != "" {
		t.Errorf("marks as the agent counts (-want +got):\n%s", diff)
	}
	got, err = h.Marks(ctx, visitor.Principal, conv)
	if err != nil {
		t.Fatal(err)
	}
	want = []protocol.ReadMark{{Side: protocol.KindVisitor, Delivered: theirs.Last, Read: theirs.Last - 1}, {Side: protocol.KindAgent, Delivered: theirs.Last, Read: 1}}
	if diff := cmp.Diff(want, got.Marks); diff != "" {
		t.Errorf("marks as the visitor counts (-want +got):\n%s", diff)
	}
}

func TestTheSameOpHappensOnce(t *testing.T) { // D2
	h := newHouse(t)
	visitor := h.visitor()
	once := op()
	body := protocol.Ask{Text: "hello"}
	first, err := h.Ask(t.Context(), visitor, once, body)
	if err != nil {
		t.Fatal(err)
	}
	again, err := h.Ask(t.Context(), visitor, once, body)
	if err != nil || again != first {
		t.Errorf("asked again: %+v, %v; want %+v", again, err, first)
	}
	if _, err := h.Ask(t.Context(), visitor, once, protocol.Ask{Text: "another"}); code(err) != protocol.CodeConflict {
		t.Errorf("same op, other body: %v", err)
	}
	say := op()
	one, err := h.Post(t.Context(), visitor, say, protocol.Post{Conversation: first.Conversation, Text: "still there?"})
	if err != nil {
		t.Fatal(err)
	}
	two, err := h.Post(t.Context(), visitor, say, protocol.Post{Conversation: first.Conversation, Text: "still there?"})
	if err != nil || one != two {
		t.Errorf("posted again: %+v, %v; want %+v", two, err, one)
	}
}

func TestLeavingTheQueue(t *testing.T) { // ROUTE-11
	h := newHouse(t)
	visitor, agent := h.visitor(), h.ready(0)
	conv := h.ask(visitor, "hello")
	h.offered(agent)
	if _, err := h.Leave(t.Context(), visitor, op(), protocol.OfConversation{Conversation: conv}); err != nil {
		t.Fatal(err)
	}
	h.until("the offer is withdrawn without blame", func() bool {
		items := h.view(agent)
		return len(items) == 2 && items["agent/"+string(agent.Agent)].Agent.Label == protocol.LabelReady
	})
}

func TestParkAndBack(t *testing.T) { // DESK-3
	h := newHouse(t)
	visitor, agent, conv := h.talk()
	body := protocol.OfConversation{Conversation: conv}
	if _, err := h.Park(t.Context(), agent, op(), body); err != nil {
		t.Fatal(err)
	}
	if !h.view(visitor)["conversation/"+string(conv)].Conversation.Parked || h.view(agent)["card/"+string(conv)].Card.Slot != protocol.SlotParked {
		t.Error("the conversation does not show as parked")
	}
	if _, err := h.Unpark(t.Context(), agent, op(), body); err != nil {
		t.Fatal(err)
	}
	if h.view(visitor)["conversation/"+string(conv)].Conversation.Parked {
		t.Error("the conversation still shows as parked")
	}
	if _, err := h.Park(t.Context(), h.agents[1], op(), body); err == nil {
		t.Error("another agent may park it")
	}
}

func TestForeignConversationsAreNotThere(t *testing.T) { // S1
	h := newHouse(t)
	_, _, conv := h.talk()
	ctx := t.Context()
	for name, who := range map[string]protocol.Caller{"another visitor": h.visitor(), "another agent": h.agents[1]} {
		of := protocol.OfConversation{Conversation: conv}
		attempts := map[string]func() error{
			"read":   func() error { _, err := h.Entries(ctx, who.Principal, conv, 0); return err },
			"follow": func() error { _, err := h.Follow(ctx, who.Principal, conv, 0); return err },
			"marks":  func() error { _, err := h.Marks(ctx, who.Principal, conv); return err },
			"post": func() error {
				_, err := h.Post(ctx, who, op(), protocol.Post{Conversation: conv, Text: "x"})
				return err
			},
			"type":  func() error { return h.Typing(ctx, who, protocol.Typing{Conversation: conv}) },
			"mark":  func() error { return h.Mark(ctx, who, protocol.Mark{Conversation: conv, Read: 1}) },
			"leave": func() error { _, err := h.Leave(ctx, who, op(), of); return err },
			"end":   func() error { _, err := h.End(ctx, who, op(), of); return err },
			"call": func() error {
				_, err := h.CallAsk(ctx, who, op(), protocol.CallAsk{Conversation: conv, Media: protocol.MediaVideo})
				return err
			},
			"cobrowse": func() error { _, err := h.CobrowseAsk(ctx, who, op(), of); return err },
			"clear":    func() error { _, err := h.Clear(ctx, who, op(), of); return err },
			"park":     func() error { _, err := h.Park(ctx, who, op(), of); return err },
		}
		for verb, attempt := range attempts {
			if c := code(attempt()); c != protocol.CodeNotFound && c != protocol.CodeForbidden {
				t.Errorf("%s may %s: %q", name, verb, c)
			}
		}
	}
	if _, err := h.Entries(ctx, h.agents[0].Principal, "' OR 1=1", 0); code(err) != protocol.CodeNotFound {
		t.Errorf("an id that is none: %v", err)
	}
}

func TestWhoFollowsGetsWhatTheReaderGets(t *testing.T) { // D3, D4, S1
	h := newHouse(t)
	visitor, agent, conv := h.talk()
	ctx := t.Context()
	for i, who := range []protocol.Caller{visitor, agent, visitor} {
		_, err := h.Post(ctx, who, op(), protocol.Post{Conversation: conv, Text: strings.Repeat("x", i+1)})
		h.must(err)
	}
	for _, who := range []protocol.Caller{visitor, agent} {
		want, err := h.Entries(ctx, who.Principal, conv, 0)
		h.must(err)
		for after := range want.Last + 1 {
			got, err := h.Follow(ctx, who.Principal, conv, after)
			h.must(err)
			if diff := cmp.Diff(protocol.Entries{Conversation: conv, Last: want.Last, Entries: want.Entries[after:]}, got); diff != "" {
				t.Errorf("%s after %d: %s", who.Kind, after, diff)
			}
		}
	}
	_, err := h.store.Requeue(ctx, h.ws, conv, "test")
	h.must(err)
	if _, err := h.Follow(ctx, agent.Principal, conv, 0); code(err) != protocol.CodeNotFound {
		t.Errorf("who had it may follow: %v", err)
	}
	if _, err := h.Post(ctx, agent, op(), protocol.Post{Conversation: conv, Text: "x"}); code(err) != protocol.CodeNotFound {
		t.Errorf("who had it may post: %v", err)
	}
	nobody := protocol.Caller{Principal: protocol.Principal{Kind: protocol.KindVisitor, Workspace: h.ws}}
	if _, err := h.Post(ctx, nobody, op(), protocol.Post{Conversation: conv, Text: "x"}); code(err) != protocol.CodeNotFound {
		t.Errorf("a visitor without an id may post: %v", err)
	}
}

func TestBadMessagesSayWhatToDo(t *testing.T) {
	h := newHouse(t)
	visitor, _, conv := h.talk()
	for text, want := range map[string]protocol.Code{"  \n": protocol.CodeInvalid, strings.Repeat("ä", 4001): protocol.CodeTooLarge} {
		if _, err := h.Post(t.Context(), visitor, op(), protocol.Post{Conversation: conv, Text: text}); code(err) != want {
			t.Errorf("post of %d characters: %v", len(text), err)
		}
	}
	if _, err := h.Post(t.Context(), visitor, op(), protocol.Post{Conversation: conv, Text: strings.Repeat("ä", 4000)}); err != nil {
		t.Errorf("4000 characters are refused: %v", err)
	}
}

func TestAVisitorHasOneConversationAtATime(t *testing.T) { // D2
	h := newHouse(t)
	visitor, first := h.visitor(), op()
	ack, err := h.Ask(t.Context(), visitor, first, protocol.Ask{Text: "hello"})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := h.Ask(t.Context(), visitor, first, protocol.Ask{Text: "hello"}); err != nil || again != ack {
		t.Errorf("asked again: %+v, %v", again, err)
	}
	if _, err := h.Ask(t.Context(), visitor, op(), protocol.Ask{Text: "hello"}); code(err) != protocol.CodeWrongState {
		t.Errorf("a second one: %v", err)
	}
	if _, err := h.Leave(t.Context(), visitor, op(), protocol.OfConversation{Conversation: ack.Conversation}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Ask(t.Context(), visitor, op(), protocol.Ask{Text: "hello"}); err != nil {
		t.Errorf("after leaving: %v", err)
	}
}

func TestWhoMayReadAllMayNotSpeak(t *testing.T) { // S1
	h := newHouse(t)
	_, _, conv := h.talk()
	sam := h.agents[1]
	sam.Permissions = append([]protocol.Permission{protocol.PermWatch}, sam.Permissions...)
	if _, err := h.Entries(t.Context(), sam.Principal, conv, 0); err != nil {
		t.Errorf("the supervisor may not read: %v", err)
	}
	if _, err := h.Post(t.Context(), sam, op(), protocol.Post{Conversation: conv, Text: "hello"}); code(err) != protocol.CodeNotFound {
		t.Errorf("the supervisor posts: %v", err)
	}
	if err := h.Typing(t.Context(), sam, protocol.Typing{Conversation: conv}); code(err) != protocol.CodeNotFound {
		t.Errorf("the supervisor types: %v", err)
	}
}
