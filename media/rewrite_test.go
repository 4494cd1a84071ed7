package media

import (
	"testing"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestRewriterJoinsSources(t *testing.T) {
	var r rewriter
	seq, stamp := r.next(1, 65534, 4_294_967_000, 1000, 90000)
	if seq != 65534 || stamp != 4_294_967_000 {
		t.Fatalf("first packet became %d, %d", seq, stamp)
	}
	seq, stamp = r.next(1, 65535, 4_294_967_000, 1000, 90000)
	if seq != 65535 || stamp != 4_294_967_000 {
		t.Fatalf("second packet became %d, %d", seq, stamp)
	}
	// Another source 100 ms later goes on with the next number, over the wrap.
	seq, stamp = r.next(2, 700, 50, 1100, 90000)
	if want := stampAfter(4_294_967_000, 9000); seq != 0 || stamp != want {
		t.Fatalf("new source became %d, %d; want 0, %d", seq, stamp, want)
	}
	if seq, _ = r.next(2, 701, 3050, 1133, 90000); seq != 1 {
		t.Errorf("its next packet became %d", seq)
	}
	if seq, _ = r.next(2, 699, 0, 1134, 90000); seq != 65535 {
		t.Errorf("a late packet became %d", seq)
	}
	if seq, _ = r.next(1, 9, 9, 1200, 90000); seq != 2 {
		t.Errorf("after a late packet the first source goes on with %d, want 2", seq)
	}
}

func stampAfter(stamp, more uint32) uint32 { return stamp + more }

func TestSlots(t *testing.T) {
	for viewer := range protocol.MaxParties {
		seen := map[int]bool{}
		for party := range protocol.MaxParties {
			if party == viewer {
				continue
			}
			s := slot(viewer, party)
			if s < 0 || s >= audioSlots || seen[s] {
				t.Errorf("viewer %d sees %d in slot %d", viewer, party, s)
			}
			seen[s] = true
		}
	}
}
