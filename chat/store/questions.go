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
	asked := func(one *S, _ int64) bool { // else it was answered or taken back meanwhile
		_, step := k.parts(one)
		return step.State == StepAsked
	}
	list, err := k.endDue(ctx, s, workspace, `state = 'asked' AND deadline > 0 AND deadline <= $2 ORDER BY deadline, id`, 0, CauseUnanswered, asked)
	ended := make([]Step, 0, len(list))
	for i := range list {
		_, step := k.parts(&list[i])
		ended = append(ended, *step)
	}
	return ended, err
}

// endDue ends what where finds, in which $2 is so many ms before the record's
// time, and what is still due then; one transaction each. What failed is left
// for the next time; the error tells of every failure.
func (k *kind[S, ID]) endDue(
	ctx context.Context, s *Store, workspace protocol.WorkspaceID, where string, ago int64, cause string, due func(*S, int64) bool,
) ([]S, error) {
	now, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	list, err := k.list(ctx, s.db.reader(), workspace, where, now-ago)
	if err != nil {
		return nil, err
	}
	var ended []S
	var failed []error
	for i := range list {
		id, _ := k.parts(&list[i])
		one, err := k.change(ctx, s, command{workspace: workspace}, *id, func(ctx context.Context, t *tx, c *Conversation, one *S) error {
			if !due(one, now) {
				return errStepOver()
			}
			return k.end(ctx, t, c, one, protocol.Author{Kind: protocol.KindSystem}, systemActor, cause)
		})
		if e, known := protocol.AsError(err); err != nil && known && e.Code == protocol.CodeExpired {
			continue
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		ended = append(ended, one)
	}
	return ended, errors.Join(failed...)
}
