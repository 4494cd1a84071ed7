package store

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

const offerColumns = `id, workspace, conversation, queue, agent, round, cost, offered, deadline, outcome, cause, settled,
	kind, request, load, state_before, state_after, taken_by`

func scanOffer(row scanner) (o Offer, err error) {
	var outcome sql.NullString
	err = row.Scan(offerFields(&o, &outcome)...)
	o.Outcome = Outcome(outcome.String)
	return o, err
}

// offerFields are where offerColumns are read to, in their order.
func offerFields(o *Offer, outcome *sql.NullString) []any {
	return []any{
		&o.ID, &o.Workspace, &o.Conversation, &o.Queue, &o.Agent, &o.Round, &o.Cost, &o.Offered, &o.Deadline, outcome, &o.Cause, &o.Settled,
		&o.Kind, &o.Request, &o.Load, &o.Before, &o.After, &o.TakenBy,
	}
}

func errNoOffer() error {
	return protocol.NewError(protocol.CodeNotFound, "There is no such offer.")
}

func offer(ctx context.Context, x executor, workspace protocol.WorkspaceID, id protocol.OfferID) (Offer, error) {
	o, found, err := one(ctx, x, scanOffer, `SELECT `+offerColumns+` FROM offers WHERE workspace = $1 AND id = $2`, workspace, id)
	if err == nil && !found {
		err = errNoOffer()
	}
	return o, err
}

// Offer finds one, open or settled, or fails with CodeNotFound.
func (s *Store) Offer(ctx context.Context, workspace protocol.WorkspaceID, id protocol.OfferID) (Offer, error) {
	o, err := offer(ctx, s.db.reader(), workspace, id)
	if err != nil {
		return Offer{}, fmt.Errorf("read offer: %w", err)
	}
	return o, nil
}

// OpenOffer writes an offer before anybody rings, with the agents-only entry
// "offered". It fails with CodeWrongState unless the conversation is queued
// without an open offer, or without any but those of kind all for one of that
// kind (R2); of a request, unless that is open, its conversation runs, and the
// agent is not in it. The offer of an enquiry is of the conversation that the
// enquiry made. It fails with CodeFull while another offer rings at the agent,
// whatever routing knows of it (R8), and unless the agent's slots leave the
// units that it costs (R1). The same offer again, while it rings, changes nothing. Round, Cost, Offered and Kind are filled in where
// empty. The decision that the offer comes of is kept with it; nil: none.
func (s *Store) OpenOffer(ctx context.Context, o Offer, why *Decision) error {
	var kept *keptDecision
	if why != nil {
		k, err := encoded(*why) // before the transaction, in which others wait
		if err != nil {
			return fmt.Errorf("open offer: %w", err)
		}
		kept = &k
	}
	_, err := write(ctx, s, func(ctx context.Context, t *tx) (struct{}, error) { return struct{}{}, openOffer(ctx, t, o, kept) })
	if err != nil {
		return fmt.Errorf("open offer: %w", err)
	}
	return nil
}

const insertOffer = `INSERT INTO offers (` + offerColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, '', 0, $10, $11, $12, $13, '', '')`

func openOffer(ctx context.Context, t *tx, o Offer, why *keptDecision) error {
	r, err := requestOf(ctx, t, o)
	if err != nil {
		return err
	}
	if r.Kind == protocol.RequestConsult {
		o.Conversation = r.Consult
	}
	c, err := conversation(ctx, t, o.Workspace, o.Conversation, t.lock)
	if err != nil {
		return err
	}
	if err := fillOffer(ctx, t, &o, c); err != nil {
		return err
	}
	at, err := roomOf(ctx, t, o)
	if err != nil {
		return err
	}
	medium, there, err := mayOffer(ctx, t, o, &c, r, at.asked)
	if err != nil || there {
		return err
	}
	if err := at.fits(&o, medium); err != nil {
		return err
	}
	if why != nil {
		if err := decide(ctx, t, *why); err != nil {
			return err
		}
	}
	_, err = t.exec(ctx, insertOffer, string(o.ID), string(o.Workspace), string(o.Conversation), string(o.Queue), string(o.Agent), int64(o.Round), int64(o.Cost),
		o.Offered, o.Deadline, string(o.Kind), string(o.Request), int64(o.Load), string(o.Before))
	if err != nil {
		return fmt.Errorf("insert offer: %w", err)
	}
	c.Rounds++
	entry := systemEntry(protocol.EntryOffered, protocol.AudienceAgents, protocol.EntryBody{Agent: o.Agent, Name: at.name})
	if err := addEntries(ctx, t, &c, entry); err != nil {
		return err
	}
	if err := saveSome(ctx, t, c, saveOffered, int64(c.Rounds)); err != nil {
		return err
	}
	_, err = t.touch(ctx, o.Workspace, agentActor(o.Agent))
	return err
}

// mayOffer says whether an offer may ring beside those that do, and by which
// medium it is weighed; there is true when it rings already.
// asked: some ring for the conversation.
func mayOffer(ctx context.Context, t *tx, o Offer, c *Conversation, r Request, asked bool) (medium string, there bool, err error) {
	var open []Offer
	if asked {
		open, err = all(ctx, t, scanOffer, `SELECT `+offerColumns+` FROM offers WHERE workspace = $1 AND conversation = $2 AND outcome IS NULL`,
			o.Workspace, o.Conversation)
		if err != nil {
			return "", false, err
		}
	}
	not := protocol.NewError(protocol.CodeWrongState, "The conversation does not wait for this agent.")
	for _, other := range open {
		switch {
		case other.ID == o.ID && other.Agent == o.Agent:
			return "", true, nil
		case other.Agent == o.Agent,
			other.Request == o.Request && (o.Kind == protocol.OfferAlone || other.Kind == protocol.OfferAlone),
			(o.Request == "") != (other.Request == ""):
			return "", false, not
		}
	}
	if o.Request == "" {
		if c.State != protocol.StateQueued || o.Kind != protocol.OfferAlone && o.Kind != protocol.OfferAll {
			return "", false, not
		}
		return c.Medium, false, nil
	}
	_, in, err := slotOf(ctx, t, c, o.Agent)
	if err != nil {
		return "", false, err
	}
	if in || c.State != protocol.StateActive || r.State != RequestOpen || string(r.Kind) != string(o.Kind) || r.ToAgent != "" && r.ToAgent != o.Agent {
		return "", false, not
	}
	owner, _, err := slotOf(ctx, t, c, c.Owner)
	if owner.Medium == "" || r.Kind == protocol.RequestConsult {
		owner.Medium = MediumChat
	}
	return owner.Medium, false, err
}

func fillOffer(ctx context.Context, t *tx, o *Offer, c Conversation) error {
	now, err := t.time(ctx)
	if err != nil {
		return err
	}
	if o.Round == 0 {
		o.Round = c.Rounds + 1
	}
	if o.Offered == 0 {
		o.Offered = now
	}
	if o.Kind == "" {
		o.Kind = protocol.OfferAlone
	}
	if o.Queue == "" {
		o.Queue = c.Queue
	}
	return nil
}

// A room is how an agent stands before an offer, and what else the offer
// depends on.
type room struct {
	name       string
	load, most int
	disabled   bool
	declared   protocol.Declared

	found   bool
	rules   QueueRules // of the offer's queue
	ringing int64      // units that other open offers at the agent cost
	asked   bool       // offers ring for the conversation
}

func scanRoom(row scanner) (r room, err error) {
	err = row.Scan(&r.name, &r.load, &r.most, &r.disabled, &r.declared)
	return r, err
}

func scanBeside(row scanner) (r room, err error) {
	var rules string
	if err = row.Scan(&rules, &r.ringing, &r.asked); err != nil {
		return r, err
	}
	return r, fromJSON(rules, &r.rules)
}

const (
	readRoom = `SELECT name, load, max_chats, disabled, declared FROM agents WHERE workspace = $1 AND id = $2`

	readBeside = `SELECT COALESCE((SELECT rules FROM queues WHERE workspace = $1 AND id = $2), ''),
		COALESCE((SELECT SUM(cost) FROM offers WHERE workspace = $1 AND agent = $3 AND outcome IS NULL), 0),
		EXISTS (SELECT 1 FROM offers WHERE conversation = $4 AND workspace = $1 AND outcome IS NULL)`
)

// roomOf reads an agent's room for an offer. It locks the agent, and reads the
// rest when it has: what others did until then counts.
func roomOf(ctx context.Context, t *tx, o Offer) (room, error) {
	query := readRoom
	if t.lock != "" {
		query += t.lock
	}
	r, found, err := one(ctx, t, scanRoom, query, string(o.Workspace), string(o.Agent))
	if err != nil {
		return r, err
	}
	beside, _, err := one(ctx, t, scanBeside, readBeside, string(o.Workspace), string(o.Queue), string(o.Agent), string(o.Conversation))
	if err != nil {
		return r, fmt.Errorf("read what rings: %w", err)
	}
	r.found, r.rules, r.ringing, r.asked = found, beside.rules, beside.ringing, beside.asked
	return r, nil
}

// fits checks that an offer fits beside the agent's slots and other open
// offers, and fills in what it costs and the agent's load and state. A cost
// that is given is the least.
func (r room) fits(o *Offer, medium string) error {
	if !r.found || r.disabled {
		return errNoAgent()
	}
	o.Cost = max(o.Cost, UnitsOf(r.rules, medium, r.most))
	switch {
	case r.ringing > 0: // whatever routing knew of it
		return protocol.NewError(protocol.CodeFull, "The agent is being asked already.")
	case r.load+o.Cost > Units:
		return errFull()
	}
	o.Load, o.Before = r.load, r.declared
	return nil
}

func errFull() error {
	return protocol.NewError(protocol.CodeFull, "All places are taken. End or clear a conversation first.")
}

func systemEntry(kind protocol.EntryKind, audience protocol.Audience, body protocol.EntryBody) Entry {
	return Entry{Kind: kind, Audience: audience, Author: protocol.Author{Kind: protocol.KindSystem}, Actor: systemActor, Body: body}
}

// OpenOffers lists the offers that ring, oldest first.
func (s *Store) OpenOffers(ctx context.Context, workspace protocol.WorkspaceID) ([]Offer, error) {
	return s.offers(ctx, `WHERE workspace = $1 AND outcome IS NULL ORDER BY offered, id`, workspace)
}

// OffersOfAgent lists the offers that ring at an agent, oldest first.
func (s *Store) OffersOfAgent(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID) ([]Offer, error) {
	return s.offers(ctx, `WHERE workspace = $1 AND agent = $2 AND outcome IS NULL ORDER BY offered, id`, workspace, agent)
}

// RecentlyTaken lists the offers that another agent was faster with, ended at or
// after since, newest first: what an agent reads "taken by" of.
func (s *Store) RecentlyTaken(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID, since int64) ([]Offer, error) {
	return s.offers(ctx, `WHERE workspace = $1 AND agent = $2 AND settled >= $3 AND taken_by <> '' ORDER BY settled DESC, id LIMIT 20`, workspace, agent, since)
}

// OverdueOffers lists the offers that ring although their deadline is at or before now.
func (s *Store) OverdueOffers(ctx context.Context, workspace protocol.WorkspaceID, now int64) ([]Offer, error) {
	return s.offers(ctx, `WHERE workspace = $1 AND outcome IS NULL AND deadline <= $2 ORDER BY deadline, id`, workspace, now)
}

func (s *Store) offers(ctx context.Context, where string, args ...any) ([]Offer, error) {
	list, err := all(ctx, s.db.reader(), scanOffer, `SELECT `+offerColumns+` FROM offers `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("list offers: %w", err)
	}
	return list, nil
}
