package media

import (
	"testing"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Whatever takes the last party out while somebody is about to come in, no leg
// is put into a call that the node does not know: there is one for each id (CALL-1).
func TestNobodyComesIntoACallThatWasLeft(t *testing.T) {
	const id = protocol.CallID("c")
	for name, empty := range map[string]func(n *Node, c *call){
		"another's offer was bad": func(n *Node, c *call) { n.removeEmpty(c) },
		"the last one leaves":     func(_ *Node, c *call) { c.put(&leg{ordinal: 1}); c.leg(1); c.parties[1].leg = nil; c.leave(1) },
		"the last one's grace is over": func(_ *Node, c *call) {
			away := &party{}
			c.parties[1] = away
			c.gone(1, away)
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := New(Options{Events: func(protocol.MediaEvent) {}})
			c, err := n.open(id)
			if err != nil {
				t.Fatal(err)
			}
			empty(n, c)
			_, in := c.put(&leg{ordinal: 0})
			other, err := n.open(id)
			if err != nil {
				t.Fatal(err)
			}
			if in && other != c {
				t.Error("one is in a call that the next does not find")
			}
			if !in && !c.wasLeft() {
				t.Error("the call is not made anew")
			}
			c.parties = nil // the legs are none
			if err := n.Close(); err != nil || n.Stats().Calls != 0 {
				t.Errorf("%d calls are left, %v", n.Stats().Calls, err)
			}
		})
	}
}
