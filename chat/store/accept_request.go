package store

import (
	"context"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// CauseOwnerChanged is why co-browsing ends when a conversation goes to another
// agent: the consent was for the one who asked.
const CauseOwnerChanged = "owner_changed"

// request ends the request of the offer as accepted. Where it has ended, or the
// conversation does not run any more, the offer is over.
func (a *accepting) request(ctx context.Context) (Request, error) {
	r, err := requestOf(ctx, a.tx, a.o)
	if err != nil {
		return r, err
	}
	closed, err := closeRequest(ctx, a.tx, r, RequestAccepted, "", a.o.Agent)
	if err != nil {
		return r, err
	}
	if !closed || a.c.State != protocol.StateActive {
		return r, errOfferOver(a.o, *a.c)
	}
	a.actors = append(a.actors, agentActor(r.By))
	return r, nil
}

// transferred makes the agent the owner instead of who asked. The call goes
// on; co-browsing and the old owner's enquiries end; guests stay.
func (a *accepting) transferred(ctx context.Context) error {
	r, err := a.request(ctx)
	if err != nil {
		return err
	}
	old, found, err := slotOf(ctx, a.tx, a.c, r.By)
	if err != nil {
		return err
	}
	if !found || a.c.Owner != r.By {
		return errOfferOver(a.o, *a.c)
	}
	if err := a.slot(ctx, RoleOwner, old.Medium); err != nil {
		return err
	}
	if err := freeSlot(ctx, a.tx, a.c.Workspace, old); err != nil {
		return err
	}
	a.c.Owner, a.c.Transfers = a.o.Agent, a.c.Transfers+1
	replyTimer(a.c, a.rules, a.now)
	if err := cobrowseKind.endLive(ctx, a.tx, a.c, a.author(), agentActor(a.o.Agent), CauseOwnerChanged); err != nil {
		return err
	}
	actors, err := endTeam(ctx, a.tx, a.c, r.By, "transferred")
	if err != nil {
		return err
	}
	rest, err := agentsOf(ctx, a.tx, a.c)
	if err != nil {
		return err
	}
	a.actors = append(append(a.actors, actors...), rest...)
	e := a.joined("")
	e.Kind = protocol.EntryTransferred
	return addEntries(ctx, a.tx, a.c, e)
}

// invited makes the agent a guest: of the conversation, or of the one that an
// enquiry made.
func (a *accepting) invited(ctx context.Context) error {
	if _, err := a.request(ctx); err != nil {
		return err
	}
	owner, _, err := slotOf(ctx, a.tx, a.c, a.c.Owner)
	if err != nil {
		return err
	}
	medium := owner.Medium
	if medium == "" {
		medium = MediumChat
	}
	if err := a.slot(ctx, RoleGuest, medium); err != nil {
		return err
	}
	rest, err := agentsOf(ctx, a.tx, a.c)
	if err != nil {
		return err
	}
	a.actors = append(a.actors, rest...)
	return addEntries(ctx, a.tx, a.c, a.joined(""))
}
