package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// CauseFailedSetup is why a call ended that was allowed and did not come about:
// no two parties were ever connected.
const CauseFailedSetup = "failed_setup"

// SetUp notes that a running call has come about, if two parties are connected
// now and that was not noted before.
func (s *Store) SetUp(ctx context.Context, workspace protocol.WorkspaceID, id protocol.CallID) error {
	_, err := write(ctx, s, func(ctx context.Context, t *tx) (int64, error) { return noteSetUp(ctx, t, workspace, id) })
	if err != nil {
		return fmt.Errorf("note that a call is set up: %w", err)
	}
	return nil
}

func noteSetUp(ctx context.Context, t *tx, workspace protocol.WorkspaceID, id protocol.CallID) (int64, error) {
	now, err := t.time(ctx)
	if err != nil {
		return 0, err
	}
	return t.exec(ctx, `UPDATE calls SET set_up = $3 WHERE workspace = $1 AND id = $2 AND state = 'running' AND set_up = 0
		AND (SELECT COUNT(*) FROM call_parties WHERE workspace = $1 AND call = $2 AND here = 1) > 1`, workspace, id, now)
}

// LateSetups lists the calls of a node that were allowed at or before a time and
// have not come about yet.
func (s *Store) LateSetups(ctx context.Context, workspace protocol.WorkspaceID, node protocol.NodeID, before int64) ([]Call, error) {
	return callKind.list(ctx, s.db.reader(), workspace, `node = $2 AND state = 'running' AND set_up = 0 AND started <= $3 ORDER BY started, id`, node, before)
}

// FailSetup ends a running call that has not come about, with CauseFailedSetup.
// The chat goes on. Where the conversation was asked for as a call, the offer by
// which its owner has it becomes OutcomeFailedSetup, unless a call of that owner
// came about before. failed is false, and the call goes on, when it has come
// about meanwhile. CodeExpired when it does not run.
func (s *Store) FailSetup(ctx context.Context, workspace protocol.WorkspaceID, id protocol.CallID) (call Call, failed bool, err error) {
	call, err = callKind.change(ctx, s, command{workspace: workspace}, id, func(ctx context.Context, t *tx, c *Conversation, call *Call) error {
		failed = false
		noted, err := noteSetUp(ctx, t, workspace, id)
		switch {
		case err != nil:
			return err
		case call.State != StepRunning:
			return errStepOver()
		case call.SetUp > 0 || noted > 0:
			return nil
		}
		failed = true
		if err := callKind.end(ctx, t, c, call, protocol.Author{Kind: protocol.KindSystem}, systemActor, CauseFailedSetup); err != nil {
			return err
		}
		if c.Medium != MediumAudio && c.Medium != MediumVideo {
			return nil // the offer was of a chat
		}
		_, err = t.exec(ctx, `UPDATE offers SET outcome = $4 WHERE workspace = $1 AND id = (SELECT id FROM offers WHERE workspace = $1 AND conversation = $2
			AND agent = $3 AND outcome = $5 AND kind <> $6 AND kind <> $7 ORDER BY settled DESC, id DESC LIMIT 1)
			AND settled > (SELECT COALESCE(MAX(set_up), 0) FROM calls WHERE workspace = $1 AND conversation = $2)`,
			workspace, c.ID, c.Owner, OutcomeFailedSetup, OutcomeAccepted, protocol.OfferInvite, protocol.OfferConsult)
		return err
	})
	if err != nil {
		return Call{}, false, fmt.Errorf("fail a call's set-up: %w", err)
	}
	if failed {
		s.endings.setups.Add(1)
	}
	return call, failed, nil
}
