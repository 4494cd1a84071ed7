package routing

import (
	"fmt"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
)

// requeueBoost puts what comes back from a lost agent at the head of its queue.
const requeueBoost = int64(24 * time.Hour / time.Millisecond)

// A placeRow is a place as the scripts take it: see lua/places.lua.
type placeRow struct {
	ID        string     `json:"id"`
	Conv      string     `json:"v"`
	Queue     string     `json:"q"`
	Actor     string     `json:"a"` // the visitor's; empty: nobody has to be there
	Classes   []classRow `json:"cl"`
	Effective int64      `json:"e"`
	Since     int64      `json:"s"`
	Round     int        `json:"t"`
	Ring      int64      `json:"r"`
}

// A classRow says who can take a place.
type classRow struct {
	ID     string         `json:"i"`
	Queue  string         `json:"q"`
	Agent  string         `json:"a,omitempty"`
	Medium string         `json:"m"`
	Units  int            `json:"c"`
	Spare  int            `json:"sp,omitempty"`
	Needs  map[string]int `json:"nd,omitempty"`
}

// placeOf is the place of a conversation that waits in a queue.
func placeOf(c store.Conversation, q store.Queue) placeRow {
	boost := int64(0)
	if c.Started != 0 { // it had an agent before
		boost = requeueBoost
	}
	units := store.UnitsOf(q.Rules, store.MediumChat, 0)
	class := classRow{
		ID: fmt.Sprintf("%s.%s.%d.-", c.Queue, store.MediumChat, units), Queue: string(c.Queue), Medium: store.MediumChat, Units: units,
	}
	return placeRow{
		ID: string(c.ID), Conv: string(c.ID), Queue: string(c.Queue), Actor: visitorActor(c.Visitor), Classes: []classRow{class},
		Effective: max(0, c.Asked-boost/int64(max(q.Weight, 1))), Since: c.Asked, Round: c.Rounds, Ring: q.OfferMs,
	}
}
