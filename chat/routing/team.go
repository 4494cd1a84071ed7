package routing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Request lets an agent's request (transfer, invite, consult) wait for its
// agent, or for any agent of its queue, and matches. The record must already
// hold it as open; conv is the conversation that it is about. Agents who are in
// the conversation are not asked. An error means that Redis or the record did
// not answer; the next sweep finds the request in the record.
func (r *Router) Request(ctx context.Context, q store.Request, conv store.Conversation) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	w, err := r.requestPlace(ctx, q, conv)
	if err == nil {
		err = r.put(ctx, w)
	}
	if err != nil {
		r.failed(ctx, "request", err)
		return fmt.Errorf("let request %s wait: %w", q.ID, err)
	}
	return r.Match(ctx)
}

// RemoveRequest takes a request that has ended out of routing, frees the agents
// who were being asked, and matches. Repeating it changes nothing; a request
// that nobody removes is found by the next sweep.
func (r *Router) RemoveRequest(ctx context.Context, id protocol.RequestID) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	if err := r.remove(ctx, string(id), r.timers.RampUp.Milliseconds()); err != nil {
		r.failed(ctx, "remove request", err)
		return fmt.Errorf("remove request %s: %w", id, err)
	}
	return r.Match(ctx)
}

func (r *Router) requestPlace(ctx context.Context, q store.Request, conv store.Conversation) (rules.Waiting, error) {
	slots, err := r.record.SlotsOf(ctx, r.ws, conv.ID)
	if err != nil {
		return rules.Waiting{}, fmt.Errorf("read who is in %s: %w", conv.ID, err)
	}
	medium, by := store.MediumChat, make([]protocol.AgentID, 0, len(slots))
	for _, s := range slots {
		by = append(by, s.Agent)
		if dearer(s.Medium, medium) {
			medium = s.Medium
		}
	}
	id := q.ToQueue
	if id == "" {
		id = conv.Queue
	}
	if err := r.informed(ctx, id); err != nil {
		return rules.Waiting{}, err
	}
	return rules.Request(q, r.queue(id), medium, by), nil
}

func dearer(a, b string) bool {
	rank := map[string]int{store.MediumAudio: 1, store.MediumVideo: 2}
	return rank[a] > rank[b]
}

// loadRequests lets open requests wait that are not known here.
func (r *Router) loadRequests(ctx context.Context, open []store.Request) error {
	var errs []error
	for _, q := range open {
		conv, err := r.record.Conversation(ctx, r.ws, q.Conversation)
		if err != nil {
			errs = append(errs, fmt.Errorf("read conversation of request %s: %w", q.ID, err))
			continue
		}
		w, err := r.requestPlace(ctx, q, conv)
		if err == nil {
			err = r.put(ctx, w)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// syncRequests makes routing hold the requests that the record holds as open:
// what ends a conversation, or a part in it, ends requests too. f was found
// before the record is read: what is not open there has ended. Those past their
// deadline expire.
func (r *Router) syncRequests(ctx context.Context, f found) error {
	open, err := r.record.Requests(ctx, r.ws)
	if err != nil {
		return fmt.Errorf("read open requests: %w", err)
	}
	left := make(map[string]bool, len(f.Requests))
	for _, id := range f.Requests {
		left[id] = true
	}
	var missing []store.Request
	var errs []error
	for _, q := range open {
		switch {
		case q.Deadline <= f.Now && !f.Amnesty:
			errs = append(errs, r.expire(ctx, q))
		case !left[string(q.ID)]:
			missing = append(missing, q)
		}
		delete(left, string(q.ID))
	}
	errs = append(errs, r.loadRequests(ctx, missing))
	for _, id := range slices.Sorted(maps.Keys(left)) {
		errs = append(errs, r.remove(ctx, id, 0))
	}
	return errors.Join(errs...)
}

func (r *Router) expire(ctx context.Context, q store.Request) error {
	ended, _, err := r.record.EndRequest(ctx, r.ws, q.ID, store.RequestExpired, "system")
	if err != nil {
		return fmt.Errorf("expire request %s: %w", q.ID, err)
	}
	r.notify.EntriesAdded(r.ws, q.Conversation)
	r.notify.ViewChanged(r.ws, ended.Touched...)
	return errors.Join(r.remove(ctx, string(q.ID), r.timers.RampUp.Milliseconds()), r.refreshTouched(ctx, ended.Touched))
}

// remove takes a place out of routing and lets those know who were being asked.
func (r *Router) remove(ctx context.Context, place string, ramp int64) error {
	var out struct {
		Agents []protocol.AgentID
		Rests  []rested
	}
	if err := r.run(ctx, removeStep, newOp(), map[string]any{"conv": place, "ramp": ramp}, &out); err != nil {
		return err
	}
	r.unheard(ctx, out.Rests, nil)
	for _, id := range out.Agents {
		r.notify.ViewChanged(r.ws, agentActor(id))
	}
	return nil
}
