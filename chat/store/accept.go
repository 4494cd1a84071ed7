package store

import (
	"context"
	"database/sql"
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
	cmd := command{workspace, agentActor(agent), op, []any{"accept", id}}
	hash, err := cmd.hash()
	if err != nil {
		return Offer{}, Conversation{}, fmt.Errorf("accept: %w", err)
	}
	did, err := write(ctx, s, func(ctx context.Context, t *tx) (accepted, error) {
		did, over, err := accept(ctx, t, workspace, agent, id)
		switch {
		case over && err == nil: // nothing was written
			return acceptedBefore(ctx, t, cmd, hash, agent, id)
		case err != nil || op == "":
			return did, err
		}
		fresh, err := keep(ctx, t, cmd, hash, struct{}{})
		if err == nil && !fresh {
			if _, err = repeated(ctx, t, cmd, hash); err == nil {
				err = errRaced
			}
		}
		return did, err
	})
	if err != nil {
		return Offer{}, Conversation{}, fmt.Errorf("accept: %w", err)
	}
	return did.o, did.c, nil
}

// accepted is an offer and its conversation as they are after it.
type accepted struct {
	o Offer
	c Conversation
}

// repeated says whether the ledger has a command with this content.
func repeated(ctx context.Context, t *tx, cmd command, hash string) (bool, error) {
	if cmd.op == "" {
		return false, nil
	}
	row, found, err := one(ctx, t, scanLedger, readLedger, string(cmd.workspace), cmd.actor, string(cmd.op))
	if err != nil {
		return false, fmt.Errorf("look up command: %w", err)
	}
	if found && row.hash != hash {
		return false, errOtherContent()
	}
	return found, nil
}

// acceptedBefore is the answer to who accepts what is over: what it gave when this is a
// repetition, or why it cannot be.
func acceptedBefore(ctx context.Context, t *tx, cmd command, hash string, agent protocol.AgentID, id protocol.OfferID) (did accepted, err error) {
	known, err := repeated(ctx, t, cmd, hash)
	if err != nil {
		return did, err
	}
	if did.o, err = offer(ctx, t, cmd.workspace, id); err != nil {
		return did, err
	}
	if !known && did.o.Agent != agent {
		return did, errNoOffer()
	}
	if did.c, err = conversation(ctx, t, cmd.workspace, did.o.Conversation, ""); err != nil {
		return did, err
	}
	if !known {
		return did, errOfferOver(did.o, did.c)
	}
	return did, nil
}

// An accepting is one Accept under way, of a locked conversation.
type accepting struct {
	*tx
	o      Offer
	c      *Conversation
	rules  QueueRules // of the conversation's queue
	name   string     // of the agent
	load   Standing   // of the agent, with what was taken
	now    int64
	actors []string // whose view changes
}

func scanAsked(row scanner) (a *accepting, err error) {
	a = &accepting{c: &Conversation{}}
	var outcome sql.NullString
	var form, rules string
	fields := append(offerFields(&a.o, &outcome), conversationFields(a.c, &form)...)
	if err = row.Scan(append(fields, &rules)...); err != nil {
		return a, err
	}
	a.o.Outcome = Outcome(outcome.String)
	if err = fromJSON(form, &a.c.Form); err != nil {
		return a, err
	}
	return a, fromJSON(rules, &a.rules)
}

// readAsked reads an offer with its conversation, which is locked. Of an offer
// only its end can have changed until the lock was had.
var readAsked = `SELECT ` + prefixed("o", offerColumns) + `, ` + prefixed("c", conversationColumns) + `,
	COALESCE((SELECT rules FROM queues q WHERE q.workspace = c.workspace AND q.id = c.queue), '')
	FROM offers o JOIN conversations c ON c.id = o.conversation AND c.workspace = o.workspace WHERE o.workspace = $1 AND o.id = $2`

// accept does it, or says that the offer is over, or not the agent's, before
// anything is written.
func accept(ctx context.Context, t *tx, workspace protocol.WorkspaceID, agent protocol.AgentID, id protocol.OfferID) (did accepted, over bool, err error) {
	query := readAsked
	if t.lock != "" {
		query += t.lock + " OF c"
	}
	a, found, err := one(ctx, t, scanAsked, query, string(workspace), string(id))
	if err != nil || !found || a.o.Agent != agent || a.o.Outcome != "" {
		return did, true, err
	}
	a.tx, a.actors = t, []string{agentActor(agent), visitorActor(a.c.Visitor)}
	if a.now, err = t.time(ctx); err != nil {
		return did, false, err
	}
	closed, err := closeOffer(ctx, t, a.o, OutcomeAccepted, "", a.now)
	if err != nil || !closed {
		return did, !closed, err
	}
	a.o.Outcome, a.o.Settled = OutcomeAccepted, a.now
	if err := a.byKind(ctx); err != nil {
		return did, false, err
	}
	if a.o.Kind == protocol.OfferAlone { // nobody else was asked
		err = saveSome(ctx, t, *a.c, saveTaken, string(a.c.State), string(a.c.Owner), a.c.Started, a.c.Boost, a.c.ReplyDue, int64(a.c.ReplyStage))
	} else if a.o.Superseded, err = a.supersede(ctx); err == nil {
		err = saveConversation(ctx, t, *a.c)
	}
	if err != nil {
		return did, false, err
	}
	did, err = a.done(ctx)
	return did, false, err
}

// done raises the versions of those whose view has changed, and gives what is
// there now.
func (a *accepting) done(ctx context.Context) (did accepted, err error) {
	versions, err := a.raise(ctx, a.o.Workspace, a.actors)
	if err != nil {
		return did, err
	}
	did.o, did.c = a.o, *a.c
	if a.o.Request != "" { // a request changes more than these
		if did.o, err = offer(ctx, a.tx, a.o.Workspace, a.o.ID); err != nil {
			return did, err
		}
		if did.c, err = conversation(ctx, a.tx, a.o.Workspace, a.o.Conversation, ""); err != nil {
			return did, err
		}
	}
	touched := make([]string, len(versions))
	for i, v := range versions {
		touched[i] = v.actor
		if v.actor == agentActor(a.o.Agent) {
			a.load.Version = v.n
		}
	}
	did.o.Touched, did.c.Touched, did.o.Superseded = touched, touched, a.o.Superseded
	if a.o.Request == "" && a.c.Medium != MediumVideo { // those with video are counted too
		did.o.Standing = a.load
	}
	return did, nil
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
	a.own()
	return addEntries(ctx, a.tx, a.c, a.joined(""))
}

// own makes the agent, who has the slot, the owner of a conversation that waited.
func (a *accepting) own() {
	a.c.State, a.c.Owner, a.c.Boost = protocol.StateActive, a.o.Agent, 0
	if a.c.Started == 0 {
		a.c.Started = a.now
	}
	replyTimer(a.c, a.rules, a.now)
}

// usualFirstReply is how long the first reply may take where the queue does not say.
const usualFirstReply = 120_000

// replyTimer starts the timer of the owner's first reply (ROUTE-13), by the
// rules of the conversation's queue.
func replyTimer(c *Conversation, rules QueueRules, now int64) {
	within := rules.FirstReplyMs
	if within == 0 {
		within = usualFirstReply
	}
	c.ReplyDue, c.ReplyStage = 0, 0
	if within > 0 {
		c.ReplyDue = now + within
	}
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
		if _, err := settle(ctx, a.tx, a.c, others[i], OutcomeRescinded, CauseSuperseded, "", false); err != nil {
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

// CauseAgentFull is why an offer ended at its deadline whose agent had no room
// for it any more: own work was taken up while it rang.
const CauseAgentFull = "agent_full"

const endOffer = `UPDATE offers SET outcome = $3, cause = $4, settled = $5 WHERE workspace = $1 AND id = $2 AND outcome IS NULL`

// closeOffer is the compare-and-set by which every offer ends.
func closeOffer(ctx context.Context, t *tx, o Offer, outcome Outcome, cause string, now int64) (bool, error) {
	n, err := t.exec(ctx, endOffer, string(o.Workspace), string(o.ID), string(outcome), storable(cause), now)
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

func scanLoaded(row scanner) (a accepting, err error) {
	err = row.Scan(&a.name, &a.load.Load, &a.load.Slots)
	return a, err
}

const (
	addLoad = `UPDATE agents SET load = load + CAST($3 AS BIGINT), slots = slots + 1, last_accepted = $4
		WHERE workspace = $1 AND id = $2 AND disabled = 0 AND load + CAST($3 AS BIGINT) <= 100 RETURNING name, load, slots`

	insertOneSlot = `INSERT INTO slots (` + slotColumns + `, workspace) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`
)

// slot adds the slot where the agent's load allows it.
func (a *accepting) slot(ctx context.Context, role, medium string) error {
	o := a.o
	got, fits, err := returning(ctx, a.tx, scanLoaded, addLoad, string(o.Workspace), string(o.Agent), int64(o.Cost), a.now)
	if err != nil {
		return fmt.Errorf("take slot: %w", err)
	}
	if !fits {
		return errFull()
	}
	a.name, a.load = got.name, Standing{Load: got.load.Load, Slots: got.load.Slots, LastAccepted: a.now}
	return insertSlot(ctx, a.tx, o.Workspace, Slot{
		Conversation: o.Conversation, Agent: o.Agent, State: protocol.SlotActive, Cost: o.Cost, Since: a.now, Started: a.now, Role: role, Medium: medium,
		Whole: o.Cost,
	})
}

func insertSlot(ctx context.Context, t *tx, workspace protocol.WorkspaceID, l Slot) error {
	_, err := t.exec(ctx, insertOneSlot, string(l.Conversation), string(l.Agent), string(l.State), int64(l.Cost), l.Since, l.Started, l.WrapUntil,
		l.Role, l.Medium, int64(l.Whole), number(l.Over), l.WakeUntil, string(workspace))
	if err != nil {
		return fmt.Errorf("take slot: %w", err)
	}
	return nil
}
