package routing

import (
	"context"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A Notify passes on that something changed, so that views and logs are read
// again. Its methods must not wait for routing.
type Notify interface {
	ViewChanged(ws protocol.WorkspaceID, actors ...string)
	QueuesChanged(ws protocol.WorkspaceID)
	EntriesAdded(ws protocol.WorkspaceID, conv protocol.ConversationID)
}

// Options make a Router. Redis, Record, Notify, Workspace and Node are required.
type Options struct {
	Redis     redis.UniversalClient
	Record    Record
	Notify    Notify
	Workspace protocol.WorkspaceID
	Node      protocol.NodeID
	Timers    Timers
	Logger    *slog.Logger
	// ReachChanged, if set, is told that somebody came, is silent, or is away,
	// so that the other side's view is built again. It must not wait for routing.
	ReachChanged func(ws protocol.WorkspaceID, actor string)
	// Hours knows when queues are open. Nil: always.
	Hours Hours
	// AutoAccept, if set, is given the offers that are to be accepted by
	// themselves, one after the other.
	AutoAccept func(ctx context.Context, o store.Offer)
	// Alarm is told of states that people should know of, when they begin; if
	// nil they are logged. It must not wait for routing.
	Alarm func(a protocol.Alarm)
}

// Hours knows calendars. It must not wait for routing.
type Hours interface {
	// Open says whether a queue is open at a time, and when that changes (0: never).
	Open(q store.Queue, at int64) (open bool, changes int64)
}

// Timers are routing's durations. A zero field takes its default; a negative
// one means none (RampUp, Exclude, Amnesty).
type Timers struct {
	Offer       time.Duration   // how long an offer rings where the queue says nothing: 20 s
	RampUp      time.Duration   // from the end of one offer to the next for one agent: 5 s
	Exclude     time.Duration   // how long an agent is not asked again for one conversation: 120 s
	Backoff     []time.Duration // before each further round, the last one repeating: 5, 10, 20 s
	Closed      time.Duration   // from a connection's close until it counts as lost: 5 s
	Silent      time.Duration   // from the last sign of life until it counts as lost: 20 s
	AgentGone   time.Duration   // then an agent's conversations go back to the queue: 60 s
	VisitorGone time.Duration   // then a waiting visitor's place is given up: 120 s
	Amnesty     time.Duration   // after a rebuild no lease ends and no offer rings out: 30 s
	Sweep       time.Duration   // between two sweeps: 1 s
	Lease       time.Duration   // of the node that sweeps: 2 s
	Renew       time.Duration   // of that lease, and of the look at the generation: 0.5 s
	Audit       time.Duration   // between two comparisons with the record: 30 s
	Configure   time.Duration   // between two looks whether the workspace was declared anew: 1 s
	Figures     time.Duration   // between two readings of what waits are estimated from: 10 s
}

func (t Timers) withDefaults() Timers {
	set := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
		*d = max(*d, 0)
	}
	set(&t.Offer, 20*time.Second)
	set(&t.RampUp, 5*time.Second)
	set(&t.Exclude, 120*time.Second)
	set(&t.Closed, 5*time.Second)
	set(&t.Silent, 20*time.Second)
	set(&t.AgentGone, 60*time.Second)
	set(&t.VisitorGone, 120*time.Second)
	set(&t.Amnesty, 30*time.Second)
	set(&t.Sweep, time.Second)
	set(&t.Lease, 2*time.Second)
	set(&t.Renew, 500*time.Millisecond)
	set(&t.Audit, 30*time.Second)
	set(&t.Configure, time.Second)
	set(&t.Figures, 10*time.Second)
	if len(t.Backoff) == 0 {
		t.Backoff = []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second}
	}
	return t
}
