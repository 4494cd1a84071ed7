package signaling

import (
	"context"
	"sync"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

const (
	// maxWhereabouts bounds what a hub remembers of connections elsewhere; when
	// it is full all is forgotten, and asked again.
	maxWhereabouts = 16_384
	// maxSeekers bounds those who wait to be told; more are told that nobody
	// knows.
	maxSeekers = 1024
	seekFor    = 500 * time.Millisecond
)

// Whereabouts remember at which node a connection is.
type whereabouts struct {
	mu      sync.Mutex
	nodes   map[protocol.ConnectionID]protocol.NodeID
	seekers int
	told    chan struct{} // closed when something was learned while somebody seeks
}

func (w *whereabouts) of(conn protocol.ConnectionID) (protocol.NodeID, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	node, ok := w.nodes[conn]
	return node, ok
}

func (w *whereabouts) learn(conn protocol.ConnectionID, node protocol.NodeID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.nodes == nil || len(w.nodes) >= maxWhereabouts {
		w.nodes = map[protocol.ConnectionID]protocol.NodeID{}
	}
	w.nodes[conn] = node
	if w.told != nil {
		close(w.told)
		w.told = nil
	}
}

// seek gives a channel that is closed at the next thing learned, unless the
// node is known already.
func (w *whereabouts) seek(conn protocol.ConnectionID) (node protocol.NodeID, known bool, told <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if node, known = w.nodes[conn]; known {
		return node, true, nil
	}
	if w.told == nil {
		w.told = make(chan struct{})
	}
	return "", false, w.told
}

func (w *whereabouts) enter() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.seekers >= maxSeekers {
		return false
	}
	w.seekers++
	return true
}

func (w *whereabouts) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seekers--
}

// locate finds the other node that has a connection, by asking all of them
// where it is not remembered. false after half a second, or with ctx.
func (h *Hub) locate(ctx context.Context, conn protocol.ConnectionID) (protocol.NodeID, bool) {
	if node, ok := h.where.of(conn); ok {
		return node, true
	}
	if !h.where.enter() {
		return "", false
	}
	defer h.where.leave()
	late := time.NewTimer(seekFor)
	defer late.Stop()
	for asked := false; ; asked = true {
		node, known, told := h.where.seek(conn)
		if known {
			return node, true
		}
		if !asked {
			h.out.put(topicAll, envelope{Type: hintSeek, Connection: conn})
		}
		select {
		case <-told:
		case <-late.C:
			return "", false
		case <-ctx.Done():
			return "", false
		}
	}
}
