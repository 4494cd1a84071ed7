package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A command is what the op ledger knows about one: who, which op, and what
// was asked, whose hash tells a repetition from a misuse.
type command struct {
	workspace protocol.WorkspaceID
	actor     string
	op        protocol.Op // empty: not a command; it is carried out each time
	asked     any
}

func (c command) hash() (string, error) {
	raw, err := json.Marshal(c.asked)
	if err != nil {
		return "", fmt.Errorf("hash command: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:]), nil
}

type ledgerRow struct{ hash, result string }

func scanLedger(row scanner) (l ledgerRow, err error) {
	err = row.Scan(&l.hash, &l.result)
	return l, err
}

// once carries a command out, or gives the result that it had the first time.
// When two transactions try at once, the second fails at the ledger's key and
// is run again; it then finds the first one's result.
func once[T any](ctx context.Context, t *tx, c command, fn func() (T, error)) (got T, existed bool, err error) {
	if c.op == "" {
		got, err = fn()
		return got, false, err
	}
	hash, err := c.hash()
	if err != nil {
		return got, false, err
	}
	row, found, err := one(ctx, t, scanLedger, `SELECT hash, result FROM ops WHERE workspace = $1 AND actor = $2 AND op = $3`,
		c.workspace, c.actor, c.op)
	if err != nil {
		return got, false, fmt.Errorf("look up command: %w", err)
	}
	if found {
		if row.hash != hash {
			return got, false, protocol.NewError(protocol.CodeConflict, "This command was sent before with other content. Send it under a new op.")
		}
		if err := json.Unmarshal([]byte(row.result), &got); err != nil {
			return got, false, fmt.Errorf("read command's result: %w", err)
		}
		return got, true, nil
	}
	if got, err = fn(); err != nil {
		return got, false, err
	}
	return got, false, keep(ctx, t, c, hash, got)
}

func keep(ctx context.Context, t *tx, c command, hash string, result any) error {
	raw, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("keep command's result: %w", err)
	}
	now, err := t.time(ctx)
	if err != nil {
		return err
	}
	_, err = t.exec(ctx, `INSERT INTO ops (workspace, actor, op, hash, result, at) VALUES ($1, $2, $3, $4, $5, $6)`,
		c.workspace, c.actor, c.op, hash, string(raw), now)
	if err != nil {
		return fmt.Errorf("keep command's result: %w", err)
	}
	return nil
}
