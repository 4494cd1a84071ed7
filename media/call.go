package media

import (
	"strings"
	"sync"
	"time"

	"github.com/pion/webrtc/v4"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A call holds the legs of one conversation's call, by ordinal. A party whose
// leg broke keeps its place for the node's grace.
type call struct {
	id   protocol.CallID
	node *Node

	mu      sync.Mutex // guards what follows
	parties map[int]*party
	ended   bool // no leg is put into it any more
	left    bool // it ended because nobody was in it: who joins makes it anew
}

type party struct {
	leg   *leg        // nil while it is away
	grace *time.Timer // running while it is away
}

// put makes a leg the party's one, feeds it and shows it to the others. The leg
// that was there before comes back, to be closed. false: the call has ended.
func (c *call) put(l *leg) (old *leg, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return nil, false
	}
	p := c.parties[l.ordinal]
	if p == nil {
		p = &party{}
		c.parties[l.ordinal] = p
	}
	if p.grace != nil {
		p.grace.Stop()
		p.grace = nil
	}
	old, p.leg = p.leg, l
	for ordinal, other := range c.parties {
		if ordinal == l.ordinal || other.leg == nil {
			continue
		}
		if old != nil {
			for _, u := range old.sources() {
				hide(u, other.leg, old.ordinal)
			}
		}
		for _, u := range other.leg.sources() {
			if old != nil {
				hide(u, old, ordinal)
			}
			show(u, l, ordinal)
		}
	}
	return old, true
}

func show(u *uptrack, viewer *leg, ordinal int) {
	if d := viewer.downFor(ordinal, u.mid); d != nil {
		u.show(d)
	}
}

func hide(u *uptrack, viewer *leg, ordinal int) {
	if d := viewer.downFor(ordinal, u.mid); d != nil {
		u.hide(d)
	}
}

// arrived shows a new track to everybody else.
func (c *call) arrived(l *leg, u *uptrack) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.parties[l.ordinal]; p == nil || p.leg != l {
		return
	}
	for ordinal, other := range c.parties {
		if ordinal != l.ordinal && other.leg != nil {
			show(u, other.leg, l.ordinal)
		}
	}
}

// changed follows a leg's connection. pion gives each call a goroutine of its
// own, so that it may close the leg.
func (c *call) changed(l *leg, state webrtc.PeerConnectionState) {
	switch state {
	case webrtc.PeerConnectionStateConnected:
		l.wake()
		c.node.tell(protocol.MediaEvent{Kind: protocol.MediaLegUp, Call: c.id, Ordinal: l.ordinal})
	case webrtc.PeerConnectionStateDisconnected:
		c.node.tell(protocol.MediaEvent{Kind: protocol.MediaLegLost, Call: c.id, Ordinal: l.ordinal})
	case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
		c.lost(l)
	}
}

// lost takes a broken leg out and keeps the party's place for the grace.
func (c *call) lost(l *leg) {
	c.mu.Lock()
	p := c.parties[l.ordinal]
	if c.ended || p == nil || p.leg != l {
		c.mu.Unlock()
		return
	}
	c.takeLocked(l)
	p.leg = nil
	p.grace = time.AfterFunc(c.node.grace, func() { c.gone(l.ordinal, p) })
	c.mu.Unlock()
	l.close()
	c.node.tell(protocol.MediaEvent{Kind: protocol.MediaLegLost, Call: c.id, Ordinal: l.ordinal})
}

// gone ends a party's grace.
func (c *call) gone(ordinal int, p *party) {
	c.mu.Lock()
	if c.ended || c.parties[ordinal] != p || p.leg != nil {
		c.mu.Unlock()
		return
	}
	delete(c.parties, ordinal)
	empty := c.overLocked()
	c.mu.Unlock()
	c.node.stats.lost.Add(1)
	if empty {
		c.node.remove(c)
	}
	c.node.tell(protocol.MediaEvent{Kind: protocol.MediaLegGone, Call: c.id, Ordinal: ordinal})
}

// takeLocked unties a leg's tracks from the other legs.
func (c *call) takeLocked(l *leg) {
	for ordinal, other := range c.parties {
		if ordinal == l.ordinal || other.leg == nil {
			continue
		}
		for _, u := range l.sources() {
			hide(u, other.leg, l.ordinal)
		}
		for _, u := range other.leg.sources() {
			hide(u, l, ordinal)
		}
	}
}

func (c *call) leg(ordinal int) *leg {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.parties[ordinal]; p != nil {
		return p.leg
	}
	return nil
}

// leave takes a party out for good.
func (c *call) leave(ordinal int) {
	c.mu.Lock()
	p := c.parties[ordinal]
	if p == nil {
		c.mu.Unlock()
		return
	}
	if p.grace != nil {
		p.grace.Stop()
	}
	l := p.leg
	if l != nil {
		c.takeLocked(l)
	}
	delete(c.parties, ordinal)
	empty := c.overLocked()
	c.mu.Unlock()
	if l != nil {
		l.close()
	}
	if empty {
		c.node.remove(c)
	}
}

// overLocked ends a call that nobody is in, so that no leg is put into one that
// the node does not know any more.
func (c *call) overLocked() bool {
	if !c.ended && len(c.parties) == 0 {
		c.ended, c.left = true, true
	}
	return c.ended
}

// wasLeft says whether the call has ended because nobody was in it.
func (c *call) wasLeft() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.left
}

// end closes every leg and waits for them.
func (c *call) end() {
	c.mu.Lock()
	c.ended = true
	var legs []*leg
	for _, p := range c.parties {
		if p.grace != nil {
			p.grace.Stop()
		}
		if p.leg != nil {
			legs = append(legs, p.leg)
		}
	}
	c.parties = map[int]*party{}
	c.mu.Unlock()
	for _, l := range legs {
		l.close()
	}
}

func (c *call) trickle(r protocol.MediaRequest) error {
	l := c.leg(r.Ordinal)
	if l == nil {
		return protocol.NewError(protocol.CodeNotFound, "This leg has ended. Join again.")
	}
	if r.Candidate == "" || strings.Contains(r.Candidate, ".local") {
		return nil // the end of candidates, or an mDNS name: the server learns the address from the checks
	}
	if err := l.pc.AddICECandidate(webrtc.ICECandidateInit{Candidate: r.Candidate}); err != nil {
		return protocol.NewError(protocol.CodeInvalid, "This is not an ICE candidate.")
	}
	return nil
}
