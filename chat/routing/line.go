package routing

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A Place is where a conversation stands in its queue.
type Place struct {
	Position      int   // 1 is next, 0 not waiting
	Ahead         int   // of those before it, how many asked later
	LowMs, HighMs int64 // how long it may take; both 0: not known
	Message       bool  // leaving a message is offered
}

// Place says where a conversation stands in its queue.
func (r *Router) Place(ctx context.Context, conv protocol.ConversationID) (Place, error) {
	position, err := r.Position(ctx, conv)
	return Place{Position: position}, err
}

// Waits lists who waits in a queue and is not being offered, oldest first, at most limit (50).
func (r *Router) Waits(ctx context.Context, queue protocol.QueueID, limit int) ([]protocol.ConversationID, error) {
	return nil, errNotYet()
}

// Accepting says why a queue takes nobody more now (closed, full, slow), or
// nothing when it does, and of a closed one when it opens; 0: not known.
func (r *Router) Accepting(ctx context.Context, site store.Site, queue store.Queue) (protocol.SiteReason, int64) {
	return "", 0
}

func errNotYet() error {
	return protocol.NewError(protocol.CodeUnavailable, "Routing cannot do this on this server.")
}

// Picked follows a conversation that an agent has just taken from a waiting
// list by the record: it leaves the queue, and the agent's load is read again.
func (r *Router) Picked(ctx context.Context, conv protocol.ConversationID, agent protocol.AgentID) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	if err := r.remove(ctx, string(conv), r.timers.RampUp.Milliseconds()); err != nil {
		r.failed(ctx, "picked", err)
		return fmt.Errorf("picked %s: %w", conv, err)
	}
	r.notify.QueuesChanged(r.ws)
	return r.AgentChanged(ctx, agent)
}

// A Standing is how an agent stands in routing now.
type Standing struct {
	Ready, Live, Ringing bool
	Load                 int
	Used                 int64 // when a visible desk was last used; 0: not known
}

// Standings says how agents stand, at most 500. Who is not known is not in the answer.
func (r *Router) Standings(ctx context.Context, agents ...protocol.AgentID) (map[protocol.AgentID]Standing, error) {
	return nil, errNotYet()
}

// Used says that a visible desk was used just now. It never waits.
func (r *Router) Used(who protocol.Caller) { r.Here(who) }
