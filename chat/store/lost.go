package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// lost makes CodeUnavailable of an error that says nothing about the statement,
// but that the database is not there: it does not answer, its connection broke,
// it starts, stops, or has no connection left. Others it gives back as they are.
func lost(err error) error {
	if err == nil {
		return nil
	}
	if _, known := protocol.AsError(err); known || !away(err) {
		return err
	}
	return errUnavailable(err)
}

func away(err error) bool {
	for _, one := range []error{context.DeadlineExceeded, driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, one) {
			return true
		}
	}
	if _, network := errors.AsType[net.Error](err); network {
		return true
	}
	if _, connecting := errors.AsType[*pgconn.ConnectError](err); connecting {
		return true
	}
	// Classes of connections, resources and of an operator who intervenes, but
	// not a statement that was cancelled.
	pg, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "53") || strings.HasPrefix(pg.Code, "57P"))
}
