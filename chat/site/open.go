package site

import (
	"context"
	"time"

	"github.com/parlour-chat/parlour/chat/site/hours"
	"github.com/parlour-chat/parlour/chat/store"
)

// Open says whether a queue is open at a time, by its calendar and by a closing
// of its own, and when that changes; 0: not within a year. Times are Unix
// milliseconds. It waits for the record a second at most, and once a second;
// then, and while the record cannot be read, the last known calendars hold. A
// calendar that is not known does not close a queue.
func (c *Cache) Open(q store.Queue, at int64) (open bool, changes int64) {
	var schedule *hours.Schedule
	if q.Rules.Calendar != "" {
		if s := c.latest(); s != nil {
			schedule = s.schedules[calendarKey{q.Workspace, q.Rules.Calendar}]
		}
	}
	return opensUntil(schedule, q.Rules.ClosedUntil, at)
}

// opensUntil is opens for a queue that has a closing of its own.
func opensUntil(schedule *hours.Schedule, closed, at int64) (open bool, changes int64) {
	if at < closed {
		if open, changes = opens(schedule, closed); open {
			changes = closed
		}
		return false, changes
	}
	return opens(schedule, at)
}

func opens(schedule *hours.Schedule, at int64) (open bool, changes int64) {
	if schedule == nil {
		return true, 0
	}
	open, change := schedule.Open(time.UnixMilli(at))
	if change.IsZero() {
		return open, 0
	}
	return open, change.UnixMilli()
}

// latest is the newest snapshot that can be had soon, nil if there never was one.
func (c *Cache) latest() *snapshot {
	if s := c.fresh(); s != nil {
		return s
	}
	now := c.now().UnixMilli()
	if last := c.looked.Load(); now-last < patience.Milliseconds() && now >= last || !c.looked.CompareAndSwap(last, now) {
		return c.kept.Load() // somebody has just tried
	}
	ctx, done := context.WithTimeout(context.Background(), patience)
	defer done()
	if s, err := c.current(ctx); err == nil {
		return s
	}
	return c.kept.Load()
}
