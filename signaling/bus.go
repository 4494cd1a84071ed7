package signaling

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// A Bus carries hints, packets and questions between nodes. It may lose
// messages at any time and delivers each at most once; messages of one
// publisher on one topic keep their order. What must not be lost is in the
// record, and is polled.
type Bus interface {
	// Publish hands a payload to all subscriptions of the topic, the own node's
	// too. The payload must not be changed afterwards.
	Publish(ctx context.Context, topic string, payload []byte) error
	// Subscribe calls receive, from one goroutine, until cancel, which waits for
	// the call that runs. Up to 4096 messages wait for a slow receiver; more are
	// dropped and counted.
	Subscribe(topics []string, receive func(topic string, payload []byte)) (cancel func())
	// Dropped counts messages that found their receiver's queue full.
	Dropped() uint64
}

const subscriptionQueue = 4096

type busMessage struct {
	topic   string
	payload []byte
}

// A subscription is a bounded queue with the one goroutine that empties it.
type subscription struct {
	topics  []string
	queue   chan busMessage
	stop    chan struct{}
	stopped sync.WaitGroup
	once    sync.Once
}

func subscribe(topics []string, receive func(string, []byte)) *subscription {
	s := &subscription{topics: topics, queue: make(chan busMessage, subscriptionQueue), stop: make(chan struct{})}
	s.stopped.Go(func() {
		for {
			select {
			case m := <-s.queue:
				receive(m.topic, m.payload)
			case <-s.stop:
				return
			}
		}
	})
	return s
}

// put never waits; false says that the message was dropped.
func (s *subscription) put(m busMessage) bool {
	select {
	case s.queue <- m:
		return true
	default:
		return false
	}
}

func (s *subscription) cancel() {
	s.once.Do(func() { close(s.stop) })
	s.stopped.Wait()
}

// A subscriptions set is what both buses deliver into.
type subscriptions struct {
	mu      sync.Mutex
	all     []*subscription
	dropped atomic.Uint64
}

func (s *subscriptions) add(sub *subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, sub)
}

func (s *subscriptions) remove(sub *subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = slices.DeleteFunc(s.all, func(other *subscription) bool { return other == sub })
}

func (s *subscriptions) deliver(topic string, payload []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sub := range s.all {
		if slices.Contains(sub.topics, topic) && !sub.put(busMessage{topic, payload}) {
			s.dropped.Add(1)
		}
	}
}

// A LocalBus joins the hubs of one process.
type LocalBus struct{ subs subscriptions }

// NewLocalBus makes a bus without anything behind it.
func NewLocalBus() *LocalBus { return &LocalBus{} }

// Publish delivers at once; it fails never.
func (b *LocalBus) Publish(_ context.Context, topic string, payload []byte) error {
	b.subs.deliver(topic, payload)
	return nil
}

// Subscribe is as the Bus says.
func (b *LocalBus) Subscribe(topics []string, receive func(string, []byte)) func() {
	sub := subscribe(topics, receive)
	b.subs.add(sub)
	return func() {
		b.subs.remove(sub)
		sub.cancel()
	}
}

// Dropped is as the Bus says.
func (b *LocalBus) Dropped() uint64 { return b.subs.dropped.Load() }
