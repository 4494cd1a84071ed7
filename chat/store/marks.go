package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// SetMarks raises one side's marks to what was shown, in that side's own
// seqs. Marks never go down, and read <= delivered <= last seq (D9); changed
// says whether either went up.
func (s *Store) SetMarks(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID, side protocol.PrincipalKind, delivered, read int64) (changed bool, err error) {
	delivered = max(delivered, read)
	changed, err = write(ctx, s, func(ctx context.Context, t *tx) (bool, error) {
		c, err := conversation(ctx, t, workspace, conv, t.lock)
		if err != nil {
			return false, err
		}
		last, d, r := c.Seq, c.AgentDelivered, c.AgentRead
		query := `UPDATE conversations SET agent_delivered = $3, agent_read = $4 WHERE workspace = $1 AND id = $2`
		if side == protocol.KindVisitor {
			last, d, r = c.VisitorSeq, c.VisitorDelivered, c.VisitorRead
			query = `UPDATE conversations SET visitor_delivered = $3, visitor_read = $4 WHERE workspace = $1 AND id = $2`
		}
		newD, newR := max(d, min(delivered, last)), max(r, min(read, last))
		if newD == d && newR == r {
			return false, nil
		}
		n, err := t.exec(ctx, query, workspace, conv, newD, newR)
		return n > 0, err
	})
	if err != nil {
		return false, fmt.Errorf("set marks: %w", err)
	}
	return changed, nil
}

// chunk is how many ids one query names; a shorter list repeats its last one,
// so that the statement's text stays the same.
const chunk = 50

var chunkPlaces = func() string {
	text := "($1"
	for i := 2; i <= chunk; i++ {
		text += fmt.Sprintf(", $%d", i)
	}
	return text + ")"
}()

// inChunks runs query, which ends with "IN ", for all ids.
func inChunks[ID ~string, T any](ctx context.Context, x executor, scan func(scanner) (T, error), query string, ids []ID) ([]T, error) {
	var list []T
	for len(ids) > 0 {
		n := min(len(ids), chunk)
		args := make([]any, chunk)
		for i := range args {
			args[i] = string(ids[min(i, n-1)])
		}
		part, err := all(ctx, x, scan, query+chunkPlaces, args...)
		if err != nil {
			return nil, err
		}
		list, ids = append(list, part...), ids[n:]
	}
	return list, nil
}

type namedHead struct {
	id protocol.ConversationID
	Head
}

func scanHead(row scanner) (h namedHead, err error) {
	err = row.Scan(&h.id, &h.Seq, &h.VisitorSeq, &h.VisitorDelivered, &h.VisitorRead, &h.AgentDelivered, &h.AgentRead)
	return h, err
}

// Heads reads the newest seqs and marks of conversations, which the caller
// has found in a workspace before. Those that do not exist are left out.
func (s *Store) Heads(ctx context.Context, convs []protocol.ConversationID) (map[protocol.ConversationID]Head, error) {
	list, err := inChunks(ctx, s.db.reader(), scanHead,
		`SELECT id, seq, visitor_seq, visitor_delivered, visitor_read, agent_delivered, agent_read FROM conversations WHERE id IN `, convs)
	if err != nil {
		return nil, fmt.Errorf("read heads: %w", err)
	}
	heads := make(map[protocol.ConversationID]Head, len(list))
	for _, h := range list {
		heads[h.id] = h.Head
	}
	return heads, nil
}

type version struct {
	actor string
	n     int64
}

func scanVersion(row scanner) (v version, err error) {
	err = row.Scan(&v.actor, &v.n)
	return v, err
}

// ActorVersions reads how often actors' views may have changed. An actor whose
// view has never changed is left out.
func (s *Store) ActorVersions(ctx context.Context, actors []string) (map[string]int64, error) {
	list, err := inChunks(ctx, s.db.reader(), scanVersion, `SELECT actor, version FROM actors WHERE actor IN `, actors)
	if err != nil {
		return nil, fmt.Errorf("read versions: %w", err)
	}
	versions := make(map[string]int64, len(list))
	for _, v := range list {
		versions[v.actor] = v.n
	}
	return versions, nil
}
