package routing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var configureStep = newStep("configure")

// A queueRow is what the scripts know of a queue.
type queueRow struct {
	Weight int  `json:"w"`
	Auto   bool `json:"auto,omitempty"`
}

func rowOf(q store.Queue) queueRow {
	return queueRow{Weight: max(q.Weight, 1), Auto: q.Rules.AutoAccept}
}

// runConfigure looks each Timers.Configure whether the workspace was declared anew.
func (r *Router) runConfigure(ctx context.Context) {
	ticks := time.NewTicker(r.timers.Configure)
	defer ticks.Stop()
	for ticked(ctx, ticks.C) {
		if err := r.reconfigure(ctx); err != nil {
			r.failed(ctx, "configure", err)
		}
	}
}

// reconfigure reads what the workspace declares when its version has changed.
// On the node that is first, who waits gets a new place by the new rules, and
// agents' rows are copied again; places in line, rounds and offers stay.
func (r *Router) reconfigure(ctx context.Context) error {
	version, err := r.record.Version(ctx, r.ws)
	if err != nil {
		return fmt.Errorf("read version: %w", err)
	}
	r.mu.Lock()
	same, ready, due := version == r.version, r.gen != "", r.renewal
	r.mu.Unlock()
	if same && !due || !ready {
		return nil
	}
	if !same {
		if err := r.readQueues(ctx); err != nil {
			return err
		}
	}
	r.mu.Lock()
	due, r.renewal = r.renewal, false
	r.mu.Unlock()
	if due {
		if err := errors.Join(r.renew(ctx), r.refreshAll(ctx)); err != nil {
			r.mu.Lock()
			r.renewal = true
			r.mu.Unlock()
			return err
		}
	}
	r.notify.QueuesChanged(r.ws)
	return r.Match(ctx)
}

// renew makes the places of all who wait anew.
func (r *Router) renew(ctx context.Context) error {
	waiting, err := r.record.Waiting(ctx, r.ws)
	if err != nil {
		return fmt.Errorf("read who waits: %w", err)
	}
	return r.load(ctx, waiting, map[string]any{"force": true})
}

// readQueues reads the queues of the record and writes what the scripts need
// of them. Where they were of an older version before, places are due to be
// made anew; after a rebuild they are new already.
func (r *Router) readQueues(ctx context.Context) error {
	version, err := r.record.Version(ctx, r.ws)
	if err != nil {
		return fmt.Errorf("read version: %w", err)
	}
	queues, err := r.record.Queues(ctx, r.ws)
	if err != nil {
		return fmt.Errorf("read queues: %w", err)
	}
	had, err := r.configure(ctx, map[string]any{"version": version}, queues...)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.version, r.read = version, true
	clear(r.queues)
	for _, q := range queues {
		r.queues[q.ID] = q
	}
	r.renewal = r.renewal || had >= 0 && had < version
	return nil
}

// informed reads the queues where that was not done since this node began, or
// one of those asked for is not known: what waits, and by which needs, must not
// depend on which node is told of it, and when.
func (r *Router) informed(ctx context.Context, ids ...protocol.QueueID) error {
	r.mu.Lock()
	known := r.read
	for _, id := range ids {
		_, ok := r.queues[id]
		known = known && ok
	}
	r.mu.Unlock()
	if known {
		return nil
	}
	return r.readQueues(ctx)
}

// learn writes a queue that is not known here.
func (r *Router) learn(ctx context.Context, q store.Queue) error {
	if err := r.informed(ctx); err != nil {
		return err
	}
	r.mu.Lock()
	_, known := r.queues[q.ID]
	r.mu.Unlock()
	if known {
		return nil
	}
	if _, err := r.configure(ctx, map[string]any{}, q); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queues[q.ID] = q
	return nil
}

func (r *Router) configure(ctx context.Context, in map[string]any, queues ...store.Queue) (had int64, err error) {
	rows := make(map[protocol.QueueID]queueRow, len(queues))
	for _, q := range queues {
		rows[q.ID] = rowOf(q)
	}
	in["queues"] = rows
	var out struct{ Had int64 }
	err = r.run(ctx, configureStep, newOp(), in, &out)
	return out.Had, err
}

// queue is one as last read.
func (r *Router) queue(id protocol.QueueID) store.Queue {
	r.mu.Lock()
	defer r.mu.Unlock()
	q := r.queues[id]
	q.ID = id
	return q
}
