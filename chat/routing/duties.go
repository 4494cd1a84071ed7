package routing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

const (
	surveyEvery = time.Second
	replyStage  = 30 * time.Second // from one stage of a reply that does not come to the next
	forgetEvery = 10 * time.Minute
	usualDays   = 30      // that decisions are kept
	mostKept    = 200_000 // of them
)

// duties are done each second on the node that sweeps: what the record says is
// due, and what people should know of. Nothing is due during the amnesty.
func (r *Router) duties(ctx context.Context, f found) error {
	r.swept.bare = r.alarmNew("bare", r.swept.bare, f.Bare)
	r.swept.delayed = r.alarmNew("delayed", r.swept.delayed, f.Delayed)
	var errs []error
	if !f.Amnesty {
		errs = append(errs, r.overdueReplies(ctx, f.Now), r.dueWakes(ctx, f.Now), r.returnAgents(ctx, f.Now), r.close(ctx, f))
	}
	if f.Now-r.swept.figures >= r.timers.Figures.Milliseconds() {
		r.swept.figures = f.Now
		errs = append(errs, r.readFigures(ctx, f.Now))
		if len(f.Waiting) > 0 {
			r.notify.QueuesChanged(r.ws) // estimates grow old
		}
	}
	if f.Now-r.swept.forgot >= forgetEvery.Milliseconds() {
		r.swept.forgot = f.Now
		errs = append(errs, r.forgetDecisions(ctx, f.Now))
	}
	return errors.Join(errs...)
}

// An allAsked is a conversation that everybody was asked about in vain.
type allAsked struct {
	Conv  protocol.ConversationID
	Queue protocol.QueueID
}

func (r *Router) alarmAsked(all []allAsked) {
	for _, a := range all {
		r.alarm(protocol.Alarm{Kind: "all_asked", Queue: a.Queue, Conversation: a.Conv})
	}
}

// alarmNew tells of the queues that were not in a state before, and gives those that are.
func (r *Router) alarmNew(kind string, before map[protocol.QueueID]bool, queues []protocol.QueueID) map[protocol.QueueID]bool {
	now := make(map[protocol.QueueID]bool, len(queues))
	for _, q := range queues {
		if now[q] = true; !before[q] {
			r.alarm(protocol.Alarm{Kind: kind, Queue: q})
		}
	}
	if len(now) != len(before) {
		r.notify.QueuesChanged(r.ws)
	}
	return now
}

// Alarm tells of a state that people should know of, which others have found.
func (r *Router) Alarm(a protocol.Alarm) { r.alarm(a) }

func (r *Router) alarm(a protocol.Alarm) {
	r.stats.alarms.Add(1)
	r.tell(a)
}

// overdueReplies takes first replies that do not come from stage to stage: the
// agent is reminded, people are told, and the conversation goes to another agent.
func (r *Router) overdueReplies(ctx context.Context, now int64) error {
	overdue, err := r.record.OverdueReplies(ctx, r.ws, now)
	if err != nil {
		return fmt.Errorf("read overdue replies: %w", err)
	}
	var errs []error
	for _, c := range overdue {
		if c.ReplyStage >= store.ReplyAlarmed {
			errs = append(errs, r.requeue(ctx, c.ID, c.Owner, store.CauseNoReply))
			continue
		}
		advanced, err := r.record.AdvanceReply(ctx, r.ws, c.ID, c.ReplyStage+1, now+replyStage.Milliseconds())
		if err != nil {
			errs = append(errs, fmt.Errorf("advance the reply of %s: %w", c.ID, err))
		}
		if !advanced {
			continue
		}
		if c.ReplyStage+1 == store.ReplyAlarmed {
			r.alarm(protocol.Alarm{Kind: "reply_overdue", Queue: c.Queue, Conversation: c.ID, Agent: c.Owner})
		}
		r.notify.EntriesAdded(r.ws, c.ID)
		r.notify.ViewChanged(r.ws, agentActor(c.Owner))
	}
	return errors.Join(errs...)
}

// dueWakes gives conversations whose owners had no room for them to others.
func (r *Router) dueWakes(ctx context.Context, now int64) error {
	slots, err := r.record.DueWakes(ctx, r.ws, now)
	if err != nil {
		return fmt.Errorf("read due wakes: %w", err)
	}
	var errs []error
	for _, s := range slots {
		errs = append(errs, r.requeue(ctx, s.Conversation, s.Agent, "owner_full"))
	}
	return errors.Join(errs...)
}

// requeue gives a running conversation back to its queue; its agent is not the
// first to be asked.
func (r *Router) requeue(ctx context.Context, conv protocol.ConversationID, from protocol.AgentID, cause string) error {
	c, err := r.record.Requeue(ctx, r.ws, conv, cause)
	if code(err) == protocol.CodeWrongState {
		return nil // ended or taken meanwhile
	}
	if err != nil {
		return fmt.Errorf("requeue %s: %w", conv, err)
	}
	ms := r.queue(c.Queue).Rules.ExcludeMs
	if ms == 0 {
		ms = r.timers.Exclude.Milliseconds()
	}
	err = r.load(ctx, []store.Conversation{c}, map[string]any{"exclude": map[string]any{"agent": from, "ms": ms}})
	r.notify.EntriesAdded(r.ws, conv)
	r.notify.ViewChanged(r.ws, append([]string{visitorActor(c.Visitor)}, c.Touched...)...)
	r.notify.QueuesChanged(r.ws)
	return errors.Join(err, r.refreshTouched(ctx, c.Touched))
}

// returnAgents makes agents ready again who did not answer and whose queues
// say that they return by themselves, as far as their desks are connected.
func (r *Router) returnAgents(ctx context.Context, now int64) error {
	after := map[protocol.QueueID]int64{}
	r.mu.Lock()
	for id, q := range r.queues {
		if q.Rules.ReturnMs > 0 {
			after[id] = q.Rules.ReturnMs
		}
	}
	r.mu.Unlock()
	if len(after) == 0 {
		return nil
	}
	agents, err := r.record.Agents(ctx, r.ws)
	if err != nil {
		return fmt.Errorf("read agents: %w", err)
	}
	var errs []error
	for _, a := range agents {
		if a.Declared != protocol.DeclaredNotReady || a.Reason != "no_answer" || !returns(a, after, now) {
			continue
		}
		if looks, err := r.looks(ctx, []string{agentActor(a.ID)}); err != nil || !looks[0].Live {
			continue
		}
		if _, err := r.record.Declare(ctx, r.ws, a.ID, protocol.DeclaredReady, "", "system", "auto_return"); err != nil {
			errs = append(errs, fmt.Errorf("return agent %s: %w", a.ID, err))
			continue
		}
		errs = append(errs, r.refresh(ctx, a.ID))
		r.notify.ViewChanged(r.ws, agentActor(a.ID))
	}
	return errors.Join(errs...)
}

// returns: the shortest time of the queues in the agent's profile counts.
func returns(a store.Agent, after map[protocol.QueueID]int64, now int64) bool {
	for _, q := range a.Profile.Queues {
		if ms := after[q]; ms > 0 && a.DeclaredAt+ms <= now {
			return true
		}
	}
	return false
}

// close ends the waiting in queues that have closed and do not serve out who waits.
func (r *Router) close(ctx context.Context, f found) error {
	if r.hours == nil {
		return nil
	}
	closed := map[protocol.QueueID]bool{}
	for _, id := range f.Waiting {
		q := r.queue(id)
		if q.Rules.AtClosing == "" || q.Rules.AtClosing == "serve" {
			continue
		}
		open, _ := r.hours.Open(q, f.Now)
		was, _ := r.hours.Open(q, f.Now-q.Rules.AtClosingMs)
		closed[id] = !open && !was
	}
	if len(closed) == 0 {
		return nil
	}
	waiting, err := r.record.Waiting(ctx, r.ws)
	if err != nil {
		return fmt.Errorf("read who waits: %w", err)
	}
	var errs []error
	for _, c := range waiting {
		if closed[c.Queue] {
			errs = append(errs, r.miss(ctx, c))
		}
	}
	return errors.Join(errs...)
}

func (r *Router) miss(ctx context.Context, c store.Conversation) error {
	c, err := r.record.Abandon(ctx, r.ws, c.ID, protocol.NewID[protocol.Op](), "system", "hours")
	if code(err) == protocol.CodeWrongState {
		return nil
	}
	if err != nil {
		return fmt.Errorf("close the waiting of %s: %w", c.ID, err)
	}
	r.notify.EntriesAdded(r.ws, c.ID)
	r.notify.ViewChanged(r.ws, append([]string{visitorActor(c.Visitor)}, c.Touched...)...)
	r.notify.QueuesChanged(r.ws)
	return r.remove(ctx, string(c.ID), r.timers.RampUp.Milliseconds())
}

func (r *Router) forgetDecisions(ctx context.Context, now int64) error {
	settings, err := r.record.Settings(ctx, r.ws)
	if err != nil {
		return fmt.Errorf("read settings: %w", err)
	}
	days := settings.DecisionDays
	if days == 0 {
		days = usualDays
	}
	if _, err := r.record.ForgetDecisions(ctx, r.ws, now-int64(days)*24*time.Hour.Milliseconds(), mostKept); err != nil {
		return fmt.Errorf("forget decisions: %w", err)
	}
	return nil
}
