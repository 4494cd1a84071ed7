package transport

import (
	"slices"
	"sync"
)

const (
	// maxQueued is how many bytes may wait for one connection, each message
	// counted with messageOverhead.
	maxQueued       = 256 << 10
	messageOverhead = 64
)

type outgoing struct {
	channel int
	binary  bool
	data    []byte
}

func (o outgoing) cost() int { return len(o.data) + messageOverhead }

// A queue holds what is still to be written to one connection, in order over
// all channels, bounded by maxQueued. When it is full, waiting messages of
// lossy channels give way, oldest first; when that is not enough a lossy
// message is dropped itself and any other is refused.
type queue struct {
	mu      sync.Mutex
	waiting []outgoing
	bytes   int
	writing bool // a writer is at work; it ends when nothing waits
	closed  bool
}

type putResult int

const (
	putDone putResult = iota // queued, or dropped if lossy
	putFull                  // no room: the connection is too slow
	putClosed
)

// put queues o and says how many lossy messages it dropped to make room. start
// is called under the lock when a writer has to be started, so that close
// cannot come between; it must not call back.
func (q *queue) put(o outgoing, start func()) (result putResult, dropped int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return putClosed, 0
	}
	for q.bytes+o.cost() > maxQueued {
		oldest := slices.IndexFunc(q.waiting, func(w outgoing) bool { return channelSpecs[w.channel].lossy })
		if oldest < 0 {
			if channelSpecs[o.channel].lossy {
				return putDone, dropped + 1
			}
			return putFull, dropped
		}
		q.bytes -= q.waiting[oldest].cost()
		q.waiting = slices.Delete(q.waiting, oldest, oldest+1)
		dropped++
	}
	q.waiting = append(q.waiting, o)
	q.bytes += o.cost()
	if !q.writing {
		q.writing = true
		start()
	}
	return putDone, dropped
}

// next takes the oldest message; without one the writer has to end.
func (q *queue) next() (outgoing, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.waiting) == 0 {
		q.waiting = nil // an idle connection keeps no memory for it
		q.bytes = 0
		q.writing = false
		return outgoing{}, false
	}
	o := q.waiting[0]
	q.waiting[0] = outgoing{}
	q.waiting = q.waiting[1:]
	q.bytes -= o.cost()
	return o, true
}

func (q *queue) size() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.bytes
}

// close refuses all that comes and forgets what waits.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.waiting = nil
	q.bytes = 0
}
