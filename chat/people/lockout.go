package people

import (
	"net/netip"
	"sync"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Wrong passwords that are let through before further tries are refused, and for how long.
const (
	triesPerPair    = 10  // of one account from one network
	triesPerAddress = 50  // of any accounts from one network
	triesPerAccount = 200 // from everywhere: far more than one network has, so that nobody can lock an agent out alone
	lockFor         = 15 * time.Minute
	maxCounted      = 20000 // accounts and addresses; when full, the one counted first is forgotten
)

// A lockout counts wrong passwords by account and network. It lives in memory: a
// restart forgets it.
type lockout struct {
	now func() time.Time

	mu    sync.Mutex
	tries map[string]*counted
	order []string // keys of tries, oldest first
}

type counted struct {
	n     int
	since time.Time
}

func newLockout(now func() time.Time) *lockout {
	return &lockout{now: now, tries: map[string]*counted{}}
}

func keysOf(email, ip string) (pair, account, address string) {
	account, address = TokenHash(email), network(ip)
	return "pair " + account + " " + address, "account " + account, "address " + address
}

// network is the address itself, or the /64 of an IPv6 address, which is one customer's.
func network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ip
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	return netip.PrefixFrom(a, 64).Masked().String()
}

// try counts a try before its password is checked, so that many at once
// cannot pass together, and refuses it when there were too many.
func (l *lockout) try(email, ip string) error {
	pair, account, address := keysOf(email, ip)
	l.mu.Lock()
	defer l.mu.Unlock()
	p, a, b := l.count(pair), l.count(account), l.count(address)
	if p.n >= triesPerPair || a.n >= triesPerAccount || b.n >= triesPerAddress {
		return protocol.NewError(protocol.CodeRateLimited, "Too many wrong passwords. Wait 15 minutes, then try again.")
	}
	p.n++
	a.n++
	b.n++
	return nil
}

// right forgets what was counted for the account here, and takes back one try of
// the account and of the address.
func (l *lockout) right(email, ip string) {
	pair, account, address := keysOf(email, ip)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count(pair).n = 0
	if a := l.count(account); a.n > 0 {
		a.n--
	}
	if b := l.count(address); b.n > 0 {
		b.n--
	}
}

func (l *lockout) count(key string) *counted {
	now := l.now()
	c, ok := l.tries[key]
	if ok && now.Sub(c.since) < lockFor {
		return c
	}
	if ok {
		c.n, c.since = 0, now
		return c
	}
	if len(l.order) >= maxCounted {
		delete(l.tries, l.order[0])
		l.order = l.order[1:]
	}
	c = &counted{since: now}
	l.tries[key] = c
	l.order = append(l.order, key)
	return c
}
