package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Accept gives the agent who was asked what the offer is of, in one
// transaction: the offer is closed where it rings, the slot added where it
// fits, and what the kind says is done. Of kinds offer and all the agent
// becomes the owner of a conversation that waits and has none; of transfer the
// owner instead of the one who asked, whose slot is freed; of invite and
// consult a guest. The other open offers of the same place end with it,
// rescinded as superseded, with who took it; they are returned in
// Offer.Superseded. An offer that somebody else won gives CodeTaken, one that
// ended otherwise CodeExpired, one that would not fit CodeFull (R1, R2, R3).
func (s *Store) Accept(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID, id protocol.OfferID, op protocol.Op) (Offer, Conversation, error) {
	type result struct {
		o Offer
		c Conversation
	}
	r, err := write(ctx, s, func(ctx context.Context, t *tx) (r result, err error) {
		cmd := command{workspace, agentActor(agent), op, []any{"accept", id}}
		var did accepted
		_, _, err = once(ctx, t, cmd, func() (struct{}, error) {
			did, err = accept(ctx, t, workspace, agent, id)
			return struct{}{}, err
		})
		if err != nil {
			return r, err
		}
		if r.o, err = offer(ctx, t, workspace, id); err != nil {
			return r, err
		}
		r.c, err = conversation(ctx, t, workspace, r.o.Conversation, "")
		r.o.Touched, r.c.Touched, r.o.Superseded = did.touched, did.touched, did.superseded
		return r, err
	})
	if err != nil {
		return Offer{}, Conversation{}, fmt.Errorf("accept: %w", err)
	}
	return r.o, r.c, nil
}

type accepted struct {
	touched    []string
	superseded []Offer
}

// An accepting is one Accept under way, of a locked conversation.
type accepting struct {
	*tx
	o      Offer
	c      *Conversation
	name   string // of the agent
	now    int64
	actors []string // whose view changes
}

func accept(ctx context.Context, t *tx, workspace protocol.WorkspaceID, agent protocol.AgentID, id protocol.OfferID) (did accepted, err error) {
	o, err := offer(ctx, t, workspace, id)
	if err != nil {
		return did, err
	}
	if o.Agent != agent {
		return did, errNoOffer()
	}
	c, err := conversation(ctx, t, workspace, o.Conversation, t.lock)
	if err != nil {
		return did, err
	}
	a := &accepting{tx: t, o: o, c: &c, actors: []string{agentActor(agent), visitorActor(c.Visitor)}}
	if a.now, err = t.time(ctx); err != nil {
		return did, err
	}
	closed, err := closeOffer(ctx, t, o, OutcomeAccepted, "", a.now)
	if err != nil {
		return did, err
	}
	if !closed {
		if o, err = offer(ctx, t, workspace, id); err != nil { // as it is now
			return did, err
		}
		return did, errOfferOver(o, c)
	}
	if err := a.byKind(ctx); err != nil {
		return did, err
	}
	if did.superseded, err = a.supersede(ctx); err != nil {
		return did, err
	}
	if err := saveConversation(ctx, t, c); err != nil {
		return did, err
	}
	did.touched, err = t.touch(ctx, workspace, a.actors...)
	return did, err
}

func (a *accepting) byKind(ctx context.Context) error {
	switch a.o.Kind {
	case protocol.OfferTransfer:
		return a.transferred(ctx)
	case protocol.OfferInvite, protocol.OfferConsult:
		return a.invited(ctx)
	default:
		return a.taken(ctx)
	}
}

// taken makes the agent the owner of a conversation that waited.
func (a *accepting) taken(ctx context.Context) error {
	if a.c.State != protocol.StateQueued || a.c.Owner != "" {
		return errOfferOver(a.o, *a.c)
	}
	if err := a.slot(ctx, RoleOwner, a.c.Medium); err != nil {
		return err
	}
	return own(ctx, a.tx, a.c, a.o.Agent, a.joined(""))
}

// own makes an agent, who has the slot, the owner of a conversation that waited.
func own(ctx context.Context, t *tx, c *Conversation, agent protocol.AgentID, joined Entry) error {
	now, err := t.time(ctx)
	if err != nil {
		return err
	}
	c.State, c.Owner, c.Boost = protocol.StateActive, agent, 0
	if c.Started == 0 {
		c.Started = now
	}
	if err := replyTimer(ctx, t, c); err != nil {
		return err
	}
	return addEntries(ctx, t, c, joined)
}

// usualFirstReply is how long the first reply may take where the queue does not say.
const usualFirstReply = 120_000

// replyTimer starts the timer of the owner's first reply (ROUTE-13).
func replyTimer(ctx context.Context, t *tx, c *Conversation) error {
	rules, err := rulesOf(ctx, t, c.Workspace, c.Queue)
	if err != nil {
		return err
	}
	within := rules.FirstReplyMs
	if within == 0 {
		within = usualFirstReply
	}
	c.ReplyDue, c.ReplyStage = 0, 0
	if within > 0 {
		now, err := t.time(ctx)
		if err != nil {
			return err
		}
		c.ReplyDue = now + within
	}
	return nil
}

func (a *accepting) slot(ctx context.Context, role, medium string) (err error) {
	a.name, err = takeSlot(ctx, a.tx, a.o, role, medium, a.now)
	return err
}

func (a *accepting) joined(cause string) Entry {
	return Entry{
		Kind: protocol.EntryJoined, Audience: protocol.AudienceAll, Actor: agentActor(a.o.Agent), Author: a.author(),
		Body: protocol.EntryBody{Agent: a.o.Agent, Name: a.name, Cause: cause},
	}
}

func (a *accepting) author() protocol.Author {
	return protocol.Author{Kind: protocol.KindAgent, ID: string(a.o.Agent), Name: a.name}
}

// supersede ends the other open offers of what was accepted, and tells who took it.
func (a *accepting) supersede(ctx context.Context) ([]Offer, error) {
	others, err := all(ctx, a.tx, scanOffer, `SELECT `+offerColumns+` FROM offers WHERE workspace = $1 AND conversation = $2 AND outcome IS NULL
		AND request = $3 AND id <> $4 ORDER BY agent`, a.c.Workspace, a.c.ID, a.o.Request, a.o.ID)
	if err != nil {
		return nil, fmt.Errorf("look for other offers: %w", err)
	}
	for i := range others {
		if _, err := a.exec(ctx, `UPDATE offers SET taken_by = $3 WHERE workspace = $1 AND id = $2`, a.c.Workspace, others[i].ID, storable(a.name)); err != nil {
			return nil, fmt.Errorf("note who took it: %w", err)
		}
		if _, err := settle(ctx, a.tx, a.c, others[i], OutcomeRescinded, CauseSuperseded, ""); err != nil {
			return nil, err
		}
		if others[i], err = offer(ctx, a.tx, a.c.Workspace, others[i].ID); err != nil {
			return nil, err
		}
		a.actors = append(a.actors, agentActor(others[i].Agent))
	}
	return others, nil
}

// CauseSuperseded is why an offer ended that is not needed any more: another
// agent took it, or who asked took it back.
const CauseSuperseded = "superseded"

// closeOffer is the compare-and-set by which every offer ends.
func closeOffer(ctx context.Context, t *tx, o Offer, outcome Outcome, cause string, now int64) (bool, error) {
	n, err := t.exec(ctx, `UPDATE offers SET outcome = $3, cause = $4, settled = $5 WHERE workspace = $1 AND id = $2 AND outcome IS NULL`,
		o.Workspace, o.ID, outcome, storable(cause), now)
	if err != nil {
		return false, fmt.Errorf("close offer: %w", err)
	}
	return n == 1, nil
}

func errOfferOver(o Offer, c Conversation) error {
	if o.TakenBy != "" {
		return protocol.NewError(protocol.CodeTaken, o.TakenBy+" took this conversation.")
	}
	if c.Owner != "" && c.Owner != o.Agent && o.Request == "" {
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
	return name, insertSlot(ctx, t, o.Workspace, Slot{
		Conversation: o.Conversation, Agent: o.Agent, State: protocol.SlotActive, Cost: o.Cost, Since: now, Started: now, Role: role, Medium: medium,
		Whole: o.Cost,
	})
}

func insertSlot(ctx context.Context, t *tx, workspace protocol.WorkspaceID, l Slot) error {
	_, err := t.exec(ctx, `INSERT INTO slots (`+slotColumns+`, workspace) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		l.Conversation, l.Agent, l.State, l.Cost, l.Since, l.Started, l.WrapUntil, l.Role, l.Medium, l.Whole, number(l.Over), l.WakeUntil, workspace)
	if err != nil {
		return fmt.Errorf("take slot: %w", err)
	}
	return nil
}
