package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// ChatOptions say how much is measured, and on which database.
type ChatOptions struct {
	Program     Program
	DatabaseURL string        // empty: SQLite in a temporary folder
	Senders     int           // visitors, each in a conversation of its own
	Window      int           // messages of one visitor under way, in the closed loop
	Measured    time.Duration // of the closed loop, and half of it for each baseline
	Rate        float64       // messages a second in the open loop
	Open        time.Duration // of the open loop
	Profile     string        // file for the server's CPU profile of the closed loop; empty: none
}

// Names of what is measured beside ours.
const (
	baseAppend = "store_append"
	baseInsert = "sql_insert"
)

// Chat starts a server as a process of its own and measures messages through
// all of it, over WebSockets: how many are acknowledged when every visitor sends
// as fast as acks come, then how long messages take to the agent at a moderate
// rate. The baselines are the record without the handler, and the database
// without the record. Generator and server share the machine.
func Chat(ctx context.Context, o ChatOptions) (result Result, err error) {
	if o.Senders < 1 || o.Window < 1 || o.Measured <= 0 || o.Rate <= 0 || o.Open <= 0 {
		return Result{}, errors.New("senders, window, seconds and rate are above 0")
	}
	dir, err := os.MkdirTemp("", "parlour-bench-")
	if err != nil {
		return Result{}, fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ours, err := throughServer(ctx, o, dir)
	if err != nil {
		return Result{}, err
	}
	baselines := map[string]Metrics{}
	for name, run := range map[string]func(context.Context, database) (float64, error){
		baseAppend: func(ctx context.Context, db database) (float64, error) {
			return appendAlone(ctx, db, o.Senders*o.Window, o.Measured/2)
		},
		baseInsert: func(ctx context.Context, db database) (float64, error) { return insertAlone(ctx, db, o.Measured/2) },
	} {
		err := withDatabase(ctx, o.DatabaseURL, dir, func(db database) error {
			rate, err := run(ctx, db)
			baselines[name] = Metrics{"acked_messages_per_second": rate}
			return err
		})
		if err != nil {
			return Result{}, fmt.Errorf("baseline %s: %w", name, err)
		}
	}
	return newResult("chat", o.params(), ours, baselines), nil
}

func (o ChatOptions) params() map[string]any {
	kind := "sqlite, synchronous=FULL"
	if o.DatabaseURL != "" {
		kind = "postgresql"
	}
	return map[string]any{
		"database": kind, "senders": o.Senders, "agents": agentsFor(o.Senders), "window": o.Window, "seconds": o.Measured.Seconds(),
		"deliver_rate_per_second": o.Rate, "deliver_seconds": o.Open.Seconds(), "cpus": runtime.NumCPU(),
		"load":   "acked_messages_per_second: closed loop; deliver and ack times: open loop, exponential arrivals, from the moment a message was due",
		"layout": "server in a process of its own, WebSockets over loopback, the generator on the same CPUs; agents read everything and send no marks",
	}
}

// withDatabase runs do with a database of its own and removes that afterwards.
func withDatabase(ctx context.Context, address, dir string, do func(database) error) error {
	db, err := newDatabase(ctx, address, dir)
	if err != nil {
		return err
	}
	err = do(db)
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(err, db.drop(late))
}

func throughServer(ctx context.Context, o ChatOptions, dir string) (ours Metrics, err error) {
	err = withDatabase(ctx, o.DatabaseURL, dir, func(db database) error {
		file := filepath.Join(dir, "workspace.yaml")
		if err := os.WriteFile(file, workspaceFile(o.Senders), 0o600); err != nil {
			return fmt.Errorf("write workspace: %w", err)
		}
		s, err := startServer(ctx, o, db, dir, file)
		if err != nil {
			return err
		}
		defer s.close()
		ours, err = s.measure(ctx, o)
		return err
	})
	return ours, err
}

func (s *server) measure(ctx context.Context, o ChatOptions) (Metrics, error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	times := newLatencies(int(o.Rate * o.Open.Seconds()))
	c, err := gather(ctx, s.base, o.Senders, times.delivered, fail)
	defer c.close()
	if err != nil {
		return nil, err
	}
	var used, own time.Duration
	profile := make(chan error, 1)
	rate, err := c.closedLoop(ctx, o.Window, time.Second, o.Measured, func(begin bool) {
		used, own = s.cpuTime()-used, ownCPUTime()-own // the second time, what was used in between
		if begin {
			go func() { profile <- s.profile(ctx, o.Profile, o.Measured) }()
		}
	})
	if err = errors.Join(err, <-profile); err != nil {
		return nil, fmt.Errorf("closed loop: %w", err)
	}
	if err := c.openLoop(ctx, times, o.Rate); err != nil {
		return nil, fmt.Errorf("open loop: %w", err)
	}
	acked, received := durations(times.acked), durations(times.received)
	return Metrics{
		"acked_messages_per_second": rate,
		"server_cpu_us_per_message": float64(used.Microseconds()) / (rate * o.Measured.Seconds()),
		// Both together, times the rate, are what the machine's CPUs had to give.
		"generator_cpu_us_per_message": float64(own.Microseconds()) / (rate * o.Measured.Seconds()),
		"ack_p50_ms":                   milliseconds(percentile(acked, 0.5)),
		"ack_p99_ms":                   milliseconds(percentile(acked, 0.99)),
		"deliver_p50_ms":               milliseconds(percentile(received, 0.5)),
		"deliver_p99_ms":               milliseconds(percentile(received, 0.99)),
	}, nil
}
