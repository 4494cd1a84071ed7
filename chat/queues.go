package chat

import (
	"context"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// shownWaiting is how many of a waiting list a desk shows, firstShown how much
// of what each has asked; characters.
const (
	shownWaiting = 50
	firstShown   = 200
)

func (s *Service) queueItems(ctx context.Context, d *desk, into map[string]protocol.Item) error {
	// With Redis away the lengths are not known, and the desk shows the queues without.
	lines, err := s.router.Positions(ctx, d.agent.Profile.Queues...)
	if err != nil {
		lines = nil
	}
	for _, id := range d.agent.Profile.Queues {
		queue, line := d.queues[id], lines[id]
		item := protocol.QueueItem{
			Queue: id, Name: queue.Name, Waiting: line.Waiting, Oldest: line.Oldest, Ready: line.Ready, Delayed: line.Delayed, Bare: line.Bare,
			AllAsked: line.AllAsked > 0,
		}
		if queue.Rules.Mode != store.ModeRingOne {
			item.Mode = queue.Rules.Mode
		}
		into["queue/"+string(id)] = protocol.Item{Queue: &item}
		if queue.Rules.Mode != store.ModePull || line.Waiting == 0 {
			continue
		}
		if err := s.waitingItems(ctx, queue, into); err != nil {
			return err
		}
	}
	return nil
}

// waitingItems are the oldest of a waiting list. With Redis away none are shown.
func (s *Service) waitingItems(ctx context.Context, queue store.Queue, into map[string]protocol.Item) error {
	ids, err := s.router.Waits(ctx, queue.ID, shownWaiting)
	if err != nil {
		return nil //nolint:nilerr // as said above; what else the view shows does not wait for Redis
	}
	for i, id := range ids {
		c, err := s.store.Conversation(ctx, s.ws, id)
		if err != nil {
			return err
		}
		if c.State != protocol.StateQueued {
			continue
		}
		item := protocol.WaitingItem{
			Conversation: c.ID, Queue: queue.ID, QueueName: queue.Name, Name: c.Name, Verified: c.Verified, First: beginning(c.First, firstShown),
			Since: c.Enqueued(), Head: i == 0,
		}
		into["waiting/"+string(c.ID)] = protocol.Item{Waiting: &item}
	}
	return nil
}

// beginning is at most so many characters of a text.
func beginning(text string, most int) string {
	n := 0
	for i := range text {
		if n == most {
			return text[:i]
		}
		n++
	}
	return text
}
