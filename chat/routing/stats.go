package routing

import (
	"context"
	"sync/atomic"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Stats are counts since the start of this node, and the queues as they are now.
type Stats struct {
	Matches       int64 // proposals made by the script
	Offered       int64 // of those, written to the record
	Refused       int64 // of those, refused by the record and undone
	Accepted      int64
	Rejected      int64
	TimedOut      int64
	Rescinded     int64
	Looked        int64 // places that matches looked at
	ScriptErrors  int64
	Undecided     int64 // verdicts that could not be kept
	Rebuilds      int64
	Abandoned     int64                    // waiting visitors whose connection stayed lost
	AgentsLost    int64                    // agents whose connection stayed lost
	Healed        int64                    // differences between Redis and the record that an audit mended
	Alarms        int64                    // states that people should know of, when they began
	Unfavoured    int64                    // visitors who came back and got no boost, since too many came at once
	AutoDropped   int64                    // offers that could not be accepted by themselves, since too many were to be
	LoadsRepaired int64                    // agents whose load differed from the sum of their slots
	Waiting       map[protocol.QueueID]int // nil while Redis is away
}

type counters struct {
	matches, offered, refused, accepted, rejected, timedOut, rescinded                                                  atomic.Int64
	undecided, looked, scriptErrors, rebuilds, abandoned, agentsLost, healed, repaired, alarms, autoDropped, unfavoured atomic.Int64
}

func (c *counters) ended(o store.Outcome) {
	switch o {
	case store.OutcomeAccepted:
		c.accepted.Add(1)
	case store.OutcomeRejected:
		c.rejected.Add(1)
	case store.OutcomeTimedOut:
		c.timedOut.Add(1)
	case store.OutcomeRescinded:
		c.rescinded.Add(1)
	}
}

// Stats reads the counters, and the queues' lengths from Redis.
func (r *Router) Stats(ctx context.Context) Stats {
	c := &r.stats
	s := Stats{
		Matches: c.matches.Load(), Offered: c.offered.Load(), Refused: c.refused.Load(), Accepted: c.accepted.Load(),
		Rejected: c.rejected.Load(), TimedOut: c.timedOut.Load(), Rescinded: c.rescinded.Load(), Looked: c.looked.Load(), ScriptErrors: c.scriptErrors.Load(), Undecided: c.undecided.Load(),
		Rebuilds: c.rebuilds.Load(), Abandoned: c.abandoned.Load(), AgentsLost: c.agentsLost.Load(), Healed: c.healed.Load(),
		LoadsRepaired: c.repaired.Load(), Alarms: c.alarms.Load(), AutoDropped: c.autoDropped.Load(), Unfavoured: c.unfavoured.Load(),
	}
	r.mu.Lock()
	queues := make([]protocol.QueueID, 0, len(r.queues))
	for q := range r.queues {
		queues = append(queues, q)
	}
	r.mu.Unlock()
	lines, err := r.Positions(ctx, queues...)
	if err != nil {
		return s
	}
	s.Waiting = make(map[protocol.QueueID]int, len(lines))
	for q, l := range lines {
		s.Waiting[q] = l.Waiting
	}
	return s
}
