package routing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var (
	sweepStep  = newStep("sweep", "places", "fits", "ripen")
	forgetStep = newStep("forget")
)

// A sweepState belongs to the sweeper, but for mine, which the watch sets.
type sweepState struct {
	mine sweeping
	prev int64 // Redis time of the last sweep

	// Redis times of the last ones.
	figures, survey, forgot int64
	// Queues of which it has been said.
	bare, delayed map[protocol.QueueID]bool
}

// found is what a sweep found.
type found struct {
	Now, Next int64
	Amnesty   bool
	Ended     []struct {
		Offer   protocol.OfferID
		Outcome store.Outcome
	}
	Gone      []protocol.AgentID
	Abandoned []protocol.ConversationID
	Changed   []string
	Requests  []string           // that wait here
	Surveyed  bool               // the following are told
	Waiting   []protocol.QueueID // in which somebody waits
	Bare      []protocol.QueueID // and nobody is ready
	Delayed   []protocol.QueueID // and is not offered although somebody could take it
}

// runSweeps sweeps every Timers.Sweep, and at the next deadline if that is
// sooner, while this node holds the lease. Two nodes at it do no harm: the
// record lets each offer end once.
func (r *Router) runSweeps(ctx context.Context) {
	timer := time.NewTimer(r.timers.Sweep)
	defer timer.Stop()
	for ticked(ctx, timer.C) {
		wait := r.timers.Sweep
		if r.swept.mine.Load() {
			next, err := r.sweep(ctx)
			if err != nil {
				r.failed(ctx, "sweep", err)
			}
			wait = min(wait, max(next, time.Millisecond))
		}
		timer.Reset(wait)
	}
}

// sweep does one round and says how long until the next deadline.
func (r *Router) sweep(ctx context.Context) (time.Duration, error) {
	var f found
	in := map[string]any{
		"agentGone": r.timers.AgentGone.Milliseconds(), "visitorGone": r.timers.VisitorGone.Milliseconds(), "prev": r.swept.prev,
		"survey": time.Now().UnixMilli()-r.swept.survey >= surveyEvery.Milliseconds(),
	}
	if err := r.run(ctx, sweepStep, newOp(), in, &f); err != nil {
		return r.timers.Sweep, err
	}
	r.swept.prev = f.Now
	var errs []error
	for _, e := range f.Ended {
		cause := ""
		if e.Outcome == store.OutcomeRescinded {
			cause = "agent_stale"
		}
		errs = append(errs, r.end(ctx, e.Offer, e.Outcome, cause))
	}
	if !f.Amnesty {
		errs = append(errs, r.endOverdue(ctx, f.Now))
	}
	for _, id := range f.Gone {
		errs = append(errs, r.agentGone(ctx, id))
	}
	for _, conv := range f.Abandoned {
		errs = append(errs, r.abandon(ctx, conv))
	}
	errs = append(errs, r.freeWrapUps(ctx, f.Now), r.syncRequests(ctx, f))
	if f.Surveyed {
		r.swept.survey = time.Now().UnixMilli()
		errs = append(errs, r.duties(ctx, f))
	}
	if len(f.Changed) > 0 {
		r.notify.ViewChanged(r.ws, f.Changed...)
		for _, actor := range f.Changed {
			r.reach(r.ws, actor)
		}
	}
	errs = append(errs, r.Match(ctx), r.verdicts(ctx, f.Now))
	next := r.timers.Sweep
	if f.Next > f.Now && !f.Amnesty {
		next = time.Duration(f.Next-f.Now) * time.Millisecond
	}
	return next, errors.Join(errs...)
}

// endOverdue ends what is overdue in the record although Redis does not know
// it: those it lost. Others have their time from Redis.
func (r *Router) endOverdue(ctx context.Context, now int64) error {
	overdue, err := r.record.OverdueOffers(ctx, r.ws, now)
	if err != nil {
		return fmt.Errorf("read overdue offers: %w", err)
	}
	if len(overdue) == 0 {
		return nil
	}
	known, err := r.heldOffers(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, o := range overdue {
		if !known[o.ID] {
			errs = append(errs, r.endLost(ctx, o))
		}
	}
	return errors.Join(errs...)
}

// endLost ends an offer of which only the record knows, without blame where
// the agent is not connected.
func (r *Router) endLost(ctx context.Context, o store.Offer) error {
	looks, err := r.looks(ctx, []string{agentActor(o.Agent)})
	if err != nil {
		return err
	}
	if looks[0].Live {
		return r.end(ctx, o.ID, store.OutcomeTimedOut, "")
	}
	return r.end(ctx, o.ID, store.OutcomeRescinded, "agent_stale")
}

// agentGone follows an agent whose connection stayed lost: not ready, and the
// conversations go to the head of their queues, at once or after the time that
// a queue holds them for their owner (STATE-6). While something is held the
// agent is not forgotten, so that the next sweep looks again.
func (r *Router) agentGone(ctx context.Context, id protocol.AgentID) error {
	a, err := r.record.Agent(ctx, r.ws, id)
	if err != nil && code(err) != protocol.CodeNotFound {
		return fmt.Errorf("read lost agent %s: %w", id, err)
	}
	if err == nil {
		held, err := r.takeLost(ctx, a)
		if held || err != nil {
			return err
		}
	}
	in := map[string]any{"actors": []string{agentActor(id)}, "gone": r.timers.AgentGone.Milliseconds()}
	if err := r.run(ctx, forgetStep, newOp(), in, nil); err != nil {
		return fmt.Errorf("forget agent %s: %w", id, err)
	}
	return nil
}

// takeLost is takeFrom for an agent who was lost, but for what is held.
func (r *Router) takeLost(ctx context.Context, a store.Agent) (held bool, err error) {
	most := int64(0)
	r.mu.Lock()
	for _, q := range r.queues {
		most = max(most, q.Rules.HoldMs)
	}
	r.mu.Unlock()
	if most == 0 {
		return false, r.takeFrom(ctx, a, "connection_lost", nil)
	}
	looks, err := r.looks(ctx, []string{agentActor(a.ID)})
	if err != nil {
		return false, err
	}
	gone := looks[0].Lost - r.timers.AgentGone.Milliseconds()
	err = r.takeFrom(ctx, a, "connection_lost", func(c store.Conversation) bool {
		stays := c.Owner == a.ID && r.queue(c.Queue).Rules.HoldMs > gone
		held = held || stays
		return stays
	})
	return held, err
}

// takeFrom makes an agent not ready and takes the conversations that run, but
// for those of which held says so; nil: all.
func (r *Router) takeFrom(ctx context.Context, a store.Agent, cause string, held func(store.Conversation) bool) error {
	changed := held == nil || a.Declared == protocol.DeclaredReady
	if a.Declared == protocol.DeclaredReady {
		r.stats.agentsLost.Add(1)
		if _, err := r.record.Declare(ctx, r.ws, a.ID, protocol.DeclaredNotReady, cause, "system", cause); err != nil {
			return fmt.Errorf("declare lost agent %s: %w", a.ID, err)
		}
	}
	slots, err := r.record.SlotsOfAgent(ctx, r.ws, a.ID)
	if err != nil {
		return fmt.Errorf("read slots of %s: %w", a.ID, err)
	}
	for _, s := range slots {
		if s.State == protocol.SlotWrapUp {
			continue
		}
		if held != nil {
			c, err := r.record.Conversation(ctx, r.ws, s.Conversation)
			if err != nil {
				return fmt.Errorf("read %s: %w", s.Conversation, err)
			}
			if held(c) {
				continue
			}
		}
		changed = true
		c, requeued, err := r.record.Lose(ctx, r.ws, a.ID, s.Conversation, cause)
		if code(err) == protocol.CodeWrongState {
			continue // ended or taken meanwhile
		}
		if err != nil {
			return fmt.Errorf("take %s from %s: %w", s.Conversation, a.ID, err)
		}
		if requeued {
			err = r.wait(ctx, c)
		}
		if err := errors.Join(err, r.refreshTouched(ctx, c.Touched)); err != nil {
			return err
		}
		r.notify.EntriesAdded(r.ws, c.ID)
		r.notify.ViewChanged(r.ws, append([]string{visitorActor(c.Visitor)}, c.Touched...)...)
	}
	if !changed {
		return nil
	}
	if err := r.refresh(ctx, a.ID); err != nil {
		return err
	}
	r.notify.ViewChanged(r.ws, agentActor(a.ID))
	r.notify.QueuesChanged(r.ws)
	return nil
}

// abandon gives up the place of a visitor who stayed away (ROUTE-11).
func (r *Router) abandon(ctx context.Context, conv protocol.ConversationID) error {
	c, _, err := r.record.End(ctx, r.ws, conv, protocol.Author{Kind: protocol.KindSystem}, "system", protocol.NewID[protocol.Op](), store.CauseAbandoned, 0)
	if c := code(err); err != nil && c != protocol.CodeWrongState && c != protocol.CodeNotFound {
		return fmt.Errorf("abandon %s: %w", conv, err)
	}
	if err := r.Remove(ctx, conv); err != nil {
		return err
	}
	if c.ID == "" {
		return nil // it was over already
	}
	r.stats.abandoned.Add(1)
	r.notify.EntriesAdded(r.ws, conv)
	r.notify.ViewChanged(r.ws, append([]string{visitorActor(c.Visitor)}, c.Touched...)...)
	return nil
}

// freeWrapUps frees the slots whose wrap-up time is over.
func (r *Router) freeWrapUps(ctx context.Context, now int64) error {
	slots, err := r.record.ExpireWrapUps(ctx, r.ws, now)
	if err != nil {
		return fmt.Errorf("expire wrap-ups: %w", err)
	}
	var errs []error
	for _, s := range slots {
		errs = append(errs, r.refresh(ctx, s.Agent))
		r.notify.ViewChanged(r.ws, agentActor(s.Agent))
		r.notify.EntriesAdded(r.ws, s.Conversation)
	}
	return errors.Join(errs...)
}
