package routing

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Dismiss takes all that runs, and what is parked, from an agent who may not go
// on with it, as from one who is gone, but at once: the conversations go to the
// guests in them or to the head of their queues. Two nodes at it do no harm.
// When it fails part of it may be done; asked again it does the rest.
func (r *Router) Dismiss(ctx context.Context, agent protocol.AgentID, cause string) error {
	a, err := r.record.Agent(ctx, r.ws, agent)
	if err != nil {
		return fmt.Errorf("read agent %s: %w", agent, err)
	}
	if err := r.takeFrom(ctx, a, cause, nil); err != nil {
		return err
	}
	return r.Match(ctx)
}
