package routing

import (
	"maps"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
)

// placeOf is the place of a conversation that waits in a queue, as the scripts take it.
func (r *Router) placeOf(c store.Conversation, q store.Queue) rules.Waiting {
	r.mu.Lock()
	queues := maps.Clone(r.queues)
	r.mu.Unlock()
	return rules.Place(c, q, queues)
}
