package signaling

import (
	"context"
	"sync"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

const (
	relayTimeout  = 2 * time.Second
	relayRemember = 10 * time.Second // at least both tries
	relayMax      = 1024             // questions that run or are remembered; more: CodeUnavailable
)

// A Service answers the questions of other nodes.
type Service func(ctx context.Context, payload []byte) ([]byte, error)

type answer struct {
	data   []byte
	failed *protocol.Failed
}

// done is a question that this node has been asked: it is carried out once,
// however often it comes.
type done struct {
	ended  bool
	answer answer
	asker  protocol.NodeID
}

type relay struct {
	mu       sync.Mutex
	services map[string]Service
	waiting  map[string]chan answer
	asked    map[string]*done
}

func (r *relay) init() {
	r.services, r.waiting, r.asked = map[string]Service{}, map[string]chan answer{}, map[string]*done{}
}

// Serve names who answers the questions of a service.
func (h *Hub) Serve(service string, f Service) {
	h.relay.mu.Lock()
	defer h.relay.mu.Unlock()
	h.relay.services[service] = f
}

// Ask puts a question to a node's service and waits 2 s for the answer, then
// asks once more under the same id and waits 2 s again; the service carries it
// out once. Without an answer the error has CodeUnavailable; a protocol.Error of
// the service comes through as it is. The own node is asked directly.
func (h *Hub) Ask(ctx context.Context, node protocol.NodeID, service string, payload []byte) ([]byte, error) {
	if node == h.node {
		h.relay.mu.Lock()
		f := h.relay.services[service]
		h.relay.mu.Unlock()
		if f == nil {
			return nil, protocol.NewError(protocol.CodeUnavailable, "This part of the server is away. Please try again.")
		}
		return f(ctx, payload)
	}
	id, came := string(protocol.NewID[protocol.Op]()), make(chan answer, 1)
	h.relay.mu.Lock()
	h.relay.waiting[id] = came
	h.relay.mu.Unlock()
	defer func() {
		h.relay.mu.Lock()
		delete(h.relay.waiting, id)
		h.relay.mu.Unlock()
	}()
	for range 2 {
		h.stats.relaysAsked.Add(1)
		h.out.put(nodeTopic(node), envelope{Type: hintAsk, Kind: service, ID: id, data: payload})
		late := time.NewTimer(relayTimeout)
		select {
		case a := <-came:
			late.Stop()
			if a.failed != nil {
				return nil, protocol.NewError(a.failed.Code, a.failed.Message)
			}
			return a.data, nil
		case <-late.C:
		case <-ctx.Done():
			late.Stop()
			return nil, ctx.Err()
		}
	}
	h.stats.relaysFailed.Add(1)
	return nil, protocol.NewError(protocol.CodeUnavailable, "Another part of the server did not answer. Please try again.")
}

// asked takes a question from the bus; it does not wait for the service.
func (h *Hub) asked(e envelope) {
	r := &h.relay
	r.mu.Lock()
	f, before := r.services[e.Kind], r.asked[e.ID]
	switch {
	case before != nil && before.ended:
		a := before.answer
		r.mu.Unlock()
		h.reply(e, a)
		return
	case before != nil: // it runs; the answer will come
		r.mu.Unlock()
		return
	case f == nil || len(r.asked) >= relayMax || h.ctx.Err() != nil:
		r.mu.Unlock()
		h.reply(e, failedAnswer(protocol.NewError(protocol.CodeUnavailable, "This part of the server is away. Please try again.")))
		return
	}
	d := &done{asker: e.From}
	r.asked[e.ID] = d
	r.mu.Unlock()
	h.workers.Go(func() { h.carryOut(e, f, d) })
}

func (h *Hub) carryOut(e envelope, f Service, d *done) {
	ctx, cancel := context.WithTimeout(h.ctx, 2*relayTimeout)
	defer cancel()
	h.stats.relaysServed.Add(1)
	var a answer
	err := guard(func() (err error) {
		a.data, err = f(ctx, e.data)
		return err
	})
	if err != nil {
		known, ok := protocol.AsError(err)
		if !ok {
			h.log.Error("relayed question failed", "service", e.Kind, "from", e.From, "err", err)
		}
		a = failedAnswer(known)
	}
	h.relay.mu.Lock()
	d.ended, d.answer = true, a
	h.relay.mu.Unlock()
	time.AfterFunc(relayRemember, func() {
		h.relay.mu.Lock()
		defer h.relay.mu.Unlock()
		delete(h.relay.asked, e.ID)
	})
	h.reply(e, a)
}

func failedAnswer(err *protocol.Error) answer {
	return answer{failed: &protocol.Failed{Code: err.Code, Message: err.Message, Retry: err.Code.Retry()}}
}

func (h *Hub) reply(to envelope, a answer) {
	h.out.put(nodeTopic(to.From), envelope{Type: hintAnswer, ID: to.ID, Failed: a.failed, data: a.data})
}

func (h *Hub) answered(e envelope) {
	h.relay.mu.Lock()
	came := h.relay.waiting[e.ID]
	h.relay.mu.Unlock()
	if came == nil {
		return
	}
	select {
	case came <- answer{data: e.data, failed: e.Failed}:
	default: // the second answer to a question that was asked twice
	}
}
