package rules

import (
	"cmp"
	"slices"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// What a step does.
const (
	DoGeneral = "general" // ends the wait for the sticky agent
	DoPush    = "push"    // what waits to be picked is offered from now on
	DoQueues  = "queues"  // adds the step's classes, of queues that the place is not in yet
	DoRelax   = "relax"   // each class of the place gives way to the step's class of the same queue, those added later too
	DoMessage = "message" // the visitor may leave a message instead
	DoTop     = "top"     // goes before all others
)

// Again is how long a step rests whose conditions do not hold.
const Again = 5000

// A Step is what happens to a place at a time, if its conditions hold then:
// those that are set must all do. Carrying one out twice changes nothing.
type Step struct {
	At       int64   `json:"at"`
	Do       string  `json:"do"`
	Waiting  int     `json:"waiting,omitempty"`  // more than so many wait in the place's queue
	Ready    *int    `json:"ready,omitempty"`    // fewer than so many of its agents are ready
	Estimate int64   `json:"estimate,omitempty"` // its estimate is longer
	Classes  []Class `json:"classes,omitempty"`
	Lowers   int     `json:"n,omitempty"` // relax: one of a lower number does nothing after it
}

// A Standing is how a place's queue stands, as conditions look at it.
type Standing struct {
	Waiting, Ready int
	Estimate       int64 // 0: not known
}

// Holds says whether the conditions hold.
func (s Step) Holds(q Standing) bool {
	return (s.Waiting == 0 || q.Waiting > s.Waiting) && (s.Ready == nil || q.Ready < *s.Ready) && (s.Estimate == 0 || q.Estimate > s.Estimate)
}

// A maker makes the steps of one place.
type maker struct {
	queue   store.Queue
	queues  map[protocol.QueueID]store.Queue
	medium  string
	units   int
	general int64 // end of the sticky wait; 0: there is none
	push    int64 // pull becomes push; 0: it is not pulled
}

// class is that of another queue's agents for this place: what it costs and
// must leave free is told by its own queue.
func (m maker) class(queue protocol.QueueID, needs map[string]int) Class {
	return QueueClass(queue, m.medium, m.units, m.queue.Rules.Spare[m.medium], needs)
}

// steps are those of a place, by time. Overflow counts from the first enqueue;
// the needs of a step are lowered by those before it, too.
func (m maker) steps(since int64) []Step {
	steps := []Step{}
	needs := wanted(m.queue.Rules.Needs)
	added := []protocol.QueueID{m.queue.ID}
	byTime := slices.SortedStableFunc(slices.Values(m.queue.Rules.Overflow), func(a, b store.OverflowStep) int { return cmp.Compare(a.AfterMs, b.AfterMs) })
	for i, o := range byTime {
		step := Step{At: since + o.AfterMs, Waiting: o.Waiting, Ready: o.Ready, Estimate: o.EstimateMs}
		lower(needs, o.Relax)
		if more := m.others(o.Queues, added); len(more) > 0 {
			added = append(added, more...)
			steps = append(steps, step.with(DoQueues, m.classes(more, needs)))
		}
		if len(o.Relax) > 0 {
			relax := step.with(DoRelax, m.classes(added, needs))
			relax.Lowers = i + 1
			steps = append(steps, relax)
		}
		if o.Message {
			steps = append(steps, step.with(DoMessage, nil))
		}
	}
	if m.queue.Rules.MaxWaitMs > 0 {
		steps = append(steps, Step{At: since + m.queue.Rules.MaxWaitMs, Do: DoTop})
	}
	if m.push > 0 {
		steps = slices.Insert(steps, 0, Step{At: m.push, Do: DoPush})
	}
	if m.general > 0 {
		steps = slices.Insert(steps, 0, Step{At: m.general, Do: DoGeneral})
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	return steps
}

func (s Step) with(do string, classes []Class) Step {
	s.Do, s.Classes = do, classes
	return s
}

// others are the queues that exist and are not among those added before.
func (m maker) others(queues, added []protocol.QueueID) []protocol.QueueID {
	var list []protocol.QueueID
	for _, q := range queues {
		if _, ok := m.queues[q]; ok && !slices.Contains(added, q) && !slices.Contains(list, q) {
			list = append(list, q)
		}
	}
	return list
}

func (m maker) classes(queues []protocol.QueueID, needs map[string]int) []Class {
	list := make([]Class, 0, len(queues))
	for _, q := range queues {
		list = append(list, m.class(q, needs))
	}
	return list
}

func lower(needs, relax map[string]int) {
	for skill, level := range relax {
		if has, ok := needs[skill]; ok && level < has {
			if needs[skill] = level; level <= 0 {
				delete(needs, skill)
			}
		}
	}
}

// Ripen carries out the steps that are due and gives the place as it is then,
// with what is left to do. message tells that a message may be left instead.
func Ripen(w Waiting, now int64, q Standing) (_ Waiting, message bool) {
	left := []Step{}
	w.Classes = slices.Clone(w.Classes)
	for _, s := range w.Steps {
		switch {
		case s.At > now:
			left = append(left, s)
			continue
		case !s.Holds(q):
			s.At = now + Again
			left = append(left, s)
			continue
		}
		switch s.Do {
		case DoGeneral:
			w.Sticky = nil
		case DoPush:
			w.Pull = 0
		case DoQueues:
			w.Classes = append(w.Classes, missing(w.Classes, replaced(slices.Clone(s.Classes), w.Relaxed))...)
		case DoRelax:
			if s.Lowers > w.Lowered {
				w.Lowered, w.Relaxed = s.Lowers, s.Classes
				w.Classes = replaced(w.Classes, s.Classes)
			}
		case DoMessage:
			message = true
		case DoTop:
			w.Effective = max(0, w.Since-topBoost)
		}
	}
	w.Steps = left
	return w, message
}

func sameQueue(list []Class, c Class) int {
	return slices.IndexFunc(list, func(x Class) bool { return x.Queue == c.Queue && x.Agent == c.Agent })
}

func missing(has, more []Class) (list []Class) {
	for _, c := range more {
		if sameQueue(has, c) < 0 {
			list = append(list, c)
		}
	}
	return list
}

func replaced(has, by []Class) []Class {
	for i, c := range has {
		if at := sameQueue(by, c); at >= 0 {
			has[i] = by[at]
		}
	}
	return has
}
