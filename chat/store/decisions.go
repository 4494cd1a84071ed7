package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A Decision is one of routing's, kept as it was when it was made. One without
// a conversation is about a queue in which somebody waited.
type Decision struct {
	ID           string
	Workspace    protocol.WorkspaceID
	Conversation protocol.ConversationID
	Queue        protocol.QueueID
	Agent        protocol.AgentID // chosen; may be empty
	At           int64
	Body         protocol.Decision
}

// maxDecision is how long the text of a decision may be; of a longer one the
// lists of agents are cut.
const maxDecision = 8 << 10

const decisionColumns = `id, workspace, conversation, queue, agent, at, body`

// decide writes a decision; one that is there already is left as it is.
func decide(ctx context.Context, t *tx, d Decision) error {
	body, err := toJSON(d.Body)
	for err == nil && len(body) > maxDecision && len(d.Body.Skipped)+len(d.Body.Eligible) > 0 {
		d.Body = cut(d.Body)
		body, err = toJSON(d.Body)
	}
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO decisions (`+decisionColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING`,
		d.ID, d.Workspace, d.Conversation, d.Queue, d.Agent, d.At, storable(body))
	if err != nil {
		return fmt.Errorf("write decision: %w", err)
	}
	return nil
}

// cut halves the longer of the two lists and counts what goes.
func cut(d protocol.Decision) protocol.Decision {
	list := &d.Skipped
	if len(d.Eligible) > len(d.Skipped) {
		list = &d.Eligible
	}
	keep := len(*list) / 2
	more := map[protocol.Reason]int{}
	for reason, n := range d.More {
		more[reason] = n
	}
	for _, c := range (*list)[keep:] {
		more[c.Reason]++
	}
	*list, d.More = (*list)[:keep], more
	return d
}
