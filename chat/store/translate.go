package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// VisitorSeqAt is how far the visitor has got, in his own count, at a seq of
// the record: the newest entry up to it that he may see, 0 when there is none.
func (s *Store) VisitorSeqAt(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID, seq int64) (int64, error) {
	n, _, err := one(ctx, s.db.reader(), scanInt,
		`SELECT COALESCE(MAX(visitor_seq), 0) FROM entries WHERE workspace = $1 AND conversation = $2 AND seq <= $3`, workspace, conv, seq)
	if err != nil {
		return 0, fmt.Errorf("translate seq: %w", err)
	}
	return n, nil
}

// SeqAt is the record's seq of the entry that the visitor counts as
// visitorSeq, 0 when there is none.
func (s *Store) SeqAt(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID, visitorSeq int64) (int64, error) {
	n, _, err := one(ctx, s.db.reader(), scanInt,
		`SELECT seq FROM entries WHERE workspace = $1 AND conversation = $2 AND visitor_seq = $3`, workspace, conv, visitorSeq)
	if err != nil {
		return 0, fmt.Errorf("translate visitor's seq: %w", err)
	}
	return n, nil
}
