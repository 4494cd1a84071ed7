package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Both walk along the primary key from where the answer is at the earliest, past
// the entries in between that only agents may see: a visitor's seq is never above
// the record's.
const (
	visitorSeqAt = `SELECT visitor_seq FROM entries WHERE workspace = $1 AND conversation = $2 AND seq <= $3 AND visitor_seq IS NOT NULL ORDER BY seq DESC LIMIT 1`
	seqAt        = `SELECT seq FROM entries WHERE workspace = $1 AND conversation = $2 AND seq >= $3 AND visitor_seq = $3 ORDER BY seq LIMIT 1`
)

// VisitorSeqAt is how far the visitor has got, in his own count, at a seq of
// the record: the newest entry up to it that he may see, 0 when there is none.
func (s *Store) VisitorSeqAt(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID, seq int64) (int64, error) {
	if seq <= 0 {
		return 0, nil
	}
	n, _, err := one(ctx, s.db.reader(), scanInt, visitorSeqAt, workspace, conv, seq)
	if err != nil {
		return 0, fmt.Errorf("translate seq: %w", err)
	}
	return n, nil
}

// SeqAt is the record's seq of the entry that the visitor counts as
// visitorSeq, 0 when there is none.
func (s *Store) SeqAt(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID, visitorSeq int64) (int64, error) {
	if visitorSeq <= 0 {
		return 0, nil
	}
	n, _, err := one(ctx, s.db.reader(), scanInt, seqAt, workspace, conv, visitorSeq)
	if err != nil {
		return 0, fmt.Errorf("translate visitor's seq: %w", err)
	}
	return n, nil
}
