package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A tip is where a conversation's log ends in the transaction under way. The
// functions of one transaction that append to the same conversation read it
// once and write it once.
type tip struct {
	taken
	row     int64 // in SQLite's table
	due     int64 // of the owner's first reply
	open    bool  // messages may be added
	replied bool  // since it was read: the timer is to be stopped
	changed bool  // since it was read
}

const (
	readTip = `SELECT rowid, seq, visitor_seq, visitor, owner, name, turn_since, reply_due, state FROM conversations WHERE workspace = $1 AND id = $2`

	writeTip = `UPDATE conversations SET seq = $1, visitor_seq = $2, turn_since = $3 WHERE rowid = $4`

	writeReplied = `UPDATE conversations SET seq = $1, visitor_seq = $2, turn_since = $3, reply_due = 0 WHERE rowid = $4`

	holdsSlot = `SELECT 1 FROM slots WHERE conversation = $1 AND agent = $2`
)

func scanTip(row scanner) (h *tip, err error) {
	var state protocol.ConversationState
	h = &tip{}
	err = row.Scan(&h.row, &h.seq, &h.visitorSeq, &h.visitor, &h.owner, &h.name, &h.turn, &h.due, &state)
	h.open = state == protocol.StateQueued || state == protocol.StateActive
	return h, err
}

// takeHeld takes the next seqs where the transaction holds rows back. It says
// the same as takeSeqs, and whether the turn was running before, or the timer of
// a first reply that this is; found is false when nothing may be appended by
// this author.
func takeHeld(ctx context.Context, t *tx, in AppendIn, shown, turn, now int64) (got taken, ran, found bool, err error) {
	h, ok := t.later.tips[in.Conversation]
	if !ok {
		h, ok, err = one(ctx, t, scanTip, readTip, in.Workspace, in.Conversation)
		if err != nil || !ok {
			return got, false, false, err
		}
		h.workspace = in.Workspace
		t.later.keep(in.Conversation, h)
	}
	if h.workspace != in.Workspace || in.Kind == protocol.EntryMessage && !h.open || in.Visitor != "" && in.Visitor != h.visitor {
		return got, false, false, nil
	}
	if in.Agent != "" && in.Agent != h.owner {
		if _, found, err = one(ctx, t, scanInt, holdsSlot, in.Conversation, in.Agent); err != nil || !found {
			return got, false, false, err
		}
	}
	ran = h.turn != 0
	t.wrote, h.changed = true, true
	h.seq, h.visitorSeq, h.now = h.seq+1, h.visitorSeq+shown, now
	switch {
	case turn < 0:
		h.turn = 0
		if h.due != 0 && in.Agent == h.owner {
			ran, h.due, h.replied = true, 0, true
		}
	case turn > 0 && !ran:
		h.turn = now
	}
	return h.taken, ran, true, nil
}

func (l *later) keep(conv protocol.ConversationID, h *tip) {
	if l.tips == nil {
		l.tips = map[protocol.ConversationID]*tip{}
	}
	l.tips[conv] = h
}

// flushTips writes the tips that have changed.
func (w *writerConn) flushTips(ctx context.Context) error {
	for _, h := range w.later.tips {
		if !h.changed {
			continue
		}
		write := writeTip
		if h.replied {
			write = writeReplied
		}
		if _, err := w.exec(ctx, write, h.seq, h.visitorSeq, h.turn, h.row); err != nil {
			w.later.spoiled = true
			return fmt.Errorf("write where a log ends: %w: %w", err, errSpoiled)
		}
		h.changed, h.replied = false, false
	}
	return nil
}
