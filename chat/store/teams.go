package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// States of requests.
const (
	RequestOpen      = "open"
	RequestAccepted  = "accepted"
	RequestRefused   = "refused"
	RequestWithdrawn = "withdrawn"
	RequestExpired   = "expired"
)

// A Request is what an agent asks of a colleague or of a queue's agents:
// exactly one of ToAgent and ToQueue is set.
type Request struct {
	ID           protocol.RequestID
	Workspace    protocol.WorkspaceID
	Conversation protocol.ConversationID
	Kind         protocol.RequestKind
	By           protocol.AgentID
	ToAgent      protocol.AgentID
	ToQueue      protocol.QueueID
	Note         string                  // for agents only
	Consult      protocol.ConversationID // that an enquiry made
	State        string
	Cause        string
	Taker        protocol.AgentID
	Asked        int64
	Ended        int64
	Deadline     int64

	Touched []string // actors whose view was changed by the method that returned this
}

const requestColumns = `id, workspace, conversation, kind, by_agent, to_agent, to_queue, note, consult, state, cause, taker, asked, ended, deadline`

func scanRequest(row scanner) (r Request, err error) {
	err = row.Scan(&r.ID, &r.Workspace, &r.Conversation, &r.Kind, &r.By, &r.ToAgent, &r.ToQueue, &r.Note, &r.Consult, &r.State, &r.Cause, &r.Taker,
		&r.Asked, &r.Ended, &r.Deadline)
	return r, err
}

func errNoRequest() error {
	return protocol.NewError(protocol.CodeNotFound, "There is no such request, or it is not yours.")
}

// Requests lists the open ones, oldest first.
func (s *Store) Requests(ctx context.Context, workspace protocol.WorkspaceID) ([]Request, error) {
	return listRequests(ctx, s.db.reader(), `WHERE workspace = $1 AND state = 'open' ORDER BY asked, id`, workspace)
}

// RequestsOf lists an agent's own requests in conversations that he holds a
// slot in, the newest of each conversation.
func (s *Store) RequestsOf(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID) ([]Request, error) {
	return listRequests(ctx, s.db.reader(), `WHERE workspace = $1 AND by_agent = $2
		AND conversation IN (SELECT conversation FROM slots WHERE workspace = $1 AND agent = $2)
		AND NOT EXISTS (SELECT 1 FROM requests n WHERE n.conversation = requests.conversation AND n.by_agent = $2
			AND (n.asked > requests.asked OR n.asked = requests.asked AND n.id > requests.id)) ORDER BY asked, id`, workspace, agent)
}

// Request finds one, or fails with CodeNotFound.
func (s *Store) Request(ctx context.Context, workspace protocol.WorkspaceID, id protocol.RequestID) (Request, error) {
	r, err := request(ctx, s.db.reader(), workspace, id)
	if err != nil {
		return Request{}, fmt.Errorf("read request: %w", err)
	}
	return r, nil
}

func request(ctx context.Context, x executor, workspace protocol.WorkspaceID, id protocol.RequestID) (Request, error) {
	r, found, err := one(ctx, x, scanRequest, `SELECT `+requestColumns+` FROM requests WHERE workspace = $1 AND id = $2`, workspace, id)
	if err == nil && !found {
		err = errNoRequest()
	}
	return r, err
}

func listRequests(ctx context.Context, x executor, where string, args ...any) ([]Request, error) {
	list, err := all(ctx, x, scanRequest, `SELECT `+requestColumns+` FROM requests `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("list requests: %w", err)
	}
	return list, nil
}
