package routing

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var dumpStep = newStep("dump")

// An offer this young may be reserved and not yet in the record: open has 5 s.
const offerSettled = 6 * time.Second

// runAudits compares Redis with the record: every Timers.Audit on the node that
// sweeps, and on any node within a second of something having failed there.
func (r *Router) runAudits(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		due := r.swept.mine.Load() && time.Since(last) >= r.timers.Audit
		if !r.takeDirty() && !due {
			continue
		}
		if due {
			last = time.Now()
			r.auditLoads(ctx)
		}
		if err := r.audit(ctx); err != nil {
			r.failed(ctx, "audit", err)
		}
	}
}

func (r *Router) takeDirty() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	was := r.dirty && r.gen != ""
	if was {
		r.dirty = false
	}
	return was
}

func (r *Router) auditLoads(ctx context.Context) {
	repaired, err := r.record.AuditLoads(ctx, r.ws)
	if err != nil {
		r.failed(ctx, "audit loads", err)
		return
	}
	if repaired > 0 {
		r.stats.repaired.Add(int64(repaired))
		r.log.Warn("agents' load differed from the sum of their slots", "repaired", repaired)
	}
}

type dump struct {
	Waiting []string // conversations and requests
	Offers  []protocol.OfferID
	Young   []protocol.OfferID // reserved, and perhaps not yet in the record
}

func (r *Router) dump(ctx context.Context, settled time.Duration) (dump, error) {
	var out dump
	err := r.run(ctx, dumpStep, "", map[string]any{"settled": settled.Milliseconds()}, &out)
	return out, err
}

func (r *Router) heldOffers(ctx context.Context) (map[protocol.OfferID]bool, error) {
	d, err := r.dump(ctx, 0)
	if err != nil {
		return nil, err
	}
	held := make(map[protocol.OfferID]bool, len(d.Offers))
	for _, id := range d.Offers {
		held[id] = true
	}
	return held, nil
}

// audit mends every difference. Redis is listed before the record is read: a
// conversation is in the record before it is here, so what is listed here and
// not queued there has left the queue.
func (r *Router) audit(ctx context.Context) error {
	if err := r.readQueues(ctx); err != nil {
		return err
	}
	d, err := r.dump(ctx, offerSettled)
	if err != nil {
		return err
	}
	waiting, requests, err := r.waiting(ctx)
	if err != nil {
		return err
	}
	open, err := r.record.OpenOffers(ctx, r.ws)
	if err != nil {
		return fmt.Errorf("read open offers: %w", err)
	}
	errs := []error{r.auditPlaces(ctx, d, waiting, requests), r.auditOffers(ctx, d, open)}
	errs = append(errs, r.holdOpen(ctx, 0), r.refreshAll(ctx))
	r.notify.QueuesChanged(r.ws)
	return errors.Join(append(errs, r.Match(ctx))...)
}

func (r *Router) auditPlaces(ctx context.Context, d dump, waiting []store.Conversation, requests []store.Request) error {
	here := make(map[string]bool, len(d.Waiting))
	for _, id := range d.Waiting {
		here[id] = true
	}
	var missing []store.Conversation
	for _, c := range waiting {
		if !here[string(c.ID)] {
			missing = append(missing, c)
		}
		delete(here, string(c.ID))
	}
	var asked []store.Request
	for _, q := range requests {
		if !here[string(q.ID)] {
			asked = append(asked, q)
		}
		delete(here, string(q.ID))
	}
	errs := []error{r.load(ctx, missing, nil), r.loadRequests(ctx, asked)}
	for _, id := range slices.Sorted(maps.Keys(here)) {
		errs = append(errs, r.remove(ctx, id, 0))
	}
	r.stats.healed.Add(int64(len(missing) + len(asked) + len(here)))
	return errors.Join(errs...)
}

func (r *Router) auditOffers(ctx context.Context, d dump, open []store.Offer) error {
	there := make(map[protocol.OfferID]bool, len(open))
	for _, o := range open {
		there[o.ID] = true
	}
	var errs []error
	for _, id := range d.Offers {
		if !there[id] {
			r.stats.healed.Add(1)
			errs = append(errs, r.end(ctx, id, store.OutcomeRescinded, "superseded"))
		}
	}
	for _, id := range d.Young {
		if !there[id] {
			errs = append(errs, r.auditYoung(ctx, id))
		}
	}
	return errors.Join(errs...)
}

// auditYoung looks at a reservation that is not open in the record: it has
// ended there, or it is on its way, or nobody's.
func (r *Router) auditYoung(ctx context.Context, id protocol.OfferID) error {
	o, err := r.record.Offer(ctx, r.ws, id)
	if code(err) == protocol.CodeNotFound {
		r.markDirty() // look again until it is in the record or old enough to be nobody's
		return nil
	}
	if err != nil {
		return fmt.Errorf("read offer %s: %w", id, err)
	}
	if o.Outcome == "" {
		return nil // written since
	}
	r.stats.healed.Add(1)
	return r.settled(ctx, o, o.Outcome)
}
