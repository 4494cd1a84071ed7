package routing

import (
	"context"
	"fmt"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A Place is where a conversation stands in its queue.
type Place struct {
	Position      int   // 1 is next, 0 not waiting
	Ahead         int   // of those before it, how many asked later; at most 16 are looked at
	LowMs, HighMs int64 // how long it may take, in whole minutes; both 0: not known
	Message       bool  // leaving a message is offered
	ChatOnly      bool  // nobody who is ready can do the medium that is asked for, but somebody can chat
}

// Place says where a conversation stands in its queue.
func (r *Router) Place(ctx context.Context, conv protocol.ConversationID) (Place, error) {
	var out struct {
		Position, Ahead int
		Message, Only   bool
		Per             float64
	}
	if err := r.run(ctx, lineStep, "", map[string]any{"conv": conv}, &out); err != nil {
		r.failed(ctx, "place", err)
		return Place{}, fmt.Errorf("place of %s: %w", conv, err)
	}
	p := Place{Position: out.Position, Ahead: out.Ahead, Message: out.Message, ChatOnly: out.Only}
	p.LowMs, p.HighMs = estimate(out.Position, out.Per)
	return p, nil
}

// estimate is how long it may take until a place's turn, where each takes per
// ms: from 0.7 to 1.5 of it, in whole minutes.
func estimate(position int, per float64) (low, high int64) {
	minutes := func(ms float64) int64 {
		const minute = int64(time.Minute / time.Millisecond)
		return (int64(ms) + minute - 1) / minute * minute
	}
	wait := float64(position) * per
	return minutes(0.7 * wait), minutes(1.5 * wait)
}

// Figures of the last quarter of an hour tell how long waiting may take, from
// this many conversations on.
const (
	figuresOf  = 15 * time.Minute
	figuresMin = 5
)

// readFigures writes for each queue how long one place in its line takes.
func (r *Router) readFigures(ctx context.Context, now int64) error {
	figures, err := r.record.Figures(ctx, r.ws, now-figuresOf.Milliseconds())
	if err != nil {
		return fmt.Errorf("read figures: %w", err)
	}
	per := map[protocol.QueueID]float64{}
	for q, f := range figures {
		if f.Samples >= figuresMin && f.Active > 0 {
			per[q] = float64(f.HandleMs) / float64(f.Active)
		}
	}
	return r.run(ctx, configureStep, newOp(), map[string]any{"figures": per}, nil)
}

// Waits lists who waits in a queue, is there and is not being offered, oldest
// first, at most limit (50).
func (r *Router) Waits(ctx context.Context, queue protocol.QueueID, limit int) ([]protocol.ConversationID, error) {
	var out struct{ IDs []protocol.ConversationID }
	if err := r.run(ctx, lineStep, "", map[string]any{"list": queue, "limit": max(1, min(limit, 50))}, &out); err != nil {
		r.failed(ctx, "waits", err)
		return nil, fmt.Errorf("who waits in %s: %w", queue, err)
	}
	return out.IDs, nil
}

// usualLimit is how many may wait in a queue that says nothing.
const usualLimit = 100

// Accepting says why a queue takes nobody more now (closed, full, slow), or
// nothing when it does, and of a closed one when it opens; 0: not known. How
// many of a site or the whole workspace wait or run is the record's to count
// (store.Full). While Redis is away only the
// hours count: asking stays possible.
func (r *Router) Accepting(ctx context.Context, _ store.Site, queue store.Queue) (protocol.SiteReason, int64) {
	if r.hours != nil {
		if open, changes := r.hours.Open(queue, r.time()); !open {
			return protocol.SiteClosed, changes
		}
	}
	line, err := r.line(ctx, queue.ID)
	if err != nil {
		r.failed(ctx, "accepting", err)
		return "", 0
	}
	limit := queue.Rules.Limit
	if limit == 0 {
		limit = usualLimit
	}
	if line.Waiting >= limit {
		return protocol.SiteFull, 0
	}
	if _, high := estimate(line.Waiting+1, line.Per); queue.Rules.MaxEstimateMs > 0 && high > queue.Rules.MaxEstimateMs {
		return protocol.SiteSlow, 0
	}
	return "", 0
}

// Picked follows a conversation that an agent has just taken from a waiting
// list by the record: it leaves the queue, and the agent's load is read again.
func (r *Router) Picked(ctx context.Context, conv protocol.ConversationID, agent protocol.AgentID) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	if err := r.remove(ctx, string(conv), r.timers.RampUp.Milliseconds()); err != nil {
		r.failed(ctx, "picked", err)
		return fmt.Errorf("picked %s: %w", conv, err)
	}
	r.notify.QueuesChanged(r.ws)
	return r.AgentChanged(ctx, agent)
}

var standStep = newStep("stand")

// A Standing is how an agent stands in routing now.
type Standing struct {
	Ready, Live, Ringing bool
	Load                 int
	Used                 int64 // when a visible desk was last used; 0: not known
}

// Standings says how agents stand, at most 500. Who is not known is not in the answer.
func (r *Router) Standings(ctx context.Context, agents ...protocol.AgentID) (map[protocol.AgentID]Standing, error) {
	all := make(map[protocol.AgentID]Standing, len(agents))
	if len(agents) == 0 {
		return all, nil
	}
	agents = agents[:min(len(agents), loadBatch)]
	var out struct {
		Agents []struct {
			Standing
			Known bool
		}
	}
	if err := r.run(ctx, standStep, "", map[string]any{"agents": agents}, &out); err != nil {
		r.failed(ctx, "standings", err)
		return nil, fmt.Errorf("standings: %w", err)
	}
	for i, s := range out.Agents {
		if s.Known && i < len(agents) {
			all[agents[i]] = s.Standing
		}
	}
	return all, nil
}
