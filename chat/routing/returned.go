package routing

import (
	"context"
	"fmt"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// returnQueue bounds the conversations whose visitors are back and whose boost
// is still to be written.
const returnQueue = 256

// returnBoost is added to the wait of who comes back in time, where the queue
// says nothing.
const returnBoost = 5 * time.Minute

// welcome takes note of conversations that were passed over until their
// visitors came back. It never waits.
func (r *Router) welcome(back []protocol.ConversationID) {
	for _, conv := range back {
		select {
		case r.returns <- conv:
		default:
			r.stats.unfavoured.Add(1)
		}
	}
}

// runReturns gives who came back the boost of the queue.
func (r *Router) runReturns(ctx context.Context) {
	for {
		select {
		case conv := <-r.returns:
			if err := r.favour(ctx, conv); err != nil {
				r.failed(ctx, "returned", err)
				select { // the record may have it already: only who is told again goes on
				case <-time.After(time.Second):
					r.welcome([]protocol.ConversationID{conv})
				case <-ctx.Done():
					return
				}
			}
		case <-ctx.Done():
			return
		}
	}
}

// favour lets a conversation that was passed over go before those that have
// waited a little longer (ROUTE-1): in the record, then in its line. Who does
// it again and again gains nothing by it.
func (r *Router) favour(ctx context.Context, conv protocol.ConversationID) error {
	c, err := r.record.Conversation(ctx, r.ws, conv)
	if err != nil {
		return fmt.Errorf("read %s, whose visitor is back: %w", conv, err)
	}
	ms, set := r.queue(c.Queue).Rules.Boosts["returned"]
	if !set {
		ms = returnBoost.Milliseconds()
	}
	c, favoured, err := r.record.Favour(ctx, r.ws, conv, ms)
	if err != nil {
		return fmt.Errorf("favour %s, whose visitor is back: %w", conv, err)
	}
	if waits := c.State == protocol.StateQueued && c.Boost > 0; !favoured && !waits {
		return nil
	}
	if err := r.load(ctx, []store.Conversation{c}, map[string]any{"force": true}); err != nil {
		return err
	}
	r.notify.QueuesChanged(r.ws)
	return r.Match(ctx)
}
