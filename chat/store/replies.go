package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Stages of an overdue first reply.
const (
	ReplyReminded = 1
	ReplyAlarmed  = 2
)

// CauseNoReply is why a conversation went back to its queue whose owner's first
// reply did not come.
const CauseNoReply = "no_reply"

// OverdueReplies lists the running conversations whose owner's first reply was
// due until now or earlier and has not come, the earliest first. The timers of
// those whose owner has replied are stopped by it.
func (s *Store) OverdueReplies(ctx context.Context, workspace protocol.WorkspaceID, now int64) ([]Conversation, error) {
	due, err := all(ctx, s.db.reader(), scanConversation, `SELECT `+conversationColumns+` FROM conversations
		WHERE workspace = $1 AND reply_due > 0 AND reply_due <= $2 ORDER BY reply_due, id`, workspace, now)
	if err != nil {
		return nil, fmt.Errorf("list overdue replies: %w", err)
	}
	var overdue []Conversation
	for _, c := range due {
		answered, err := replied(ctx, s.db.reader(), c)
		if err != nil {
			return nil, fmt.Errorf("list overdue replies: %w", err)
		}
		if !answered && c.State == protocol.StateActive {
			overdue = append(overdue, c)
			continue
		}
		if err := s.StopReply(ctx, workspace, c.ID); err != nil {
			return nil, err
		}
	}
	return overdue, nil
}

// replied tells whether the owner has written, spoken with the visitor or seen
// the page since he has the conversation. What still runs counts too, although
// somebody before him may have begun it.
func replied(ctx context.Context, x executor, c Conversation) (bool, error) {
	n, _, err := one(ctx, x, scanInt, `SELECT COUNT(*) FROM slots s WHERE s.conversation = $2 AND s.agent = $3 AND (
		EXISTS (SELECT 1 FROM entries e WHERE e.workspace = $1 AND e.conversation = $2 AND e.kind = 'message' AND e.actor = $4 AND e.at >= s.started)
		OR EXISTS (SELECT 1 FROM calls x WHERE x.conversation = $2 AND (x.state = 'running' OR x.started >= s.started))
		OR EXISTS (SELECT 1 FROM cobrowses x WHERE x.conversation = $2 AND (x.state = 'running' OR x.started >= s.started)))`,
		c.Workspace, c.ID, c.Owner, agentActor(c.Owner))
	return n > 0, err
}

// AdvanceReply takes an overdue first reply to its next stage, with the
// agents-only entry "reply_overdue"; the one after it is due at due. advanced
// is false when somebody else did it, or the timer does not run any more.
func (s *Store) AdvanceReply(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID, stage int, due int64) (advanced bool, err error) {
	_, err = s.change(ctx, command{workspace: workspace}, conv, func(ctx context.Context, t *tx, c *Conversation) ([]string, error) {
		advanced = false
		if c.State != protocol.StateActive || c.ReplyDue == 0 || c.ReplyStage != stage-1 {
			return nil, nil
		}
		cause := "reminded"
		if stage >= ReplyAlarmed {
			cause = "alarm"
		}
		e, err := agentEntry(ctx, t, workspace, c.Owner, protocol.EntryReplyOverdue, protocol.AudienceAgents, cause)
		if err != nil {
			return nil, err
		}
		e.Author, e.Actor = protocol.Author{Kind: protocol.KindSystem}, systemActor
		advanced, c.ReplyStage, c.ReplyDue = true, stage, due
		return []string{agentActor(c.Owner)}, addEntries(ctx, t, c, e)
	})
	if err != nil {
		return false, fmt.Errorf("advance reply: %w", err)
	}
	return advanced, nil
}

// StopReply stops the timer of the first reply.
func (s *Store) StopReply(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID) error {
	_, err := write(ctx, s, func(ctx context.Context, t *tx) (int64, error) {
		return t.exec(ctx, `UPDATE conversations SET reply_due = 0 WHERE workspace = $1 AND id = $2 AND reply_due > 0`, workspace, conv)
	})
	if err != nil {
		return fmt.Errorf("stop reply: %w", err)
	}
	return nil
}

// Figures are what a queue's wait is estimated from.
type Figures struct {
	Samples  int   // conversations that ended
	HandleMs int64 // mean time from their accept to their end
	Active   int   // that run now
}

type figure struct {
	queue protocol.QueueID
	n     int
	mean  int64
}

func scanFigure(row scanner) (f figure, err error) {
	err = row.Scan(&f.queue, &f.n, &f.mean)
	return f, err
}

// Figures counts by queue what ended at or after since, and what runs now.
func (s *Store) Figures(ctx context.Context, workspace protocol.WorkspaceID, since int64) (map[protocol.QueueID]Figures, error) {
	ended, err := all(ctx, s.db.reader(), scanFigure, `SELECT queue, COUNT(*), CAST(SUM(ended - started) / COUNT(*) AS BIGINT) FROM conversations
		WHERE workspace = $1 AND ended >= $2 AND ended > 0 AND started > 0 AND kind = '' GROUP BY queue`, workspace, since)
	if err != nil {
		return nil, fmt.Errorf("count what ended: %w", err)
	}
	active, err := all(ctx, s.db.reader(), scanFigure, `SELECT c.queue, COUNT(*), 0 FROM slots s JOIN conversations c ON c.id = s.conversation
		WHERE s.workspace = $1 AND s.state = 'active' AND s.role = 'owner' AND c.kind = '' GROUP BY c.queue`, workspace)
	if err != nil {
		return nil, fmt.Errorf("count what runs: %w", err)
	}
	figures := map[protocol.QueueID]Figures{}
	for _, f := range ended {
		figures[f.queue] = Figures{Samples: f.n, HandleMs: f.mean}
	}
	for _, f := range active {
		with := figures[f.queue]
		with.Active = f.n
		figures[f.queue] = with
	}
	return figures, nil
}

// LastAgent is the visitor's newest conversation that an agent had, ended at or
// after since, with that agent and when it ended. All are empty where there is none.
func (s *Store) LastAgent(ctx context.Context, workspace protocol.WorkspaceID, visitor protocol.VisitorID, since int64) (conv protocol.ConversationID, agent protocol.AgentID, ended int64, err error) {
	c, found, err := one(ctx, s.db.reader(), scanConversation, `SELECT `+conversationColumns+` FROM conversations
		WHERE workspace = $1 AND visitor = $2 AND owner <> '' AND ended > 0 AND ended >= $3 ORDER BY asked DESC, id DESC LIMIT 1`, workspace, visitor, since)
	if err != nil {
		return "", "", 0, fmt.Errorf("look for the last agent: %w", err)
	}
	if !found {
		return "", "", 0, nil
	}
	return c.ID, c.Owner, c.Ended, nil
}
