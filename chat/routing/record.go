package routing

import (
	"context"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A Record is what routing needs of the store. Each method is one transaction.
// Refusals are protocol.Errors with the codes named; any other error means that
// the outcome is not known, and routing looks again.
type Record interface {
	OfferRecord
	PlaceRecord
	RequestRecord
	DutyRecord
	AgentRecord
	// Epoch names this record: it changes when a backup is restored.
	Epoch() string
}

// An OfferRecord holds the offer rows.
type OfferRecord interface {
	// OpenOffer writes the row. CodeWrongState: the conversation is not queued or
	// has an open offer. CodeFull: another offer rings at the agent, or the agent's
	// capacity does not hold it.
	// The decision is kept with it; nil: none.
	OpenOffer(ctx context.Context, o store.Offer, why *store.Decision) error
	// Decide keeps decisions that no offer came of.
	Decide(ctx context.Context, decisions []store.Decision) error
	// Settle ends an offer by compare-and-set; settled is false when it had ended before.
	Settle(ctx context.Context, ws protocol.WorkspaceID, id protocol.OfferID, outcome store.Outcome, cause string, after protocol.Declared) (o store.Offer, settled bool, err error)
	// Offer is one offer, open or ended. CodeNotFound: it was never written.
	Offer(ctx context.Context, ws protocol.WorkspaceID, id protocol.OfferID) (store.Offer, error)
	OverdueOffers(ctx context.Context, ws protocol.WorkspaceID, now int64) ([]store.Offer, error)
	OpenOffers(ctx context.Context, ws protocol.WorkspaceID) ([]store.Offer, error)
}

// A PlaceRecord holds who waits.
type PlaceRecord interface {
	// Waiting lists the queued conversations, those with an open offer included.
	Waiting(ctx context.Context, ws protocol.WorkspaceID) ([]store.Conversation, error)
	// Favour adds boost (ms) to the wait of a queued conversation that has less;
	// favoured is false where nothing was changed.
	Favour(ctx context.Context, ws protocol.WorkspaceID, conv protocol.ConversationID, boost int64) (c store.Conversation, favoured bool, err error)
	Queues(ctx context.Context, ws protocol.WorkspaceID) ([]store.Queue, error)
	// Version grows with each change of what the workspace declares.
	Version(ctx context.Context, ws protocol.WorkspaceID) (int64, error)
	// Figures are of what ended since, and of what runs now.
	Figures(ctx context.Context, ws protocol.WorkspaceID, since int64) (map[protocol.QueueID]store.Figures, error)
	// End ends a queued conversation as abandoned and rescinds its open offer.
	End(ctx context.Context, ws protocol.WorkspaceID, conv protocol.ConversationID, by protocol.Author, actor string, op protocol.Op, cause string, wrapMs int64) (store.Conversation, []store.Slot, error)
}

// A RequestRecord holds what agents ask of each other, and who is in a conversation.
type RequestRecord interface {
	// Requests lists the open ones.
	Requests(ctx context.Context, ws protocol.WorkspaceID) ([]store.Request, error)
	Conversation(ctx context.Context, ws protocol.WorkspaceID, id protocol.ConversationID) (store.Conversation, error)
	SlotsOf(ctx context.Context, ws protocol.WorkspaceID, conv protocol.ConversationID) ([]store.Slot, error)
	// Lose takes a conversation from an agent who is gone. CodeWrongState: the
	// agent is not in it, or it does not run.
	Lose(ctx context.Context, ws protocol.WorkspaceID, agent protocol.AgentID, conv protocol.ConversationID, cause string) (c store.Conversation, requeued bool, err error)
}

// A DutyRecord has what time brings about.
type DutyRecord interface {
	// EndRequest ends an open request; ended is false when it had ended before.
	EndRequest(ctx context.Context, ws protocol.WorkspaceID, id protocol.RequestID, cause, actor string) (q store.Request, ended bool, err error)
	// OverdueReplies lists running conversations whose first reply is due and has not come.
	OverdueReplies(ctx context.Context, ws protocol.WorkspaceID, now int64) ([]store.Conversation, error)
	AdvanceReply(ctx context.Context, ws protocol.WorkspaceID, conv protocol.ConversationID, stage int, due int64) (advanced bool, err error)
	// DueWakes lists parked slots that waited for their owners long enough.
	DueWakes(ctx context.Context, ws protocol.WorkspaceID, now int64) ([]store.Slot, error)
	// Requeue takes an active conversation from its agents back to its queue. CodeWrongState: it does not run.
	Requeue(ctx context.Context, ws protocol.WorkspaceID, conv protocol.ConversationID, cause string) (store.Conversation, error)
	// Abandon closes a waiting conversation as missed. CodeWrongState: it does not wait.
	Abandon(ctx context.Context, ws protocol.WorkspaceID, conv protocol.ConversationID, op protocol.Op, actor, why string) (store.Conversation, error)
	Settings(ctx context.Context, ws protocol.WorkspaceID) (store.Settings, error)
	ForgetDecisions(ctx context.Context, ws protocol.WorkspaceID, before int64, most int) (forgotten int64, err error)
}

// An AgentRecord holds what agents declare and carry.
type AgentRecord interface {
	Agents(ctx context.Context, ws protocol.WorkspaceID) ([]store.Agent, error)
	Agent(ctx context.Context, ws protocol.WorkspaceID, id protocol.AgentID) (store.Agent, error)
	SlotsOfAgent(ctx context.Context, ws protocol.WorkspaceID, id protocol.AgentID) ([]store.Slot, error)
	Declare(ctx context.Context, ws protocol.WorkspaceID, id protocol.AgentID, declared protocol.Declared, reason, actor, cause string) (store.Agent, error)
	ExpireWrapUps(ctx context.Context, ws protocol.WorkspaceID, now int64) ([]store.Slot, error)
	AuditLoads(ctx context.Context, ws protocol.WorkspaceID) (repaired int, err error)
}
