package faults

import (
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/protocol/wiretest"
)

// A history is what happened, as its clients and the record tell it. Lists are
// in the order in which things happened.
type history struct {
	asks          []ask
	posts         []post
	accepts       []accept
	conversations map[protocol.ConversationID]conversation
	offers        map[protocol.OfferID]offer
	loads         []load
	owners        []owning
	waits         []wait
}

// An ask is a visitor's first message.
type ask struct {
	conversation protocol.ConversationID // of the ack
	text         string
	end          wiretest.Outcome
}

// A post is one message of one sender, in the order of sending.
type post struct {
	conversation protocol.ConversationID
	sender       string
	text         string // no two have the same
	end          wiretest.Outcome
}

// An accept is one try to take an offer: each tab's own.
type accept struct {
	agent protocol.AgentID
	offer protocol.OfferID
	end   wiretest.Outcome
	at    time.Time // of the answer
}

// A conversation as the record has it in the end.
type conversation struct {
	state   protocol.ConversationState
	owner   protocol.AgentID
	entries []entry // by seq
}

type entry struct {
	seq    int64
	kind   protocol.EntryKind
	author string // actor
	text   string
	cause  string
}

// An offer as the record has it in the end.
type offer struct {
	conversation protocol.ConversationID
	agent        protocol.AgentID
	kind         protocol.OfferKind
	outcome      string // empty: it rings
}

// A load is what one commit left an agent with.
type load struct {
	agent  protocol.AgentID
	within int // units of slots that are not over the capacity by right
	at     time.Time
}

// An owning is who had a conversation after a commit that changed it.
type owning struct {
	conversation protocol.ConversationID
	owner        protocol.AgentID // empty: nobody
	slots        int              // running slots of owners
	alone        int              // offers that ring and are made to one agent at a time
	at           time.Time
}

// A wait is a time without faults in which a conversation was not offered to
// anybody although one and the same agent could have taken it all the while.
type wait struct {
	conversation protocol.ConversationID
	agent        protocol.AgentID
	lasted       time.Duration
	until        time.Time // seen last
}
