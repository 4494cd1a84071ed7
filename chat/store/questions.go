package store

import (
	"context"
	"errors"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// CauseUnanswered is why a question ended that nobody answered in time.
const CauseUnanswered = "unanswered"

// deadlineOf is when a question ends that stands for some time; 0 or less: never.
func deadlineOf(now int64, stands time.Duration) int64 {
	if stands <= 0 {
		return 0
	}
	return now + stands.Milliseconds()
}

// ExpireQuestions ends the questions for calls and co-browse sessions whose
// deadline has come by the record's clock, with CauseUnanswered, one
// transaction each, and returns them with those whose views changed. What
// failed is left for the next time; the error tells of every failure.
func (s *Store) ExpireQuestions(ctx context.Context, workspace protocol.WorkspaceID) ([]Step, error) {
	calls, callsFailed := callKind.expire(ctx, s, workspace)
	sessions, sessionsFailed := cobrowseKind.expire(ctx, s, workspace)
	return append(calls, sessions...), errors.Join(callsFailed, sessionsFailed)
}

func (k *kind[S, ID]) expire(ctx context.Context, s *Store, workspace protocol.WorkspaceID) ([]Step, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	due, err := k.list(ctx, s.db.reader(), workspace, `state = 'asked' AND deadline > 0 AND deadline <= $2 ORDER BY deadline, id`, now)
	if err != nil {
		return nil, err
	}
	var ended []Step
	var failed []error
	for i := range due {
		id, _ := k.parts(&due[i])
		one, err := k.change(ctx, s, command{workspace: workspace}, *id, func(ctx context.Context, t *tx, c *Conversation, one *S) error {
			if _, step := k.parts(one); step.State != StepAsked {
				return errStepOver() // answered or taken back meanwhile
			}
			return k.end(ctx, t, c, one, protocol.Author{Kind: protocol.KindSystem}, systemActor, CauseUnanswered)
		})
		if e, known := protocol.AsError(err); err != nil && known && e.Code == protocol.CodeExpired {
			continue
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		_, step := k.parts(&one)
		ended = append(ended, *step)
	}
	return ended, errors.Join(failed...)
}
