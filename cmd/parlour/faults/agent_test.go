package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A desk is one tab of an agent, who does with offers and conversations all
// that agents do. Two tabs of one agent know nothing of one another.
type desk struct {
	*client
	name string
	rand *rand.Rand
	calm func() bool // from now on everything is taken and finished

	did  map[string]time.Time // what was decided, and when: an offer or card is not done with twice
	said int
}

const password = "correct horse battery"

// openDesks signs an agent in and opens as many tabs as there are nodes named.
func openDesks(ctx context.Context, urls []string, name string, r *rand.Rand, calm func() bool, at ...int) ([]*desk, error) {
	var nothing struct{}
	cookies, err := postTo(ctx, urls, "/v1/sign-in", map[string]string{"email": name + "@shop.test", "password": password}, &nothing)
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	for _, c := range cookies {
		header.Add("Cookie", c.Name+"="+c.Value)
	}
	var tabs []*desk
	for i, node := range at {
		tabs = append(tabs, &desk{
			client: connect(urls, node, "", header), name: fmt.Sprintf("%s/%d", name, i), rand: rand.New(rand.NewPCG(r.Uint64(), r.Uint64())),
			calm: calm, did: map[string]time.Time{},
		})
	}
	return tabs, nil
}

// run works until ctx ends.
func (d *desk) run(ctx context.Context) {
	for pause(ctx, between(d.rand, 60*time.Millisecond, 160*time.Millisecond)) {
		if d.Waiting() > 3 {
			continue // nobody clicks on while nothing answers
		}
		items := d.Items()
		var queues []protocol.QueueID
		for _, item := range items {
			if item.Queue != nil {
				queues = append(queues, item.Queue.Queue)
			}
		}
		for _, item := range items {
			switch {
			case item.Agent != nil:
				d.state(*item.Agent)
			case item.Offer != nil && item.Offer.TakenBy == "":
				d.offer(*item.Offer)
			case item.Card != nil:
				d.card(*item.Card, queues)
			case item.Waiting != nil && item.Waiting.Head && d.once("pick/"+string(item.Waiting.Conversation), time.Second):
				d.take(*item.Waiting)
			}
		}
	}
}

// once says whether something is to be done: not again within so long.
func (d *desk) once(what string, again time.Duration) bool {
	if at, done := d.did[what]; done && time.Since(at) < again {
		return false
	}
	d.did[what] = time.Now()
	return true
}

const never = time.Hour

// state comes back after whatever made the agent not ready.
func (d *desk) state(a protocol.AgentItem) {
	if a.Declared != protocol.DeclaredReady && d.once("ready", between(d.rand, 300*time.Millisecond, 2*time.Second)) {
		d.Send(protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredReady})
	}
	if !d.calm() && a.Declared == protocol.DeclaredReady && chance(d.rand, 1) && d.once("pause", 5*time.Second) {
		to := protocol.DeclaredNotReady
		if chance(d.rand, 50) {
			to = protocol.DeclaredPending
		}
		d.Send(protocol.UpDeclare, protocol.Declare{Declared: to})
	}
}

// offer decides about an offer, once; about those that it lets ring it may
// change its mind too late.
func (d *desk) offer(o protocol.OfferItem) {
	if !d.once("offer/"+string(o.Offer), never) {
		return
	}
	way := d.rand.IntN(100)
	switch {
	case d.calm() || way < 80:
		d.Send(protocol.UpAccept, protocol.OfOffer{Offer: o.Offer})
		if way < 10 { // a double click
			d.Send(protocol.UpAccept, protocol.OfOffer{Offer: o.Offer})
		}
	case way < 92:
		d.Send(protocol.UpReject, protocol.OfOffer{Offer: o.Offer, Reason: "busy"})
		if way < 83 { // and thinks again: too late
			d.Send(protocol.UpAccept, protocol.OfOffer{Offer: o.Offer})
		}
	}
}

func (d *desk) take(w protocol.WaitingItem) {
	if chance(d.rand, 50) {
		d.Send(protocol.UpNext, protocol.OfQueue{Queue: w.Queue})
	} else {
		d.Send(protocol.UpPick, protocol.OfConversation{Conversation: w.Conversation})
	}
}

// card does one thing with a conversation, or nothing.
func (d *desk) card(c protocol.CardItem, queues []protocol.QueueID) {
	of := protocol.OfConversation{Conversation: c.Conversation}
	switch {
	case c.Slot == protocol.SlotWrapUp:
		if d.once("clear/"+string(c.Conversation), 2*time.Second) {
			d.Send(protocol.UpClear, of)
		}
	case c.State != protocol.StateActive, !d.once("card/"+string(c.Conversation), between(d.rand, 100*time.Millisecond, 400*time.Millisecond)):
	case c.Slot == protocol.SlotParked:
		d.Send(protocol.UpUnpark, of)
	case c.Role == "guest":
		d.guest(c)
	case c.Kind == "consult":
		d.Send(protocol.UpEnd, of)
	case d.calm():
		d.Send(protocol.UpEnd, of)
	case c.Request != nil && c.Request.State == "open":
		if chance(d.rand, 10) {
			d.Send(protocol.UpCancel, protocol.OfRequest{Request: c.Request.Request})
		}
	default:
		d.owner(c, queues)
	}
}

func (d *desk) guest(c protocol.CardItem) {
	if d.calm() || chance(d.rand, 30) {
		d.Send(protocol.UpDepart, protocol.Depart{Conversation: c.Conversation, Then: "end"})
	} else {
		d.say(c)
	}
}

func (d *desk) owner(c protocol.CardItem, queues []protocol.QueueID) {
	of := protocol.OfConversation{Conversation: c.Conversation}
	ask := protocol.TeamAsk{Conversation: c.Conversation, Note: "please"}
	if len(queues) > 0 {
		ask.Queue = queues[d.rand.IntN(len(queues))]
	}
	switch way := d.rand.IntN(100); {
	case way < 60:
		d.say(c)
	case way < 68:
		d.Send(protocol.UpPark, of)
	case way < 71:
		d.Send(protocol.UpTransfer, ask)
	case way < 73:
		ask.Leave = true
		d.Send(protocol.UpTransfer, ask)
	case way < 76:
		d.Send(protocol.UpInvite, ask)
	case way < 78:
		d.Send(protocol.UpEnquire, ask)
	case way < 79:
		d.Send(protocol.UpDepart, protocol.Depart{Conversation: c.Conversation, Then: "queue"})
	case way < 92:
		d.Send(protocol.UpEnd, of)
	}
}

func (d *desk) say(c protocol.CardItem) {
	d.said++
	d.Send(protocol.UpPost, protocol.Post{Conversation: c.Conversation, Text: fmt.Sprintf("%s says %d", d.name, d.said)})
}
