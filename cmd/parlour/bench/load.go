package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// filler makes a message as long as messages are on average.
const filler = "do you have the blue kettle in stock, and when would it be here?"

// closedLoop lets every visitor write window messages at a time, each after the
// ack of the one before. It gives the acks a second, after a warm-up, and checks
// that agents were told of every message that was acknowledged.
func (c *crowd) closedLoop(ctx context.Context, window int, warm, measured time.Duration, during func(begin bool)) (float64, error) {
	loop, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var acked atomic.Int64
	var all sync.WaitGroup
	var over atomic.Bool
	for i, p := range c.visitors {
		for range window {
			all.Go(func() {
				for n := 0; !over.Load(); n++ {
					if err := p.post(loop, c.convs[i], fmt.Sprintf("%s%06d %s", markClosed, n, filler)); err != nil {
						stop(fmt.Errorf("visitor %d: %w", i, err))
						return
					}
					acked.Add(1)
				}
			})
		}
	}
	err := wait(loop, warm)
	during(true)
	from, began := acked.Load(), time.Now()
	if err == nil {
		err = wait(loop, measured)
	}
	rate := float64(acked.Load()-from) / time.Since(began).Seconds()
	during(false)
	over.Store(true)
	all.Wait()
	if err != nil {
		return 0, err
	}
	late, cancel := context.WithTimeoutCause(ctx, 10*time.Second, fmt.Errorf("%d messages were acknowledged", acked.Load()))
	defer cancel()
	for c.messages.Load() < acked.Load() {
		if err := wait(late, 10*time.Millisecond); err != nil {
			return 0, fmt.Errorf("agents were told of %d messages only: %w", c.messages.Load(), err)
		}
	}
	return rate, nil
}

// Latencies of messages of the open loop, from the moment each was due.
type latencies struct {
	due             []time.Time
	acked, received []atomic.Int64 // ns after due; 0: not yet
}

func newLatencies(n int) *latencies {
	return &latencies{due: make([]time.Time, n), acked: make([]atomic.Int64, n), received: make([]atomic.Int64, n)}
}

func (l *latencies) delivered(n int, at time.Time) {
	if n < len(l.due) {
		l.received[n].CompareAndSwap(0, int64(max(at.Sub(l.due[n]), 1)))
	}
}

func durations(from []atomic.Int64) []time.Duration {
	var out []time.Duration
	for i := range from {
		if ns := from[i].Load(); ns > 0 {
			out = append(out, time.Duration(ns))
		}
	}
	return out
}

// openLoop sends messages of random visitors, exponentially spaced, whether or
// not earlier ones have been answered, and waits until all have arrived.
func (c *crowd) openLoop(ctx context.Context, l *latencies, rate float64) error {
	loop, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	next := time.Now()
	for n := range l.due {
		next = next.Add(time.Duration(rand.ExpFloat64() / rate * float64(time.Second))) //nolint:gosec // arrivals are no secret
		l.due[n] = next
		if err := wait(loop, time.Until(next)); err != nil {
			stop(err)
			break
		}
		all.Go(func() {
			i := rand.IntN(len(c.visitors)) //nolint:gosec // nor is who writes
			if err := c.visitors[i].post(loop, c.convs[i], fmt.Sprintf("%s%06d %s", markOpen, n, filler)); err != nil {
				stop(fmt.Errorf("visitor %d: %w", i, err))
				return
			}
			l.acked[n].Store(int64(time.Since(l.due[n])))
		})
	}
	all.Wait()
	if loop.Err() != nil {
		return context.Cause(loop)
	}
	late, cancel := context.WithTimeoutCause(ctx, 10*time.Second, fmt.Errorf("%d messages were acknowledged", len(l.due)))
	defer cancel()
	for len(durations(l.received)) < len(l.due) {
		if err := wait(late, 10*time.Millisecond); err != nil {
			return fmt.Errorf("agents were told of %d messages only: %w", len(durations(l.received)), err)
		}
	}
	return nil
}
