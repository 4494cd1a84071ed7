package chat

import (
	"context"
	"errors"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// signOutTime is how long what follows from a sign-out may take before it is
// left to the sweep.
const signOutTime = 5 * time.Second

// leavingFor is how long a desk of who has signed out is looked for: longer than
// the lease of a tab that has closed.
const leavingFor = 20 * time.Second

// SignedOut follows a session that its agent has ended: without another one in
// use nothing is offered any more, and what runs goes back at once, with calls
// and co-browsing (S5). What fails here the sweep does. Where another login was
// used a moment ago, what runs goes back as soon as no desk is open: with the
// next sweeps of this node.
func (s *Service) SignedOut(ctx context.Context, agent protocol.AgentID) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), signOutTime) // the page does not wait for the answer
	defer cancel()
	s.loadsChanged(ctx, []string{agentActor(agent)})
	if err := s.takeFromRevoked(ctx); err != nil {
		s.log.Warn("what an agent had who signed out is left to the sweep", "agent", agent, "error", err)
	}
	s.leaving.Store(agent, time.Now())
}

// VisitorSignedOut follows the end of a visitor's token, which nobody can come
// back with: what waits is left and what runs is ended, as the visitor would,
// with calls and co-browsing. What fails here ends as that of a visitor who
// stays away.
func (s *Service) VisitorSignedOut(ctx context.Context, who protocol.Principal) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), signOutTime) // the page does not wait for the answer
	defer cancel()
	list, err := s.store.OpenOfVisitor(ctx, s.ws, who.Visitor)
	failed := []error{err}
	for _, c := range list {
		_, err := s.end(ctx, who, protocol.NewID[protocol.Op](), c, store.CauseEnded)
		if e, known := protocol.AsError(err); known && e.Code == protocol.CodeWrongState {
			continue // it has ended meanwhile
		}
		failed = append(failed, err)
	}
	if err := errors.Join(failed...); err != nil {
		s.log.Warn("what a visitor had who signed out was not ended", "visitor", who.Visitor, "error", err)
	}
}

// dismissLeft takes what runs from agents who have signed out and have no desk
// open on any node. A desk that stays open under another login keeps it.
func (w *sweep) dismissLeft(ctx context.Context) error {
	var errs []error
	w.leaving.Range(func(key, since any) bool {
		agent, over := key.(protocol.AgentID), time.Since(since.(time.Time)) > leavingFor
		here, err := w.router.Connected(ctx, agent)
		if err == nil && !here[agent] {
			over = true
			if err = w.store.TurnAway(ctx, w.ws, agent); err == nil {
				err = w.dismiss(ctx, store.Revoked{Agent: agent, Cause: store.CauseSignedOut})
			}
		}
		if over {
			w.leaving.CompareAndDelete(key, since)
		}
		errs = append(errs, err)
		return ctx.Err() == nil
	})
	return errors.Join(errs...)
}

// takeFromRevoked takes what runs from all agents who may not go on with it.
func (s *Service) takeFromRevoked(ctx context.Context) error {
	agents, err := s.store.Revoked(ctx, s.ws)
	if err != nil {
		return err
	}
	var errs []error
	for _, one := range agents {
		errs = append(errs, s.dismiss(ctx, one))
	}
	return errors.Join(errs...)
}

func (s *Service) dismiss(ctx context.Context, one store.Revoked) error {
	slots, err := s.store.SlotsOfAgent(ctx, s.ws, one.Agent)
	if err != nil {
		return err
	}
	had := map[protocol.ConversationID]running{}
	for _, slot := range slots {
		had[slot.Conversation] = s.runningIn(ctx, slot.Conversation)
	}
	failed := s.router.Dismiss(ctx, one.Agent, one.Cause)
	s.log.Info("conversations were taken from an agent who may not go on", "agent", one.Agent, "cause", one.Cause, "conversations", len(had))
	for conv, steps := range had {
		s.stopFor(ctx, conv, one.Agent, steps)
	}
	return failed
}

// stopFor stops what an agent had running in a conversation that was taken away:
// all, or where it goes on with others the agent's part.
func (s *Service) stopFor(ctx context.Context, conv protocol.ConversationID, agent protocol.AgentID, had running) {
	slots, err := s.store.SlotsOf(ctx, s.ws, conv)
	if err != nil {
		s.log.Warn("find who is left in a conversation failed", "conversation", conv, "error", err)
		return
	}
	for _, slot := range slots {
		if slot.Agent == agent {
			return // it was not taken
		}
	}
	if len(slots) == 0 {
		s.stop(ctx, had)
		return
	}
	for _, session := range had.sessions {
		if session.Agent == agent {
			s.shared(session.ID)
		}
	}
	for _, call := range had.calls {
		s.leaveCall(ctx, call, agentActor(agent))
	}
}

// cutStrangers closes the legs of agents in this node's calls who are not in the
// conversation any more, whoever took them out.
func (w *sweep) cutStrangers(ctx context.Context) error {
	strangers, err := w.store.Strangers(ctx, w.ws, w.node)
	if err != nil {
		return err
	}
	var errs []error
	for _, one := range strangers {
		call, err := w.store.Call(ctx, w.ws, one.Call)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		w.leaveCall(ctx, call, one.Actor)
	}
	return errors.Join(errs...)
}
