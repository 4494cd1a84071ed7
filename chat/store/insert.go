package store

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// rowsAtOnce are the numbers of rows for which there are statements, the
// largest first.
var rowsAtOnce = [...]int{16, 4, 1}

// An insert adds rows to a table, several of them by one statement.
type insert struct {
	columns int
	texts   [len(rowsAtOnce)]string
}

func newInsert(head string, columns int, tail string) *insert {
	in := &insert{columns: columns}
	for i, rows := range rowsAtOnce {
		var text strings.Builder
		text.WriteString(head + " VALUES ")
		for n := range rows * columns {
			switch {
			case n == 0:
				text.WriteByte('(')
			case n%columns == 0:
				text.WriteString("), (")
			default:
				text.WriteString(", ")
			}
			if rows == 1 {
				text.WriteString("$" + strconv.Itoa(n+1))
			} else {
				text.WriteByte('?') // without a name, which SQLite's driver would look for along the whole list
			}
		}
		text.WriteString(")" + tail)
		in.texts[i] = text.String()
	}
	return in
}

// insert adds one row. fresh is false when the statement's ON CONFLICT left
// the row out. Where the transaction holds rows back, fresh is always true,
// and a row that turns out not to be has the transaction run again without
// holding back.
func (t *tx) insert(ctx context.Context, into *insert, row ...any) (fresh bool, err error) {
	if t.later != nil {
		t.wrote = true
		t.later.add(into, row)
		return true, nil
	}
	n, err := t.exec(ctx, into.texts[len(rowsAtOnce)-1], row...)
	return n == 1, err
}

// besides are the statements that read and change nothing of what is held back:
// they may overtake it.
var besides = map[string]bool{
	readTip: true, holdsSlot: true, readRoom: true, readBeside: true, insertOffer: true, endOffer: true, addLoad: true, insertOneSlot: true,
	raiseOne: true, raiseTwo: true,
}

// pastRows are those that may overtake the rows, but not the tips.
var pastRows = map[string]bool{readConversation: true, readAsked: true, saveOffered: true, saveTaken: true}

// A later holds rows and tips of logs back until somebody could miss them, so
// that many functions of one transaction share a statement.
type later struct {
	tables  []held
	tips    map[protocol.ConversationID]*tip
	spoiled bool // a row could not be added: whose it was is not known
}

type held struct {
	into *insert
	rows int
	args []any
}

func (l *later) add(into *insert, row []any) {
	for i := range l.tables {
		if h := &l.tables[i]; h.into == into {
			h.rows, h.args = h.rows+1, append(h.args, row...)
			return
		}
	}
	l.tables = append(l.tables, held{into: into, rows: 1, args: row})
}

// reset forgets all of it.
func (l *later) reset() {
	l.spoiled = false
	clear(l.tips)
	for i := range l.tables {
		h := &l.tables[i]
		clear(h.args)
		h.rows, h.args = 0, h.args[:0]
	}
}

// flush writes what has been held back. After an error the transaction has to
// be given up.
func (w *writerConn) flush(ctx context.Context) error {
	if err := w.flushTips(ctx); err != nil {
		return err
	}
	for i := range w.later.tables {
		h := &w.later.tables[i]
		args := h.args
		for h.rows > 0 {
			size := 0
			for rowsAtOnce[size] > h.rows {
				size++
			}
			rows := rowsAtOnce[size]
			r, err := w.exec(ctx, h.into.texts[size], args[:rows*h.into.columns]...)
			added := int64(0)
			if err == nil {
				added, err = r.RowsAffected()
			}
			if err != nil || added != int64(rows) {
				w.later.spoiled = true
				return fmt.Errorf("add %d rows, %d added: %w", rows, added, errSpoiled)
			}
			h.rows, args = h.rows-rows, args[rows*h.into.columns:]
		}
		clear(h.args)
		h.args = h.args[:0]
	}
	return nil
}
