package cobrowse

import (
	"context"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

const (
	maxClaims    = 64              // looked up at once on a node
	maxClaimants = 4096            // visitors whose claims are counted
	claimBurst   = 8               // claims of one visitor at once
	claimEvery   = time.Second     // and then one in so much time
	claimPatient = 5 * time.Second // for the record's answer
)

// A claim is that of a visitor to send a session which this node does not know
// yet. The record is asked once; what comes meanwhile waits in it, at most
// inboxSize packets. Only a consent that runs makes a session of it.
type claim struct{ waiting []packetIn }

type claimKey struct {
	id    protocol.CobrowseID
	actor string
}

// A claimant is a visitor who has claimed sessions lately.
type claimant struct {
	left float64
	at   time.Time
}

func (c *claimant) refill(now time.Time) {
	c.left = min(claimBurst, c.left+now.Sub(c.at).Seconds()/claimEvery.Seconds())
	c.at = now
}

// claimLocked keeps a packet until the record has said whether its sender may
// send it. One visitor has claimBurst claims and then one a second, and a node
// looks up maxClaims at once: what is beyond is refused and counted, and a page
// that has a viewer is asked for a new snapshot by that viewer's session.
func (s *Service) claimLocked(p packetIn) {
	key := claimKey{p.header.Cobrowse, p.who.Actor()}
	c := s.claims[key]
	if c == nil {
		if s.ctx.Err() != nil || len(s.claims) >= maxClaims || len(s.sessions) >= s.limits.Sessions || !s.mayClaimLocked(key.actor, time.Now()) {
			s.stats.refused.Add(1)
			return
		}
		c = &claim{}
		s.claims[key] = c
		s.work.Go(func() { s.prove(key, p.who) })
	}
	if len(c.waiting) >= inboxSize {
		s.stats.dropped.Add(1)
		return
	}
	if !s.memory.take(p.cost()) {
		s.stats.full.Add(1)
		return
	}
	c.waiting = append(c.waiting, p)
}

func (s *Service) mayClaimLocked(actor string, now time.Time) bool {
	c := s.claimants[actor]
	if c == nil {
		if len(s.claimants) >= maxClaimants {
			for who, old := range s.claimants {
				if old.refill(now); old.left >= claimBurst {
					delete(s.claimants, who)
				}
			}
			if len(s.claimants) >= maxClaimants {
				return false
			}
		}
		c = &claimant{left: claimBurst, at: now}
		s.claimants[actor] = c
	}
	if c.refill(now); c.left < 1 {
		return false
	}
	c.left--
	return true
}

// prove asks the record, and makes a session of the claim if the consent runs.
func (s *Service) prove(key claimKey, who protocol.Caller) {
	ctx, cancel := context.WithTimeout(s.ctx, claimPatient)
	defer cancel()
	visitor, _, err := s.consent.CobrowseConsent(ctx, who.Principal, key.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.claims[key]
	delete(s.claims, key)
	for _, p := range c.waiting {
		s.memory.give(p.cost())
	}
	if err != nil || visitor != key.actor {
		s.stats.unconsented.Add(int64(len(c.waiting)))
		return
	}
	x := s.sessionLocked(key.id, consented{visitor: visitor, workspace: who.Workspace, proof: who.Principal, seen: time.Now()})
	if x == nil {
		s.stats.refused.Add(int64(len(c.waiting)))
		return
	}
	for _, p := range c.waiting {
		x.put(p)
	}
}
