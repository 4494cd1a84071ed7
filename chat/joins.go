package chat

import (
	"context"
	"fmt"
	"sync"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// keptJoins bounds the answers that are kept. An older one is forgotten; asked
// for again it is a new join, which replaces the leg.
const keptJoins = 1000

// joins keeps what joining was answered, by actor and op: a browser that sends
// its offer again, since its transport broke before the answer came, must get
// the answer to that offer and not a second leg.
type joins struct {
	mu    sync.Mutex
	known map[string]*join
	order []string
}

type join struct {
	done   chan struct{} // closed when joined and err are set
	joined protocol.CallJoined
	err    error
}

// once runs f for the first that asks; the others wait and get its answer. One
// that failed is forgotten, so that it can be tried again.
func (j *joins) once(ctx context.Context, key string, f func() (protocol.CallJoined, error)) (protocol.CallJoined, error) {
	j.mu.Lock()
	if known := j.known[key]; known != nil {
		j.mu.Unlock()
		select {
		case <-known.done:
			return known.joined, known.err
		case <-ctx.Done():
			return protocol.CallJoined{}, fmt.Errorf("wait for the first answer: %w", ctx.Err())
		}
	}
	if j.known == nil {
		j.known = map[string]*join{}
	}
	first := &join{done: make(chan struct{})}
	j.known[key] = first
	j.order = append(j.order, key)
	if len(j.order) > keptJoins {
		delete(j.known, j.order[0])
		j.order = j.order[1:]
	}
	j.mu.Unlock()

	first.joined, first.err = f()
	close(first.done)
	if first.err != nil {
		j.mu.Lock()
		if j.known[key] == first {
			delete(j.known, key)
		}
		j.mu.Unlock()
	}
	return first.joined, first.err
}
