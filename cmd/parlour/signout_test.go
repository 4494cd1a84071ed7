package main

import (
	"net/http"
	"testing"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// S5, DESK-6: the site's log-out in the middle of a conversation ends it, for the
// agent at once.
func TestAVisitorWhoLogsOutHasLeft(t *testing.T) {
	s := startServer(t)
	anna, vera := s.agent("anna@shop.test"), s.visitor()
	anna.do(protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredReady})
	conv := vera.do(protocol.UpAsk, protocol.Ask{Text: "hello"}).Conversation
	anna.do(protocol.UpAccept, protocol.OfOffer{Offer: anna.offer()})
	id := protocol.CobrowseID(anna.do(protocol.UpCobrowseAsk, protocol.OfConversation{Conversation: conv}).ID)
	vera.do(protocol.UpCobrowseAnswer, protocol.CobrowseAnswer{Cobrowse: id, Allow: true})
	s.until("it runs", func() bool { return anna.shared(id) != nil })
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/v1/sign-out", nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+vera.token)
	res, err := s.http.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		t.Fatalf("sign out: %s", res.Status)
	}
	s.until("the agent sees that it has ended", func() bool {
		card := anna.Items()["card/"+string(conv)].Card
		return card != nil && card.State == protocol.StateEnded && anna.shared(id) == nil
	})
}
