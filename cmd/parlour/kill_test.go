package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/protocol/wiretest"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// D1, D2, D3, D13: the server is killed between sends and their acks, again
// and again; both sides go on by themselves, and nothing that was acknowledged
// is lost, doubled or out of order.
func TestKilledServerLosesNothing(t *testing.T) {
	kills := 20
	if os.Getenv("SOAK") != "" {
		kills = 100
	}
	t.Run("SQLite", func(t *testing.T) { killUnderTraffic(t, kills) })
	t.Run("PostgreSQL", func(t *testing.T) { killUnderTraffic(t, kills, "--database.url="+testbed.Database(t)) })
}

// A speaker writes messages into one conversation, each text once.
type speaker struct {
	*client
	name string
	said []*wiretest.Call
}

func (s *speaker) say(conv protocol.ConversationID) {
	text := fmt.Sprintf("%s %d", s.name, len(s.said))
	s.said = append(s.said, s.Send(protocol.UpPost, protocol.Post{Conversation: conv, Text: text}))
}

// flight is the message that was in flight when the server was killed: written
// before, and not answered by anything that came over the connection. Nil: none.
func (s *speaker) flight(killed time.Time) *wiretest.Call {
	breaks := s.Breaks()
	last := breaks[len(breaks)-1]
	if last.Call == nil || !last.Written.Before(killed) {
		return nil
	}
	return last.Call
}

const enough = 30

// A kill is one that came between a send and its ack.
type kill struct {
	again    time.Time // when the next process was started
	inFlight map[*speaker]*wiretest.Call
}

func killUnderTraffic(t *testing.T, kills int, settings ...string) {
	s := startServer(t, settings...)
	visitor, agent := &speaker{client: s.visitor(), name: "visitor"}, &speaker{client: s.agent("anna@shop.test"), name: "agent"}
	people := []*speaker{visitor, agent}
	agent.do(protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredReady})
	conv := visitor.do(protocol.UpAsk, protocol.Ask{Text: "hello"}).Conversation
	agent.do(protocol.UpAccept, protocol.OfOffer{Offer: agent.offer()})

	var counted []kill
	tries := 0
	for len(counted) < kills {
		if tries++; tries > 10*kills {
			t.Fatalf("of %d kills only %d came between a send and its ack", tries-1, len(counted))
		}
		for _, p := range people {
			s.until(p.name+" is connected", p.online)
			for p.Waiting() < enough { // to last until the kill
				p.say(conv)
			}
		}
		s.until("both have been answered", func() bool { return visitor.Waiting() < enough && agent.Waiting() < enough })
		<-time.After(time.Duration(rand.IntN(10_000)) * time.Microsecond) // at any instant of what is done with a message
		killed := time.Now()
		s.kill()
		one := kill{inFlight: map[*speaker]*wiretest.Call{}}
		for _, p := range people {
			s.until(p.name+" has read all that came", func() bool { return len(p.Breaks()) == p.Opened() })
			if call := p.flight(killed); call != nil {
				one.inFlight[p] = call
			}
			p.say(conv) // while nobody is there
		}
		one.again = time.Now()
		s.start()
		if len(one.inFlight) > 0 {
			counted = append(counted, one)
		}
	}
	s.until("everything is acknowledged", func() bool { return visitor.Waiting() == 0 && agent.Waiting() == 0 })
	entries := visitor.log(t, conv)
	check(t, entries, people)
	report(t, entries, people, counted, tries)
}

// report tells what was in flight at each kill, and whether the process that
// was killed had stored it: its ack was lost then, else the message was.
func report(t *testing.T, entries []protocol.Entry, people []*speaker, counted []kill, tries int) {
	t.Helper()
	at := map[string]int64{} // by text
	for _, e := range entries {
		if _, twice := at[e.Body.Text]; !twice {
			at[e.Body.Text] = e.At
		}
	}
	stored, not, sent := 0, 0, 0
	for i, one := range counted {
		line := fmt.Sprintf("kill %d, in flight:", i+1)
		for _, p := range people {
			call := one.inFlight[p]
			if call == nil {
				line += fmt.Sprintf(" nothing of the %s;", p.name)
				continue
			}
			text := call.Body.(protocol.Post).Text
			if at[text] < one.again.UnixMilli() {
				stored++
				line += fmt.Sprintf(" %q, stored;", text)
			} else {
				not++
				line += fmt.Sprintf(" %q, not stored;", text)
			}
		}
		t.Log(strings.TrimSuffix(line, ";"))
	}
	for _, p := range people {
		sent += len(p.said)
	}
	t.Logf("%d kills between a send and its ack, of %d: %d messages in flight, %d of them stored and %d not; %d messages acknowledged over %d connections of the visitor and %d of the agent",
		len(counted), tries, stored+not, stored, not, sent, people[0].Opened(), people[1].Opened())
	if stored == 0 {
		t.Error("no kill came between a commit and its ack")
	}
}

// check looks for lost, doubled and misplaced messages in the log.
func check(t *testing.T, entries []protocol.Entry, people []*speaker) {
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
	for _, p := range people {
		last := int64(0)
		for _, call := range p.said {
			text := call.Body.(protocol.Post).Text
			switch at := places[text]; {
			case call.End != wiretest.Acked:
				t.Errorf("%q was refused: %+v", text, call.Failed)
			case len(at) != 1:
				t.Errorf("%q is in the log %d times", text, len(at))
			case at[0] < last:
				t.Errorf("%q stands before what was sent before it", text)
			case p.name == "visitor" && call.Ack.Seq != at[0]:
				t.Errorf("%q was acknowledged as %d and is %d", text, call.Ack.Seq, at[0])
			default:
				last = at[0]
			}
		}
	}
}
