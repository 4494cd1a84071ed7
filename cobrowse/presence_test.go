package cobrowse_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/cobrowse"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func (r *room) connect(conn protocol.ConnectionID, on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cut[conn] = !on
}

func (r *room) noted(want ...string) func() bool {
	return func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return slices.Equal(r.notes, want)
	}
}

func TestAPageThatIsClosedIsNoted(t *testing.T) { // COB-6
	r, p := newRoom(t, cobrowse.Limits{Look: time.Millisecond, Away: 20 * time.Millisecond}), &page{}
	p.send(r, protocol.PacketSnapshot, snapshot("one"), 16<<10)
	r.until(t, "the page is shown", r.noted("page begins"))
	r.connect("page", false)
	r.until(t, "it is gone", r.noted("page begins", "page here: false"))
	r.connect("page", true)
	r.until(t, "its connection is back", r.noted("page begins", "page here: false", "page here: true"))
	r.connect("page", false)
	p.conn = "next"
	p.send(r, protocol.PacketSnapshot, snapshot("two"), 16<<10)
	r.until(t, "the next page is shown", r.noted("page begins", "page here: false", "page here: true", "next begins"))
	r.connect("next", false)
	r.mu.Lock()
	r.away, r.notes = errors.New("the record is away"), nil
	r.mu.Unlock()
	looked := time.After(50 * time.Millisecond)
	<-looked
	r.mu.Lock()
	r.away = nil
	r.mu.Unlock()
	r.until(t, "it is noted when the record is back", r.noted("next here: false"))
}

func TestAShortGapOfAPageIsNobodysBusiness(t *testing.T) { // COB-6
	r, p := newRoom(t, cobrowse.Limits{Look: time.Millisecond, Away: time.Hour}), &page{}
	p.send(r, protocol.PacketSnapshot, snapshot("one"), 16<<10)
	r.until(t, "the page is shown", r.noted("page begins"))
	r.connect("page", false)
	p.conn = "next"
	p.send(r, protocol.PacketSnapshot, snapshot("two"), 16<<10)
	r.until(t, "the next page is shown", r.noted("page begins", "next begins"))
}
