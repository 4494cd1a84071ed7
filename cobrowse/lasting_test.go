package cobrowse_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/cobrowse"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// seesNext sends a change and waits until the agent, who has not watched again, sees it.
func (r *room) seesNext(t *testing.T, p *page, text string) {
	t.Helper()
	p.send(r, protocol.PacketEvents, change(text), 16<<10)
	r.until(t, "the agent sees "+text, func() bool { return strings.Contains(strings.Join(r.seen(t, "desk"), ""), text) })
}

// forged is a packet of another visitor that carries the session's id.
func forged(kind protocol.PacketType) (protocol.Caller, []byte) {
	other := visitor
	other.Visitor, other.Connection = "w", "forger"
	data, _ := protocol.AppendPacket(nil, protocol.PacketHeader{Type: kind, Flags: 3, Gen: 1, Cobrowse: id}, []byte(snapshot("fake")))
	return other, data
}

func TestAStrangersPacketLeavesTheSessionAlone(t *testing.T) { // S1
	for _, kind := range []protocol.PacketType{protocol.PacketSnapshot, protocol.PacketEvents} {
		r, p := newRoom(t, cobrowse.Limits{Recheck: time.Nanosecond}), &page{}
		other, data := forged(kind)
		r.watch(t)
		r.Packet(other, data) // before the page has sent anything
		r.until(t, "the packet is refused", func() bool { return r.Stats().Unconsented == 1 })
		p.send(r, protocol.PacketSnapshot, snapshot("true"), 16<<10)
		r.until(t, "the page is seen", func() bool { return len(r.seen(t, "desk")) == 1 })
		r.Packet(other, data)
		r.until(t, "the packet is refused", func() bool { return r.Stats().Unconsented == 2 })
		r.seesNext(t, p, "goes on")
		if got := strings.Join(r.seen(t, "desk"), ""); strings.Contains(got, "fake") {
			t.Errorf("the agent got %s", got)
		}
	}
}

func TestAQuietPageKeepsItsViewers(t *testing.T) { // COB-2
	r, p := newRoom(t, cobrowse.Limits{Idle: 20 * time.Millisecond}), &page{}
	r.watch(t)
	p.send(r, protocol.PacketSnapshot, snapshot("one"), 16<<10)
	r.until(t, "the page is seen", func() bool { return len(r.seen(t, "desk")) == 1 })
	before := r.looks()
	r.until(t, "it was idle for long, twice", func() bool { return r.looks() >= before+2 || r.Stats().Sessions == 0 })
	r.seesNext(t, p, "still here")
}

func TestAQuietSessionWithoutConsentIsForgotten(t *testing.T) {
	r := newRoom(t, cobrowse.Limits{Idle: 20 * time.Millisecond})
	r.watch(t)
	r.until(t, "it is open", func() bool { return r.Stats().Sessions == 1 })
	r.mu.Lock()
	r.consent = false
	r.mu.Unlock()
	r.until(t, "it is forgotten", func() bool { return r.Stats().Sessions == 0 })
}

func TestARecordThatDoesNotAnswerEndsNothing(t *testing.T) { // D1
	for _, away := range []error{errors.New("the record is away"), protocol.NewError(protocol.CodeUnavailable, "The record is away.")} {
		r, p := newRoom(t, cobrowse.Limits{Recheck: time.Nanosecond, Idle: 20 * time.Millisecond}), &page{}
		r.watch(t)
		p.send(r, protocol.PacketSnapshot, snapshot("one"), 16<<10)
		r.until(t, "the page is seen", func() bool { return len(r.seen(t, "desk")) == 1 })
		r.mu.Lock()
		r.away = away
		r.mu.Unlock()
		p.send(r, protocol.PacketEvents, change("unproven"), 16<<10)
		r.until(t, "it was idle for long, twice", func() bool { return r.looks() >= 6 || r.Stats().Sessions == 0 })
		r.mu.Lock()
		r.away = nil
		r.mu.Unlock()
		p.send(r, protocol.PacketEvents, change("after a gap"), 16<<10)
		p.send(r, protocol.PacketSnapshot, snapshot("whole again"), 16<<10)
		r.seesNext(t, p, "goes on")
		if got := strings.Join(r.seen(t, "desk"), ""); strings.Contains(got, "unproven") {
			t.Errorf("the agent got %s", got)
		}
	}
}

func TestFreshIdsAreNotLookedUpWithoutEnd(t *testing.T) { // S10
	r := newRoom(t, cobrowse.Limits{})
	r.mu.Lock()
	r.consent = false
	r.mu.Unlock()
	const packets = 5000
	began := time.Now()
	for range packets {
		data, _ := protocol.AppendPacket(nil, protocol.PacketHeader{Type: protocol.PacketEvents, Flags: 3, Gen: 1, Cobrowse: protocol.NewID[protocol.CobrowseID]()}, []byte("[]"))
		r.Packet(visitor, data)
	}
	r.until(t, "all are refused", func() bool { s := r.Stats(); return s.Refused+s.Unconsented == packets && s.Sessions == 0 })
	if most := 8 + int(time.Since(began).Seconds()) + 1; r.looks() > most {
		t.Errorf("%d looks into the record, at most %d expected", r.looks(), most)
	}
}

func TestSessionsThatEndLeaveNothing(t *testing.T) { // S10
	r := newRoom(t, cobrowse.Limits{Idle: 8 * time.Millisecond})
	consent := func(runs bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.consent, r.told = runs, nil
	}
	round := func() uint64 {
		consent(true)
		for range 300 {
			if _, err := r.Watch(t.Context(), agent, "", protocol.OfCobrowse{Cobrowse: protocol.NewID[protocol.CobrowseID]()}); err != nil {
				t.Fatal(err)
			}
		}
		consent(false)
		r.until(t, "all have ended", func() bool { return r.Stats().Sessions == 0 })
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapObjects
	}
	first := round()
	for range 4 {
		round()
	}
	if last := round(); last > first+600 {
		t.Errorf("%d objects after the first 300 sessions, %d after 1500 more", first, last)
	}
}

func TestANodeThatBeganLaterLearnsWhoWatches(t *testing.T) { // R1, R7
	here, p := newRoom(t, cobrowse.Limits{}), &page{}
	here.watch(t)
	later := newRoom(t, cobrowse.Limits{}) // it has not heard that somebody watches
	p.send(later, protocol.PacketSnapshot, snapshot("after the restart"), 16<<10)
	last := func(from *room, list *[][]byte) (last []byte) {
		from.until(t, "it is told", func() bool {
			from.mu.Lock()
			defer from.mu.Unlock()
			if n := len(*list); n > 0 {
				last = (*list)[n-1]
			}
			return last != nil
		})
		return last
	}
	question := last(later, &later.who)
	here.mu.Lock()
	here.told = nil
	here.mu.Unlock()
	later.Asked(question) // who knows nobody is silent
	here.Asked([]byte("rubbish"))
	if here.Stats().Refused != 1 {
		t.Error("rubbish was not refused")
	}
	here.Asked(question)
	later.Told(last(here, &here.told))
	later.until(t, "the page is seen", func() bool { return len(later.seen(t, "desk")) == 1 })
	later.mu.Lock()
	asked := len(later.who)
	later.mu.Unlock()
	later.seesNext(t, p, "goes on")
	later.Asked(question) // its viewer is another node's
	later.seesNext(t, p, "and on")
	later.mu.Lock()
	defer later.mu.Unlock()
	if len(later.who) != asked || len(later.told) > 0 {
		t.Errorf("%d questions, %d answers of a node whose session is watched by another", len(later.who)-asked, len(later.told))
	}
}
