package routing

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestWhoHasNoRoomGivesItBackUntilAnswered(t *testing.T) { // ROUTE-4: the simulation's own people
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := newWorld(ctx, t, 1, 1)
		defer func() {
			cancel()
			w.close()
		}()
		w.pass(5 * time.Second)
		w.agent("a", 4, nil, "q2")
		w.ask("c1", queueOf("q2"))
		w.pass(time.Second)
		var o store.Offer
		w.mem.do(func() {
			for _, row := range w.mem.offers {
				o = *row
			}
			w.mem.slots[slotKey{"c0", "a"}] = &store.Slot{Conversation: "c0", Agent: "a", State: protocol.SlotActive, Cost: 100, Whole: 100, Over: true}
		})
		if o.Agent != "a" {
			t.Fatal("nothing rings")
		}
		n := w.nodes[0]
		n.ledger.hamper(false, 100) // commits are not answered
		w.do(func() { w.noRoom(o, n, "give back") })
		w.pass(500 * time.Millisecond)
		n.ledger.hamper(false, 0)
		w.pass(2 * time.Second)
		held, _ := w.server.HKeys(keysOf(testWorkspace)[slices.Index(keyNames, "offers")])
		if got := w.row(o.ID).Outcome; got != store.OutcomeRejected || len(held) > 0 {
			t.Errorf("the offer is %q in the record, and Redis holds %v", got, held)
		}
	})
}
