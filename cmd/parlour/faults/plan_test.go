package faults

import (
	"context"
	"math/rand/v2"
	"regexp"
	"syscall"
	"time"
)

// A fault hurts one part for a while. It returns when the part is well again,
// or about to be, and gives the moment from which people count until things go
// on: when the part died, where another has to take over, or came back.
type fault struct {
	name  string
	redis bool // the master needs a replica before it
	hurt  func(ctx context.Context, h *house, r *rand.Rand) time.Time
}

var faults = []fault{
	{"node killed", false, func(ctx context.Context, h *house, r *rand.Rand) time.Time {
		n, at := h.nodes[r.IntN(len(h.nodes))], time.Now()
		n.kill()
		pause(ctx, between(r, 0, 2*time.Second))
		n.start()
		return at
	}},
	{"node paused for longer than its leases", false, func(ctx context.Context, h *house, r *rand.Rand) time.Time {
		n, at := h.nodes[r.IntN(len(h.nodes))], time.Now()
		n.signal(syscall.SIGSTOP)
		pause(ctx, between(r, 3*time.Second, 7*time.Second))
		n.signal(syscall.SIGCONT)
		return at
	}},
	{"Redis flushed", false, func(_ context.Context, h *house, _ *rand.Rand) time.Time {
		at := time.Now()
		if m := h.redis.master(); m != nil {
			_, _ = m.Try("FLUSHALL")
		}
		return at
	}},
	{"Redis paused", false, func(ctx context.Context, h *house, r *rand.Rand) time.Time {
		if m := h.redis.master(); m != nil {
			m.Pause()
			pause(ctx, between(r, 300*time.Millisecond, 900*time.Millisecond))
			m.Resume()
		}
		return time.Now()
	}},
	{"Redis master paused until another is", true, func(ctx context.Context, h *house, r *rand.Rand) time.Time {
		at := time.Now()
		if m := h.redis.master(); m != nil {
			m.Pause()
			pause(ctx, between(r, 3*time.Second, 5*time.Second))
			m.Resume()
		}
		return at
	}},
	{"failover ordered", true, func(_ context.Context, h *house, _ *rand.Rand) time.Time {
		at := time.Now()
		if err := h.redis.failover(); err != nil {
			h.t.Logf("a failover was refused: %v", err)
		}
		return at
	}},
	{"Redis master killed", true, func(ctx context.Context, h *house, r *rand.Rand) time.Time {
		at := time.Now()
		if m := h.redis.master(); m != nil {
			m.Kill()
			pause(ctx, between(r, 3*time.Second, 5*time.Second))
			m.Restart()
		}
		return at
	}},
	{"Redis master back at once, and empty", false, func(_ context.Context, h *house, _ *rand.Rand) time.Time {
		at := time.Now()
		if m := h.redis.master(); m != nil {
			m.Kill()
			m.Restart()
		}
		return at
	}},
	{"database hung", false, func(ctx context.Context, h *house, r *rand.Rand) time.Time {
		h.link.Pause()
		pause(ctx, between(r, time.Second, 3*time.Second))
		h.link.Resume()
		return time.Now()
	}},
	{"database away", false, func(ctx context.Context, h *house, r *rand.Rand) time.Time {
		h.link.Cut()
		pause(ctx, between(r, time.Second, 3*time.Second))
		h.link.Heal()
		return time.Now()
	}},
	{"database killed", false, func(_ context.Context, h *house, _ *rand.Rand) time.Time {
		h.pg.Kill(h.t)
		h.pg.Restart(h.t)
		return time.Now()
	}},
	{"connections to the database broken", false, func(_ context.Context, h *house, _ *rand.Rand) time.Time {
		h.link.Drop()
		return time.Now()
	}},
}

// chosenFaults are those that the flag names.
func chosenFaults() (chosen []fault) {
	wanted := regexp.MustCompile(*only)
	for _, f := range faults {
		if wanted.MatchString(f.name) {
			chosen = append(chosen, f)
		}
	}
	return chosen
}

// A dose is a fault that was given.
type dose struct {
	name  string
	from  time.Time
	alone bool // nothing else was hurt until an offer was made again
}

// hurt gives faults, in rounds of all kinds, each round in an order of its own,
// until the time is over; each kind comes once at least. In every other round
// the next does not wait until all has recovered from the one before.
func hurt(ctx context.Context, h *house, r *rand.Rand, lasting time.Duration) (given []dose) {
	end, chosen := time.Now().Add(lasting), chosenFaults()
	for round := 0; round == 0 || time.Now().Before(end); round++ {
		deck := append([]fault{}, chosen...)
		r.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		for len(deck) > 0 && (round == 0 || time.Now().Before(end)) {
			next := 0
			for i, f := range deck { // another one first, while the Redis has no replica
				if !f.redis || settled(h.redis, 50*time.Millisecond) {
					next = i
					break
				}
			}
			f := deck[next]
			deck = append(deck[:next], deck[next+1:]...)
			if f.redis && !settled(h.redis, hang) {
				h.t.Fatal("the Redis master got no replica again")
			}
			h.record.disturbed(true)
			h.t.Logf("%s %s", clock(time.Now()), f.name)
			d := dose{name: f.name, from: f.hurt(ctx, h, r), alone: round%2 == 0}
			given = append(given, d)
			h.record.disturbed(false)
			if d.alone && !eventually(offeredWithin, func() bool { return h.record.number(offersSince, d.from) > 0 }) {
				h.t.Errorf("%s %s: no offer for %v; %s", clock(time.Now()), d.name, offeredWithin, h.dump())
			}
			pause(ctx, between(r, 200*time.Millisecond, time.Second))
		}
	}
	return given
}

const offersSince = `SELECT COUNT(*) FROM seen_offers WHERE at > $1`
