package cobrowse

import "github.com/parlour-chat/parlour/signaling/protocol"

// An outgoing is a packet to viewers; its payload is shared and never changed.
type outgoing struct {
	kind     protocol.PacketType
	flags    byte
	gen, seq uint32
	payload  []byte
}

func (o outgoing) header(id protocol.CobrowseID) protocol.PacketHeader {
	return protocol.PacketHeader{Type: o.kind, Flags: o.flags, Gen: o.gen, Seq: o.seq, Cobrowse: id}
}

// A tail is the last snapshot and what has happened since: all that a viewer
// who comes later needs. Gens and seqs are the server's own, so that a page
// that starts anew or a batch that was withheld leaves no gap.
type tail struct {
	memory   *memory
	held     int // bytes of packets, as reserved
	packets  []outgoing
	bytes    int // of the events behind the snapshot
	gen, seq uint32
	whole    bool // begins with a snapshot, so that it can be given to somebody new
}

// add cuts a batch into packets, keeps them, and gives them to be sent. Without
// room for them nothing is kept until the next snapshot.
func (t *tail) add(kind protocol.PacketType, batch []byte) []outgoing {
	if kind == protocol.PacketSnapshot {
		t.drop()
		t.gen++
		t.seq, t.whole = 0, true
	} else {
		t.bytes += len(batch)
	}
	if t.whole {
		if t.memory.take(len(batch)) {
			t.held += len(batch)
		} else {
			t.drop()
		}
	}
	var cut []outgoing
	for first := true; first || len(batch) > 0; first = false {
		n := min(len(batch), downPayload)
		o := outgoing{kind: kind, gen: t.gen, seq: t.seq, payload: batch[:n:n]}
		if first {
			o.flags |= protocol.FlagFirst
		}
		batch = batch[n:]
		if len(batch) == 0 {
			o.flags |= protocol.FlagLast
		}
		cut = append(cut, o)
		t.seq++
	}
	if t.whole {
		t.packets = append(t.packets, cut...)
	}
	return cut
}

// drop forgets the packets until the next snapshot; those who watch already go
// on without a gap.
func (t *tail) drop() {
	t.memory.give(t.held)
	t.packets, t.held, t.bytes, t.whole = nil, 0, 0, false
}
