package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Settle ends an offer that was not accepted, with the agents-only entry
// "offer_ended", or of a named agent's request that of the request's end.
// settled is false when it had ended before: then the offer is
// returned as it is and nothing changes. OutcomeTimedOut also makes a ready
// agent not ready (no_answer) in the same transaction (STATE-4), unless several
// were asked at once; without room for it at that moment, by whatever was taken
// up since, nobody could have accepted: then it is rescinded with
// CauseAgentFull instead, and the agent stays ready. after, where not empty, is
// what a rejecting agent who is ready declares with it. The request of a named
// agent ends with its offer: refused, with the cause or else the outcome as its cause.
func (s *Store) Settle(ctx context.Context, workspace protocol.WorkspaceID, id protocol.OfferID, outcome Outcome, cause string, after protocol.Declared) (o Offer, settled bool, err error) {
	if outcome != OutcomeRejected && outcome != OutcomeTimedOut && outcome != OutcomeRescinded {
		return Offer{}, false, fmt.Errorf("settle offer: outcome %q is not for this method", outcome)
	}
	type result struct {
		o       Offer
		settled bool
	}
	r, err := write(ctx, s, func(ctx context.Context, t *tx) (r result, err error) {
		r.o, err = offer(ctx, t, workspace, id)
		if err != nil {
			return r, err
		}
		var touched []string
		if r.settled, touched, err = settleOffer(ctx, t, r.o, outcome, cause, after); err != nil {
			return r, err
		}
		r.o, err = offer(ctx, t, workspace, id)
		r.o.Touched = touched
		return r, err
	})
	if err != nil {
		return Offer{}, false, fmt.Errorf("settle offer: %w", err)
	}
	return r.o, r.settled, nil
}

func settleOffer(ctx context.Context, t *tx, o Offer, outcome Outcome, cause string, after protocol.Declared) (bool, []string, error) {
	r, err := requestOf(ctx, t, o)
	if err != nil {
		return false, nil, err
	}
	parts, err := lockParts(ctx, t, o.Workspace, o.Conversation, r)
	if err != nil {
		return false, nil, err
	}
	if outcome == OutcomeTimedOut {
		fits, err := roomFor(ctx, t, o)
		if err != nil {
			return false, nil, err
		}
		if !fits {
			outcome, cause = OutcomeRescinded, CauseAgentFull
		}
	}
	// Of a named agent's request in its conversation the end of the request says it.
	said := r.ToAgent != "" && r.Conversation == o.Conversation
	settled, err := settle(ctx, t, parts.of(o.Conversation), o, outcome, cause, after, said)
	if err != nil || !settled {
		return settled, nil, err
	}
	actors := []string{agentActor(o.Agent)}
	if r.ToAgent != "" {
		if cause == "" || outcome == OutcomeTimedOut {
			cause = string(outcome)
		}
		more, _, err := endRequest(ctx, t, parts, r, RequestRefused, cause)
		if err != nil {
			return false, nil, err
		}
		actors = append(actors, more...)
	}
	if err := parts.save(ctx, t); err != nil {
		return false, nil, err
	}
	touched, err := t.touch(ctx, o.Workspace, actors...)
	return true, touched, err
}

// roomFor says whether the agent's slots leave what an offer costs. It locks the
// agent, whose declaration may hang on it.
func roomFor(ctx context.Context, t *tx, o Offer) (bool, error) {
	load, _, err := one(ctx, t, scanInt, `SELECT load FROM agents WHERE workspace = $1 AND id = $2`+t.lock, o.Workspace, o.Agent)
	if err != nil {
		return false, fmt.Errorf("read load: %w", err)
	}
	return int(load)+o.Cost <= Units, nil
}

// settle ends an offer of a locked conversation; the caller saves the
// conversation and touches the agent. What another entry says, said, gets none.
func settle(ctx context.Context, t *tx, c *Conversation, o Offer, outcome Outcome, cause string, after protocol.Declared, said bool) (bool, error) {
	now, err := t.time(ctx)
	if err != nil {
		return false, err
	}
	closed, err := closeOffer(ctx, t, o, outcome, cause, now)
	if err != nil || !closed {
		return false, err
	}
	a, err := readAgent(ctx, t, o.Workspace, o.Agent)
	if err != nil {
		return false, err
	}
	if !said {
		body := protocol.EntryBody{Agent: o.Agent, Name: a.Name, Cause: string(outcome)}
		if outcome == OutcomeRescinded && cause == CauseAgentFull {
			body.Cause = cause
		}
		if err := addEntries(ctx, t, c, systemEntry(protocol.EntryOfferEnded, protocol.AudienceAgents, body)); err != nil {
			return false, err
		}
	}
	switch {
	case a.Declared != protocol.DeclaredReady:
	case outcome == OutcomeTimedOut && o.Kind != protocol.OfferAll:
		err = declare(ctx, t, o.Workspace, o.Agent, protocol.DeclaredNotReady, "no_answer", systemActor, "offer "+string(o.ID)+" rang out")
	case outcome == OutcomeRejected && after != "":
		err = declare(ctx, t, o.Workspace, o.Agent, after, "rejected", systemActor, "offer "+string(o.ID)+" was rejected")
	}
	if err != nil {
		return false, err
	}
	_, err = t.exec(ctx, `UPDATE offers SET state_after = (SELECT declared FROM agents WHERE agents.id = offers.agent) WHERE workspace = $1 AND id = $2`,
		o.Workspace, o.ID)
	return true, err
}
