package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A database is where the measured record is: a fresh one, which drop removes.
type database struct {
	driver, dsn string // for database/sql; chat/store brings the drivers
	url         string // for the setting database.url
	drop        func(ctx context.Context) error
}

// newDatabase makes an empty one: an SQLite file in dir, or a database of its
// own at the PostgreSQL server that address names, so that nothing that is there
// is touched.
func newDatabase(ctx context.Context, address, dir string) (database, error) {
	if address == "" {
		path := filepath.Join(dir, string(protocol.NewID[protocol.EntryID]())+".db")
		return database{driver: "sqlite", dsn: "file:" + path, url: path, drop: func(context.Context) error { return nil }}, nil
	}
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return database{}, errors.New("--database-url is empty for SQLite, or postgres://user:password@host:5432/database")
	}
	server, err := sql.Open("pgx", address)
	if err != nil {
		return database{}, fmt.Errorf("--database-url: %w", err)
	}
	asked, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if err := server.PingContext(asked); err != nil {
		return database{}, errors.Join(fmt.Errorf("needs a PostgreSQL that answers at --database-url: %w", err), server.Close())
	}
	name := "parlour_bench_" + strings.ReplaceAll(string(protocol.NewID[protocol.EntryID]()), "-", "")
	if _, err := server.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return database{}, errors.Join(fmt.Errorf("needs a PostgreSQL user who may create a database (CREATEDB) for it: %w", err), server.Close())
	}
	u.Path = "/" + name
	return database{driver: "pgx", dsn: u.String(), url: u.String(), drop: func(ctx context.Context) error {
		_, err := server.ExecContext(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
		return errors.Join(err, server.Close())
	}}, nil
}
