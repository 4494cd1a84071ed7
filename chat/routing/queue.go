package routing

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var (
	enqueueStep = newStep("enqueue")
	removeStep  = newStep("remove")
	lineStep    = newStep("line")
)

// A Line is how a queue stands.
type Line struct {
	Waiting int   // those just being offered included
	Oldest  int64 // first enqueue of the one that waits longest; 0 when nobody does

	Ready    int  // agents who are ready and connected, busy or not
	Delayed  bool // somebody waits although an agent could take it
	Bare     bool // somebody waits and nobody is ready
	AllAsked int  // conversations that every able agent was asked about without success
}

// Enqueue lets a conversation wait, at the place its first enqueue gives it,
// and matches. The record must already say that it is queued. Its visitor is
// not offered to anybody without a live connection (see Here). An error means
// that Redis did not answer; the conversation is found again in the record.
func (r *Router) Enqueue(ctx context.Context, c store.Conversation, q store.Queue) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	if err := r.enqueue(ctx, c, q); err != nil {
		r.failed(ctx, "enqueue", err)
		return fmt.Errorf("enqueue %s: %w", c.ID, err)
	}
	r.notify.QueuesChanged(r.ws)
	return r.Match(ctx)
}

func (r *Router) enqueue(ctx context.Context, c store.Conversation, q store.Queue) error {
	if err := r.learn(ctx, q); err != nil {
		return err
	}
	return r.put(ctx, r.placeOf(c, q))
}

// put lets places wait; those that already do keep theirs.
func (r *Router) put(ctx context.Context, places ...rules.Waiting) error {
	return r.run(ctx, enqueueStep, newOp(), map[string]any{"places": places}, nil)
}

// Remove takes a conversation out of its queue, because its visitor left or it
// ended, frees the agent who was being asked, and matches.
func (r *Router) Remove(ctx context.Context, conv protocol.ConversationID) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	if err := r.remove(ctx, string(conv), r.timers.RampUp.Milliseconds()); err != nil {
		r.failed(ctx, "remove", err)
		return fmt.Errorf("remove %s: %w", conv, err)
	}
	r.notify.QueuesChanged(r.ws)
	return r.Match(ctx)
}

// Position is a conversation's place in its queue: 1 is next, 0 not waiting.
func (r *Router) Position(ctx context.Context, conv protocol.ConversationID) (int, error) {
	var out struct{ Position int }
	if err := r.run(ctx, lineStep, "", map[string]any{"conv": conv}, &out); err != nil {
		r.failed(ctx, "position", err)
		return 0, fmt.Errorf("position of %s: %w", conv, err)
	}
	return out.Position, nil
}

// Positions says how queues stand. Every queue asked for is in the answer.
func (r *Router) Positions(ctx context.Context, queues ...protocol.QueueID) (map[protocol.QueueID]Line, error) {
	lines := make(map[protocol.QueueID]Line, len(queues))
	if len(queues) == 0 {
		return lines, nil
	}
	var out struct{ Lines []Line }
	if err := r.run(ctx, lineStep, "", map[string]any{"queues": queues}, &out); err != nil {
		r.failed(ctx, "positions", err)
		return nil, fmt.Errorf("positions: %w", err)
	}
	for i, q := range queues {
		if i < len(out.Lines) {
			lines[q] = out.Lines[i]
		}
	}
	return lines, nil
}
