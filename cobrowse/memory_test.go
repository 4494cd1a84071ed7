package cobrowse_test

import (
	"strings"
	"testing"

	"github.com/parlour-chat/parlour/cobrowse"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestMemoryIsHeldOnlyForWhatIsNeeded(t *testing.T) { // S10
	r, p := newRoom(t, cobrowse.Limits{}), &page{}
	r.watch(t)
	large := snapshot(strings.Repeat("<a & b>", 300_000))
	p.send(r, protocol.PacketSnapshot, large, 16<<10)
	r.until(t, "the page is seen", func() bool { return len(r.seen(t, "desk")) == 1 })
	r.until(t, "only the snapshot is held", func() bool {
		held := int(r.Stats().Held)
		return held > len(large)*9/10 && held < len(large)+1000
	})
	p.send(r, protocol.PacketSnapshot, snapshot("small"), 16<<10)
	r.until(t, "the small one replaces it", func() bool { return len(r.seen(t, "desk")) == 2 && r.Stats().Held < 100_000 })
	p.send(r, protocol.PacketSnapshot, large, 16<<10)
	p.seq++ // a gap
	p.send(r, protocol.PacketEvents, change("lost"), 16<<10)
	r.until(t, "it has come", func() bool { return r.Stats().Gaps == 1 })
	r.Ended(id)
	r.until(t, "the session ends and nothing is held", func() bool { s := r.Stats(); return s.Sessions == 0 && s.Held == 0 })
}

func TestMemoryOfAllSessionsIsBounded(t *testing.T) { // S10
	const most = 220_000 // a buffer that grows from 64 KiB to 128, and two packets that wait
	r, p := newRoom(t, cobrowse.Limits{MemoryBytes: most}), &page{}
	r.watch(t)
	p.send(r, protocol.PacketSnapshot, snapshot(strings.Repeat("x", 4*most)), 16<<10)
	r.until(t, "it is dropped, and a new one asked for", func() bool { return r.Stats().Full > 0 && r.Stats().Resyncs >= 2 })
	if held := r.Stats().Held; held > most {
		t.Errorf("%d bytes are held", held)
	}
	r.until(t, "nothing of it waits any more", func() bool { return r.Stats().Held == 0 })
	// One that can be put together but not kept beside it is passed on to those who watch.
	small := snapshot(strings.Repeat("y", 120_000))
	full := r.Stats().Full
	p.gen += 10
	p.sendSlowly(t, r, protocol.PacketSnapshot, small)
	r.until(t, "it is seen, and not kept", func() bool { return len(r.seen(t, "desk")) == 1 && r.Stats().Full > full })
	r.until(t, "nothing is held", func() bool { return r.Stats().Held == 0 })
	r.seesNext(t, p, "goes on")
	asked := r.Stats().Resyncs
	late := protocol.Caller{Principal: agent.Principal, Connection: "late"}
	if _, err := r.Watch(t.Context(), late, "", protocol.OfCobrowse{Cobrowse: id}); err != nil {
		t.Fatal(err)
	}
	r.until(t, "the page is asked for who comes late", func() bool { return r.Stats().Resyncs > asked })
	p.send(r, protocol.PacketSnapshot, snapshot("fits"), 16<<10)
	r.until(t, "and seen by him", func() bool { return len(r.seen(t, "late")) == 1 })
}

// sendSlowly sends a batch of which one packet waits while one is being taken.
func (p *page) sendSlowly(t *testing.T, r *room, kind protocol.PacketType, batch string) {
	t.Helper()
	p.gen++
	p.seq = 0
	for part := 0; part < len(batch); part += 8 << 10 {
		h := protocol.PacketHeader{Type: kind, Gen: p.gen, Seq: p.seq, Cobrowse: id}
		if part == 0 {
			h.Flags |= protocol.FlagFirst
		}
		end := min(part+8<<10, len(batch))
		if end == len(batch) {
			h.Flags |= protocol.FlagLast
		}
		data, _ := protocol.AppendPacket(nil, h, []byte(batch[part:end]))
		p.seq++
		taken := r.Stats().Packets
		r.Packet(visitor, data)
		r.until(t, "the packet is taken", func() bool { return r.Stats().Packets > taken })
	}
}
