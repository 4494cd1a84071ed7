package store

import (
	"context"
	"fmt"
	"maps"

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

// A keptDecision is one with its text as it is written.
type keptDecision struct {
	Decision
	text string
}

func encoded(d Decision) (keptDecision, error) {
	text, err := toJSON(d.Body)
	for err == nil && len(text) > maxDecision && len(d.Body.Skipped)+len(d.Body.Eligible)+len(d.Body.Others) > 0 {
		d.Body = cut(d.Body)
		text, err = toJSON(d.Body)
	}
	return keptDecision{d, storable(text)}, err
}

var intoDecisions = newInsert(`INSERT INTO decisions (`+decisionColumns+`)`, 7, ` ON CONFLICT (id) DO NOTHING`)

// decide writes a decision; one that is there already is left as it is.
func decide(ctx context.Context, t *tx, k keptDecision) error {
	_, err := t.insert(ctx, intoDecisions, k.ID, string(k.Workspace), string(k.Conversation), string(k.Queue), string(k.Agent), k.At, k.text)
	if err != nil {
		return fmt.Errorf("write decision: %w", err)
	}
	return nil
}

// cut halves the longer of the two lists and counts what goes; those of other
// queues, who are counted already, go first.
func cut(d protocol.Decision) protocol.Decision {
	if n := len(d.Others); n > 0 {
		d.Others = d.Others[:n/2]
		return d
	}
	list := &d.Skipped
	if len(d.Eligible) > len(d.Skipped) {
		list = &d.Eligible
	}
	keep := len(*list) / 2
	more := map[protocol.Reason]int{}
	maps.Copy(more, d.More)
	for _, c := range (*list)[keep:] {
		more[c.Reason]++
	}
	*list, d.More = (*list)[:keep], more
	return d
}

func scanDecision(row scanner) (d Decision, err error) {
	var body string
	if err = row.Scan(&d.ID, &d.Workspace, &d.Conversation, &d.Queue, &d.Agent, &d.At, &body); err != nil {
		return d, err
	}
	return d, fromJSON(body, &d.Body)
}

// Decide keeps decisions. One that is kept already, by its id, is left as it is.
func (s *Store) Decide(ctx context.Context, decisions []Decision) error {
	kept := make([]keptDecision, len(decisions))
	for i, d := range decisions {
		k, err := encoded(d)
		if err != nil {
			return fmt.Errorf("keep decisions: %w", err)
		}
		kept[i] = k
	}
	_, err := write(ctx, s, func(ctx context.Context, t *tx) (struct{}, error) {
		for _, k := range kept {
			if err := decide(ctx, t, k); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	if err != nil {
		return fmt.Errorf("keep decisions: %w", err)
	}
	return nil
}

// Decisions lists those of a conversation that were made before a time (0: now), newest first.
func (s *Store) Decisions(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID, before int64, limit int) ([]Decision, error) {
	return s.decisions(ctx, `WHERE workspace = $1 AND conversation = $2 AND (CAST($3 AS BIGINT) = 0 OR at < $3) ORDER BY at DESC, id DESC LIMIT $4`,
		workspace, conv, before, limit)
}

// DecisionsOfAgent lists those that chose or saw an agent and were made before
// a time (0: now), newest first.
func (s *Store) DecisionsOfAgent(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID, before int64, limit int) ([]Decision, error) {
	return s.decisions(ctx, `WHERE workspace = $1 AND (agent = $2 OR body LIKE $3) AND (CAST($4 AS BIGINT) = 0 OR at < $4) ORDER BY at DESC, id DESC LIMIT $5`,
		workspace, agent, `%"agent":"`+string(agent)+`"%`, before, limit)
}

// DecisionsSince lists the verdicts about a queue, from a time to another and
// including both, that are of no single conversation, newest first.
func (s *Store) DecisionsSince(ctx context.Context, workspace protocol.WorkspaceID, queue protocol.QueueID, from, to int64, limit int) ([]Decision, error) {
	return s.decisions(ctx, `WHERE workspace = $1 AND queue = $2 AND conversation = '' AND at >= $3 AND at <= $4 ORDER BY at DESC, id DESC LIMIT $5`,
		workspace, queue, from, to, limit)
}

func (s *Store) decisions(ctx context.Context, where string, args ...any) ([]Decision, error) {
	list, err := all(ctx, s.db.reader(), scanDecision, `SELECT `+decisionColumns+` FROM decisions `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("list decisions: %w", err)
	}
	return list, nil
}

// A PastDecision is a decision with what is known of what it was about.
type PastDecision struct {
	Decision
	Kind    protocol.OfferKind // of the offer that came of it; empty: none did
	Request protocol.RequestID // of a colleague, who asked for it
}

func scanPastDecision(row scanner) (d PastDecision, err error) {
	var body string
	if err = row.Scan(&d.ID, &d.Workspace, &d.Conversation, &d.Queue, &d.Agent, &d.At, &body, &d.Kind, &d.Request); err != nil {
		return d, err
	}
	return d, fromJSON(body, &d.Body)
}

// LastDecisions lists the newest of all, newest first.
func (s *Store) LastDecisions(ctx context.Context, workspace protocol.WorkspaceID, limit int) ([]PastDecision, error) {
	list, err := all(ctx, s.db.reader(), scanPastDecision, `SELECT d.id, d.workspace, d.conversation, d.queue, d.agent, d.at, d.body,
			COALESCE(o.kind, ''), COALESCE(o.request, '')
		FROM decisions d LEFT JOIN offers o ON o.id = d.id WHERE d.workspace = $1 ORDER BY d.at DESC, d.id DESC LIMIT $2`, workspace, limit)
	if err != nil {
		return nil, fmt.Errorf("list last decisions: %w", err)
	}
	return list, nil
}

// forgetBatch is how many decisions one transaction forgets.
const forgetBatch = 500

// ForgetDecisions removes the decisions made before a time, and the oldest
// beyond the newest most (0: as many as there are), a batch in each
// transaction. It counts them; after an error those that went before it are gone.
func (s *Store) ForgetDecisions(ctx context.Context, workspace protocol.WorkspaceID, before int64, most int) (forgotten int64, err error) {
	if most > 0 {
		at, found, err := one(ctx, s.db.reader(), scanInt, `SELECT at FROM decisions WHERE workspace = $1 ORDER BY at DESC LIMIT 1 OFFSET $2`, workspace, most)
		if err != nil {
			return 0, fmt.Errorf("forget decisions: %w", err)
		}
		if found {
			before = max(before, at+1)
		}
	}
	for {
		n, err := write(ctx, s, func(ctx context.Context, t *tx) (int64, error) {
			return t.exec(ctx, `DELETE FROM decisions WHERE id IN (SELECT id FROM decisions WHERE workspace = $1 AND at < $2 ORDER BY at LIMIT $3)`,
				workspace, before, forgetBatch)
		})
		forgotten += n
		if err != nil {
			return forgotten, fmt.Errorf("forget decisions: %w", err)
		}
		if n < forgetBatch {
			return forgotten, nil
		}
	}
}

// PastOffers lists, newest first, the offers of a conversation that were made
// before a time (0: now), or those of an agent that ended before it; without a
// time, first those that ring. Exactly one of the two is given.
func (s *Store) PastOffers(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID, agent protocol.AgentID, before int64, limit int) ([]Offer, error) {
	if conv != "" {
		return s.offers(ctx, `WHERE workspace = $1 AND conversation = $2 AND (CAST($3 AS BIGINT) = 0 OR offered < $3) ORDER BY offered DESC, id DESC LIMIT $4`,
			workspace, conv, before, limit)
	}
	var ringing []Offer
	if before == 0 {
		var err error
		if ringing, err = s.OffersOfAgent(ctx, workspace, agent); err != nil {
			return nil, err
		}
	}
	ended, err := s.offers(ctx, `WHERE workspace = $1 AND agent = $2 AND settled > 0 AND (CAST($3 AS BIGINT) = 0 OR settled < $3)
		ORDER BY settled DESC, id DESC LIMIT $4`, workspace, agent, before, max(0, limit-len(ringing)))
	return append(ringing, ended...), err
}
