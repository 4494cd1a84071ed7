package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/spf13/pflag"

	measured "github.com/parlour-chat/parlour/cmd/parlour/bench"
	"github.com/parlour-chat/parlour/media/transport/measure"
)

// benchTime bounds a bench: one that takes longer fails and says so.
const benchTime = 50 * time.Second

// bench measures and prints the result: one JSON object with --json, else a
// table. It starts this program again for the processes that it needs;
// hold-server and hold-clients are for that alone.
func bench(ctx context.Context, arguments, environ []string, out, errs io.Writer) error {
	unknown := errors.New("parlour bench knows: sessions, chat, routing")
	if len(arguments) == 0 {
		return unknown
	}
	rest := arguments[1:]
	switch arguments[0] {
	case "sessions":
		return benchSessions(ctx, rest, environ, out, errs)
	case "chat":
		return benchChat(ctx, rest, environ, out, errs)
	case "routing":
		return benchRouting(ctx, rest, environ, out, errs)
	case "hold-server":
		if len(rest) != 1 {
			return errors.New("parlour bench hold-server takes a kind")
		}
		return measured.RunServer(ctx, measure.Kind(rest[0]), os.Stdin, out)
	case "hold-clients":
		if len(rest) != 3 {
			return errors.New("parlour bench hold-clients takes a kind, a URL and how many at a time")
		}
		parallel, err := strconv.Atoi(rest[2])
		if err != nil {
			return fmt.Errorf("how many at a time: %w", err)
		}
		return measured.RunClients(ctx, measure.Kind(rest[0]), rest[1], parallel, os.Stdin, out)
	default:
		return unknown
	}
}

func benchSessions(ctx context.Context, arguments, environ []string, out, errs io.Writer) error {
	o := measured.SessionsOptions{Rounds: 5}
	return runBench(ctx, "sessions", arguments, environ, out, errs, func(f *pflag.FlagSet) {
		f.IntVar(&o.N, "n", 500, "connections of each kind")
		f.IntVar(&o.Parallel, "parallel", 64, "handshakes at a time")
		secondsVar(f, &o.Settle, "settle", 3, "seconds that they rest before anything is read")
		secondsVar(f, &o.Idle, "seconds", 12, "seconds for which the idle CPU time is read")
	}, func(ctx context.Context, p measured.Program) (measured.Result, error) {
		o.Program = p
		return measured.Sessions(ctx, o)
	})
}

func runBench(ctx context.Context, name string, arguments, environ []string, out, errs io.Writer, own func(*pflag.FlagSet), run func(context.Context, measured.Program) (measured.Result, error)) error {
	flags := pflag.NewFlagSet("parlour bench "+name, pflag.ContinueOnError)
	flags.SetOutput(errs)
	asJSON := flags.Bool("json", false, "print one JSON object")
	limit := benchTime
	secondsVar(flags, &limit, "limit", benchTime.Seconds(), "give up after so many seconds")
	own(flags)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("parlour bench %s takes no %q", name, flags.Arg(0))
	}
	path, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it did not end within %s: take fewer or a shorter time, or raise --limit", limit))
	defer cancel()
	result, err := run(ctx, measured.Program{Path: path, Environ: environ})
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return fmt.Errorf("bench %s: %w", name, err)
	}
	return result.Write(out, *asJSON)
}

func benchChat(ctx context.Context, arguments, environ []string, out, errs io.Writer) error {
	o := measured.ChatOptions{}
	return runBench(ctx, "chat", arguments, environ, out, errs, func(f *pflag.FlagSet) {
		f.StringVar(&o.DatabaseURL, "database-url", "", "postgres://user:password@host:5432/database: a database is made there and dropped again; empty: SQLite")
		f.IntVar(&o.Senders, "senders", 128, "visitors, each in a conversation with an agent")
		f.IntVar(&o.Window, "window", 4, "messages that one visitor has under way")
		secondsVar(f, &o.Measured, "seconds", 8, "seconds for which acknowledged messages are counted")
		f.Float64Var(&o.Rate, "rate", 400, "messages a second while delivery is timed")
		secondsVar(f, &o.Open, "deliver-seconds", 6, "seconds for which delivery is timed")
		f.StringVar(&o.Profile, "profile", "", "file for the server's CPU profile")
	}, func(ctx context.Context, p measured.Program) (measured.Result, error) {
		o.Program = p
		return measured.Chat(ctx, o)
	})
}

func benchRouting(ctx context.Context, arguments, environ []string, out, errs io.Writer) error {
	o := measured.RoutingOptions{}
	return runBench(ctx, "routing", arguments, environ, out, errs, func(f *pflag.FlagSet) {
		f.StringVar(&o.RedisURL, "redis-url", "", "redis://host:6379/0: keys are made there and removed again; empty: a redis-server of its own, from PATH")
		f.StringVar(&o.DatabaseURL, "database-url", "", "postgres://user:password@host:5432/database: a database is made there and dropped again; empty: SQLite")
		f.IntVar(&o.Waiting, "waiting", 1000, "visitors who wait while offers are timed")
		f.IntVar(&o.Agents, "agents", 200, "agents")
		f.Float64Var(&o.Rate, "rate", 40, "agents who get free a second while offers are timed; a quarter of them on the embedded Redis")
		secondsVar(f, &o.Offers, "offer-seconds", 6, "seconds for which offers are timed, on each Redis")
		secondsVar(f, &o.Measured, "seconds", 1, "seconds of matches through the router and of the script called bare, on each Redis")
		f.IntVar(&o.Assigned, "assign", 1000, "conversations that are assigned as fast as it goes; a quarter of them on the embedded Redis")
		f.IntVar(&o.Most, "growth", 100_000, "up to which the number who wait grows, by tens from 100")
		f.IntVar(&o.EmbeddedTo, "embedded-growth", 10_000, "the same on the embedded Redis")
	}, func(ctx context.Context, p measured.Program) (measured.Result, error) {
		o.Program = p
		return measured.Routing(ctx, o)
	})
}

// seconds is a flag for a number of seconds.
type seconds struct{ d *time.Duration }

func secondsVar(f *pflag.FlagSet, d *time.Duration, name string, value float64, usage string) {
	*d = time.Duration(value * float64(time.Second))
	f.Var(seconds{d}, name, usage)
}

func (s seconds) String() string { return strconv.FormatFloat(s.d.Seconds(), 'g', -1, 64) }

func (s seconds) Type() string { return "seconds" }

func (s seconds) Set(text string) error {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0) || v > 1e6 {
		return errors.New("want a number of seconds, such as 10")
	}
	*s.d = time.Duration(v * float64(time.Second))
	return nil
}
