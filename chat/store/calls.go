package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

var callKind = &kind[Call, protocol.CallID]{
	table: "calls", name: "call", own: `media, asked_by, asked_by_name, node, next_ordinal, set_up`,
	parts: func(c *Call) (*protocol.CallID, *Step) { return &c.ID, &c.Step },
	fields: func(c *Call) []any {
		return []any{&c.Media, &c.AskedBy, &c.AskedByName, &c.Node, &c.nextOrdinal, &c.SetUp}
	},
	asked: protocol.EntryCallAsked, allowed: protocol.EntryCallAllowed, refused: protocol.EntryCallRefused, ended: protocol.EntryCallEnded,
	body:    func(c *Call) protocol.EntryBody { return protocol.EntryBody{Call: c.ID, Media: c.Media} },
	consent: func(c *Call) string { return string(c.Media) },
	with:    withParties, over: partiesGone,
}

// Call finds a call with its parties, live or ended, or fails with CodeNotFound.
func (s *Store) Call(ctx context.Context, workspace protocol.WorkspaceID, id protocol.CallID) (Call, error) {
	return callKind.read(ctx, s.db.reader(), workspace, id)
}

// CallsOf lists the call of a conversation that is asked for or runs: one or none.
func (s *Store) CallsOf(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID) ([]Call, error) {
	return callKind.live(ctx, s.db.reader(), workspace, conv)
}

// CallsOfNode lists the calls that are asked for or run on a node: what a node
// that starts again has lost.
func (s *Store) CallsOfNode(ctx context.Context, workspace protocol.WorkspaceID, node protocol.NodeID) ([]Call, error) {
	return callKind.list(ctx, s.db.reader(), workspace, `node = $2 AND `+stepLive+` ORDER BY asked, id`, node)
}

// AskCall asks the other side for a call on a node. CodeWrongState when one is
// asked for or runs, or the conversation does not run.
func (s *Store) AskCall(ctx context.Context, in AskCallIn) (Call, error) {
	cmd := command{in.Workspace, in.Actor, in.Op, []any{"ask call", in.Conversation, in.Media}}
	call, err := callKind.ask(ctx, s, cmd, question{in.Conversation, in.Author, in.Stands}, Call{
		Media: in.Media, AskedBy: in.Author.Kind, AskedByName: in.Author.Name, Node: in.Node, nextOrdinal: 1,
	})
	if err != nil {
		return Call{}, fmt.Errorf("ask for a call: %w", err)
	}
	return call, nil
}

// AnswerCall allows, with a consent in the ledger, or refuses. Which sides may
// is the caller's to check. CodeExpired when the question no longer stands.
func (s *Store) AnswerCall(ctx context.Context, in AnswerIn[protocol.CallID]) (Call, error) {
	call, err := callKind.answer(ctx, s, in)
	if err != nil {
		return Call{}, fmt.Errorf("answer call: %w", err)
	}
	return call, nil
}

// EndCall ends a call for everybody and revokes its consent. CodeExpired when it had ended before.
func (s *Store) EndCall(ctx context.Context, workspace protocol.WorkspaceID, id protocol.CallID, by protocol.Author, actor string, op protocol.Op, cause string) (Call, error) {
	cmd := command{workspace, actor, op, []any{"end call", id}}
	call, err := callKind.change(ctx, s, cmd, id, func(ctx context.Context, t *tx, c *Conversation, call *Call) error {
		return callKind.end(ctx, t, c, call, by, actor, cause)
	})
	if err != nil {
		return Call{}, fmt.Errorf("end call: %w", err)
	}
	return call, nil
}
