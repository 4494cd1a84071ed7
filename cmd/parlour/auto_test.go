package main

import (
	"strings"
	"testing"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// notice sends what is not acknowledged.
func (c *client) notice(kind string, body any) {
	c.s.t.Helper()
	if err := c.Notice(kind, body); err != nil {
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
	s.until("a card that nobody accepted by hand", func() bool { return anna.hasCard(asked.Conversation) })
}

// hasCard says whether a conversation stands on an agent's desk.
func (c *client) hasCard(conv protocol.ConversationID) bool {
	for _, item := range c.Items() {
		if item.Card != nil && item.Card.Conversation == conv {
			return true
		}
	}
	return false
}

// autoAccept is the switch as the agent's own desk shows it.
func (c *client) autoAccept() (on, allowed bool) {
	for _, item := range c.Items() {
		if item.Agent != nil {
			on, allowed = item.Agent.AutoAccept, item.Agent.AutoAllowed
		}
	}
	return on, allowed
}

// ROUTE-7: an agent to whom the file allows it has offers accepted while his own
// switch is on, and rings while it is off. It is refused to the others.
func TestAnAgentSwitchesHisOwnAutoAccept(t *testing.T) {
	s := startServer(t, "--routing.ramp_up=0s")
	s.apply(strings.Replace(workspaceFile, "{email: anna@shop.test,", "{email: anna@shop.test, auto_accept: true,", 1))
	s.kill()
	s.start()
	anna, ben := s.agent("anna@shop.test"), s.agent("ben@shop.test")
	if failed := ben.refused(protocol.UpAutoAccept, protocol.Switch{On: true}); failed.Code != protocol.CodeSwitchedOff {
		t.Errorf("the switch of an agent to whom the file does not allow it: %+v", failed)
	}

	anna.do(protocol.UpAutoAccept, protocol.Switch{On: true})
	s.until("a desk that shows the switch on", func() bool { on, allowed := anna.autoAccept(); return on && allowed })
	anna.notice(protocol.UpUsed, protocol.Used{})
	anna.do(protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredReady})
	first := s.visitor().do(protocol.UpAsk, protocol.Ask{Text: "Hello?"})
	s.until("a card that nobody accepted by hand", func() bool { return anna.hasCard(first.Conversation) })

	anna.do(protocol.UpAutoAccept, protocol.Switch{})
	s.until("a desk that shows the switch off", func() bool { on, allowed := anna.autoAccept(); return !on && allowed })
	anna.notice(protocol.UpUsed, protocol.Used{})
	second := s.visitor().do(protocol.UpAsk, protocol.Ask{Text: "And now?"})
	offer := anna.offer()
	if anna.hasCard(second.Conversation) {
		t.Error("accepted by itself with the switch off")
	}
	anna.do(protocol.UpAccept, protocol.OfOffer{Offer: offer})
	s.until("the card that was accepted by hand", func() bool { return anna.hasCard(second.Conversation) })
}
