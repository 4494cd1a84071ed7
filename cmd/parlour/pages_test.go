package main

import (
	"testing"

	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

const pageOf = `[{"type":4,"data":{"href":"http://shop/","width":800,"height":600},"timestamp":1},` +
	`{"type":2,"data":{"node":{"type":0,"childNodes":[],"id":1},"initialOffset":{"left":0,"top":0}},"timestamp":2}]`

// shows sends a page as the capture does.
func (c *client) shows(id protocol.CobrowseID, gen uint32) {
	c.s.t.Helper()
	packet, err := protocol.AppendPacket(nil, protocol.PacketHeader{
		Type: protocol.PacketSnapshot, Flags: protocol.FlagFirst | protocol.FlagLast, Gen: gen, Cobrowse: id,
	}, []byte(pageOf))
	if err == nil {
		err = c.Packet(1, packet)
	}
	if err != nil {
		c.s.t.Fatal(err)
	}
}

func (c *client) shared(id protocol.CobrowseID) *protocol.CobrowseItem {
	return c.Items()["cobrowse/"+string(id)].Cobrowse
}

// COB-6: the tab that is shown is closed while another of the same visitor stays
// open. The agent is told, the visitor's next page goes on, and without one the
// session ends for both; the same where the tabs and the desk are at two servers.
func TestASharedTabThatIsClosedIsToldAndEnds(t *testing.T) {
	t.Run("one server", func(t *testing.T) {
		s := startServer(t, "--cobrowse.page_grace=4s")
		closesTheSharedTab(t, s, s)
	})
	t.Run("two servers", func(t *testing.T) {
		both := []string{"--cobrowse.page_grace=4s", "--database.url=" + testbed.Database(t), "--redis.url=" + testbed.Redis(t).URL()}
		closesTheSharedTab(t, startServer(t, both...), startServer(t, both...))
	})
}

func closesTheSharedTab(t *testing.T, desks, pages *server) {
	ben, other := desks.agent("ben@shop.test"), desks.visitor()
	tab := func() *client { return pages.connect(other.token, nil) }
	ben.do(protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredReady})
	conv := other.do(protocol.UpAsk, protocol.Ask{Text: "hello"}).Conversation
	ben.do(protocol.UpAccept, protocol.OfOffer{Offer: ben.offer()})
	id := protocol.CobrowseID(ben.do(protocol.UpCobrowseAsk, protocol.OfConversation{Conversation: conv}).ID)
	first := tab()
	first.do(protocol.UpCobrowseAnswer, protocol.CobrowseAnswer{Cobrowse: id, Allow: true})
	first.shows(id, 1)
	runs := func(away bool) func() bool {
		return func() bool {
			at := ben.shared(id)
			return at != nil && at.State == protocol.ConsentRunning && at.Away == away
		}
	}
	desks.until("it runs", runs(false))
	first.Close()
	desks.until("the agent is told that the page is gone", runs(true))
	next := tab()
	pages.until("the next page is connected", next.online)
	next.shows(id, 2)
	desks.until("the next page goes on with it", runs(false))
	next.Close()
	desks.until("it has ended", func() bool { return ben.shared(id) == nil && other.shared(id) == nil })
	log := other.log(t, conv)
	if last := log[len(log)-1]; last.Kind != protocol.EntryCobrowseEnded || last.Body.Cause != "page_gone" || last.Audience != protocol.AudienceAll {
		t.Errorf("the log ends with %s %+v", last.Kind, last.Body)
	}
}
