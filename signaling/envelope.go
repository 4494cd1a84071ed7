package signaling

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// What an envelope says.
const (
	hintEntries = "entries"
	hintMarks   = "marks"
	hintView    = "view"
	hintQueues  = "queues"
	hintTyping  = "typing"
	hintFrame   = "frame"
	hintPacket  = "packet"
	hintRevoke  = "revoke"
	hintSeek    = "seek"  // "who has this connection?"
	hintWhere   = "where" // "this connection is at my node"
	hintAsk     = "ask"
	hintAnswer  = "answer"
	hintTell    = "tell"
)

const topicAll = "hub"

func nodeTopic(node protocol.NodeID) string { return "node." + string(node) }

// An envelope is one message between hubs: one line of JSON, then the packet's
// or question's own bytes.
type envelope struct {
	Type         string                  `json:"type"`
	From         protocol.NodeID         `json:"from"`
	Workspace    protocol.WorkspaceID    `json:"ws,omitempty"`
	Conversation protocol.ConversationID `json:"conv,omitempty"`
	Actors       []string                `json:"actors,omitempty"`
	Connection   protocol.ConnectionID   `json:"conn,omitempty"`
	Kind         string                  `json:"kind,omitempty"` // of a frame; channel of a packet; service of a question
	Body         json.RawMessage         `json:"body,omitempty"`
	ID           string                  `json:"id,omitempty"` // of a question
	Failed       *protocol.Failed        `json:"failed,omitempty"`
	data         []byte
}

func (e envelope) encode() []byte {
	line := mustJSON(e)
	out := make([]byte, 0, len(line)+1+len(e.data))
	return append(append(append(out, line...), '\n'), e.data...)
}

func decodeEnvelope(payload []byte) (envelope, error) {
	line, data, ok := bytes.Cut(payload, []byte{'\n'})
	if !ok {
		return envelope{}, errors.New("an envelope has a line of JSON")
	}
	var e envelope
	if err := json.Unmarshal(line, &e); err != nil {
		return envelope{}, err
	}
	e.data = data
	return e, nil
}

// mustJSON encodes what is made of plain structs only.
func mustJSON(v any) json.RawMessage {
	raw, err := json.Marshal(v)
	if err != nil {
		panic("signaling: body that JSON cannot hold: " + err.Error())
	}
	return raw
}

const (
	publishQueue = 4096
	publishBytes = 16 << 20
)

// A publisher puts a queue before the bus, so that nobody waits for Redis. What
// does not fit is dropped and counted.
type publisher struct {
	hub   *Hub
	queue chan busMessage
	bytes atomic.Int64
}

func (p *publisher) init(h *Hub) {
	p.hub, p.queue = h, make(chan busMessage, publishQueue)
}

func (p *publisher) put(topic string, e envelope) {
	e.From = p.hub.node
	payload := e.encode()
	if p.bytes.Load() < publishBytes {
		p.bytes.Add(int64(len(payload)))
		select {
		case p.queue <- busMessage{topic, payload}:
			return
		default:
			p.bytes.Add(-int64(len(payload)))
		}
	}
	p.hub.stats.hintsDropped.Add(1)
}

func (p *publisher) run() {
	for {
		select {
		case m := <-p.queue:
			p.bytes.Add(-int64(len(m.payload)))
			ctx, cancel := context.WithTimeout(p.hub.ctx, time.Second)
			if err := p.hub.bus.Publish(ctx, m.topic, m.payload); err != nil {
				p.hub.stats.hintsFailed.Add(1)
			}
			cancel()
		case <-p.hub.ctx.Done():
			return
		}
	}
}

// queueHints lets a workspace's hint through at once and then at most one in
// every period, the last one always.
type queueHints struct {
	mu      sync.Mutex
	every   time.Duration
	pending map[protocol.WorkspaceID]*time.Timer
	again   map[protocol.WorkspaceID]bool
	closed  bool
}

func (q *queueHints) setEvery(every time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.every = every
}

func (q *queueHints) hint(ws protocol.WorkspaceID, send func()) {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return
	}
	if q.pending[ws] != nil {
		if q.again == nil {
			q.again = map[protocol.WorkspaceID]bool{}
		}
		q.again[ws] = true
		q.mu.Unlock()
		return
	}
	q.pending[ws] = time.AfterFunc(q.every, func() {
		q.mu.Lock()
		again := q.again[ws]
		delete(q.pending, ws)
		delete(q.again, ws)
		q.mu.Unlock()
		if again {
			q.hint(ws, send)
		}
	})
	q.mu.Unlock()
	send()
}

func (q *queueHints) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	for _, t := range q.pending {
		t.Stop()
	}
}
