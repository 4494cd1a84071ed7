package routing

import (
	"context"

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
