package chat

import (
	"context"
	"errors"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A watch keeps the calls and shared pages of this node from being taken for
// lost, and ends or loses those of nodes that are. A node that carries any says so in the record,
// four times in the legs' grace; one that has not for the whole grace is lost,
// as a leg would be. All times are the record's, in ms: no two clocks are
// compared, and Redis has no part in it.
type watch struct {
	*Service
	round  int64 // of the last round
	steady int64 // since when rounds have come without a gap
	beaten int64 // when this node was last said to be there
}

func (w *watch) once(ctx context.Context, now int64) error {
	grace := w.limits.LegGrace.Milliseconds()
	if w.round == 0 || now-w.round > max(grace/4, 2*w.limits.Sweep.Milliseconds()) {
		w.steady = now
	}
	w.round = now
	if now-w.beaten < grace/4 {
		return nil
	}
	w.beaten = now
	if err := w.beat(ctx); err != nil {
		w.beaten = 0 // again in the next round
		return err
	}
	if now-w.steady < grace/2 {
		return nil // the record may have been away: first the others say that they are there
	}
	return errors.Join(w.endStranded(ctx, now-grace), w.losePages(ctx, now-grace))
}

// beat says that this node is there, if it carries calls or shared pages.
func (s *Service) beat(ctx context.Context) error {
	calls, err := s.store.CallsOfNode(ctx, s.ws, s.node)
	if err != nil {
		return err
	}
	pages, err := s.store.PagesOfNode(ctx, s.ws, s.node)
	if err != nil || len(calls)+len(pages) == 0 {
		return err
	}
	return s.store.Beat(ctx, s.ws, s.node)
}

// endStranded ends the calls of nodes that were last heard of before a time.
// Those nodes are not asked to close the legs: whoever comes back finds that in
// the record.
func (w *watch) endStranded(ctx context.Context, before int64) error {
	calls, err := w.store.StrandedCalls(ctx, w.ws, before)
	if err != nil {
		return err
	}
	var failed []error
	for _, call := range calls {
		if call.Node == w.node {
			continue // this node is there: it has just said so, or is about to
		}
		ended, err := w.store.EndCall(ctx, w.ws, call.ID, protocol.Author{Kind: protocol.KindSystem}, "system", "", store.CauseNodeLost)
		if e, known := protocol.AsError(err); err != nil && known && e.Code == protocol.CodeExpired {
			continue // another node was first
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		w.log.Warn("a call has ended: its node has been away too long", "call", call.ID, "node", call.Node, "grace", w.limits.LegGrace.Round(time.Millisecond))
		w.over(ended.Step)
		w.weigh(ctx, call.Conversation)
	}
	return errors.Join(failed...)
}
