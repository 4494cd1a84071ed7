package testbed

import (
	"testing"
	"time"
)

// Until waits for cond to hold and fails the test when it does not within the
// timeout. What names the condition in the failure. Cond runs on the caller's
// goroutine, every 10 ms.
func Until(t testing.TB, timeout time.Duration, what string, cond func() bool) {
	t.Helper()
	if !until(timeout, cond) {
		t.Fatalf("%s: not within %s", what, timeout)
	}
}

func until(timeout time.Duration, cond func() bool) bool {
	deadline := time.NewTimer(timeout)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-deadline.C:
			return cond()
		}
	}
	return true
}
