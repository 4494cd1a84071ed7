package store

import (
	"context"
	"errors"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

var errPending = errors.New("pending")

type (
	ws = protocol.WorkspaceID
	cv = protocol.ConversationID
	ag = protocol.AgentID
)

func (s *Store) Apply(ctx context.Context, w Workspace) (Changes, error) {
	return Changes{}, errPending
}
func (s *Store) Workspaces(ctx context.Context) ([]ws, error)            { return nil, errPending }
func (s *Store) Sites(ctx context.Context, w ws) ([]Site, error)         { return nil, errPending }
func (s *Store) SiteByKey(ctx context.Context, key string) (Site, error) { return Site{}, errPending }
func (s *Store) Site(ctx context.Context, w ws, id protocol.SiteID) (Site, error) {
	return Site{}, errPending
}
func (s *Store) Queues(ctx context.Context, w ws) ([]Queue, error)     { return nil, errPending }
func (s *Store) Agents(ctx context.Context, w ws) ([]Agent, error)     { return nil, errPending }
func (s *Store) Agent(ctx context.Context, w ws, id ag) (Agent, error) { return Agent{}, errPending }
func (s *Store) AgentByEmail(ctx context.Context, e string) (Agent, error) {
	return Agent{}, errPending
}
func (s *Store) CreateSession(ctx context.Context, tokenHash string, a Agent, expiresAt int64, ip string) error {
	return errPending
}
func (s *Store) Session(ctx context.Context, tokenHash string) (Agent, int64, error) {
	return Agent{}, 0, errPending
}
func (s *Store) DeleteSession(ctx context.Context, tokenHash string) error { return errPending }
func (s *Store) CreateVisitor(ctx context.Context, v Visitor, tokenHash string) error {
	return errPending
}
func (s *Store) VisitorByToken(ctx context.Context, tokenHash string) (Visitor, error) {
	return Visitor{}, errPending
}
func (s *Store) TouchVisitor(ctx context.Context, w ws, id protocol.VisitorID) error {
	return errPending
}
func (s *Store) Visitor(ctx context.Context, w ws, id protocol.VisitorID) (Visitor, error) {
	return Visitor{}, errPending
}
func (s *Store) Ask(ctx context.Context, in AskIn) (Conversation, Entry, bool, error) {
	return Conversation{}, Entry{}, false, errPending
}
func (s *Store) Append(ctx context.Context, in AppendIn) (Entry, bool, error) {
	return Entry{}, false, errPending
}
func (s *Store) Entries(ctx context.Context, w ws, conv cv, after int64, limit int, visitor bool) ([]Entry, int64, error) {
	return nil, 0, errPending
}
func (s *Store) Heads(ctx context.Context, convs []cv) (map[cv]Head, error) { return nil, errPending }
func (s *Store) SetMarks(ctx context.Context, w ws, conv cv, side protocol.PrincipalKind, delivered, read int64) (bool, error) {
	return false, errPending
}
func (s *Store) Conversation(ctx context.Context, w ws, id cv) (Conversation, error) {
	return Conversation{}, errPending
}
func (s *Store) ConversationsOfVisitor(ctx context.Context, w ws, v protocol.VisitorID, limit int) ([]Conversation, error) {
	return nil, errPending
}
func (s *Store) ConversationsOfAgent(ctx context.Context, w ws, a ag) ([]Conversation, error) {
	return nil, errPending
}
func (s *Store) OpenOffer(ctx context.Context, o Offer) error { return errPending }
func (s *Store) Offer(ctx context.Context, w ws, id protocol.OfferID) (Offer, error) {
	return Offer{}, errPending
}
func (s *Store) Accept(ctx context.Context, w ws, a ag, offer protocol.OfferID, op protocol.Op) (Offer, Conversation, error) {
	return Offer{}, Conversation{}, errPending
}
func (s *Store) Settle(ctx context.Context, w ws, offer protocol.OfferID, outcome Outcome, cause string) (Offer, bool, error) {
	return Offer{}, false, errPending
}
func (s *Store) OpenOffers(ctx context.Context, w ws) ([]Offer, error) { return nil, errPending }
func (s *Store) OffersOfAgent(ctx context.Context, w ws, a ag) ([]Offer, error) {
	return nil, errPending
}
func (s *Store) OverdueOffers(ctx context.Context, w ws, now int64) ([]Offer, error) {
	return nil, errPending
}
func (s *Store) Park(ctx context.Context, w ws, a ag, conv cv, op protocol.Op) (Conversation, error) {
	return Conversation{}, errPending
}
func (s *Store) Unpark(ctx context.Context, w ws, a ag, conv cv, op protocol.Op) (Conversation, error) {
	return Conversation{}, errPending
}
func (s *Store) End(ctx context.Context, w ws, conv cv, by protocol.Author, actor string, op protocol.Op, cause string, wrapMs int64) (Conversation, []Slot, error) {
	return Conversation{}, nil, errPending
}
func (s *Store) Clear(ctx context.Context, w ws, a ag, conv cv, op protocol.Op) (Conversation, error) {
	return Conversation{}, errPending
}
func (s *Store) ExpireWrapUps(ctx context.Context, w ws, now int64) ([]Slot, error) {
	return nil, errPending
}
func (s *Store) Requeue(ctx context.Context, w ws, conv cv, cause string) (Conversation, error) {
	return Conversation{}, errPending
}
func (s *Store) Slots(ctx context.Context, w ws) ([]Slot, error)              { return nil, errPending }
func (s *Store) SlotsOfAgent(ctx context.Context, w ws, a ag) ([]Slot, error) { return nil, errPending }
func (s *Store) SlotsOf(ctx context.Context, w ws, conv cv) ([]Slot, error)   { return nil, errPending }
func (s *Store) AuditLoads(ctx context.Context, w ws) (int, error)            { return 0, errPending }
func (s *Store) Declare(ctx context.Context, w ws, a ag, declared protocol.Declared, reason, actor, cause string) (Agent, error) {
	return Agent{}, errPending
}
func (s *Store) AgentStates(ctx context.Context, w ws, a ag) ([]AgentState, error) {
	return nil, errPending
}
func (s *Store) AskCall(ctx context.Context, in AskCallIn) (Call, error) { return Call{}, errPending }
func (s *Store) AnswerCall(ctx context.Context, in AnswerCallIn) (Call, error) {
	return Call{}, errPending
}
func (s *Store) EndCall(ctx context.Context, w ws, call protocol.CallID, by protocol.Author, actor string, op protocol.Op, cause string) (Call, error) {
	return Call{}, errPending
}
func (s *Store) JoinCall(ctx context.Context, w ws, call protocol.CallID, p Party) (Call, Party, error) {
	return Call{}, Party{}, errPending
}
func (s *Store) LeaveCall(ctx context.Context, w ws, call protocol.CallID, actor string) (Call, error) {
	return Call{}, errPending
}
func (s *Store) MuteParty(ctx context.Context, w ws, call protocol.CallID, actor string, audio, video bool) (Call, error) {
	return Call{}, errPending
}
func (s *Store) PartyHere(ctx context.Context, w ws, call protocol.CallID, ordinal int, here bool) (Call, error) {
	return Call{}, errPending
}
func (s *Store) Call(ctx context.Context, w ws, id protocol.CallID) (Call, error) {
	return Call{}, errPending
}
func (s *Store) CallsOf(ctx context.Context, w ws, conv cv) ([]Call, error) { return nil, errPending }
func (s *Store) CallsOfNode(ctx context.Context, w ws, n protocol.NodeID) ([]Call, error) {
	return nil, errPending
}
func (s *Store) AskCobrowse(ctx context.Context, in AskCobrowseIn) (Cobrowse, error) {
	return Cobrowse{}, errPending
}
func (s *Store) AnswerCobrowse(ctx context.Context, in AnswerCobrowseIn) (Cobrowse, error) {
	return Cobrowse{}, errPending
}
func (s *Store) EndCobrowse(ctx context.Context, w ws, id protocol.CobrowseID, by protocol.Author, actor string, op protocol.Op, cause string) (Cobrowse, error) {
	return Cobrowse{}, errPending
}
func (s *Store) Cobrowse(ctx context.Context, w ws, id protocol.CobrowseID) (Cobrowse, error) {
	return Cobrowse{}, errPending
}
func (s *Store) CobrowsesOf(ctx context.Context, w ws, conv cv) ([]Cobrowse, error) {
	return nil, errPending
}
func (s *Store) Consents(ctx context.Context, w ws, conv cv) ([]Consent, error) {
	return nil, errPending
}
func (s *Store) Waiting(ctx context.Context, w ws) ([]Conversation, error) { return nil, errPending }
func (s *Store) ActorVersions(ctx context.Context, actors []string) (map[string]int64, error) {
	return nil, errPending
}
