package signaling

import (
	"context"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	canaryEvery  = 5 * time.Second // after three that did not come the subscription is made anew
	canaryMisses = 3
	redisRetry   = 500 * time.Millisecond
)

// A RedisBus carries messages by Redis pub/sub. Its client is its own, so that
// a stalled subscription holds nothing else up. The receive loop only sorts
// into bounded queues, and a canary finds a subscription that has died
// silently. With Redis away everything is lost until it is back.
type RedisBus struct {
	client redis.UniversalClient
	prefix string
	log    *slog.Logger
	subs   subscriptions
	fresh  chan struct{} // the set of topics has changed, or the canary died
	heard  atomic.Int64  // newest own canary
	stop   context.CancelFunc
	ended  sync.WaitGroup
	resubs atomic.Uint64
	self   string
	every  time.Duration // between canaries
}

// NewRedisBus starts a bus on a client that is used for nothing else; the
// caller closes it after the bus. The prefix keeps installations that share a
// Redis apart. self is unique among the buses, for instance the node's id.
func NewRedisBus(client redis.UniversalClient, prefix, self string, log *slog.Logger) *RedisBus {
	return newRedisBus(client, prefix, self, log, canaryEvery)
}

func newRedisBus(client redis.UniversalClient, prefix, self string, log *slog.Logger, every time.Duration) *RedisBus {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background())
	b := &RedisBus{client: client, prefix: prefix + ":bus:", log: log, fresh: make(chan struct{}, 1), stop: stop, self: self, every: every}
	b.ended.Go(func() { b.run(ctx) })
	b.ended.Go(func() { b.watch(ctx) })
	return b
}

// Close ends the bus and waits for its goroutines. Subscriptions are cancelled
// by their owners.
func (b *RedisBus) Close() error {
	b.stop()
	b.ended.Wait()
	return nil
}

// Publish is as the Bus says; it takes no longer than ctx lets it.
func (b *RedisBus) Publish(ctx context.Context, topic string, payload []byte) error {
	return b.client.Publish(ctx, b.prefix+topic, payload).Err()
}

// Subscribe is as the Bus says. What is published before Redis has taken the
// subscription does not come.
func (b *RedisBus) Subscribe(topics []string, receive func(string, []byte)) func() {
	sub := subscribe(topics, receive)
	b.subs.add(sub)
	b.renew()
	return func() {
		b.subs.remove(sub)
		b.renew()
		sub.cancel()
	}
}

// Dropped is as the Bus says.
func (b *RedisBus) Dropped() uint64 { return b.subs.dropped.Load() }

// Resubscribed counts how often the subscription was made anew because its
// canary did not come.
func (b *RedisBus) Resubscribed() uint64 { return b.resubs.Load() }

func (b *RedisBus) renew() {
	select {
	case b.fresh <- struct{}{}:
	default:
	}
}

func (b *RedisBus) canary() string { return "canary." + b.self }

func (b *RedisBus) topics() []string {
	b.subs.mu.Lock()
	defer b.subs.mu.Unlock()
	names := []string{b.prefix + b.canary()}
	for _, sub := range b.subs.all {
		for _, topic := range sub.topics {
			if name := b.prefix + topic; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// run holds one subscription at a time until ctx ends.
func (b *RedisBus) run(ctx context.Context) {
	for ctx.Err() == nil {
		held, cancel := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			b.hold(held)
		}()
		select {
		case <-b.fresh:
			cancel()
			<-ended
		case <-ended:
			cancel()
			pause := time.NewTimer(redisRetry)
			select {
			case <-pause.C:
			case <-ctx.Done():
			}
			pause.Stop()
		case <-ctx.Done():
			cancel()
			<-ended
		}
	}
}

// hold receives until ctx ends or the connection is lost.
func (b *RedisBus) hold(ctx context.Context) {
	sub := b.client.Subscribe(ctx, b.topics()...)
	closed := make(chan struct{})
	unhook := context.AfterFunc(ctx, func() {
		defer close(closed)
		_ = sub.Close() // a receive in flight does not end with its context
	})
	defer func() {
		if unhook() {
			_ = sub.Close()
			return
		}
		<-closed
	}()
	for {
		m, err := sub.Receive(ctx)
		if err != nil {
			if ctx.Err() == nil {
				b.log.Warn("bus subscription lost", "err", err)
			}
			return
		}
		if m, ok := m.(*redis.Message); ok {
			b.receive(m)
		}
	}
}

func (b *RedisBus) receive(m *redis.Message) {
	topic := strings.TrimPrefix(m.Channel, b.prefix)
	if topic == b.canary() {
		if n, err := strconv.ParseInt(m.Payload, 10, 64); err == nil {
			b.heard.Store(n)
		}
		return
	}
	b.subs.deliver(topic, []byte(m.Payload))
}

// watch sends a canary to itself; when three did not come the subscription is
// made anew.
func (b *RedisBus) watch(ctx context.Context) {
	ticker := time.NewTicker(b.every)
	defer ticker.Stop()
	var sent int64
	misses := 0
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if misses++; b.heard.Load() >= sent {
			misses = 0
		}
		if misses >= canaryMisses {
			misses = 0
			b.resubs.Add(1)
			b.log.Warn("bus subscription is silent, made anew")
			b.renew()
		}
		sent++
		late, cancel := context.WithTimeout(ctx, time.Second)
		if err := b.Publish(late, b.canary(), strconv.AppendInt(nil, sent, 10)); err != nil {
			sent--
			b.log.Debug("bus canary failed", "err", err)
		}
		cancel()
	}
}
