package routing

import (
	"context"
	"fmt"
	"slices"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var unheardStep = newStep("unheard")

// A rested is an agent who was being asked for a place that has gone, and rests
// until then as if it had rung.
type rested struct {
	Offer protocol.OfferID
	Agent protocol.AgentID
	Till  int64
}

// unheard takes back the rests of those at whom nothing rang: a node has
// reserved them, and the record has not the offer, nor will it, since what it is
// of has ended there (R4, ROUTE-14). rang are offers known to have been in the
// record. What cannot be read leaves the rest as it is.
func (r *Router) unheard(ctx context.Context, rests []rested, rang []store.Offer) {
	for _, one := range rests {
		if slices.ContainsFunc(rang, func(o store.Offer) bool { return o.ID == one.Offer }) {
			continue
		}
		_, err := r.record.Offer(ctx, r.ws, one.Offer)
		if err == nil {
			continue
		}
		if code(err) == protocol.CodeNotFound {
			err = r.run(ctx, unheardStep, "unheard:"+string(one.Offer), map[string]any{"agent": one.Agent, "till": one.Till}, nil)
		}
		if err != nil {
			r.failed(ctx, "unheard", fmt.Errorf("look whether offer %s rang: %w", one.Offer, err))
		}
	}
}
