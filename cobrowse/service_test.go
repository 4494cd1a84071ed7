package cobrowse_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/parlour-chat/parlour/cobrowse"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const hang = 10 * time.Second

var (
	id      = protocol.CobrowseID("01920000-0000-7000-8000-000000000001")
	visitor = protocol.Caller{Principal: protocol.Principal{Kind: protocol.KindVisitor, Workspace: "w", Visitor: "v"}, Connection: "page"}
	agent   = protocol.Caller{Principal: protocol.Principal{Kind: protocol.KindAgent, Workspace: "w", Agent: "a"}, Connection: "desk"}
)

// A room is the service with everything around it played.
type room struct {
	*cobrowse.Service
	mu      sync.Mutex
	consent bool
	away    error // what the record says when it does not answer
	looked  int   // into the record
	packets map[protocol.ConnectionID][][]byte
	asked   int
	told    [][]byte // who watches
	who     [][]byte // questions who watches
	cut     map[protocol.ConnectionID]bool
	notes   []string // of pages
}

func newRoom(t *testing.T, l cobrowse.Limits) *room {
	t.Helper()
	r := &room{consent: true, packets: map[protocol.ConnectionID][][]byte{}, cut: map[protocol.ConnectionID]bool{}}
	if l.Snapshots == 0 {
		l.Snapshots = time.Nanosecond
	}
	r.Service = cobrowse.New(cobrowse.Options{Consent: r, Pages: r, Wire: r, Limits: l})
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func (r *room) CobrowseConsent(_ context.Context, who protocol.Principal, _ protocol.CobrowseID) (string, string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.looked++
	if r.away != nil {
		return "", "", r.away
	}
	if !r.consent || (who.Visitor != "v" && who.Agent != "a") {
		return "", "", protocol.NewError(protocol.CodeNotFound, "ended")
	}
	return "visitor:v", "agent:a", nil
}

func (r *room) Connected(conn protocol.ConnectionID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.cut[conn]
}

func (r *room) note(what string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.away == nil {
		r.notes = append(r.notes, what)
	}
	return r.away
}

func (r *room) CobrowseShown(_ context.Context, _ protocol.CobrowseID, conn protocol.ConnectionID) error {
	return r.note(string(conn) + " begins")
}

func (r *room) CobrowsePage(_ context.Context, _ protocol.CobrowseID, conn protocol.ConnectionID, here bool) error {
	return r.note(fmt.Sprintf("%s here: %v", conn, here))
}

func (r *room) looks() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.looked
}

func (r *room) Send(_ protocol.WorkspaceID, _ string, _ protocol.ConnectionID, kind string, _ any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if kind == protocol.DownCobrowseSnapshot {
		r.asked++
	}
}

func (r *room) SendPacket(conn protocol.ConnectionID, _ string, data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.packets[conn] = append(r.packets[conn], data)
}

func (r *room) Tell(name string, payload []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if name == cobrowse.WhoService {
		r.who = append(r.who, payload)
		return
	}
	r.told = append(r.told, payload)
}

// seen puts the packets of a connection together as a viewer does, checks that
// seqs have no gap, and gives the text of every batch.
func (r *room) seen(t *testing.T, conn protocol.ConnectionID) []string {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	var batches []string
	var open strings.Builder
	gen, next := uint32(0), uint32(0)
	for _, data := range r.packets[conn] {
		h, payload, err := protocol.ParsePacket(data)
		if err != nil {
			t.Fatal(err)
		}
		if h.Gen != gen {
			gen, next = h.Gen, 0
			if h.Type != protocol.PacketSnapshot {
				t.Fatal("a gen begins without a snapshot")
			}
		}
		if h.Seq != next {
			t.Fatalf("packet %d came, %d expected", h.Seq, next)
		}
		next++
		open.Write(payload)
		if h.Flags&protocol.FlagLast != 0 {
			batches = append(batches, open.String())
			open.Reset()
		}
	}
	return batches
}

func (r *room) until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	guard := time.After(hang)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-guard:
			t.Fatalf("never: %s; stats %+v", what, r.Stats())
		}
	}
}

// A page sends as the capture does.
type page struct {
	gen, seq uint32
	conn     protocol.ConnectionID
}

func (p *page) send(r *room, kind protocol.PacketType, batch string, size int) {
	who := visitor
	if p.conn != "" {
		who.Connection = p.conn
	}
	if kind == protocol.PacketSnapshot {
		p.gen++
		p.seq = 0
	}
	for first := true; first || batch != ""; first = false {
		n := min(len(batch), size)
		h := protocol.PacketHeader{Type: kind, Gen: p.gen, Seq: p.seq, Cobrowse: id}
		if first {
			h.Flags |= protocol.FlagFirst
		}
		part := batch[:n]
		if batch = batch[n:]; batch == "" {
			h.Flags |= protocol.FlagLast
		}
		data, _ := protocol.AppendPacket(nil, h, []byte(part))
		p.seq++
		r.Packet(who, data)
	}
}

func snapshot(text string) string {
	return fmt.Sprintf(`[{"type":4,"data":{"href":"http://shop/x?token=1","width":800,"height":600},"timestamp":1},`+
		`{"type":2,"data":{"node":{"type":0,"childNodes":[{"type":2,"tagName":"p","attributes":{},"childNodes":[{"type":3,"textContent":%q,"id":3}],"id":2}],"id":1},"initialOffset":{"left":0,"top":0}},"timestamp":2}]`, text)
}

func change(text string) string {
	return fmt.Sprintf(`[{"type":3,"data":{"source":0,"texts":[{"id":3,"value":%q}],"attributes":[],"removes":[],"adds":[]},"timestamp":3}]`, text)
}

func (r *room) watch(t *testing.T) {
	t.Helper()
	if _, err := r.Watch(t.Context(), agent, "", protocol.OfCobrowse{Cobrowse: id}); err != nil {
		t.Fatal(err)
	}
}

func TestAgentSeesThePageAndItsChanges(t *testing.T) { // COB-2
	r, p := newRoom(t, cobrowse.Limits{}), &page{}
	r.watch(t)
	r.until(t, "the page is asked", func() bool { r.mu.Lock(); defer r.mu.Unlock(); return r.asked > 0 })
	p.send(r, protocol.PacketSnapshot, snapshot(strings.Repeat("long text ", 20_000)), 16<<10)
	p.send(r, protocol.PacketEvents, change("two"), 16<<10)
	r.until(t, "both batches arrive", func() bool { return len(r.seen(t, "desk")) == 2 })
	if got := r.seen(t, "desk"); !strings.Contains(got[0], "text long") || !strings.Contains(got[1], "two") || strings.Contains(got[0], "token=1") {
		t.Errorf("the agent got %.200s, %s", got[0], got[1])
	}
}

func TestLateViewerGetsSnapshotAndTail(t *testing.T) {
	r, p := newRoom(t, cobrowse.Limits{}), &page{}
	p.send(r, protocol.PacketSnapshot, snapshot("one"), 100)
	p.send(r, protocol.PacketEvents, change("two"), 7)
	r.until(t, "both are admitted", func() bool { return r.Stats().Events == 3 })
	r.watch(t)
	r.until(t, "both arrive", func() bool { return len(r.seen(t, "desk")) == 2 })
	p.send(r, protocol.PacketEvents, change("three"), 100)
	r.until(t, "the view goes on", func() bool { return len(r.seen(t, "desk")) == 3 })
}

func TestNothingPassesWithoutConsent(t *testing.T) { // COB-1, PRIV-2
	r, p := newRoom(t, cobrowse.Limits{Recheck: time.Nanosecond}), &page{}
	r.watch(t)
	p.send(r, protocol.PacketSnapshot, snapshot("one"), 16<<10)
	r.until(t, "the page is seen", func() bool { return len(r.seen(t, "desk")) == 1 })
	r.mu.Lock()
	r.consent = false
	r.mu.Unlock()
	p.send(r, protocol.PacketEvents, change("secret"), 16<<10)
	r.until(t, "the packet is refused", func() bool { return r.Stats().Unconsented == 1 && r.Stats().Sessions == 0 })
	if got := r.seen(t, "desk"); len(got) != 1 {
		t.Errorf("the agent got %v", got[1:])
	}
	if _, err := r.Watch(t.Context(), agent, "", protocol.OfCobrowse{Cobrowse: id}); err == nil {
		t.Error("the agent may watch without consent")
	}
}

func TestStrangersMayNeitherSendNorWatch(t *testing.T) { // S1
	r, p := newRoom(t, cobrowse.Limits{}), &page{}
	other := visitor
	other.Visitor = "w"
	data, _ := protocol.AppendPacket(nil, protocol.PacketHeader{Type: protocol.PacketSnapshot, Flags: 3, Gen: 1, Cobrowse: id}, []byte(snapshot("fake")))
	r.watch(t)
	r.Packet(other, data)
	r.until(t, "the packet is refused", func() bool { return r.Stats().Unconsented == 1 })
	r.Packet(agent, data)
	r.Packet(visitor, []byte("no packet"))
	if s := r.Stats(); s.Refused != 2 {
		t.Errorf("stats %+v", s)
	}
	stranger := agent
	stranger.Agent = "b"
	if _, err := r.Watch(t.Context(), stranger, "", protocol.OfCobrowse{Cobrowse: id}); err == nil {
		t.Error("a stranger may watch")
	}
	p.send(r, protocol.PacketSnapshot, snapshot("true"), 16<<10)
	r.until(t, "the page goes on", func() bool { return len(r.seen(t, "desk")) == 1 })
}

func TestGapAsksForASnapshot(t *testing.T) {
	r, p := newRoom(t, cobrowse.Limits{}), &page{}
	r.watch(t)
	p.send(r, protocol.PacketSnapshot, snapshot("one"), 16<<10)
	r.until(t, "the page is seen", func() bool { return len(r.seen(t, "desk")) == 1 })
	asked := r.Stats().Resyncs
	p.seq++ // one was lost
	p.send(r, protocol.PacketEvents, change("two"), 16<<10)
	r.until(t, "a snapshot is asked for", func() bool { return r.Stats().Resyncs > asked })
	p.send(r, protocol.PacketSnapshot, snapshot("three"), 16<<10)
	r.until(t, "the view goes on", func() bool { got := r.seen(t, "desk"); return len(got) == 2 && strings.Contains(got[1], "three") })
}

func TestNextPageTakesOver(t *testing.T) { // COB-6
	r, first, next := newRoom(t, cobrowse.Limits{}), &page{}, &page{conn: "page2"}
	r.watch(t)
	first.send(r, protocol.PacketSnapshot, snapshot("catalogue"), 16<<10)
	next.send(r, protocol.PacketSnapshot, snapshot("cart"), 16<<10)
	first.send(r, protocol.PacketEvents, change("late"), 16<<10)
	next.send(r, protocol.PacketEvents, change("two teas"), 16<<10)
	r.until(t, "the next page is seen", func() bool { return strings.Contains(strings.Join(r.seen(t, "desk"), ""), "two teas") })
	if got := strings.Join(r.seen(t, "desk"), ""); strings.Contains(got, "late") || !strings.Contains(got, "two teas") {
		t.Errorf("the agent got %s", got)
	}
}

func TestTailIsBounded(t *testing.T) {
	r, p := newRoom(t, cobrowse.Limits{TailBytes: 2000, BatchesPerSecond: 1_000_000}), &page{}
	p.send(r, protocol.PacketSnapshot, snapshot("one"), 16<<10)
	for range 200 {
		p.send(r, protocol.PacketEvents, change(strings.Repeat("x", 500)), 16<<10)
	}
	r.until(t, "all is taken and a snapshot is asked for", func() bool { return r.Stats().Events == 202 && r.Stats().Resyncs > 0 })
	r.watch(t)
	p.send(r, protocol.PacketSnapshot, snapshot("fresh"), 16<<10)
	r.until(t, "the fresh page is seen", func() bool { return len(r.seen(t, "desk")) > 0 })
	if got := r.seen(t, "desk"); !strings.Contains(got[0], "fresh") {
		t.Errorf("a late viewer got %.100s first", got[0])
	}
}

func TestTooLargeOrTooManyIsDropped(t *testing.T) { // S10
	r, p := newRoom(t, cobrowse.Limits{SnapshotBytes: 10_000, BatchesPerSecond: 3}), &page{}
	r.watch(t)
	p.send(r, protocol.PacketSnapshot, snapshot(strings.Repeat("x", 20_000)), 4<<10)
	r.until(t, "it is dropped", func() bool { return r.Stats().Dropped > 0 })
	p.send(r, protocol.PacketSnapshot, snapshot("small"), 4<<10)
	for range 10 {
		p.send(r, protocol.PacketEvents, change("x"), 4<<10)
	}
	r.until(t, "the flood is cut", func() bool { return r.Stats().Dropped >= 2 && r.Stats().Packets >= 11 })
	if got := r.seen(t, "desk"); len(got) > 3 {
		t.Errorf("%d batches of a flood passed", len(got))
	}
}

func TestWatchIsToldToOtherNodes(t *testing.T) {
	here, there := newRoom(t, cobrowse.Limits{}), newRoom(t, cobrowse.Limits{})
	p := &page{}
	p.send(there, protocol.PacketSnapshot, snapshot("far"), 16<<10)
	there.until(t, "the page is there", func() bool { return there.Stats().Events == 2 })
	here.watch(t)
	here.mu.Lock()
	told := here.told
	here.mu.Unlock()
	if len(told) != 1 {
		t.Fatalf("%d tellings", len(told))
	}
	there.Told(told[0])
	there.until(t, "the far page is sent", func() bool { return len(there.seen(t, "desk")) == 1 })
	there.Told([]byte("rubbish"))
	if there.Stats().Refused != 1 {
		t.Error("rubbish was not refused")
	}
}

func TestEndedStopsAtOnce(t *testing.T) {
	r, p := newRoom(t, cobrowse.Limits{}), &page{}
	r.watch(t)
	p.send(r, protocol.PacketSnapshot, snapshot("one"), 16<<10)
	r.until(t, "the page is seen", func() bool { return len(r.seen(t, "desk")) == 1 })
	r.mu.Lock()
	r.consent = false
	r.mu.Unlock()
	r.Ended(id)
	r.until(t, "the session is gone", func() bool { return r.Stats().Sessions == 0 })
	p.send(r, protocol.PacketEvents, change("after"), 16<<10)
	r.until(t, "what comes after is refused", func() bool { return r.Stats().Unconsented == 1 })
}
