package chat

import (
	"context"
	"errors"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A sweep goes over what the record says of calls and co-browse sessions and
// does what no command of this node has done: a conversation went back to its
// queue, another node ended it, or a process stopped between the commit and
// what follows from it. Every node sweeps, with or without Redis; two at it do
// no harm, since the record lets each step end once.
type sweep struct {
	*Service
	nodes  watch
	looked int64 // the record's time of the last look at ended co-browse sessions
	since  int64 // the record's time of the first round
}

// lateCommit is how long a transaction may take from its time to its commit and
// still be seen by the sweep; ms.
const lateCommit = 5000

func (s *Service) runSweeps(ctx context.Context) {
	w := sweep{Service: s, nodes: watch{Service: s}}
	tick := time.NewTicker(s.limits.Sweep)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if err := w.once(ctx); err != nil && ctx.Err() == nil {
				s.log.Error("the sweep of calls failed", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

func (w *sweep) once(ctx context.Context) error {
	now, err := w.store.Now(ctx)
	if err != nil {
		return err
	}
	return errors.Join(w.expireQuestions(ctx), w.takeFromRevoked(ctx), w.dismissLeft(ctx), w.releaseCalls(ctx), w.cutStrangers(ctx), w.failSetups(ctx, now), w.stopCobrowses(ctx, now), w.endDeserted(ctx), w.nodes.once(ctx, now))
}

// expireQuestions ends what nobody answered in time, and tells both sides.
func (w *sweep) expireQuestions(ctx context.Context) error {
	ended, err := w.store.ExpireQuestions(ctx, w.ws)
	for _, one := range ended {
		w.over(one)
	}
	return err
}

// over tells both sides of a step that has ended without either.
func (s *Service) over(one store.Step) {
	s.notify.EntriesAdded(s.ws, one.Conversation)
	s.notify.ViewChanged(s.ws, one.Touched...)
}

// releaseCalls frees what calls that are over have taken on this node.
func (w *sweep) releaseCalls(ctx context.Context) error {
	calls, err := w.store.UnreleasedCalls(ctx, w.ws, w.node)
	if err != nil {
		return err
	}
	for _, call := range calls {
		w.release(ctx, call)
		w.weigh(ctx, call.Conversation)
	}
	return nil
}

// stopCobrowses stops the packets of sessions that have ended anywhere.
func (w *sweep) stopCobrowses(ctx context.Context, now int64) error {
	if w.looked == 0 {
		w.looked = now
	}
	ended, err := w.store.CobrowsesEnded(ctx, w.ws, w.looked-lateCommit)
	if err != nil {
		return err
	}
	w.looked = now
	for _, id := range ended {
		w.shared(id)
	}
	return nil
}

// release frees what a call that is over has taken on its node: the legs, and
// one that was warmed. A node that does not answer does it when it sweeps.
func (s *Service) release(ctx context.Context, call store.Call) {
	if s.media == nil && call.Node != s.node {
		return
	}
	if err := s.do(ctx, call, protocol.MediaRequest{Do: protocol.MediaEnd, Call: call.ID}); err != nil {
		s.log.Warn("the call's node was not told of its end", "call", call.ID, "node", call.Node, "error", err)
		return
	}
	if err := s.store.ReleaseCall(ctx, s.ws, call.ID); err != nil {
		s.log.Warn("note that a call is freed failed", "call", call.ID, "error", err)
	}
}

// running is what a conversation's end, or its way back to the queue, ends.
type running struct {
	calls    []store.Call
	sessions []store.Cobrowse
}

// runningIn looks what there is to stop once the conversation has ended. What
// it does not find the sweep does.
func (s *Service) runningIn(ctx context.Context, conv protocol.ConversationID) (r running) {
	var failed [2]error
	r.calls, failed[0] = s.store.CallsOf(ctx, s.ws, conv)
	r.sessions, failed[1] = s.store.CobrowsesOf(ctx, s.ws, conv)
	if err := errors.Join(failed[:]...); err != nil {
		s.log.Warn("find what runs in a conversation failed", "conversation", conv, "error", err)
	}
	return r
}

// stop stops what has ended in the record.
func (s *Service) stop(ctx context.Context, r running) {
	for _, session := range r.sessions {
		s.shared(session.ID)
	}
	for _, call := range r.calls {
		s.release(ctx, call)
	}
}
