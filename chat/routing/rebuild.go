package routing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var (
	beginStep   = newStep("begin")
	holdStep    = newStep("hold", "places")
	publishStep = newStep("publish")
)

// loadBatch bounds one script's work during a rebuild.
const loadBatch = 500

// rebuildLease is how long a node may be at a rebuild before another may begin it anew.
const rebuildLease = 5 * time.Second

// rebuild fills Redis from the record: queues, agents with their load, open
// offers. Nothing is offered meanwhile; all else goes on. It does nothing when
// another node is at it.
func (r *Router) rebuild(ctx context.Context) error {
	var out struct{ Mine bool }
	in := map[string]any{"node": r.node, "ms": rebuildLease.Milliseconds(), "epoch": r.record.Epoch()}
	if err := r.run(ctx, beginStep, newOp(), in, &out); err != nil || !out.Mine {
		return err
	}
	if err := r.readQueues(ctx); err != nil {
		return err
	}
	waiting, requests, err := r.waiting(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(r.load(ctx, waiting, nil), r.loadRequests(ctx, requests)); err != nil {
		return err
	}
	if err := r.refreshAll(ctx); err != nil {
		return err
	}
	if err := r.holdOpen(ctx, r.timers.Amnesty); err != nil {
		return err
	}
	gen := r.record.Epoch() + "/" + newOp()
	in = map[string]any{"node": r.node, "gen": gen, "amnesty": r.timers.Amnesty.Milliseconds()}
	if err := r.run(ctx, publishStep, newOp(), in, &out); err != nil || !out.Mine {
		return err
	}
	r.stats.rebuilds.Add(1)
	r.markDirty() // what changed while it was read is found by an audit
	r.mu.Lock()
	r.gen = gen
	r.mu.Unlock()
	r.rewriteLeases()
	r.wantMatch()
	r.notify.QueuesChanged(r.ws)
	r.log.Info("routing rebuilt from the record", "waiting", len(waiting))
	return nil
}

// waiting is all that waits for agents, as the record has it.
func (r *Router) waiting(ctx context.Context) ([]store.Conversation, []store.Request, error) {
	conversations, err := r.record.Waiting(ctx, r.ws)
	if err != nil {
		return nil, nil, fmt.Errorf("read who waits: %w", err)
	}
	requests, err := r.record.Requests(ctx, r.ws)
	if err != nil {
		return nil, nil, fmt.Errorf("read open requests: %w", err)
	}
	return conversations, requests, nil
}

// load lets conversations wait, in batches; how says what else the script is told.
func (r *Router) load(ctx context.Context, waiting []store.Conversation, how map[string]any) error {
	if err := r.informed(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	queues := maps.Clone(r.queues)
	r.mu.Unlock()
	for batch := range slices.Chunk(waiting, loadBatch) {
		places := make([]rules.Waiting, 0, len(batch))
		for _, c := range batch {
			q, ok := queues[c.Queue]
			if !ok {
				q.ID = c.Queue
			}
			places = append(places, rules.Place(c, q, queues))
		}
		in := map[string]any{"places": places}
		maps.Copy(in, how)
		if err := r.run(ctx, enqueueStep, newOp(), in, nil); err != nil {
			return err
		}
	}
	return nil
}

// wait lets one conversation wait without a match.
func (r *Router) wait(ctx context.Context, c store.Conversation) error {
	return r.load(ctx, []store.Conversation{c}, nil)
}

// refreshAll copies all agents' rows.
func (r *Router) refreshAll(ctx context.Context) error {
	ticket, err := r.ticket(ctx)
	if err != nil {
		return err
	}
	agents, err := r.record.Agents(ctx, r.ws)
	if err != nil {
		return fmt.Errorf("read agents: %w", err)
	}
	for batch := range slices.Chunk(agents, loadBatch) {
		if err := r.writeAgents(ctx, ticket, batch...); err != nil {
			return err
		}
	}
	return nil
}

// holdOpen takes over the open offers of the record that Redis does not know.
func (r *Router) holdOpen(ctx context.Context, amnesty time.Duration) error {
	open, err := r.record.OpenOffers(ctx, r.ws)
	if err != nil {
		return fmt.Errorf("read open offers: %w", err)
	}
	for batch := range slices.Chunk(open, loadBatch) {
		rows := make([]map[string]any, 0, len(batch))
		for _, o := range batch {
			row := map[string]any{
				"offer": o.ID, "place": o.Conversation, "conv": o.Conversation, "agent": o.Agent, "cost": o.Cost, "deadline": o.Deadline,
			}
			if o.Request != "" {
				row["place"] = o.Request
			}
			if o.Kind == protocol.OfferAll {
				row["all"] = true
			}
			rows = append(rows, row)
		}
		var out struct{ Held []protocol.AgentID }
		if err := r.run(ctx, holdStep, newOp(), map[string]any{"offers": rows, "amnesty": amnesty.Milliseconds()}, &out); err != nil {
			return err
		}
		r.stats.healed.Add(int64(len(out.Held)))
		for _, id := range out.Held {
			r.notify.ViewChanged(r.ws, agentActor(id))
		}
	}
	return nil
}
