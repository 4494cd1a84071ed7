package chat

import (
	"strings"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

func agentActor(id protocol.AgentID) string {
	return protocol.Principal{Kind: protocol.KindAgent, Agent: id}.Actor()
}

func visitorActor(id protocol.VisitorID) string {
	return protocol.Principal{Kind: protocol.KindVisitor, Visitor: id}.Actor()
}

func visitorOf(actor string) (protocol.VisitorID, bool) {
	id, ok := strings.CutPrefix(actor, "visitor:")
	return protocol.VisitorID(id), ok
}

func agentOf(actor string) (protocol.AgentID, bool) {
	id, ok := strings.CutPrefix(actor, "agent:")
	return protocol.AgentID(id), ok
}

// author is how a principal stands in the record.
func author(p protocol.Principal) protocol.Author {
	a := protocol.Author{Kind: p.Kind, ID: string(p.Visitor), Name: p.Name}
	if p.Kind == protocol.KindAgent {
		a.ID = string(p.Agent)
	}
	return a
}
