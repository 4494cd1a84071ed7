package routing

import (
	"context"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func errNotYet() error {
	return protocol.NewError(protocol.CodeUnavailable, "Routing cannot do this on this server.")
}

// Request lets an agent's request (transfer, invite, consult) wait for its
// agent, or for any agent of its queue, and matches. The record must already
// hold it as open; conv is the conversation that it is about.
func (r *Router) Request(ctx context.Context, q store.Request, conv store.Conversation) error {
	return errNotYet()
}

// RemoveRequest takes a request that has ended out of routing, frees the agent
// who was being asked, and matches. Repeating it changes nothing.
func (r *Router) RemoveRequest(ctx context.Context, id protocol.RequestID) error {
	return errNotYet()
}

// Picked follows a conversation that an agent has just taken from a waiting
// list by the record: it leaves the queue, and the agent's load is read again.
func (r *Router) Picked(ctx context.Context, conv protocol.ConversationID, agent protocol.AgentID) error {
	return errNotYet()
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
