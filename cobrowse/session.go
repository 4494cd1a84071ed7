package cobrowse

import (
	"context"
	"fmt"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// inboxSize bounds what waits for a session's goroutine. When it is full the
// packet is dropped; the gap makes the page send a new snapshot.
const inboxSize = 512

// joinsSize bounds the viewers that wait for a session's goroutine. When it is
// full, who watches is refused.
const joinsSize = 16

// downPayload is how much of a batch one packet to an agent holds: under 60 KiB
// with its header.
const downPayload = 59 << 10

// largeBatch is the size from which batches are admitted one at a time.
const largeBatch = 1 << 20

type packetIn struct {
	who     protocol.Caller
	header  protocol.PacketHeader
	payload []byte
}

// A session is one consent to see a page. Its goroutine owns all its state.
type session struct {
	id      protocol.CobrowseID
	service *Service
	stop    context.CancelFunc
	inbox   chan packetIn
	joins   chan viewer
	asks    chan struct{} // another node wants to know who watches

	visitor string // actor; only his packets count
	ws      protocol.WorkspaceID
	proof   protocol.Principal // somebody for whom the consent ran when it began

	page     protocol.Caller   // whose packets count: the page that sent the last snapshot
	there    presence          // of the page
	checked  time.Time         // when the consent was last seen to run
	in       assembly          // of the page's packets
	tail     tail              // what a late viewer needs
	viewers  map[string]viewer // by agent
	asked    time.Time         // last request for a snapshot
	sought   time.Time         // last question to other nodes who watches
	second   time.Time         // the second that batches are counted in
	batches  int
	lastSeen time.Time
}

// put hands a packet to the session and never waits.
func (x *session) put(m packetIn) {
	if !x.service.memory.take(m.cost()) {
		x.service.stats.full.Add(1)
		return
	}
	select {
	case x.inbox <- m:
	default:
		x.service.memory.give(m.cost())
		x.service.stats.dropped.Add(1)
	}
}

// join hands a viewer to the session and never waits; false says that too many
// wait already. A flood of packets keeps no viewer out.
func (x *session) join(v viewer) bool {
	select {
	case x.joins <- v:
		return true
	default:
		x.service.stats.dropped.Add(1)
		return false
	}
}

func (x *session) run(ctx context.Context) {
	idle := time.NewTicker(x.service.limits.Idle / 4)
	defer idle.Stop()
	look := time.NewTicker(x.service.limits.Look)
	defer look.Stop()
	for {
		select {
		case m := <-x.inbox:
			goesOn := x.packet(ctx, m)
			x.service.memory.give(m.cost())
			if !goesOn {
				return
			}
		case v := <-x.joins:
			x.lastSeen = time.Now()
			x.watch(v)
		case <-x.asks:
			for _, v := range x.viewers {
				if v.here {
					x.service.tell(v)
				}
			}
		case <-look.C:
			x.look(ctx)
		case <-idle.C:
			if time.Since(x.lastSeen) > x.service.limits.Idle && !x.lasts(ctx) {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// unanswered says that the record did not answer, which says nothing of the consent.
func unanswered(err error) bool {
	e, known := protocol.AsError(err)
	return !known || e.Code.Retry()
}

// lasts says whether the consent of a session that has been quiet for long still
// runs. A page may be quiet for as long as its visitor reads: whoever watches it
// sees what changes then.
func (x *session) lasts(ctx context.Context) bool {
	_, _, err := x.service.consent.CobrowseConsent(ctx, x.proof, x.id)
	if err != nil && !unanswered(err) {
		return false
	}
	x.lastSeen = time.Now() // or the record did not answer, which says nothing
	return true
}

// packet takes one packet of the visitor; false ends the session, since its
// consent has ended.
func (x *session) packet(ctx context.Context, m packetIn) bool {
	limits, stats := x.service.limits, &x.service.stats
	if time.Since(x.checked) > limits.Recheck {
		visitor, _, err := x.service.consent.CobrowseConsent(ctx, m.who.Principal, x.id)
		if err != nil || visitor != x.visitor {
			stats.unconsented.Add(1)
			return err != nil && unanswered(err) // this packet is lost, the session is not
		}
		x.checked = time.Now()
	}
	x.lastSeen = time.Now()
	stats.packets.Add(1)
	x.seekViewers()
	if m.header.Type == protocol.PacketSnapshot && m.header.Flags&protocol.FlagFirst != 0 {
		x.page = m.who
		x.there.told = false
		x.look(ctx)
	}
	if m.who.Connection != x.page.Connection {
		stats.refused.Add(1) // another tab, which has not sent its snapshot
		x.resync(m.who.Connection)
		return true
	}
	batch, state := x.in.add(m.header, m.payload, limits)
	switch state {
	case assemblyGap:
		stats.gaps.Add(1)
		x.resync(m.who.Connection)
	case assemblyTooLarge:
		stats.dropped.Add(1)
		x.service.log.Warn("a page is too large for co-browsing", "cobrowse", x.id)
	case assemblyFull:
		stats.full.Add(1)
		x.resync(m.who.Connection)
	case assemblyWhole:
		x.batch(ctx, m.header.Type, batch)
		x.in.done()
	}
	return true
}

// batch admits a whole batch and passes it on.
func (x *session) batch(ctx context.Context, kind protocol.PacketType, data []byte) {
	now := time.Now()
	if now.Sub(x.second) >= time.Second {
		x.second, x.batches = now, 0
	}
	if x.batches++; x.batches > x.service.limits.BatchesPerSecond {
		x.service.stats.dropped.Add(1)
		x.in.lost = true
		x.resync(x.page.Connection)
		return
	}
	admitted, passed, withheld, err := x.admit(ctx, kind, data)
	x.service.stats.withheld.Add(int64(withheld))
	if err != nil {
		x.service.stats.refused.Add(1)
		x.resync(x.page.Connection)
		return
	}
	if passed == 0 {
		return
	}
	x.service.stats.events.Add(int64(passed))
	kept := x.tail.whole
	packets := x.tail.add(kind, admitted)
	if kept = kept || kind == protocol.PacketSnapshot; kept && !x.tail.whole {
		x.service.stats.full.Add(1)
	}
	for _, v := range x.viewers {
		x.send(v, packets)
	}
	if x.tail.bytes > x.service.limits.TailBytes {
		x.resync(x.page.Connection)
	}
	if x.tail.bytes > 2*x.service.limits.TailBytes { // the page did not answer: late viewers wait for it
		x.tail.drop()
	}
}

// admit lets one large batch of the node through at a time: reading one takes
// several times its size.
func (x *session) admit(ctx context.Context, kind protocol.PacketType, data []byte) (out []byte, passed, withheld int, err error) {
	if len(data) > largeBatch {
		select {
		case x.service.large <- struct{}{}:
			defer func() { <-x.service.large }()
		case <-ctx.Done():
			return nil, 0, 0, ctx.Err()
		}
	}
	out, passed, withheld, err = admit(data)
	if most := x.service.limits.batch(kind); len(out) > most {
		return nil, 0, withheld, fmt.Errorf("an admitted batch has %d bytes, %d may be", len(out), most)
	}
	return out, passed, withheld, err
}

// watch adds a viewer and gives it the page as it is.
func (x *session) watch(v viewer) {
	x.viewers[v.Agent] = v
	if !x.tail.whole {
		x.resync("")
		return
	}
	x.send(v, x.tail.packets)
}

// seekViewers asks the other nodes who watches, as long as nobody is known to,
// and not too often: this node may have begun after somebody watched by another.
func (x *session) seekViewers() {
	if len(x.viewers) > 0 || time.Since(x.sought) < x.service.limits.Snapshots {
		return
	}
	x.sought = time.Now()
	x.service.wire.Tell(WhoService, []byte(x.id))
}

func (x *session) send(v viewer, packets []outgoing) {
	for _, p := range packets {
		data, err := protocol.AppendPacket(nil, p.header(x.id), p.payload)
		if err != nil {
			x.service.log.Error("co-browse packet was not sent", "cobrowse", x.id, "error", err)
			return
		}
		x.service.stats.forwarded.Add(1)
		x.service.stats.bytes.Add(int64(len(data)))
		x.service.wire.SendPacket(v.Connection, protocol.ChannelCobrowse, data)
	}
}

// resync asks the page for a new snapshot, not too often. Without a connection
// all pages of the visitor are asked; the one that captures answers.
func (x *session) resync(conn protocol.ConnectionID) {
	if time.Since(x.asked) < x.service.limits.Snapshots {
		return
	}
	x.asked = time.Now()
	x.service.stats.resyncs.Add(1)
	x.service.wire.Send(x.ws, x.visitor, conn, protocol.DownCobrowseSnapshot, protocol.CobrowseSnapshot{Cobrowse: x.id})
}
