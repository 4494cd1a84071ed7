package chat

import (
	"context"
	"errors"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// failSetups ends the calls of this node that were allowed and have not come
// about in time: the chat goes on without. Those of an earlier run have as long
// again.
func (w *sweep) failSetups(ctx context.Context, now int64) error {
	if w.since == 0 {
		w.since = now
	}
	limit := w.limits.SetUp.Milliseconds()
	if limit <= 0 || now-w.since < limit {
		return nil
	}
	late, err := w.store.LateSetups(ctx, w.ws, w.node, now-limit)
	if err != nil {
		return err
	}
	var failed []error
	for _, call := range late {
		failed = append(failed, w.setUpFailed(ctx, call))
	}
	return errors.Join(failed...)
}

// setUpFailed ends a call that has not come about, unless it just has, and tells both sides.
func (s *Service) setUpFailed(ctx context.Context, call store.Call) error {
	ended, failed, err := s.store.FailSetup(ctx, s.ws, call.ID)
	if e, known := protocol.AsError(err); err != nil && known && e.Code == protocol.CodeExpired || err == nil && !failed {
		return nil
	}
	if err != nil {
		return err
	}
	s.log.Info("a call has ended: it did not come about", "call", call.ID, "conversation", call.Conversation)
	s.release(ctx, call)
	s.weigh(ctx, call.Conversation)
	s.over(ended.Step)
	return nil
}
