package store_test

import (
	"testing"

	"github.com/parlour-chat/parlour/chat/store/storetest"
	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// The way of an append that costs most stops the timer of the first reply as
// the others do.
func TestAReplyCarriedOutAgainStopsTheTimer(t *testing.T) { // ROUTE-13
	for name, url := range map[string]func() string{"SQLite": func() string { return "" }, "PostgreSQL": func() string { return testbed.Database(t) }} {
		t.Run(name, func(t *testing.T) {
			s := open(t, url())
			t.Cleanup(func() { _ = s.Close() })
			w := storetest.NewWorld(t, s, 1)
			c := w.Active(t, w.Agents[0])
			says := w.Saying(c, "Hello")
			says.Actor, says.Author, says.TurnOf, says.Agent = "agent:"+string(c.Owner), storetest.By(c.Owner), protocol.KindVisitor, c.Owner
			for _, due := range []bool{true, false} {
				in := says
				if due {
					in = w.Saying(c, "Well?")
				}
				if _, err := s.AppendApart(t.Context(), in); err != nil {
					t.Fatal(err)
				}
				now, err := s.Conversation(t.Context(), w.ID, c.ID)
				if err != nil || (now.ReplyDue != 0) != due {
					t.Errorf("by %s: the first reply is due at %d, %v", in.Actor, now.ReplyDue, err)
				}
			}
		})
	}
}
