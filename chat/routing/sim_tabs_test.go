package routing

import (
	"fmt"
	"slices"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A page is a tab of somebody beside the first one.
type page struct {
	node *simNode
	who  protocol.Caller
}

// A forsaken tab is one that fell silent while another went on: its node finds
// out later.
type forsaken struct {
	page
	at time.Time
}

// second opens a second tab, at any node.
func (w *world) second(p *person) {
	if p.node == nil || p.silent || p.other != nil {
		return
	}
	n := w.some()
	w.mu.Lock()
	p.tabs++
	who := p.who
	who.Connection = protocol.ConnectionID(fmt.Sprintf("%s-%d", who.Actor(), p.tabs))
	p.other, p.last = &page{n, who}, time.Now()
	p.sign(n)
	w.mu.Unlock()
	w.note("%s opens a second tab at %s", who.Actor(), n.name)
	w.count("second tabs")
	n.r.Here(who)
	w.beat()
}

// closeOne closes one of two tabs, or lets it fall silent: its owner stays.
func (w *world) closeOne(p *person, silently bool) {
	if p.other == nil {
		return
	}
	ends := w.part(p, w.rng.IntN(2) == 0)
	w.note("%s closes %s of two tabs, silently: %v", p.who.Actor(), ends.who.Connection, silently)
	if silently {
		p.ghost = time.Now()
		w.graves = append(w.graves, forsaken{ends, time.Now().Add(w.between(5*time.Second, 40*time.Second))})
		return
	}
	ends.node.r.Gone(ends.who)
	w.beat()
}

// part takes the first of somebody's two tabs, or the other, away; the rest is the first.
func (w *world) part(p *person, first bool) page {
	w.mu.Lock()
	defer w.mu.Unlock()
	ends := *p.other
	p.other = nil
	if first {
		ends, p.node, p.who = page{p.node, p.who}, ends.node, ends.who
	}
	return ends
}

// bury lets nodes know of tabs that fell silent a while ago.
func (w *world) bury() {
	now := time.Now()
	w.graves = slices.DeleteFunc(w.graves, func(f forsaken) bool {
		if now.Before(f.at) {
			return false
		}
		if slices.Contains(w.nodes, f.node) {
			f.node.r.Gone(f.who)
			w.beat()
		}
		return true
	})
}

// pages are the tabs of somebody at a node that live.
func (p *person) pages(n *simNode) (list []protocol.Caller) {
	if p.node == n && !p.silent {
		list = append(list, p.who)
	}
	if p.other != nil && p.other.node == n {
		list = append(list, p.other.who)
	}
	return list
}

// closedFor is for how long the last tab of somebody has been closed, not just silent; 0: it is not.
func (w *world) closedFor(actor string) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.here[actor]; p != nil && !p.closed.IsZero() {
		return time.Since(p.closed)
	}
	return 0
}

// tabsOf are the nodes of an agent's two tabs; false: there are no two.
func (w *world) tabsOf(id protocol.AgentID) (a, b *simNode, two bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.here[agentActor(id)]; p != nil && p.node != nil && p.other != nil {
		return p.node, p.other.node, true
	}
	return nil, nil, false
}

// twice answers an offer in two tabs within a millisecond: by accepting it in
// both, or by accepting it in one and rejecting it in the other.
func (w *world) twice(o store.Offer) {
	a, b, two := w.tabsOf(o.Agent)
	if !two {
		a, b = w.some(), w.some()
	} else {
		w.count("by two tabs")
	}
	accepts := func(n *simNode) func() {
		return func() { w.persist(n, func(n *simNode) error { return w.take(o, n) }) }
	}
	first, then := accepts(a), accepts(b)
	if w.rng.IntN(4) == 0 {
		then = func() { w.persist(b, func(n *simNode) error { return w.refuse(o, n) }) }
	}
	if w.rng.IntN(2) == 0 {
		first, then = then, first
	}
	w.tasks.Go(first)
	w.pass(w.between(time.Microsecond, time.Millisecond))
	w.do(then)
}

// unreached: whoever has a tab that breathes counts as there, whatever became
// of another tab (R10).
func (c *checker) unreached(now time.Time) (broken []string) {
	key := keysOf(testWorkspace)[slices.Index(keyNames, "live")]
	for _, p := range c.w.people {
		c.w.mu.Lock()
		there, last := p.node != nil && !p.silent, p.last
		c.w.mu.Unlock()
		if !there || !last.After(c.from) || now.Sub(last) < time.Second {
			continue
		}
		if till, _ := c.w.server.ZScore(key, p.who.Actor()); int64(till) <= now.UnixMilli() {
			broken = append(broken, fmt.Sprintf("R10: %s counts as away, who was there %v ago", p.who.Actor(), now.Sub(last)))
		}
	}
	return broken
}
