package routing

import (
	"fmt"
	"slices"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// How long after a trouble has ended its traces may be seen.
const (
	healing    = 6 * time.Second  // what somebody noticed: an outage, a new Redis
	rebuilding = 3 * time.Second  // until it is seen, and done
	unheeded   = 10 * time.Second // what a node did and told nobody of: others miss it in 4 s, reservations are looked at after 6
)

// A checker looks at a world each second, and knows what was promised:
// R1 to R6, and that nobody is blamed or given up who was there.
type checker struct {
	w     *world
	from  time.Time // what has lasted since is to be right: trouble before; written under world.mu
	flush time.Time // when Redis lost everything
	mercy time.Time // no deadline ends before: the amnesty after a rebuild

	seen     int // of memory.opened
	open     map[protocol.OfferID]bool
	asked    map[pair]time.Time // when an offer of the conversation at the agent was seen to have ended
	rested   map[protocol.AgentID]time.Time
	rang     map[pair]bool                    // an offer of the place has rung at the agent; guarded by the record's lock
	favoured map[protocol.ConversationID]bool // its visitor came back: when it was queued is not known any more
	refused  map[pair]time.Time               // when an agent did not take it, or had no room
	freed    map[string]time.Time             // when a place's last offer was seen to have ended
	tried    map[string]time.Time             // when a place was last proposed to somebody; guarded by the record's lock
	overdue  map[protocol.OfferID]bool        // told once
	opened   []store.Offer                    // since the last look
	settled  []store.Offer                    // ended since then
	wrong    []string                         // proposals that were wrong when they were made, since the last look
	examined int
}

// A pair is a place and an agent.
type pair struct {
	place string
	agent protocol.AgentID
}

// placeOf is the conversation that an offer is of, or the request.
func placeOf(o store.Offer) string {
	if o.Request != "" {
		return string(o.Request)
	}
	return string(o.Conversation)
}

func newChecker(w *world) *checker {
	return &checker{
		w: w, open: map[protocol.OfferID]bool{}, asked: map[pair]time.Time{}, rested: map[protocol.AgentID]time.Time{},
		rang: map[pair]bool{}, refused: map[pair]time.Time{}, favoured: map[protocol.ConversationID]bool{}, freed: map[string]time.Time{}, tried: map[string]time.Time{}, overdue: map[protocol.OfferID]bool{},
		from: w.start.Add(2 * time.Second), mercy: w.start.Add(31 * time.Second),
	}
}

// trouble says that until then, and heal after it, promises of time may be late.
func (c *checker) trouble(until time.Time, heal time.Duration) {
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	if at := until.Add(heal); at.After(c.from) {
		c.from = at
	}
}

// flushed says that all is to be read from the record again, with an amnesty:
// as soon as nothing that goes wrong in the next moments hinders it.
func (c *checker) flushed() { c.flush = time.Now() }

func (c *checker) show(now time.Time) {
	if now.Sub(c.flush) > rebuilding {
		return
	}
	from := c.flush
	if c.from.After(from) {
		from = c.from
	}
	c.mercy = from.Add(rebuilding + 31*time.Second)
}

// look checks everything. All that was begun must have come to rest.
func (c *checker) look() {
	now := time.Now()
	c.show(now)
	c.changes(now)
	opened, settled, wrong := c.opened, c.settled, c.takeWrong()
	c.opened, c.settled = nil, nil
	var broken []string
	calm := now.After(c.from)
	c.w.mem.peek(func() {
		broken = append(broken, c.w.mem.broken...) // R1 and R2 as seen at each step
		c.w.mem.broken = nil
		broken = append(broken, c.owners()...)
		if calm {
			c.examined++
			broken = append(broken, c.unoffered(now)...)
			broken = append(broken, c.unclosed(now)...)
			broken = append(broken, c.unreached(now)...)
			broken = append(broken, c.unheard(now)...)
			broken = append(broken, c.misread(now)...)
			broken = append(broken, c.unanswered(now)...)
			broken = append(broken, wrong...)
			for _, o := range opened {
				broken = append(broken, c.chosen(o)...)
			}
			broken = append(broken, c.late(now)...)
		} else {
			for _, o := range opened {
				c.w.count("of trouble")
				delete(c.w.proposed, o.ID)
			}
		}
	})
	broken = append(broken, c.blame(now, settled)...)
	slices.Sort(broken)
	for _, b := range broken {
		c.w.broke(b)
	}
}

// changes notes which offers were made and which ended.
func (c *checker) changes(now time.Time) {
	c.w.mem.peek(func() {
		for _, o := range c.w.mem.opened[c.seen:] {
			c.open[o.ID] = true
			c.opened = append(c.opened, o)
		}
		c.seen = len(c.w.mem.opened)
		for id := range c.open {
			if o := c.w.mem.offers[id]; o.Outcome != "" {
				delete(c.open, id)
				c.asked[pair{placeOf(*o), o.Agent}], c.rested[o.Agent], c.freed[placeOf(*o)] = now, now, now
				if o.Outcome == store.OutcomeRejected || o.Outcome == store.OutcomeTimedOut {
					c.refused[pair{placeOf(*o), o.Agent}] = now
				}
				c.settled = append(c.settled, *o)
			}
		}
	})
}

// freedBefore: nobody was asked for a place since a time. Holds the record's lock.
func (c *checker) freedBefore(place string, since time.Time) bool {
	return c.freed[place].Before(since)
}

// owners: a conversation that runs has one owner with a slot, another none, nor
// a guest; one offer of a place rings unless all are asked at once, and one at an agent (R2).
func (c *checker) owners() (broken []string) {
	holds := map[protocol.ConversationID]int{}
	for _, s := range c.w.mem.slots {
		if s.State == protocol.SlotWrapUp {
			continue
		}
		conv := c.w.mem.conversations[s.Conversation]
		owns := s.Role != store.RoleGuest
		if owns {
			holds[s.Conversation]++
		}
		if conv.State != protocol.StateActive || (conv.Owner == s.Agent) != owns {
			broken = append(broken, fmt.Sprintf("R2: %s holds %s as %s, which is %s and has owner %q", s.Agent, conv.ID, s.Role, conv.State, conv.Owner))
		}
	}
	for id, conv := range c.w.mem.conversations {
		if want := conv.State == protocol.StateActive; holds[id] > 1 || want != (holds[id] == 1) {
			broken = append(broken, fmt.Sprintf("R2: %s is %s and %d hold it", id, conv.State, holds[id]))
		}
	}
	places, agents := map[string]int{}, map[protocol.AgentID]int{}
	for id := range c.open {
		o := c.w.mem.offers[id]
		place := placeOf(*o)
		places[place]++
		agents[o.Agent]++
		if places[place] > 1 && o.Kind != protocol.OfferAll || agents[o.Agent] > 1 {
			broken = append(broken, fmt.Sprintf("R2: %d offers of %s ring, %d at %s", places[place], place, agents[o.Agent], o.Agent))
		}
	}
	return broken
}

// late: an offer ends by 1 s after its deadline, and a look later is seen (R6).
func (c *checker) late(now time.Time) (broken []string) {
	if now.Before(c.mercy) {
		return nil
	}
	for id := range c.open {
		o := c.w.mem.offers[id]
		if over := now.UnixMilli() - o.Deadline; over > 2000 && !c.overdue[id] {
			c.overdue[id] = true
			broken = append(broken, fmt.Sprintf("R6: %s rings at %s %d ms after its deadline", o.Conversation, o.Agent, over))
		}
	}
	return broken
}
