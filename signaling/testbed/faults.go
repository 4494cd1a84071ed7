package testbed

import (
	"sync"
	"time"
)

// faults is what a proxy does to the traffic at this moment. Goroutines that
// wait for it to change wait on changed, which is closed and replaced.
type faults struct {
	mu      sync.Mutex // guards all below
	delay   time.Duration
	loss    float64
	paused  bool
	cut     bool
	changed chan struct{}
}

func newFaults() *faults { return &faults{changed: make(chan struct{})} }

func (f *faults) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	close(f.changed)
	f.changed = make(chan struct{})
}

func (f *faults) wait(done <-chan struct{}) bool {
	for {
		f.mu.Lock()
		paused, changed := f.paused, f.changed
		f.mu.Unlock()
		if !paused {
			return true
		}
		select {
		case <-changed:
		case <-done:
			return false
		}
	}
}

func (f *faults) isCut() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cut
}

// due is when what arrived now is to be handed on.
func (f *faults) due() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Now().Add(f.delay)
}

func (f *faults) lossRate() float64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.loss
}

// A parcel is traffic that waits for its time.
type parcel struct {
	data []byte
	due  time.Time
}

// deliver hands parcels on in order, each at its time, until the queue is
// closed and empty, done is closed, or send fails.
func (f *faults) deliver(queue <-chan parcel, done <-chan struct{}, send func([]byte) error) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var p parcel
		var open bool
		select {
		case p, open = <-queue:
		case <-done:
			return
		}
		if !open {
			return
		}
		timer.Reset(time.Until(p.due))
		select {
		case <-timer.C:
		case <-done:
			return
		}
		if !f.wait(done) || send(p.data) != nil {
			return
		}
	}
}
