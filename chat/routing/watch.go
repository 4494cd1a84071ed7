package routing

import (
	"context"
	"strings"
	"sync/atomic"
	"time"
)

var leaseStep = newStep("lease")

// sweeping says whether this node holds the sweeper's lease.
type sweeping struct{ atomic.Bool }

// runWatch renews the sweeper's lease and looks at the generation. When the
// generation is missing or not of this record, it rebuilds; when it is a new
// one, the leases of this node's tabs are written again. Two things nobody is
// told of lose a little of what Redis held: another server takes over, which
// may lack the last writes, and a node dies between a commit and what follows
// from it. Both show here, and Redis is compared with the record at once.
func (r *Router) runWatch(ctx context.Context) {
	tick := time.NewTicker(r.timers.Renew)
	defer tick.Stop()
	for {
		r.watch(ctx)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (r *Router) watch(ctx context.Context) {
	var out struct {
		Now  int64
		Mine bool
		Gen  string

		Server string   // which one answers; empty: it does not say
		Silent []string // nodes that were not heard of any more
	}
	in := map[string]any{"node": r.node, "ms": r.timers.Lease.Milliseconds()}
	if err := r.run(ctx, leaseStep, newOp(), in, &out); err != nil {
		r.swept.mine.Store(false)
		r.failed(ctx, "lease", err)
		return
	}
	err := r.informed(ctx) // who sweeps goes by the rules of the queues
	r.swept.mine.Store(out.Mine && err == nil)
	if err != nil {
		r.failed(ctx, "read queues", err)
		return
	}
	if !strings.HasPrefix(out.Gen, r.record.Epoch()+"/") {
		if err := r.rebuild(ctx); err != nil {
			r.failed(ctx, "rebuild", err)
		}
		return
	}
	r.mu.Lock()
	changed := r.gen != out.Gen || r.server != out.Server
	r.dirty = r.dirty || r.gen == "" || r.server != out.Server || len(out.Silent) > 0
	r.gen, r.server, r.ahead = out.Gen, out.Server, out.Now-time.Now().UnixMilli()
	unwritten := len(r.pending) > 0
	r.mu.Unlock()
	if len(out.Silent) > 0 {
		r.log.Info("nodes are not heard of any more", "nodes", out.Silent)
	}
	switch {
	case changed:
		r.rewriteLeases()
		r.wantMatch()
	case unwritten:
		r.signal()
	}
}
