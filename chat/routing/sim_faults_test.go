package routing

import (
	"slices"
	"testing/synctest"
	"time"
)

// A fault goes wrong for a while. It runs beside the driver's ticks: begin and
// what it returns are called by the driver.
type fault struct {
	name  string
	begin func(w *world) (lasts time.Duration, end func())
}

var simFaults = []fault{
	{"slow", func(w *world) (time.Duration, func()) {
		n := w.some()
		n.link.hamper(900*time.Millisecond, 0)
		return w.ending(n, healing, 5*time.Second, 15*time.Second, func() { n.link.hamper(0, 0) })
	}},
	{"answers lost", func(w *world) (time.Duration, func()) {
		n := w.some()
		n.link.hamper(0, 20)
		return w.ending(n, healing, 5*time.Second, 15*time.Second, func() { n.link.hamper(0, 0) })
	}},
	{"cut", func(w *world) (time.Duration, func()) {
		n := w.some()
		n.link.cut(true)
		return w.ending(n, healing, time.Second, 10*time.Second, func() { n.link.cut(n.dead) })
	}},
	{"flushed", func(w *world) (time.Duration, func()) {
		w.server.FlushAll()
		w.check.trouble(time.Now(), healing)
		w.check.flushed()
		return 0, nil
	}},
	{"failed over", failover},
	{"node killed", kill},
	{"record away", func(w *world) (time.Duration, func()) {
		all := slices.Clone(w.nodes)
		for _, n := range all {
			n.ledger.hamper(true, 0)
		}
		return w.ending(nil, healing, 5*time.Second, 60*time.Second, func() {
			for _, n := range all {
				n.ledger.hamper(n.dead, 0)
			}
		})
	}},
	{"commits unanswered", func(w *world) (time.Duration, func()) {
		n := w.some()
		n.ledger.hamper(false, 20)
		return w.ending(n, unheeded, 5*time.Second, 15*time.Second, func() { n.ledger.hamper(n.dead, 0) })
	}},
	{"clock off", func(w *world) (time.Duration, func()) {
		n := w.some()
		n.ledger.skew = w.between(-10*time.Minute, 10*time.Minute)
		return 0, nil
	}},
}

// ending is how long a fault lasts, and what ends it.
func (w *world) ending(n *simNode, heal, least, most time.Duration, end func()) (time.Duration, func()) {
	lasts := w.between(least, most)
	w.check.trouble(time.Now().Add(lasts), heal)
	if n != nil {
		w.note("  at %s for %v", n.name, lasts)
	}
	return lasts, end
}

// failover: another Redis takes over, which has not the last second's writes.
func failover(w *world) (time.Duration, func()) {
	synctest.Wait() // a copy is of one moment
	old, taken := take(w.server), time.Now()
	lasts, loses := w.between(500*time.Millisecond, 3*time.Second), w.between(900*time.Millisecond, 1100*time.Millisecond)
	w.check.trouble(time.Now().Add(loses+lasts), healing)
	all := slices.Clone(w.nodes)
	w.tasks.Go(func() {
		<-time.After(loses)
		for _, n := range all {
			n.link.cut(true)
			<-time.After(time.Microsecond)
		}
		<-time.After(lasts / 2) // what runs comes to its end
		old.restore(w.server)
		w.forget(taken)
		<-time.After(lasts / 2)
		for _, n := range all {
			w.mu.Lock()
			dead := n.dead
			w.mu.Unlock()
			n.link.cut(dead)
			<-time.After(time.Microsecond)
		}
	})
	return loses + lasts, func() {}
}

// kill ends a node at once. Its people come to others, and a new one starts.
func kill(w *world) (time.Duration, func()) {
	if len(w.nodes) == 1 {
		return 0, nil
	}
	n := w.some()
	w.mu.Lock()
	n.dead = true
	w.nodes = slices.DeleteFunc(w.nodes, func(m *simNode) bool { return m == n })
	w.mu.Unlock()
	lasts := w.between(3*time.Second, 20*time.Second)
	w.check.trouble(time.Now(), unheeded)
	w.note("  %s, the next one in %v", n.name, lasts)
	n.ledger.hamper(true, 0) // before anything of it wakes up
	n.link.cut(true)
	w.do(n.stop)
	for _, p := range w.people {
		if p.other != nil && (p.node == n || p.other.node == n) { // the other tab goes on, unless that was there too
			w.part(p, p.node == n)
			p.ghost = time.Now()
		}
		if p.node != n {
			continue
		}
		w.mu.Lock()
		p.node = nil
		if !p.silent {
			p.last = time.Now()
		}
		w.mu.Unlock()
		if p.back.IsZero() {
			p.back = time.Now().Add(w.between(time.Second, 6*time.Second))
		}
	}
	return lasts, func() { w.node() }
}

// A running fault is one that will end.
type running struct {
	at  time.Time
	end func()
}

// A fate lets things go wrong, one about each 20 to 60 s.
type fate struct {
	w    *world
	next time.Time
	runs []running
}

func (f *fate) tick() {
	now := time.Now()
	f.mend(now)
	if now.Before(f.next) {
		return
	}
	f.next = now.Add(f.w.between(20*time.Second, 60*time.Second))
	one := simFaults[f.w.rng.IntN(len(simFaults))]
	f.w.note("FAULT %s", one.name)
	f.w.faults[one.name]++
	if lasts, end := one.begin(f.w); end != nil {
		f.runs = append(f.runs, running{now.Add(lasts), end})
	}
}

// mend ends the faults whose time is over.
func (f *fate) mend(until time.Time) {
	f.runs = slices.DeleteFunc(f.runs, func(r running) bool {
		over := !until.Before(r.at)
		if over {
			r.end()
			f.w.note("  a fault ends")
		}
		return over
	})
}
