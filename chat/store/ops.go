package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
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
	return sum(raw), nil
}

func sum(asked []byte) string {
	hash := sha256.Sum256(asked)
	return hex.EncodeToString(hash[:])
}

type ledgerRow struct{ hash, result string }

func scanLedger(row scanner) (l ledgerRow, err error) {
	err = row.Scan(&l.hash, &l.result)
	return l, err
}

const readLedger = `SELECT hash, result FROM ops WHERE workspace = $1 AND actor = $2 AND op = $3`

func errOtherContent() error {
	return protocol.NewError(protocol.CodeConflict, "This command was sent before with other content. Send it under a new op.")
}

// once carries a command out, or gives the result that it had the first time.
// When two transactions try at once, the second fails with errRaced and
// PostgreSQL's write runs it again; it then finds the first one's result.
func once[T any](ctx context.Context, t *tx, c command, fn func() (T, error)) (got T, existed bool, err error) {
	if c.op == "" {
		got, err = fn()
		return got, false, err
	}
	hash, err := c.hash()
	if err != nil {
		return got, false, err
	}
	row, found, err := one(ctx, t, scanLedger, readLedger, string(c.workspace), c.actor, string(c.op))
	if err != nil {
		return got, false, fmt.Errorf("look up command: %w", err)
	}
	if found {
		if row.hash != hash {
			return got, false, errOtherContent()
		}
		if err := json.Unmarshal([]byte(row.result), &got); err != nil {
			return got, false, fmt.Errorf("read command's result: %w", err)
		}
		return got, true, nil
	}
	if got, err = fn(); err != nil {
		return got, false, err
	}
	fresh, err := keep(ctx, t, c, hash, got)
	if err == nil && !fresh {
		err = errRaced
	}
	return got, false, err
}

var (
	errRaced    = errors.New("the command is being carried out by another transaction")
	errRepeated = errors.New("the command was carried out before")
)

// first is once for commands that are hardly ever repeated: it carries the
// command out without looking, and fails with errRepeated, undoing all, when
// the ledger turns out to have it. The hash is the caller's, who makes it
// before the transaction.
func first[T any](ctx context.Context, t *tx, c command, hash string, fn func() (T, error)) (got T, err error) {
	if got, err = fn(); err != nil || c.op == "" {
		return got, err
	}
	fresh, err := keep(ctx, t, c, hash, got)
	if err == nil && !fresh {
		err = errRepeated
	}
	return got, err
}

var intoOps = newInsert(`INSERT INTO ops (workspace, actor, op, hash, result, at)`, 6, ` ON CONFLICT (workspace, actor, op) DO NOTHING`)

// keep writes a command's result; fresh is false when there is one already.
func keep(ctx context.Context, t *tx, c command, hash string, result any) (fresh bool, err error) {
	raw, err := json.Marshal(result)
	if err != nil {
		return false, fmt.Errorf("keep command's result: %w", err)
	}
	now, err := t.time(ctx)
	if err != nil {
		return false, err
	}
	fresh, err = t.insert(ctx, intoOps, string(c.workspace), c.actor, string(c.op), hash, string(raw), now)
	if err != nil {
		return false, fmt.Errorf("keep command's result: %w", err)
	}
	return fresh, nil
}
