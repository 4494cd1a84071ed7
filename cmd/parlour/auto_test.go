package main

import (
	"context"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// notice sends what is not acknowledged.
func (c *client) notice(kind string, body any) {
	c.s.t.Helper()
	data, err := protocol.Encode(kind, "", body)
	if err != nil {
		c.s.t.Fatal(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.conn.Write(context.Background(), websocket.MessageText, data); err != nil {
		c.s.t.Error(err)
	}
}

// ROUTE-7: in a queue that says so, a desk that is used takes what is offered.
func TestADeskInUseTakesWhatIsOffered(t *testing.T) {
	s := startServer(t)
	s.apply(strings.Replace(workspaceFile, "{key: sales, name: Sales}", "{key: sales, name: Sales, auto_accept: true}", 1))
	s.kill()
	s.start()
	anna := s.agent("anna@shop.test")
	anna.do(protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredReady})
	anna.notice(protocol.UpUsed, protocol.Used{})
	anna.do(protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredReady}) // the notice is before it
	vera := s.visitor()
	asked := vera.do(protocol.UpAsk, protocol.Ask{Text: "Hello?"})
	s.until("a card that nobody accepted by hand", func() bool {
		anna.mu.Lock()
		defer anna.mu.Unlock()
		for _, item := range anna.view {
			if item.Card != nil && item.Card.Conversation == asked.Conversation {
				return true
			}
		}
		return false
	})
}
