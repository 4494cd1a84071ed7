package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// D1, D2, D3, D13: the server is killed between sends and their acks, again
// and again; both sides go on by themselves, and nothing that was acknowledged
// is lost, doubled or out of order.
func TestKilledServerLosesNothing(t *testing.T) {
	sqlite, postgresql := 20, 5
	if os.Getenv("SOAK") != "" {
		sqlite, postgresql = 100, 50
	}
	t.Run("SQLite", func(t *testing.T) { killUnderTraffic(t, sqlite) })
	t.Run("PostgreSQL", func(t *testing.T) { killUnderTraffic(t, postgresql, "--database.url="+testbed.Database(t)) })
}

func killUnderTraffic(t *testing.T, kills int, settings ...string) {
	s := startServer(t, settings...)
	visitor, agent := s.visitor(), s.agent("anna@shop.test")
	agent.do(protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredReady})
	conv := visitor.do(protocol.UpAsk, protocol.Ask{Text: "hello"}).Conversation
	agent.do(protocol.UpAccept, protocol.OfOffer{Offer: agent.offer()})

	people := map[string]*client{"visitor": visitor, "agent": agent}
	sentBy := map[string][]protocol.Op{}
	say := func(name string) {
		text := fmt.Sprintf("%s %d", name, len(sentBy[name]))
		sentBy[name] = append(sentBy[name], people[name].send(protocol.UpPost, protocol.Post{Conversation: conv, Text: text}))
	}
	inFlight := 0
	for range kills {
		s.until("both are connected", func() bool { return visitor.online() && agent.online() })
		for range 10 { // in the middle of what these are, or right after
			say("visitor")
			say("agent")
		}
		if rand.IntN(2) == 0 {
			<-time.After(time.Duration(rand.IntN(3000)) * time.Microsecond) // a kill at any instant
		}
		before := visitor.waiting() + agent.waiting()
		for before == 0 { // every kill comes between a send and its ack
			say("visitor")
			before = visitor.waiting()
		}
		s.kill()
		inFlight += min(visitor.waiting(), 1) + min(agent.waiting(), 1) // one on its way for each
		say("visitor")                                                  // written while nobody is there
		say("agent")
		s.start()
	}
	s.until("everything is acknowledged", func() bool { return visitor.waiting() == 0 && agent.waiting() == 0 })
	entries := visitor.log(t, conv)
	check(t, entries, people, sentBy)
	total := len(sentBy["visitor"]) + len(sentBy["agent"])
	t.Logf("%d kills, %d messages in flight when killed, %d acknowledged; connections: visitor %d, agent %d", kills, inFlight, total, visitor.opened, agent.opened)
	if inFlight < kills {
		t.Errorf("%d messages were in flight at %d kills", inFlight, kills)
	}
}

// check looks for lost, doubled and misplaced messages in the log.
func check(t *testing.T, entries []protocol.Entry, people map[string]*client, sentBy map[string][]protocol.Op) {
	t.Helper()
	places := map[string][]int64{} // by text
	for i, e := range entries {
		if e.Seq != int64(i+1) {
			t.Fatalf("entry %d has seq %d", i+1, e.Seq)
		}
		if e.Kind == protocol.EntryMessage {
			places[e.Body.Text] = append(places[e.Body.Text], e.Seq)
		}
	}
	for name, ops := range sentBy {
		last := int64(0)
		for i, op := range ops {
			text := fmt.Sprintf("%s %d", name, i)
			ack, acked := people[name].acks[op]
			switch at := places[text]; {
			case !acked:
				t.Errorf("%q was refused: %+v", text, people[name].failed[op])
			case len(at) != 1:
				t.Errorf("%q is in the log %d times", text, len(at))
			case at[0] < last:
				t.Errorf("%q stands before what was sent before it", text)
			case name == "visitor" && ack.Seq != at[0]:
				t.Errorf("%q was acknowledged as %d and is %d", text, ack.Seq, at[0])
			default:
				last = at[0]
			}
		}
	}
}
