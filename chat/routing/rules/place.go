package rules

import (
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A Waiting is a place: a conversation or a request that waits for an agent.
// Its JSON is the row that the scripts keep of it.
type Waiting struct {
	ID     string                  `json:"id"` // of the conversation, or of the request
	Conv   protocol.ConversationID `json:"v"`
	Kind   protocol.OfferKind      `json:"kind"`
	Queue  protocol.QueueID        `json:"q"` // whose line, weight and rules
	Medium string                  `json:"m"`
	Cost   int                     `json:"c"` // units of an agent with room for four chats
	Actor  string                  `json:"a"` // visitor who must be connected; empty: nobody must

	Since     int64 `json:"s"`              // first enqueue, which all times count from
	Back      int64 `json:"back,omitempty"` // when it came back last; 0: never. The wait that people read counts from it
	Effective int64 `json:"e"`              // Since less the boost by the queue's weight: the place in line
	Round     int   `json:"t"`              // offers made so far
	Ring      int64 `json:"r"`              // how long an offer rings; 0: as usual
	Pull      int   `json:"pull,omitempty"` // 1: it waits to be picked and is not offered

	Classes []Class            `json:"cl"`           // whose lines it stands in
	Sticky  *Class             `json:"sc,omitempty"` // set: it stands there alone instead, until the step general or that agent is not ready
	Steps   []Step             `json:"st"`           // still to come, by time
	Relaxed []Class            `json:"rc,omitempty"` // of the last step that lowered needs
	Lowered int                `json:"rl,omitempty"` // its number
	By      []protocol.AgentID `json:"by"`           // never asked: who asked it, or is in it already

	Asked map[protocol.AgentID]int64 `json:"-"` // who is not asked again until then; the scripts keep their own
}

// Boosts where the queue says nothing, and of what comes back from an agent who
// was lost: that goes before everything but other such ones.
const (
	TransferBoost = int64(5 * time.Minute / time.Millisecond)
	LostBoost     = int64(24 * time.Hour / time.Millisecond)
)

// Defaults of a queue's rules, and what puts first of all.
const (
	pullMax  = int64(5 * time.Minute / time.Millisecond)
	sticky   = int64(30 * time.Second / time.Millisecond)
	topBoost = int64(30 * 24 * time.Hour / time.Millisecond)
	callRing = int64(25 * time.Second / time.Millisecond)
)

// Place makes the place of a queued conversation. queues are all of the
// workspace; those that overflow adds and that are not there are left out.
func Place(c store.Conversation, q store.Queue, queues map[protocol.QueueID]store.Queue) Waiting {
	medium := mediumOf(c.Medium)
	boost := c.Boost
	if boost == 0 && c.Started != 0 { // it had an agent before
		boost = LostBoost
	}
	w := place(string(c.ID), c.ID, q, medium, c.Asked, boost)
	w.Kind = protocol.OfferAlone
	if q.Rules.Mode == store.ModeRingAll {
		w.Kind = protocol.OfferAll
	}
	w.Actor = protocol.Principal{Kind: protocol.KindVisitor, Visitor: c.Visitor}.Actor()
	w.Round, w.Back = c.Rounds, c.Requeued
	m := maker{queue: q, queues: queues, medium: medium, units: w.Cost}
	w.Classes = []Class{m.class(q.ID, wanted(q.Rules.Needs))}
	pull := q.Rules.Mode == store.ModePull
	if wait := orDefault(q.Rules.StickyMs, sticky); c.Sticky != "" && wait > 0 && !pull {
		own := AgentClass(c.Sticky, q.ID, medium, w.Cost, q.Rules.Spare[medium])
		w.Sticky = &own
		m.general = c.Asked + wait
	}
	if pull {
		w.Pull = 1
		m.push = c.Asked + orDefault(q.Rules.PullMaxMs, pullMax)
	}
	w.Steps = m.steps(c.Asked)
	return w
}

// Request makes the place of a request that is open. medium is the dearest one
// that runs in the conversation; an enquiry is by text. by are the agents who
// are in the conversation already. q is the queue asked, or for a named agent
// the conversation's own, whose units count.
func Request(r store.Request, q store.Queue, medium string, by []protocol.AgentID) Waiting {
	if medium = mediumOf(medium); r.Kind == protocol.RequestConsult {
		medium = store.MediumChat
	}
	boost := int64(0)
	if r.ToAgent == "" {
		boost = TransferBoost
		if b, ok := q.Rules.Boosts["transfer"]; ok {
			boost = b
		}
	}
	w := place(string(r.ID), r.Conversation, q, medium, r.Asked, boost)
	w.Kind = protocol.OfferKind(r.Kind)
	w.By = append(w.By, by...)
	if r.ToAgent != "" {
		w.Classes = []Class{AgentClass(r.ToAgent, q.ID, medium, w.Cost, q.Rules.Spare[medium])}
		return w
	}
	w.Classes = []Class{QueueClass(q.ID, medium, w.Cost, q.Rules.Spare[medium], q.Rules.Needs)}
	return w
}

func place(id string, conv protocol.ConversationID, q store.Queue, medium string, since, boost int64) Waiting {
	w := Waiting{
		ID: id, Conv: conv, Queue: q.ID, Medium: medium, Cost: store.UnitsOf(q.Rules, medium, 0), Since: since,
		Effective: max(0, since-boost/int64(max(q.Weight, 1))), Ring: q.OfferMs, Steps: []Step{}, By: []protocol.AgentID{},
	}
	if w.Ring == 0 && medium != store.MediumChat {
		w.Ring = callRing
	}
	return w
}

func mediumOf(m string) string {
	if m == "" {
		return store.MediumChat
	}
	return m
}

func orDefault(v, usual int64) int64 {
	if v == 0 {
		return usual
	}
	return v
}
