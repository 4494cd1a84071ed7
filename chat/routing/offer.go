package routing

import (
	"context"
	"fmt"
	"slices"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var settleStep = newStep("settle", "places", "fits")

// A proposal is what the match script reserved.
type proposal struct {
	Offer    protocol.OfferID
	Place    string
	Conv     protocol.ConversationID
	Kind     protocol.OfferKind
	Queue    protocol.QueueID
	Agent    protocol.AgentID
	Round    int
	Cost     int
	Deadline int64
	Auto     bool // it is to be accepted by itself
	Why      *reasoning
}

// open writes the offer row and only then lets the agent know. What the record
// refuses is undone.
func (r *Router) open(ctx context.Context, p proposal, now int64, why *store.Decision) error {
	r.stats.matches.Add(1)
	o := store.Offer{
		ID: p.Offer, Workspace: r.ws, Conversation: p.Conv, Queue: p.Queue, Agent: p.Agent, Kind: p.Kind, Round: p.Round, Cost: p.Cost,
		Offered: now, Deadline: p.Deadline,
	}
	if p.Place != string(p.Conv) {
		o.Request = protocol.RequestID(p.Place)
	}
	err := r.record.OpenOffer(ctx, o, why)
	if err == nil {
		r.stats.offered.Add(1)
		r.notify.ViewChanged(r.ws, agentActor(p.Agent))
		r.notify.EntriesAdded(r.ws, p.Conv)
		r.notify.QueuesChanged(r.ws)
		if p.Auto {
			r.acceptItself(o)
		}
		return nil
	}
	r.stats.refused.Add(1)
	return r.undo(ctx, p, err)
}

// undo takes a reservation back. So that nothing is proposed in a tight loop,
// whoever was refused rests for a second; the audit then finds out why.
func (r *Router) undo(ctx context.Context, p proposal, cause error) error {
	in := r.settling(p.Offer, "undone")
	in["ramp"], in["exclude"], in["agent"] = 1000, 0, p.Agent
	if code(cause) != protocol.CodeFull {
		in["rest"] = 1000
	}
	r.markDirty()
	if err := r.run(ctx, settleStep, newOp(), in, nil); err != nil {
		r.failed(ctx, "undo", err)
		return fmt.Errorf("undo offer %s: %w", p.Offer, err)
	}
	if c := code(cause); c != protocol.CodeFull && c != protocol.CodeWrongState {
		r.failed(ctx, "open offer", cause)
		return fmt.Errorf("open offer: %w", cause)
	}
	if err := r.refresh(ctx, p.Agent); err != nil {
		r.failed(ctx, "undo", err)
		return fmt.Errorf("undo offer %s: %w", p.Offer, err)
	}
	return nil
}

func (r *Router) settling(id protocol.OfferID, outcome store.Outcome) map[string]any {
	return map[string]any{
		"offer": id, "outcome": outcome, "ramp": r.timers.RampUp.Milliseconds(), "exclude": r.timers.Exclude.Milliseconds(),
		"backoff": millis(r.timers.Backoff), "rest": 0,
	}
}

// Settled follows an offer that the record has just ended (accepted, rejected,
// or withdrawn with its conversation): the reservation becomes load or is
// freed, the conversation leaves the queue or returns to its old place, and a
// match is made. Repeating it changes nothing.
func (r *Router) Settled(ctx context.Context, o store.Offer, outcome store.Outcome) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	if err := r.settled(ctx, o, outcome); err != nil {
		r.failed(ctx, "settle", err)
		return fmt.Errorf("settle offer %s: %w", o.ID, err)
	}
	return r.Match(ctx)
}

func (r *Router) settled(ctx context.Context, o store.Offer, outcome store.Outcome) error {
	if outcome == store.OutcomeFailedSetup {
		outcome = store.OutcomeAccepted // the agent has it, without the call
	}
	in := r.settling(o.ID, outcome)
	if ms := r.queue(o.Queue).Rules.ExcludeMs; ms > 0 {
		in["exclude"] = ms
	}
	if outcome == store.OutcomeRescinded {
		in["exclude"] = 0
		if o.Cause == "visitor_left" || o.Cause == "closed" {
			in["leave"] = 1
		}
		if o.Cause == store.CauseAgentFull {
			in["pass"] = 1
		}
	}
	if o.Standing.Version > 0 && outcome == store.OutcomeAccepted {
		in["stand"] = map[string]any{"ver": o.Standing.Version, "load": o.Standing.Load, "slots": o.Standing.Slots, "last": o.Standing.LastAccepted}
	}
	var out struct {
		Known  bool
		Stood  bool               // how the agent stands is known by this already
		Agents []protocol.AgentID // who were asked too
		Rests  []rested           // of them
		Asked  []allAsked
		Ticket int64
	}
	if err := r.run(ctx, settleStep, newOp(), in, &out); err != nil {
		return err
	}
	r.alarmAsked(out.Asked)
	if out.Known {
		r.stats.ended(outcome)
	} else {
		r.markDirty() // Redis had lost it: the audit puts the conversation where the record says
	}
	r.unheard(ctx, out.Rests, o.Superseded)
	changed := append([]string{agentActor(o.Agent)}, o.Touched...)
	slices.Sort(changed)
	changed = slices.Compact(changed)
	stale := changed
	if out.Stood {
		stale = slices.DeleteFunc(slices.Clone(changed), func(actor string) bool { return actor == agentActor(o.Agent) })
	}
	if err := r.refreshWith(ctx, out.Ticket, stale); err != nil {
		return err
	}
	for _, id := range out.Agents {
		changed = append(changed, agentActor(id))
	}
	r.notify.ViewChanged(r.ws, changed...)
	r.notify.EntriesAdded(r.ws, o.Conversation)
	r.notify.QueuesChanged(r.ws)
	return nil
}

// end closes an offer in the record and, if it was still open or Redis still
// holds it, here. The record may know better than that it rang out: its agent
// had no room.
func (r *Router) end(ctx context.Context, id protocol.OfferID, outcome store.Outcome, cause string) error {
	o, _, err := r.record.Settle(ctx, r.ws, id, outcome, cause, "")
	if code(err) == protocol.CodeNotFound { // reserved, but never written: it did not ring
		in := r.settling(id, "undone")
		in["ramp"] = 0
		return r.run(ctx, settleStep, newOp(), in, nil)
	}
	if err != nil {
		return fmt.Errorf("end offer %s: %w", id, err)
	}
	return r.settled(ctx, o, o.Outcome)
}
