package chat

import (
	"cmp"
	"context"
	"math"

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
// (ROUTE-12), newest first; what is more is asked for before Older. A
// conversation is told to those who may read it, an agent to
// himself and to those who may read all.
func (s *Service) Why(ctx context.Context, who protocol.Principal, of protocol.WhyOf) (protocol.Why, error) {
	out := protocol.Why{Conversation: of.Conversation, Agent: of.Agent, Decisions: []protocol.Decision{}, Offers: []protocol.PastOffer{}, Queue: []protocol.Decision{}}
	if (of.Conversation == "") == (of.Agent == "") {
		return out, protocol.NewError(protocol.CodeInvalid, "Ask about one conversation or one agent.")
	}
	if who.Kind != protocol.KindAgent {
		return out, protocol.NewError(protocol.CodeForbidden, "This is for agents.")
	}
	if of.Before < 0 {
		return out, protocol.NewError(protocol.CodeInvalid, "The time before which it was is not less than 0.")
	}
	decisions, verdicts, c, err := s.decided(ctx, who, of)
	if err != nil {
		return out, err
	}
	out.Outcome, out.Missed = c.Outcome, c.Missed
	offers, err := s.store.PastOffers(ctx, s.ws, of.Conversation, of.Agent, of.Before, pastDecisions+1)
	if err != nil {
		return out, err
	}
	made := func(d store.Decision) int64 { return d.At }
	rang := func(o store.Offer) int64 { return o.Offered }
	if of.Agent != "" {
		rang = func(o store.Offer) int64 { return cmp.Or(o.Settled, math.MaxInt64) }
	}
	out.Older = max(ends(decisions, pastDecisions, made), ends(verdicts, pastVerdicts, made), ends(offers, pastDecisions, rang))
	for _, d := range upTo(decisions, pastDecisions, out.Older, made) {
		out.Decisions = append(out.Decisions, d.Body)
	}
	for _, d := range upTo(verdicts, pastVerdicts, out.Older, made) {
		out.Queue = append(out.Queue, d.Body)
	}
	out.Offers, err = s.pastOffers(ctx, upTo(offers, pastDecisions, out.Older, rang))
	return out, err
}

// ends is the time before which the next page begins, if a list that goes back
// in time is longer than most; 0: it is not. What is of one moment stays
// together, unless that alone is too much: then the rest of it is not told.
func ends[T any](list []T, most int, at func(T) int64) int64 {
	if len(list) <= most {
		return 0
	}
	first := at(list[most])
	if at(list[0]) == first {
		return first
	}
	return first + 1
}

// upTo is what of a list is not left to the next page.
func upTo[T any](list []T, most int, older int64, at func(T) int64) []T {
	list = list[:min(len(list), most)]
	for len(list) > 0 && at(list[len(list)-1]) < older {
		list = list[:len(list)-1]
	}
	return list
}

// decided are the decisions, and of a conversation the verdicts of its queue,
// one more than fit each, with the conversation itself.
func (s *Service) decided(ctx context.Context, who protocol.Principal, of protocol.WhyOf) (decisions, verdicts []store.Decision, c store.Conversation, err error) {
	if of.Agent != "" {
		if who.Workspace != s.ws || !protocol.ValidID(of.Agent) || of.Agent != who.Agent && !who.Can(protocol.PermWatch) {
			return nil, nil, c, protocol.NewError(protocol.CodeNotFound, "There is no such agent, or it is not you.")
		}
		if _, err := s.store.Agent(ctx, s.ws, of.Agent); err != nil {
			return nil, nil, c, err
		}
		decisions, err = s.store.DecisionsOfAgent(ctx, s.ws, of.Agent, of.Before, pastDecisions+1)
		return decisions, nil, c, err
	}
	c, err = s.conversation(ctx, who, of.Conversation)
	if err != nil {
		return nil, nil, c, err
	}
	until := c.Started
	if until == 0 || c.State == protocol.StateQueued {
		if until, err = s.store.Now(ctx); err != nil {
			return nil, nil, c, err
		}
	}
	if of.Before > 0 {
		until = min(until, of.Before-2)
	}
	// A verdict that stays the same is kept once a minute: the one that held when
	// this was asked is older.
	if verdicts, err = s.store.DecisionsSince(ctx, s.ws, c.Queue, c.Asked-verdictAge, until+1, pastVerdicts+1); err != nil {
		return nil, nil, c, err
	}
	decisions, err = s.store.Decisions(ctx, s.ws, c.ID, of.Before, pastDecisions+1)
	return decisions, verdicts, c, err
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
