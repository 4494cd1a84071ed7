package bench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var errOver = errors.New("the bench is over")

func (o RoutingOptions) samples() int { return max(1, int(o.Rate*o.Offers.Seconds())) }

// freed times offers: agents with room for one conversation get free, one here,
// one there, while many wait.
func (o RoutingOptions) freed(ctx context.Context, on redisKind, db database) (found Metrics, err error) {
	asked := o.Agents + o.Waiting
	f, err := openFloor(ctx, on, db, o.Agents, 1, asked)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.close(ctx)) }()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	times := make([]atomic.Int64, o.samples()) // ns
	var told, busy atomic.Int64
	err = f.open(ctx, fail, asked, func(ctx context.Context, d *desk, offer store.Offer) error {
		now := time.Now()
		d.mu.Lock()
		again := !d.freed.IsZero()
		if again {
			times[told.Add(1)-1].Store(int64(now.Sub(d.freed)))
		}
		d.mu.Unlock()
		if err := f.accept(ctx, d, offer); err != nil {
			return err
		}
		d.mu.Lock()
		d.conv, d.freed = offer.Conversation, time.Time{}
		d.mu.Unlock()
		busy.Add(1)
		if !again {
			return nil
		}
		c, err := f.ask(ctx) // as many wait as before
		if err != nil {
			return err
		}
		f.routed(f.router.Enqueue(ctx, c, f.queue))
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := until(ctx, func() bool { return busy.Load() == int64(o.Agents) }); err != nil {
		return nil, fmt.Errorf("%d of %d agents have a conversation: %w", busy.Load(), o.Agents, err)
	}
	if err := f.free(ctx, o, len(times), fail); err != nil {
		return nil, fmt.Errorf("free agents: %w", err)
	}
	if err := until(ctx, func() bool { return told.Load() == int64(len(times)) }); err != nil {
		return nil, fmt.Errorf("%d of %d free agents were offered something: %w", told.Load(), len(times), err)
	}
	all := durations(times)
	return Metrics{"offer_p50_ms": milliseconds(percentile(all, 0.5)), "offer_p99_ms": milliseconds(percentile(all, 0.99)), "offer_untold_steps": float64(f.late.Load())}, nil
}

// free frees agents who are busy, exponentially spaced, so many times.
func (f *floor) free(ctx context.Context, o RoutingOptions, times int, fail context.CancelCauseFunc) error {
	var all sync.WaitGroup
	next := time.Now()
	for range times {
		next = next.Add(time.Duration(rand.ExpFloat64() / o.Rate * float64(time.Second))) //nolint:gosec // arrivals are no secret
		if err := wait(ctx, time.Until(next)); err != nil {
			break
		}
		var d *desk
		if err := until(ctx, func() bool { d = f.busy(); return d != nil }); err != nil {
			break
		}
		all.Go(func() {
			if err := f.release(ctx, d); err != nil {
				fail(err)
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

// busy picks somebody who is in a conversation and takes that from him, so that
// it is ended once; nil: just now nobody is.
func (f *floor) busy() *desk {
	from := rand.IntN(len(f.desks)) //nolint:gosec // nor is who gets free
	for i := range f.desks {
		d := f.desks[(from+i)%len(f.desks)]
		d.mu.Lock()
		found := d.conv != "" && d.freed.IsZero()
		if found {
			d.freed = time.Now()
		}
		d.mu.Unlock()
		if found {
			return d
		}
	}
	return nil
}

// release ends an agent's conversation and clears its card. The time begins
// when that is committed.
func (f *floor) release(ctx context.Context, d *desk) error {
	d.mu.Lock()
	conv := d.conv
	d.mu.Unlock()
	author := protocol.Author{Kind: protocol.KindAgent, ID: string(d.who.Agent), Name: d.who.Name}
	if _, _, err := f.record.End(ctx, f.ws, conv, author, d.who.Actor(), protocol.NewID[protocol.Op](), "ended", 0); err != nil {
		return err
	}
	if _, err := f.record.Clear(ctx, f.ws, d.who.Agent, conv, protocol.NewID[protocol.Op]()); err != nil {
		return err
	}
	d.mu.Lock()
	d.freed = time.Now()
	d.mu.Unlock()
	f.routed(f.router.AgentChanged(ctx, d.who.Agent))
	return nil
}

// assigned gives many who wait to agents who accept at once, and says how many
// a second.
func (o RoutingOptions) assigned(ctx context.Context, on redisKind, db database) (found Metrics, err error) {
	f, err := openFloor(ctx, on, db, o.Agents, chatsOfMany, o.Assigned)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.close(ctx)) }()
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var accepted atomic.Int64
	var began, ended atomic.Int64 // ns
	start := time.Now()
	err = f.open(ctx, fail, o.Assigned, func(ctx context.Context, d *desk, offer store.Offer) error {
		began.CompareAndSwap(0, int64(time.Since(start)))
		if err := f.accept(ctx, d, offer); err != nil {
			return err
		}
		if accepted.Add(1) == int64(o.Assigned) {
			ended.Store(int64(time.Since(start)))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if err := until(ctx, func() bool { return ended.Load() > 0 }); err != nil {
		return nil, fmt.Errorf("%d of %d were accepted: %w", accepted.Load(), o.Assigned, err)
	}
	took := time.Duration(ended.Load() - began.Load())
	return Metrics{"assignments_per_second": float64(o.Assigned) / took.Seconds()}, nil
}

// until looks again and again.
func until(ctx context.Context, holds func() bool) error {
	for !holds() {
		if err := wait(ctx, 5*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}
