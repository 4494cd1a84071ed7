package routing

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var (
	enqueueStep = newStep("enqueue", "places")
	removeStep  = newStep("remove", "places")
	lineStep    = newStep("line", "places", "fits")
)

// A Line is how a queue stands.
type Line struct {
	Waiting int   // those just being offered included
	Oldest  int64 // since when the one waits who waits longest; 0 when nobody does

	Ready    int  // agents who are ready and connected, busy or not
	Delayed  bool // somebody waits although an agent could take it
	Bare     bool // somebody waits and nobody is ready
	AllAsked int  // conversations that every able agent was asked about without success

	LowMs, HighMs int64 // how long it may take for who asks next, in whole minutes; both 0: not known
}

// Enqueue lets a conversation wait, at the place its first enqueue gives it,
// and matches. The record must already say that it is queued; what has ended
// meanwhile does not wait: where the record cannot be read to see that, it is
// matched all the same, the record refuses to let what is over ring, and the
// next audit takes it out. Its visitor is not offered to anybody without a live
// connection (see Here). An error means that Redis did not answer; the
// conversation is found again in the record.
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
	if err := r.put(ctx, r.placeOf(c, q)); err != nil {
		return err
	}
	return r.unlessOver(ctx, c.ID)
}

// unlessOver takes a conversation out of its queue that has ended while it was
// put there: what ended it found nothing to take out yet. Where the record
// cannot be read, an audit looks for it within a second.
func (r *Router) unlessOver(ctx context.Context, conv protocol.ConversationID) error {
	c, err := r.record.Conversation(ctx, r.ws, conv)
	if err != nil {
		r.failed(ctx, "enqueue", fmt.Errorf("look whether %s still waits: %w", conv, err))
		return nil
	}
	if c.State != protocol.StateEnded && c.State != protocol.StateClosed {
		return nil
	}
	return r.remove(ctx, string(conv), r.timers.RampUp.Milliseconds())
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
	p, err := r.Place(ctx, conv)
	return p.Position, err
}

// Positions says how queues stand. Every queue asked for is in the answer.
func (r *Router) Positions(ctx context.Context, queues ...protocol.QueueID) (map[protocol.QueueID]Line, error) {
	all := make(map[protocol.QueueID]Line, len(queues))
	lines, err := r.lines(ctx, queues...)
	if err != nil {
		r.failed(ctx, "positions", err)
		return nil, err
	}
	for i, q := range queues {
		line := lines[i].Line
		line.LowMs, line.HighMs = estimate(line.Waiting+1, lines[i].Per)
		all[q] = line
	}
	return all, nil
}

// A standingLine is what the script says of one queue.
type standingLine struct {
	Line
	Per float64 // ms that each place takes; 0: not known
}

func (r *Router) lines(ctx context.Context, queues ...protocol.QueueID) ([]standingLine, error) {
	if len(queues) == 0 {
		return nil, nil
	}
	var out struct{ Lines []standingLine }
	if err := r.run(ctx, lineStep, "", map[string]any{"queues": queues}, &out); err != nil {
		return nil, fmt.Errorf("lines of %d queues: %w", len(queues), err)
	}
	if len(out.Lines) != len(queues) {
		return nil, fmt.Errorf("lines of %d queues: %d answers", len(queues), len(out.Lines))
	}
	return out.Lines, nil
}

func (r *Router) line(ctx context.Context, queue protocol.QueueID) (standingLine, error) {
	lines, err := r.lines(ctx, queue)
	if err != nil {
		return standingLine{}, err
	}
	return lines[0], nil
}
