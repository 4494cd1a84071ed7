package chat

import (
	"context"
	"fmt"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
)

// A wait is how long who asks next may wait in a queue, as a range in ms; the
// zero one is not known.
type wait struct{ low, high int64 }

// waitIn is the wait of a queue that takes nobody more: those who are refused
// read it. With Redis away it is not known.
func (s *Service) waitIn(ctx context.Context, queue store.Queue) wait {
	lines, err := s.router.Positions(ctx, queue.ID)
	if err != nil {
		return wait{}
	}
	return wait{lines[queue.ID].LowMs, lines[queue.ID].HighMs}
}

// said is the wait in words after those that lead to it, in whole minutes;
// nothing where it is not known.
func (w wait) said(lead string) string {
	minutes := func(ms int64) int64 { return max(1, (ms+minute-1)/minute) }
	switch low, high := minutes(w.low), minutes(w.high); {
	case w.high <= 0:
		return ""
	case high == 1:
		return lead + "about 1 minute"
	case low >= high:
		return fmt.Sprintf("%sabout %d minutes", lead, high)
	default:
		return fmt.Sprintf("%sabout %d to %d minutes", lead, low, high)
	}
}

const minute = int64(time.Minute / time.Millisecond) // ms
