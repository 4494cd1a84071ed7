package signaling

import (
	"net/netip"
	"sync"
	"time"
)

// A bucket lets take through per times a second, and burst times at once. It
// has one owner.
type bucket struct {
	per, burst float64
	left       float64
	at         time.Time
}

func newBucket(per, burst float64) bucket { return bucket{per: per, burst: burst, left: burst} }

func (b *bucket) take(now time.Time) bool {
	if !b.at.IsZero() {
		b.left = min(b.burst, b.left+now.Sub(b.at).Seconds()*b.per)
	}
	b.at = now
	if b.left < 1 {
		return false
	}
	b.left--
	return true
}

// A packetLimit is the bucket of a link's packets. Each channel has a reader of
// its own.
type packetLimit struct {
	mu     sync.Mutex
	bucket bucket
	told   time.Time
}

// take says whether one more may pass, and else whether the sender is to be
// told: once a second, so that a flood is not answered by another.
func (p *packetLimit) take(now time.Time) (passes, tell bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.bucket.take(now) {
		return true, false
	}
	if tell = now.Sub(p.told) >= time.Second; tell {
		p.told = now
	}
	return false, tell
}

// A limiter has a bucket per key and remembers at most max keys; when there
// are more, those that are full again are forgotten, and if all are in use the
// newcomer is refused.
type limiter struct {
	per, burst float64
	max        int

	mu      sync.Mutex
	buckets map[string]*bucket
}

func newLimiter(per, burst float64, most int) *limiter {
	return &limiter{per: per, burst: burst, max: most, buckets: map[string]*bucket{}}
}

func (l *limiter) take(key string) bool {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	b := l.buckets[key]
	if b == nil {
		if len(l.buckets) >= l.max && !l.sweepLocked(now) {
			return false
		}
		fresh := newBucket(l.per, l.burst)
		b = &fresh
		l.buckets[key] = b
	}
	return b.take(now)
}

func (l *limiter) sweepLocked(now time.Time) bool {
	for key, b := range l.buckets {
		if b.left+now.Sub(b.at).Seconds()*b.per >= b.burst {
			delete(l.buckets, key)
		}
	}
	return len(l.buckets) < l.max
}

// A gauge counts what is open per key.
type gauge struct {
	max int

	mu   sync.Mutex
	open map[string]int
}

// enter takes a place; false says that there is none. leave gives it back.
func (g *gauge) enter(key string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open[key] >= g.max {
		return false
	}
	g.open[key]++
	return true
}

func (g *gauge) leave(key string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open[key]--; g.open[key] <= 0 {
		delete(g.open, key)
	}
}

type limiters struct {
	requests, visitors, signIns, offers *limiter // per address
	messages                            *limiter // per visitor
	sockets                             *gauge   // per address
}

func newLimiters(l Limits) limiters {
	perMinute := func(n int) *limiter { return newLimiter(float64(n)/60, float64(n), l.Addresses) }
	return limiters{
		requests: newLimiter(float64(l.RequestsPerSecond), float64(4*l.RequestsPerSecond), l.Addresses),
		visitors: perMinute(l.VisitorsPerMinute), signIns: perMinute(l.SignInsPerMinute), offers: perMinute(l.TransportsPerAddress),
		messages: perMinute(l.MessagesPerMinute), sockets: &gauge{max: l.ConnectionsPerIP, open: map[string]int{}},
	}
}

// network is the unit that limits count by: an IPv4 address, or the /64 that
// one IPv6 subscriber has.
func network(ip string) string {
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	if addr = addr.Unmap(); addr.Is4() {
		return addr.String()
	}
	prefix, err := addr.WithZone("").Prefix(64)
	if err != nil {
		return ip
	}
	return prefix.String()
}
