package store

import "sync/atomic"

// Endings count what came to nothing by this node since its start, each once,
// when it was in the record. A message that was left is none of them.
type Endings struct {
	AbandonedShort   int64 // as ConversationAbandonedShort
	AbandonedOffered int64
	Abandoned        int64 // while waiting, otherwise
	FailedSetups     int64 // calls that were allowed and did not come about
}

type endings struct {
	short, offered, waiting, setups atomic.Int64
}

// Endings gives the counts.
func (s *Store) Endings() Endings {
	return Endings{
		AbandonedShort: s.endings.short.Load(), AbandonedOffered: s.endings.offered.Load(), Abandoned: s.endings.waiting.Load(),
		FailedSetups: s.endings.setups.Load(),
	}
}

// over counts a conversation that has just ended.
func (e *endings) over(outcome string) {
	switch outcome {
	case ConversationAbandonedShort:
		e.short.Add(1)
	case ConversationAbandonedOffered:
		e.offered.Add(1)
	case ConversationAbandoned:
		e.waiting.Add(1)
	}
}
