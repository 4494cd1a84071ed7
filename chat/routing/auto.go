package routing

import (
	"context"

	"github.com/parlour-chat/parlour/chat/store"
)

// autoQueue bounds the offers that wait to be accepted by themselves.
const autoQueue = 64

// acceptItself lets an offer that rings be accepted by itself. It never waits:
// with too many of them it rings like any other.
func (r *Router) acceptItself(o store.Offer) {
	if r.accept == nil {
		return
	}
	select {
	case r.autos <- o:
	default:
		r.stats.autoDropped.Add(1)
	}
}

// runAutos hands over the offers that are to be accepted by themselves.
func (r *Router) runAutos(ctx context.Context) {
	for {
		select {
		case o := <-r.autos:
			r.accept(ctx, o)
		case <-ctx.Done():
			return
		}
	}
}
