package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/parlour-chat/parlour/chat/routing"
	"github.com/parlour-chat/parlour/configs"
)

// A finding is one line of the doctor's report.
type finding struct {
	part string
	err  error
	note string
}

// doctor checks the settings and everything they connect to, each on its own,
// and says what to do. It changes nothing but the database's schema.
func doctor(ctx context.Context, arguments, environ []string, out, errs io.Writer) error {
	c, rest, err := settings("doctor", arguments, environ, errs, nil)
	if err == nil {
		err = noMore("doctor", rest)
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	failed := 0
	for _, check := range []func(context.Context, configs.Config) finding{checkData, checkRecord, checkRedis, checkWebRTC, checkHTTP, checkOps, checkTLS, checkSecrets, checkBlob} {
		f := check(ctx, c)
		sign, text := "ok  ", f.note
		if f.err != nil {
			failed++
			sign, text = "FAIL", f.err.Error()
		}
		if _, err := fmt.Fprintf(out, "%s %-8s %s\n", sign, f.part, text); err != nil {
			return fmt.Errorf("print what was found: %w", err)
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of the checks failed", failed)
	}
	return nil
}

func checkData(ctx context.Context, c configs.Config) finding {
	f := finding{part: "data", note: "the data folder can be written, and no server uses it: " + c.Data.Directory}
	if err := os.MkdirAll(c.Data.Directory, 0o700); err != nil {
		f.err = fmt.Errorf("%w: make the folder, or set data.directory", err)
		return f
	}
	probe := filepath.Join(c.Data.Directory, ".doctor")
	if err := os.WriteFile(probe, nil, 0o600); err != nil {
		f.err = fmt.Errorf("%w: give this user the right to write, or set data.directory", err)
		return f
	}
	if f.err = os.Remove(probe); f.err == nil {
		f.err = unused(ctx, c)
	}
	return f
}

// unused takes the claims of a server and lets go of them at once.
func unused(ctx context.Context, c configs.Config) error {
	all, err := claims(c)
	if err != nil {
		return err
	}
	for _, claim := range all {
		lock, err := claim.take(ctx)
		if err == nil {
			err = lock.Close()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func checkRecord(ctx context.Context, c configs.Config) finding {
	f := finding{part: "record", note: "PostgreSQL answers"}
	if path, ok := c.SQLitePath(); ok {
		f.note = "SQLite at " + path
	}
	s, err := openStore(ctx, c, slog.New(slog.DiscardHandler))
	if err != nil {
		f.err = fmt.Errorf("%w: look at database.url", err)
		return f
	}
	f.err = errors.Join(s.Ping(ctx), s.Close())
	return f
}

func checkRedis(ctx context.Context, c configs.Config) finding {
	url := c.Redis.URL.Reveal()
	if url == "" {
		return finding{part: "redis", note: "embedded"}
	}
	f := finding{part: "redis", note: "Redis answers"}
	client, err := routing.Connect(url)
	if err != nil {
		f.err = fmt.Errorf("%w: look at redis.url", err)
		return f
	}
	if err := client.Ping(ctx).Err(); err != nil {
		f.err = fmt.Errorf("%w: is it running, and is redis.url right?", err)
	}
	return finding{part: f.part, note: f.note, err: errors.Join(f.err, client.Close())}
}
