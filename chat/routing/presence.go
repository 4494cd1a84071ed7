package routing

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

var (
	hereStep = newStep("here", "places", "stir")
	lookStep = newStep("look")
)

// A tab is a live connection of this node, and when its last sign of life came.
type tab struct {
	actor string
	seen  time.Time
}

// A sign is what is to be written about one connection.
type sign struct {
	Actor  string                `json:"actor"`
	Conn   protocol.ConnectionID `json:"conn"`
	Closed bool                  `json:"closed"`
	Used   bool                  `json:"used,omitempty"` // a visible desk was used
	Ago    int64                 `json:"ago,omitempty"`  // ms since it came: it may have waited for Redis
	at     time.Time
}

// Here is a sign of life of a connection: it renews the lease by Timers.Silent.
// It never waits: Run writes it within moments, the newest sign of a connection
// replacing an older one that is not yet written.
func (r *Router) Here(who protocol.Caller) { r.seen(false, who) }

// Used is a sign of life that also says that a visible desk was used just now:
// for a minute, what is to be accepted by itself is (ROUTE-7). It never waits.
func (r *Router) Used(who protocol.Caller) { r.seen(true, who) }

// seen notes signs of life of one moment.
func (r *Router) seen(used bool, all ...protocol.Caller) {
	now := time.Now()
	r.mu.Lock()
	for _, who := range all {
		conn := who.Connection
		r.tabs[conn] = tab{who.Actor(), now}
		r.pending[conn] = sign{Actor: who.Actor(), Conn: conn, Used: used || r.pending[conn].Used, at: now}
	}
	r.mu.Unlock()
	r.signal()
}

// Gone says that a connection has closed: without another one its owner counts
// as lost after Timers.Closed. It never waits.
func (r *Router) Gone(who protocol.Caller) {
	r.mu.Lock()
	delete(r.tabs, who.Connection)
	r.pending[who.Connection] = sign{Actor: who.Actor(), Conn: who.Connection, Closed: true, at: time.Now()}
	r.mu.Unlock()
	r.signal()
}

func (r *Router) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// runPresence writes signs of life, as many as wait in one script. What could
// not be written is kept for the next try, which the next sign or the watch starts.
func (r *Router) runPresence(ctx context.Context) {
	for {
		select {
		case <-r.wake:
			if err := r.flushPresence(ctx); err != nil {
				r.failed(ctx, "presence", err)
			}
		case <-ctx.Done():
			last, cancel := lasting(ctx)
			defer cancel()
			if err := r.flushPresence(last); err != nil {
				r.failed(last, "presence", err)
			}
			return
		}
	}
}

// presenceBatch bounds one script's work.
const presenceBatch = 500

func (r *Router) flushPresence(ctx context.Context) error {
	for {
		signs := r.takeSigns()
		if len(signs) == 0 {
			return nil
		}
		var out struct {
			Came     []string
			Returned []protocol.ConversationID
		}
		in := map[string]any{"signs": signs, "silent": r.timers.Silent.Milliseconds(), "closed": r.timers.Closed.Milliseconds()}
		if err := r.run(ctx, hereStep, newOp(), in, &out); err != nil {
			r.returnSigns(signs)
			return fmt.Errorf("write presence: %w", err)
		}
		r.welcome(out.Returned)
		if len(out.Came) == 0 {
			continue
		}
		r.notify.ViewChanged(r.ws, out.Came...)
		for _, actor := range out.Came {
			r.reach(r.ws, actor)
		}
		r.wantMatch()
	}
}

func (r *Router) takeSigns() []sign {
	r.mu.Lock()
	defer r.mu.Unlock()
	var signs []sign
	for conn, s := range r.pending {
		if len(signs) == presenceBatch {
			break
		}
		s.Ago = time.Since(s.at).Milliseconds()
		signs = append(signs, s)
		delete(r.pending, conn)
	}
	slices.SortFunc(signs, func(a, b sign) int { return cmp.Compare(a.Conn, b.Conn) })
	return signs
}

// returnSigns keeps what was not written, unless something newer is there.
func (r *Router) returnSigns(signs []sign) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range signs {
		if _, newer := r.pending[s.Conn]; !newer {
			r.pending[s.Conn] = s
		}
	}
}

// rewriteLeases writes the leases of all live tabs of this node again, each from
// its last sign of life: who has fallen silent is not awake by that.
func (r *Router) rewriteLeases() {
	r.mu.Lock()
	for conn, t := range r.tabs {
		if _, newer := r.pending[conn]; !newer {
			r.pending[conn] = sign{Actor: t.actor, Conn: conn, at: t.seen}
		}
	}
	r.mu.Unlock()
	r.signal()
}

func (r *Router) local(actor string) (protocol.ConnectionID, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	first := protocol.ConnectionID("")
	for conn, t := range r.tabs {
		if t.actor == actor && (first == "" || conn < first) {
			first = conn
		}
	}
	return first, first != ""
}

// A look is what the script says of one actor.
type look struct {
	Live bool                  // a lease runs
	Lost int64                 // ms since the last sign of life; -1 unknown
	Tab  protocol.ConnectionID // the one that has been here longest, of those that live
}

func (r *Router) looks(ctx context.Context, actors []string) ([]look, error) {
	var out struct{ Looks []look }
	if err := r.run(ctx, lookStep, "", map[string]any{"actors": actors}, &out); err != nil {
		return nil, fmt.Errorf("look for %d actors: %w", len(actors), err)
	}
	if len(out.Looks) != len(actors) {
		return nil, fmt.Errorf("look for %d actors: %d answers", len(actors), len(out.Looks))
	}
	return out.Looks, nil
}

// Reach says whether an actor's page is there: here while a lease runs,
// reconnecting until Timers.AgentGone after the last sign of life, then away.
// While Redis is away only this node's own connections are known as here, and
// everybody else counts as reconnecting.
func (r *Router) Reach(ctx context.Context, actor string) protocol.Reach {
	if _, ok := r.local(actor); ok {
		return protocol.ReachHere
	}
	found, err := r.looks(ctx, []string{actor})
	switch {
	case err != nil:
		r.failed(ctx, "reach", err)
		return protocol.ReachReconnecting
	case found[0].Live:
		return protocol.ReachHere
	case found[0].Lost >= 0 && found[0].Lost < r.timers.AgentGone.Milliseconds():
		return protocol.ReachReconnecting
	}
	return protocol.ReachAway
}
