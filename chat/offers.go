package chat

import (
	"context"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Declare sets the agent's own state (STATE-2). Ready needs a live desktop,
// which the connection that says so is. Not ready after these conversations
// becomes not ready with the last of them, at once without any.
func (s *Service) Declare(ctx context.Context, who protocol.Caller, _ protocol.Op, body protocol.Declare) (protocol.Ack, error) {
	switch {
	case body.Declared != protocol.DeclaredReady && body.Declared != protocol.DeclaredNotReady && body.Declared != protocol.DeclaredPending:
		return protocol.Ack{}, protocol.NewError(protocol.CodeInvalid, "An agent is ready, not ready, or not ready after these conversations.")
	case body.Declared == protocol.DeclaredReady && who.Connection == "":
		return protocol.Ack{}, protocol.NewError(protocol.CodeNoDesk, "Ready needs an open desktop. Open the desk first.")
	case len(body.Reason) > s.limits.NameCharacters:
		return protocol.Ack{}, protocol.NewError(protocol.CodeTooLarge, "This reason is too long.")
	}
	if err := s.declare(ctx, who, body); err != nil {
		return protocol.Ack{}, err
	}
	s.routed("agent", s.router.AgentChanged(ctx, who.Agent))
	s.notify.ViewChanged(s.ws, who.Actor())
	return protocol.Ack{}, nil
}

// declare writes what an agent says of himself. Of who has signed out meanwhile
// nothing is taken any more (S5).
func (s *Service) declare(ctx context.Context, who protocol.Caller, body protocol.Declare) error {
	var err error
	if who.Session == "" {
		_, err = s.store.Declare(ctx, s.ws, who.Agent, body.Declared, body.Reason, who.Actor(), "agent")
	} else {
		_, err = s.store.DeclareSigned(ctx, s.ws, who.Agent, body.Declared, body.Reason, who.Session)
	}
	return err
}

// Accept takes what is offered. The record decides by compare-and-set: exactly
// one agent gets it (ROUTE-5, R2, R3); the others read who was first. Of a
// transfer the conversation changes its owner with it (TEAM-1).
func (s *Service) Accept(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.OfOffer) (protocol.Ack, error) {
	offer, err := s.asked(ctx, who, body.Offer)
	if err != nil {
		return protocol.Ack{}, err
	}
	before, err := s.store.Conversation(ctx, s.ws, offer.Conversation)
	if err != nil {
		return protocol.Ack{}, err
	}
	var steps running
	var open []store.Request
	if offer.Kind == protocol.OfferTransfer {
		steps, open = s.runningIn(ctx, before.ID), s.openRequests(ctx, before.ID)
	}
	offer, c, err := s.store.Accept(ctx, s.ws, who.Agent, body.Offer, op)
	if err != nil {
		s.notify.ViewChanged(s.ws, who.Actor()) // what this desk shows is out of date
		return protocol.Ack{}, err
	}
	s.changed(c, who.Agent)
	s.routed("accepted", s.router.Settled(ctx, offer, store.OutcomeAccepted))
	if offer.Kind == protocol.OfferTransfer && before.Owner != c.Owner {
		s.handedOver(ctx, before, c, steps)
		s.requestsOver(ctx, s.ended(ctx, open))
		s.countTransfers(ctx, c)
	}
	if offer.Kind != protocol.OfferAlone {
		s.loadsChanged(ctx, offer.Touched)
	}
	return protocol.Ack{Conversation: c.ID}, nil
}

// Reject gives an offered conversation back to its old place in the queue; the
// agent stays ready, or what the queue says instead (ROUTE-4).
func (s *Service) Reject(ctx context.Context, who protocol.Caller, _ protocol.Op, body protocol.OfOffer) (protocol.Ack, error) {
	if len(body.Reason) > s.limits.NameCharacters {
		return protocol.Ack{}, protocol.NewError(protocol.CodeTooLarge, "This reason is too long.")
	}
	offer, err := s.asked(ctx, who, body.Offer)
	if err != nil {
		return protocol.Ack{}, err
	}
	after, err := s.afterReject(ctx, offer)
	if err != nil {
		return protocol.Ack{}, err
	}
	offer, settled, err := s.store.Settle(ctx, s.ws, body.Offer, store.OutcomeRejected, body.Reason, after)
	if err != nil {
		return protocol.Ack{}, err
	}
	s.notify.ViewChanged(s.ws, who.Actor())
	if !settled {
		if offer.Outcome != store.OutcomeRejected {
			return protocol.Ack{}, protocol.NewError(protocol.CodeExpired, "This offer has ended already.")
		}
		s.routed("rejected", s.router.Settled(ctx, offer, store.OutcomeRejected)) // what was written may not have been answered
		return protocol.Ack{Conversation: offer.Conversation}, nil
	}
	s.notify.EntriesAdded(s.ws, offer.Conversation)
	s.notify.ViewChanged(s.ws, offer.Touched...)
	s.routed("rejected", s.router.Settled(ctx, offer, store.OutcomeRejected))
	return protocol.Ack{Conversation: offer.Conversation}, nil
}

// afterReject is what an agent who rejects declares with it: a queue may say
// so of its own offers, a colleague's request never changes it.
func (s *Service) afterReject(ctx context.Context, o store.Offer) (protocol.Declared, error) {
	if o.Request != "" {
		return "", nil
	}
	queue, err := s.directory.Queue(ctx, s.ws, o.Queue)
	return protocol.Declared(queue.Rules.AfterReject), err
}

// asked gives an offer to the agent who was asked.
func (s *Service) asked(ctx context.Context, who protocol.Caller, id protocol.OfferID) (store.Offer, error) {
	gone := protocol.NewError(protocol.CodeNotFound, "There is no such offer, or it was not made to you.")
	if !protocol.ValidID(id) || who.Workspace != s.ws {
		return store.Offer{}, gone
	}
	offer, err := s.store.Offer(ctx, s.ws, id)
	if err != nil {
		return offer, err
	}
	if offer.Agent != who.Agent {
		return store.Offer{}, gone
	}
	return offer, nil
}
