package site

import "time"

// SetClock lets a test pass time.
func (c *Cache) SetClock(now func() time.Time) { c.now = now }
