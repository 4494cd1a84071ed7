package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

const conversationColumns = `id, workspace, site, visitor, queue, state, outcome, owner, seq, visitor_seq, name, email, verified, form, first,
	asked, started, ended, turn_since, rounds, visitor_delivered, visitor_read, agent_delivered, agent_read,
	kind, parent, previous, medium, boost, sticky, transfers, missed, reply_due, reply_stage, requeued`

func scanConversation(row scanner) (c Conversation, err error) {
	var form string
	if err = row.Scan(conversationFields(&c, &form)...); err != nil {
		return c, err
	}
	return c, fromJSON(form, &c.Form)
}

// conversationFields are where conversationColumns are read to, in their order.
func conversationFields(c *Conversation, form *string) []any {
	return []any{
		&c.ID, &c.Workspace, &c.Site, &c.Visitor, &c.Queue, &c.State, &c.Outcome, &c.Owner, &c.Seq, &c.VisitorSeq, &c.Name, &c.Email,
		&c.Verified, form, &c.First, &c.Asked, &c.Started, &c.Ended, &c.TurnSince, &c.Rounds,
		&c.VisitorDelivered, &c.VisitorRead, &c.AgentDelivered, &c.AgentRead,
		&c.Kind, &c.Parent, &c.Previous, &c.Medium, &c.Boost, &c.Sticky, &c.Transfers, &c.Missed, &c.ReplyDue, &c.ReplyStage, &c.Requeued,
	}
}

func errNoConversation() error {
	return protocol.NewError(protocol.CodeNotFound, "There is no such conversation, or it is not yours.")
}

// Conversation finds one, or fails with CodeNotFound.
func (s *Store) Conversation(ctx context.Context, workspace protocol.WorkspaceID, id protocol.ConversationID) (Conversation, error) {
	c, err := conversation(ctx, s.db.reader(), workspace, id, "")
	if err != nil {
		return Conversation{}, fmt.Errorf("read conversation: %w", err)
	}
	return c, nil
}

func conversation(ctx context.Context, x executor, workspace protocol.WorkspaceID, id protocol.ConversationID, lock string) (Conversation, error) {
	query := readConversation
	if lock != "" {
		query += lock
	}
	c, found, err := one(ctx, x, scanConversation, query, workspace, id)
	if err == nil && !found {
		err = errNoConversation()
	}
	return c, err
}

const readConversation = `SELECT ` + conversationColumns + ` FROM conversations WHERE workspace = $1 AND id = $2`

// ConversationsOfVisitor lists the visitor's conversations, newest first.
func (s *Store) ConversationsOfVisitor(ctx context.Context, workspace protocol.WorkspaceID, visitor protocol.VisitorID, limit int) ([]Conversation, error) {
	list, err := all(ctx, s.db.reader(), scanConversation,
		`SELECT `+conversationColumns+` FROM conversations WHERE workspace = $1 AND visitor = $2 ORDER BY asked DESC, id DESC LIMIT $3`,
		workspace, visitor, limit)
	if err != nil {
		return nil, fmt.Errorf("list visitor's conversations: %w", err)
	}
	return list, nil
}

// OpenOfVisitor lists what waits or runs of the visitor, oldest first.
func (s *Store) OpenOfVisitor(ctx context.Context, workspace protocol.WorkspaceID, visitor protocol.VisitorID) ([]Conversation, error) {
	list, err := all(ctx, s.db.reader(), scanConversation, `SELECT `+conversationColumns+` FROM conversations
		WHERE workspace = $1 AND visitor = $2 AND state IN ('queued', 'active') ORDER BY asked, id`, workspace, visitor)
	if err != nil {
		return nil, fmt.Errorf("list what the visitor has open: %w", err)
	}
	return list, nil
}

// ConversationsOfAgent lists the conversations that hold one of the agent's slots, oldest slot first.
func (s *Store) ConversationsOfAgent(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID) ([]Conversation, error) {
	list, err := all(ctx, s.db.reader(), scanConversation, `SELECT `+prefixed("c", conversationColumns)+`
		FROM slots s JOIN conversations c ON c.id = s.conversation AND c.workspace = s.workspace
		WHERE s.workspace = $1 AND s.agent = $2 ORDER BY s.started, c.id`, workspace, agent)
	if err != nil {
		return nil, fmt.Errorf("list agent's conversations: %w", err)
	}
	return list, nil
}

// Waiting lists the conversations that wait in queues, oldest first: what the
// queues are rebuilt from.
func (s *Store) Waiting(ctx context.Context, workspace protocol.WorkspaceID) ([]Conversation, error) {
	list, err := all(ctx, s.db.reader(), scanConversation,
		`SELECT `+conversationColumns+` FROM conversations WHERE workspace = $1 AND state = 'queued' ORDER BY asked, id`, workspace)
	if err != nil {
		return nil, fmt.Errorf("list waiting conversations: %w", err)
	}
	return list, nil
}

// saveConversation writes what may change of a conversation that this transaction has locked.
func saveConversation(ctx context.Context, t *tx, c Conversation) error {
	_, err := t.exec(ctx, `UPDATE conversations SET state = $3, outcome = $4, owner = $5, seq = $6, visitor_seq = $7, started = $8, ended = $9,
		turn_since = $10, rounds = $11, queue = $12, medium = $13, boost = $14, transfers = $15, missed = $16, reply_due = $17, reply_stage = $18,
		requeued = $19
		WHERE workspace = $1 AND id = $2`,
		c.Workspace, c.ID, c.State, c.Outcome, c.Owner, c.Seq, c.VisitorSeq, c.Started, c.Ended, c.TurnSince, c.Rounds,
		c.Queue, c.Medium, c.Boost, c.Transfers, c.Missed, c.ReplyDue, c.ReplyStage, c.Requeued)
	if err != nil {
		return fmt.Errorf("save conversation: %w", err)
	}
	t.states = append(t.states, stateOf(c))
	return nil
}

// What an offer, and its acceptance by an owner, change of a conversation: the
// less a statement names, the fewer indexes are written.
const (
	saveOffered = `UPDATE conversations SET seq = $3, visitor_seq = $4, rounds = $5 WHERE workspace = $1 AND id = $2`

	saveTaken = `UPDATE conversations SET seq = $3, visitor_seq = $4, state = $5, owner = $6, started = $7, boost = $8, reply_due = $9, reply_stage = $10
		WHERE workspace = $1 AND id = $2`
)

func saveSome(ctx context.Context, t *tx, c Conversation, query string, values ...any) error {
	_, err := t.exec(ctx, query, append([]any{string(c.Workspace), string(c.ID), c.Seq, c.VisitorSeq}, values...)...)
	if err != nil {
		return fmt.Errorf("save conversation: %w", err)
	}
	t.states = append(t.states, stateOf(c))
	return nil
}

// prefixed puts a table's name before each column of a list.
func prefixed(table, columns string) string {
	parts := strings.Split(columns, ",")
	for i, p := range parts {
		parts[i] = table + "." + strings.TrimSpace(p)
	}
	return strings.Join(parts, ", ")
}

func fromJSON(text string, into any) error {
	if text == "" || text == "null" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return fmt.Errorf("read stored json: %w", err)
	}
	return nil
}

func toJSON(v any) (string, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("write json: %w", err)
	}
	return string(raw), nil
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// storable leaves out NUL, which PostgreSQL's text cannot hold.
func storable(s string) string { return strings.ReplaceAll(s, "\x00", "") }
