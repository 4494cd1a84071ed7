package routing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

var matchStep = newStep("match", "places", "fits", "stir", "ripen", "reasons", "rank")

const (
	// matchBatch is how many offers one run of the match script may propose; the
	// first run of a match, which mostly finds few or none, may fewer.
	matchBatch = 32
	firstBatch = 8
	// opensAtOnce is how many offers a node writes into the record at a time, so
	// that one commit holds many; a match waits when they are more.
	opensAtOnce = 32
)

// turns lets one match of this node reserve at a time. Whoever wants one while
// another reserves shares the next: however many wish, there are never more
// than one that reserves and one that waits to.
type turns struct {
	reserving chan struct{} // capacity 1: full while one reserves
	opening   chan struct{} // capacity opensAtOnce

	mu   sync.Mutex // guards what follows
	next *turn      // that has not begun
}

// A turn is one match. err is set before done is closed.
type turn struct {
	done chan struct{}
	err  error
}

func newTurns() turns {
	return turns{reserving: make(chan struct{}, 1), opening: make(chan struct{}, opensAtOnce)}
}

// join gives the match that begins next, and whether the caller is to make it.
func (t *turns) join() (next *turn, mine bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.next != nil {
		return t.next, false
	}
	t.next = &turn{done: make(chan struct{})}
	return t.next, true
}

// begin says that the next one begins: it does not see what happens from now on.
func (t *turns) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next = nil
}

// Match offers waiting conversations to agents until nothing more fits. It may
// run on any number of nodes at once; on one node those that wish for it
// meanwhile share one that begins after their wish. It returns when every offer
// of that one is in the record and announced.
func (r *Router) Match(ctx context.Context) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	t, mine := r.turns.join()
	if mine {
		t.err = r.matchInTurn(ctx)
		close(t.done)
		return t.err
	}
	select {
	case <-t.done:
		return t.err
	case <-ctx.Done():
		return fmt.Errorf("match: %w", ctx.Err())
	}
}

func (r *Router) matchInTurn(ctx context.Context) error {
	select {
	case r.turns.reserving <- struct{}{}:
		r.turns.begin()
	case <-ctx.Done():
		r.turns.begin()
		return fmt.Errorf("match: %w", ctx.Err())
	}
	var o opens
	err := r.reserve(ctx, &o)
	<-r.turns.reserving // the next may reserve while these are written
	if err != nil {
		r.failed(ctx, "match", err)
		err = fmt.Errorf("match: %w", err)
	}
	o.work.Wait()
	return errors.Join(append(o.errs, err)...)
}

// opens are offers of one match that are being written; a match waits for its own.
type opens struct {
	work sync.WaitGroup

	mu   sync.Mutex // guards what follows
	errs []error
}

func (o *opens) failed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.errs) > 0
}

func (o *opens) failing(err error) {
	if err == nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.errs = append(o.errs, err)
}

// reserve runs the script until nothing more fits, or an offer could not be
// written, and has the offers written meanwhile.
func (r *Router) reserve(ctx context.Context, o *opens) error {
	var from map[string]string
	for most := firstBatch; ; most = matchBatch {
		out, err := r.match(ctx, from, most)
		if err != nil {
			return err
		}
		r.alarmAsked(out.Asked)
		if len(out.Passed) > 0 {
			o.work.Go(func() { o.failing(r.skips(ctx, out)) })
		}
		var rung []protocol.AgentID // by offers of this run
		for _, p := range out.Offers {
			why := r.decision(ctx, out, p, rung)
			rung = append(rung, p.Agent)
			r.turns.opening <- struct{}{}
			o.work.Go(func() {
				defer func() { <-r.turns.opening }()
				o.failing(r.open(ctx, p, out.Now, why))
			})
		}
		if !out.More || o.failed() {
			return nil
		}
		from = out.From
	}
}

// matched is what one run of the match script did.
type matched struct {
	Now      int64
	Offers   []proposal
	More     bool              // it looked at as many as it may: the next run goes on
	From     map[string]string // behind these
	Looked   int
	Accounts map[string]account // how the agents stood, by class
	// Candidates are all who were considered for one of the offers.
	Candidates []protocol.Candidate
	Asked      []allAsked
	Passed     []skip // whose visitors are not there
	Rebuild    bool   // no generation: nothing is offered until it is rebuilt
}

func (r *Router) match(ctx context.Context, from map[string]string, most int) (out matched, err error) {
	err = r.run(ctx, matchStep, newOp(), r.matching(r.record.Epoch(), from, most), &out)
	r.stats.looked.Add(int64(out.Looked))
	out.resolve()
	return out, err
}

// resolve fills in who was considered for each offer.
func (m *matched) resolve() {
	for _, p := range m.Offers {
		if p.Why == nil {
			continue
		}
		p.Why.Candidates = make([]protocol.Candidate, 0, len(p.Why.First))
		for _, n := range p.Why.First {
			if n >= 1 && n <= len(m.Candidates) {
				p.Why.Candidates = append(p.Why.Candidates, m.Candidates[n-1])
			}
		}
	}
}

// matching is what the match script is told: most is how many offers it may propose.
func (r *Router) matching(epoch string, from map[string]string, most int) map[string]any {
	ids := make([]protocol.OfferID, most)
	for i := range ids {
		ids[i] = protocol.NewID[protocol.OfferID]()
	}
	slices.Sort(ids) // those of one match end in the order in which they were made
	in := map[string]any{
		"ids": ids, "ring": r.timers.Offer.Milliseconds(), "backoff": millis(r.timers.Backoff), "epoch": epoch,
	}
	if len(from) > 0 {
		in["from"] = from
	}
	return in
}
