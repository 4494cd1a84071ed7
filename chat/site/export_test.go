package site

import "time"

// SetClock lets a test pass time.
func (c *Cache) SetClock(now func() time.Time) { c.now = now }

// Reads counts how often all was read.
func (c *Cache) Reads() int64 { return c.reads.Load() }
