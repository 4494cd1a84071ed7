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
func (s *Store) Queues(ctx context.Context, w ws) ([]Queue, error) { return nil, errPending }
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
