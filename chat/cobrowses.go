package chat

import (
	"context"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var errNoCobrowse = protocol.NewError(protocol.CodeNotFound, "This co-browse session has ended.")

// CobrowseAsk asks the visitor to show the page (COB-1).
func (s *Service) CobrowseAsk(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.OfConversation) (protocol.Ack, error) {
	c, site, err := s.asking(ctx, who.Principal, body.Conversation)
	if err != nil {
		return protocol.Ack{}, err
	}
	if !site.Cobrowse {
		return protocol.Ack{}, protocol.NewError(protocol.CodeSwitchedOff, "This site does not offer co-browsing.")
	}
	session, err := s.store.AskCobrowse(ctx, store.AskCobrowseIn{
		Workspace: s.ws, Conversation: c.ID, Agent: who.Agent, Author: author(who.Principal), Op: op, Stands: s.limits.Question,
	})
	if err != nil {
		return protocol.Ack{}, err
	}
	return stepped(s, c, session.ID), nil
}

// CobrowseAnswer is the visitor's consent, or the lack of it. Nothing of the
// page is sent or passed on before it is committed (PRIV-2).
func (s *Service) CobrowseAnswer(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.CobrowseAnswer) (protocol.Ack, error) {
	session, c, err := s.cobrowse(ctx, who.Principal, body.Cobrowse)
	if err != nil {
		return protocol.Ack{}, err
	}
	if _, err := s.store.AnswerCobrowse(ctx, store.AnswerIn[protocol.CobrowseID]{
		Workspace: s.ws, Step: session.ID, Allow: body.Allow, Author: author(who.Principal), Actor: who.Actor(), Op: op,
	}); err != nil {
		return protocol.Ack{}, err
	}
	if body.Allow {
		s.weigh(ctx, c.ID)
	}
	return stepped(s, c, session.ID), nil
}

// CobrowseStop ends a session, from either side, or takes a question back.
func (s *Service) CobrowseStop(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.OfCobrowse) (protocol.Ack, error) {
	session, c, err := s.cobrowse(ctx, who.Principal, body.Cobrowse)
	if err != nil {
		return protocol.Ack{}, err
	}
	s.shared(session.ID)
	if _, err := s.store.EndCobrowse(ctx, s.ws, session.ID, author(who.Principal), who.Actor(), op, "stopped"); err != nil {
		return protocol.Ack{}, err
	}
	s.weigh(ctx, c.ID)
	return stepped(s, c, session.ID), nil
}

// cobrowse gives a session to its visitor and to the agent who asked for it.
func (s *Service) cobrowse(ctx context.Context, who protocol.Principal, id protocol.CobrowseID) (store.Cobrowse, store.Conversation, error) {
	session, c, err := stepOf(ctx, s, who, id, s.store.Cobrowse, errNoCobrowse)
	if err != nil {
		return store.Cobrowse{}, c, err
	}
	if who.Kind == protocol.KindAgent && (session.Agent != who.Agent || c.Owner != who.Agent) {
		return store.Cobrowse{}, c, errNoCobrowse
	}
	return session, c, nil
}

// CobrowseConsent tells whether a principal may send or watch a session now:
// only while the consent runs, and only its visitor and the agent he allowed.
func (s *Service) CobrowseConsent(ctx context.Context, who protocol.Principal, id protocol.CobrowseID) (visitor, agent string, err error) {
	session, c, err := s.cobrowse(ctx, who, id)
	if err != nil {
		return "", "", err
	}
	if session.State != store.StepRunning {
		return "", "", errNoCobrowse
	}
	return visitorActor(c.Visitor), agentActor(session.Agent), nil
}
