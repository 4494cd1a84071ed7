package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

var cobrowseKind = &kind[Cobrowse, protocol.CobrowseID]{
	table: "cobrowses", name: "co-browse session", own: `agent, agent_name, page, page_node, page_gone`,
	parts:  func(b *Cobrowse) (*protocol.CobrowseID, *Step) { return &b.ID, &b.Step },
	fields: func(b *Cobrowse) []any { return []any{&b.Agent, &b.AgentName, &b.Page, &b.pageNode, &b.PageGone} },
	asked:  protocol.EntryCobrowseAsked, allowed: protocol.EntryCobrowseAllowed, refused: protocol.EntryCobrowseRefused, ended: protocol.EntryCobrowseEnded,
	body:    func(b *Cobrowse) protocol.EntryBody { return protocol.EntryBody{Cobrowse: b.ID, Name: b.AgentName} },
	consent: func(*Cobrowse) string { return "cobrowse" },
	begins:  awaitPage,
}

// Cobrowse finds a session, live or ended, or fails with CodeNotFound.
func (s *Store) Cobrowse(ctx context.Context, workspace protocol.WorkspaceID, id protocol.CobrowseID) (Cobrowse, error) {
	return cobrowseKind.read(ctx, s.db.reader(), workspace, id)
}

// CobrowsesOf lists the session of a conversation that is asked for or runs: one or none.
func (s *Store) CobrowsesOf(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID) ([]Cobrowse, error) {
	return cobrowseKind.live(ctx, s.db.reader(), workspace, conv)
}

// AskCobrowse asks the visitor to show the page. CodeWrongState when a session
// is asked for or runs, or the conversation does not run.
func (s *Store) AskCobrowse(ctx context.Context, in AskCobrowseIn) (Cobrowse, error) {
	cmd := command{in.Workspace, agentActor(in.Agent), in.Op, []any{"ask cobrowse", in.Conversation}}
	b, err := cobrowseKind.ask(ctx, s, cmd, question{in.Conversation, in.Author, in.Stands}, Cobrowse{Agent: in.Agent, AgentName: in.Author.Name})
	if err != nil {
		return Cobrowse{}, fmt.Errorf("ask for co-browsing: %w", err)
	}
	return b, nil
}

// AnswerCobrowse allows, with a consent in the ledger, or refuses. CodeExpired
// when the question no longer stands.
func (s *Store) AnswerCobrowse(ctx context.Context, in AnswerIn[protocol.CobrowseID]) (Cobrowse, error) {
	b, err := cobrowseKind.answer(ctx, s, in)
	if err != nil {
		return Cobrowse{}, fmt.Errorf("answer co-browsing: %w", err)
	}
	return b, nil
}

// EndCobrowse ends a session and revokes its consent. CodeExpired when it had ended before.
func (s *Store) EndCobrowse(ctx context.Context, workspace protocol.WorkspaceID, id protocol.CobrowseID, by protocol.Author, actor string, op protocol.Op, cause string) (Cobrowse, error) {
	cmd := command{workspace, actor, op, []any{"end cobrowse", id}}
	b, err := cobrowseKind.change(ctx, s, cmd, id, func(ctx context.Context, t *tx, c *Conversation, b *Cobrowse) error {
		return cobrowseKind.end(ctx, t, c, b, by, actor, cause)
	})
	if err != nil {
		return Cobrowse{}, fmt.Errorf("end co-browsing: %w", err)
	}
	return b, nil
}
