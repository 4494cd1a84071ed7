package chat

import (
	"context"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// How much of the past one answer tells.
const (
	pastDecisions = 200
	pastVerdicts  = 50
	verdictAge    = 60 * 1000 // ms
)

// Why tells what routing decided about a conversation or an agent, and how the
// offers went, as it was kept when it was decided: nothing is computed anew
// (ROUTE-12). A conversation is told to those who may read it, an agent to
// himself and to those who may read all.
func (s *Service) Why(ctx context.Context, who protocol.Principal, of protocol.WhyOf) (protocol.Why, error) {
	out := protocol.Why{Conversation: of.Conversation, Agent: of.Agent, Decisions: []protocol.Decision{}, Offers: []protocol.PastOffer{}, Queue: []protocol.Decision{}}
	if (of.Conversation == "") == (of.Agent == "") {
		return out, protocol.NewError(protocol.CodeInvalid, "Ask about one conversation or one agent.")
	}
	if who.Kind != protocol.KindAgent {
		return out, protocol.NewError(protocol.CodeForbidden, "This is for agents.")
	}
	decisions, err := s.decided(ctx, who, of, &out)
	if err != nil {
		return out, err
	}
	for _, d := range decisions {
		out.Decisions = append(out.Decisions, d.Body)
	}
	offers, err := s.store.PastOffers(ctx, s.ws, of.Conversation, of.Agent, pastDecisions)
	if err != nil {
		return out, err
	}
	out.Offers, err = s.pastOffers(ctx, offers)
	return out, err
}

func (s *Service) decided(ctx context.Context, who protocol.Principal, of protocol.WhyOf, out *protocol.Why) ([]store.Decision, error) {
	if of.Agent != "" {
		if who.Workspace != s.ws || !protocol.ValidID(of.Agent) || of.Agent != who.Agent && !who.Can(protocol.PermWatch) {
			return nil, protocol.NewError(protocol.CodeNotFound, "There is no such agent, or it is not you.")
		}
		if _, err := s.store.Agent(ctx, s.ws, of.Agent); err != nil {
			return nil, err
		}
		now, err := s.store.Now(ctx)
		if err != nil {
			return nil, err
		}
		return s.store.DecisionsOfAgent(ctx, s.ws, of.Agent, now+1, pastDecisions)
	}
	c, err := s.conversation(ctx, who, of.Conversation)
	if err != nil {
		return nil, err
	}
	until := c.Started
	if until == 0 || c.State == protocol.StateQueued {
		if until, err = s.store.Now(ctx); err != nil {
			return nil, err
		}
	}
	// A verdict that stays the same is kept once a minute: the one that held when
	// this was asked is older.
	verdicts, err := s.store.DecisionsSince(ctx, s.ws, c.Queue, c.Asked-verdictAge, until+1, pastDecisions)
	if err != nil {
		return nil, err
	}
	for _, d := range verdicts {
		if d.Conversation == "" && len(out.Queue) < pastVerdicts {
			out.Queue = append(out.Queue, d.Body)
		}
	}
	return s.store.Decisions(ctx, s.ws, c.ID, pastDecisions)
}

func (s *Service) pastOffers(ctx context.Context, offers []store.Offer) ([]protocol.PastOffer, error) {
	d := desk{names: map[protocol.AgentID]string{}}
	out := make([]protocol.PastOffer, 0, len(offers))
	for _, o := range offers {
		name, err := s.nameOf(ctx, &d, o.Agent, "")
		if err != nil {
			return nil, err
		}
		past := protocol.PastOffer{
			Offer: o.ID, Conversation: o.Conversation, Kind: o.Kind, Agent: o.Agent, Name: name, Offered: o.Offered, Settled: o.Settled,
			Outcome: string(o.Outcome), Cause: o.Cause, Load: o.Load, Before: o.Before, After: o.After,
		}
		if o.Settled > 0 {
			past.RingMs = o.Settled - o.Offered
		}
		out = append(out, past)
	}
	return out, nil
}
