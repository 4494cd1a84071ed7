package routing

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var configureStep = newStep("configure")

// A queueRow is what the scripts know of a queue.
type queueRow struct {
	Weight int `json:"w"`
}

func rowOf(q store.Queue) queueRow { return queueRow{Weight: max(q.Weight, 1)} }

// readQueues reads the queues of the record and writes what the scripts need of them.
func (r *Router) readQueues(ctx context.Context) error {
	queues, err := r.record.Queues(ctx, r.ws)
	if err != nil {
		return fmt.Errorf("read queues: %w", err)
	}
	return r.configure(ctx, true, queues...)
}

// learn writes a queue that is not known here, or known otherwise.
func (r *Router) learn(ctx context.Context, q store.Queue) error {
	r.mu.Lock()
	known, ok := r.queues[q.ID]
	r.mu.Unlock()
	if ok && rowOf(known) == rowOf(q) && known.OfferMs == q.OfferMs {
		return nil
	}
	return r.configure(ctx, false, q)
}

func (r *Router) configure(ctx context.Context, all bool, queues ...store.Queue) error {
	rows := make(map[protocol.QueueID]queueRow, len(queues))
	for _, q := range queues {
		rows[q.ID] = rowOf(q)
	}
	if err := r.run(ctx, configureStep, newOp(), map[string]any{"queues": rows, "all": all}, nil); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if all {
		clear(r.queues)
	}
	for _, q := range queues {
		r.queues[q.ID] = q
	}
	return nil
}

func (r *Router) queue(id protocol.QueueID) store.Queue {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.queues[id]
	q.ID = id
	return q
}
