package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Accept gives a conversation to the agent who was asked, in one transaction:
// the offer is closed where it rings, the owner set where there is none, the
// slot added where it fits, and "joined" written. An offer that somebody else
// won gives CodeTaken, one that ended otherwise CodeExpired, one that would
// not fit CodeFull (R1, R2, R3).
func (s *Store) Accept(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID, id protocol.OfferID, op protocol.Op) (Offer, Conversation, error) {
	type result struct {
		o Offer
		c Conversation
	}
	r, err := write(ctx, s, func(ctx context.Context, t *tx) (r result, err error) {
		cmd := command{workspace, agentActor(agent), op, []any{"accept", id}}
		var touched []string
		_, _, err = once(ctx, t, cmd, func() (struct{}, error) {
			touched, err = accept(ctx, t, workspace, agent, id)
			return struct{}{}, err
		})
		if err != nil {
			return r, err
		}
		if r.o, err = offer(ctx, t, workspace, id); err != nil {
			return r, err
		}
		r.c, err = conversation(ctx, t, workspace, r.o.Conversation, "")
		r.o.Touched, r.c.Touched = touched, touched
		return r, err
	})
	if err != nil {
		return Offer{}, Conversation{}, fmt.Errorf("accept: %w", err)
	}
	return r.o, r.c, nil
}

func accept(ctx context.Context, t *tx, workspace protocol.WorkspaceID, agent protocol.AgentID, id protocol.OfferID) ([]string, error) {
	o, err := offer(ctx, t, workspace, id)
	if err != nil {
		return nil, err
	}
	if o.Agent != agent {
		return nil, errNoOffer()
	}
	c, err := conversation(ctx, t, workspace, o.Conversation, t.lock)
	if err != nil {
		return nil, err
	}
	now, err := t.time(ctx)
	if err != nil {
		return nil, err
	}
	closed, err := closeOffer(ctx, t, o, OutcomeAccepted, "", now)
	if err != nil {
		return nil, err
	}
	if !closed || c.State != protocol.StateQueued || c.Owner != "" {
		return nil, errOfferOver(c, agent)
	}
	name, err := takeSlot(ctx, t, o, RoleOwner, c.Medium, now)
	if err != nil {
		return nil, err
	}
	c.State, c.Owner = protocol.StateActive, agent
	if c.Started == 0 {
		c.Started = now
	}
	joined := Entry{
		Kind: protocol.EntryJoined, Audience: protocol.AudienceAll, Actor: agentActor(agent),
		Author: protocol.Author{Kind: protocol.KindAgent, ID: string(agent), Name: name}, Body: protocol.EntryBody{Agent: agent, Name: name},
	}
	if err := addEntries(ctx, t, &c, joined); err != nil {
		return nil, err
	}
	if err := saveConversation(ctx, t, c); err != nil {
		return nil, err
	}
	return t.touch(ctx, workspace, agentActor(agent), visitorActor(c.Visitor))
}

// closeOffer is the compare-and-set by which every offer ends.
func closeOffer(ctx context.Context, t *tx, o Offer, outcome Outcome, cause string, now int64) (bool, error) {
	n, err := t.exec(ctx, `UPDATE offers SET outcome = $3, cause = $4, settled = $5 WHERE workspace = $1 AND id = $2 AND outcome IS NULL`,
		o.Workspace, o.ID, outcome, storable(cause), now)
	if err != nil {
		return false, fmt.Errorf("close offer: %w", err)
	}
	return n == 1, nil
}

func errOfferOver(c Conversation, agent protocol.AgentID) error {
	if c.Owner != "" && c.Owner != agent {
		return protocol.NewError(protocol.CodeTaken, "Another agent took this conversation.")
	}
	return protocol.NewError(protocol.CodeExpired, "This offer has ended.")
}

// takeSlot adds the slot where the agent's load allows it, and gives the agent's name.
func takeSlot(ctx context.Context, t *tx, o Offer, role, medium string, now int64) (string, error) {
	name, fits, err := returning(ctx, t, scanString, `UPDATE agents SET load = load + CAST($3 AS BIGINT), slots = slots + 1, last_accepted = $4
		WHERE workspace = $1 AND id = $2 AND disabled = 0 AND load + CAST($3 AS BIGINT) <= 100 RETURNING name`,
		o.Workspace, o.Agent, o.Cost, now)
	if err != nil {
		return "", fmt.Errorf("take slot: %w", err)
	}
	if !fits {
		return "", errFull()
	}
	_, err = t.exec(ctx, `INSERT INTO slots (`+slotColumns+`, workspace) VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9, 0, 0, $10)`,
		o.Conversation, o.Agent, protocol.SlotActive, o.Cost, now, now, role, medium, o.Cost, o.Workspace)
	if err != nil {
		return "", fmt.Errorf("take slot: %w", err)
	}
	return name, nil
}

// Settle ends an offer that was not accepted, with the agents-only entry
// "offer_ended". settled is false when it had ended before: then the offer is
// returned as it is and nothing changes. OutcomeTimedOut also makes a ready
// agent not ready (no_answer) in the same transaction (STATE-4). after, where
// not empty, is what a rejecting agent who is ready declares with it.
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
		c, err := conversation(ctx, t, workspace, r.o.Conversation, t.lock)
		if err != nil {
			return r, err
		}
		if r.settled, err = settle(ctx, t, &c, r.o, outcome, cause, after); err != nil {
			return r, err
		}
		var touched []string
		if r.settled {
			if err = saveConversation(ctx, t, c); err != nil {
				return r, err
			}
			if touched, err = t.touch(ctx, workspace, agentActor(r.o.Agent)); err != nil {
				return r, err
			}
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

// settle ends an offer of a locked conversation; the caller saves the
// conversation and touches the agent.
func settle(ctx context.Context, t *tx, c *Conversation, o Offer, outcome Outcome, cause string, after protocol.Declared) (bool, error) {
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
	body := protocol.EntryBody{Agent: o.Agent, Name: a.Name, Cause: string(outcome)}
	if err := addEntries(ctx, t, c, systemEntry(protocol.EntryOfferEnded, protocol.AudienceAgents, body)); err != nil {
		return false, err
	}
	switch {
	case a.Declared != protocol.DeclaredReady:
	case outcome == OutcomeTimedOut:
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
