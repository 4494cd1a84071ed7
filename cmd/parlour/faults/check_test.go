package faults

import (
	"fmt"
	"slices"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/protocol/wiretest"
)

const (
	units = 100 // of an agent

	// R4: who can be offered is offered within 2 s. A slow machine is given ten
	// times as long: more is not slow, it is stuck.
	offeredWithin = 10 * 2 * time.Second
)

// A finding is one thing that must never happen.
type finding struct {
	what   string // double owner, over capacity, stuck, lost
	detail string
}

func (f finding) String() string { return f.what + ": " + f.detail }

const (
	doubleOwner  = "double owner"
	overCapacity = "over capacity"
	stuck        = "stuck"
	lost         = "lost"
)

// check looks for what must never happen.
func check(h history) []finding {
	return slices.Concat(checkOwners(h), checkAccepts(h), checkTakes(h), checkCapacity(h), checkStuck(h), checkAsks(h), checkPosts(h), checkSeqs(h))
}

// checkOwners: after each commit a conversation has one owner at most, who has
// the one slot of an owner, and is offered to one agent at a time (R2).
func checkOwners(h history) (found []finding) {
	for _, o := range h.owners {
		switch {
		case o.slots > 1:
			found = append(found, finding{doubleOwner, fmt.Sprintf("%d agents own %s at %s", o.slots, o.conversation, clock(o.at))})
		case o.owner != "" && o.slots != 1, o.owner == "" && o.slots != 0:
			found = append(found, finding{doubleOwner, fmt.Sprintf("owner %q and %d owners' slots in %s at %s", o.owner, o.slots, o.conversation, clock(o.at))})
		case o.alone > 1:
			found = append(found, finding{doubleOwner, fmt.Sprintf("%d agents are asked one at a time for %s at %s", o.alone, o.conversation, clock(o.at))})
		}
	}
	return found
}

// checkAccepts: an offer is taken once, by the agent who was asked, and only
// what the record says was taken was (R3).
func checkAccepts(h history) (found []finding) {
	taken := map[protocol.OfferID]int{}
	for _, a := range h.accepts {
		o, known := h.offers[a.offer]
		if a.end != wiretest.Acked {
			continue
		}
		taken[a.offer]++
		switch {
		case !known:
			found = append(found, finding{lost, fmt.Sprintf("%s took the offer %s, of which the record knows nothing", a.agent, a.offer)})
		case o.agent != a.agent:
			found = append(found, finding{doubleOwner, fmt.Sprintf("%s took the offer %s, which was made to %s", a.agent, a.offer, o.agent)})
		case o.outcome != "accepted":
			found = append(found, finding{doubleOwner, fmt.Sprintf("%s took the offer %s, which ended as %q", a.agent, a.offer, o.outcome)})
		case taken[a.offer] == 2:
			found = append(found, finding{doubleOwner, fmt.Sprintf("the offer %s was taken twice", a.offer)})
		}
	}
	return found
}

// checkTakes: a conversation that nobody has gets an owner by an offer of its
// own, or because it was picked; each such offer and pick gives it one.
func checkTakes(h history) (found []finding) {
	became, owner := map[protocol.ConversationID]int{}, map[protocol.ConversationID]protocol.AgentID{}
	for _, o := range h.owners {
		if owner[o.conversation] == "" && o.owner != "" {
			became[o.conversation]++
		}
		owner[o.conversation] = o.owner
	}
	ways := map[protocol.ConversationID]int{}
	for _, o := range h.offers {
		if o.outcome == "accepted" && (o.kind == protocol.OfferAlone || o.kind == protocol.OfferAll) {
			ways[o.conversation]++
		}
	}
	for id, c := range h.conversations {
		for _, e := range c.entries {
			if e.kind == protocol.EntryJoined && e.cause == "picked" {
				ways[id]++
			}
		}
		if ways[id] != became[id] {
			found = append(found, finding{doubleOwner, fmt.Sprintf("%s was taken %d times and got an owner %d times", id, ways[id], became[id])})
		}
	}
	return found
}

// checkCapacity: after each commit an agent's slots fit (R1).
func checkCapacity(h history) (found []finding) {
	for _, l := range h.loads {
		if l.within > units {
			found = append(found, finding{overCapacity, fmt.Sprintf("%s has slots of %d units at %s", l.agent, l.within, clock(l.at))})
		}
	}
	return found
}

// checkStuck: who can be offered is (R4), and in the end nothing waits, rings
// or runs.
func checkStuck(h history) (found []finding) {
	for _, w := range h.waits {
		if w.lasted > offeredWithin {
			found = append(found, finding{stuck, fmt.Sprintf("%s was not offered for %v although %s could take it", w.conversation, w.lasted, w.agent)})
		}
	}
	for id, c := range h.conversations {
		if c.state != protocol.StateClosed {
			found = append(found, finding{stuck, fmt.Sprintf("%s is %s in the end, its owner %q", id, c.state, c.owner)})
		}
	}
	for id, o := range h.offers {
		if o.outcome == "" {
			found = append(found, finding{stuck, fmt.Sprintf("the offer %s of %s to %s rings in the end", id, o.conversation, o.agent)})
		}
	}
	return found
}

// checkAsks: what was acknowledged is a conversation, and begins with what was said.
func checkAsks(h history) (found []finding) {
	for _, a := range h.asks {
		if a.end != wiretest.Acked {
			continue
		}
		c, known := h.conversations[a.conversation]
		if !known {
			found = append(found, finding{lost, fmt.Sprintf("the conversation %s, begun by %q", a.conversation, a.text)})
			continue
		}
		first := slices.IndexFunc(c.entries, func(e entry) bool { return e.kind == protocol.EntryMessage })
		if first < 0 || c.entries[first].text != a.text {
			found = append(found, finding{lost, fmt.Sprintf("%q, with which %s began", a.text, a.conversation)})
		}
	}
	return found
}

// checkPosts: what was acknowledged is in its conversation once, what was
// refused is not, what was never answered is at most once, and each sender's
// messages are in the order of sending (D1, D2, D13).
func checkPosts(h history) (found []finding) {
	type placed struct {
		conversation protocol.ConversationID
		seq          int64
	}
	places := map[string][]placed{}
	for id, c := range h.conversations {
		for _, e := range c.entries {
			if e.kind == protocol.EntryMessage {
				places[e.text] = append(places[e.text], placed{id, e.seq})
			}
		}
	}
	last := map[string]int64{} // by conversation and sender
	for _, p := range h.posts {
		at, by := places[p.text], string(p.conversation)+" "+p.sender
		switch {
		case len(at) > 1:
			found = append(found, finding{lost, fmt.Sprintf("%q is in the record %d times", p.text, len(at))})
		case len(at) == 0 && p.end == wiretest.Acked:
			found = append(found, finding{lost, fmt.Sprintf("%q, which was acknowledged", p.text)})
		case len(at) == 1 && p.end == wiretest.Refused:
			found = append(found, finding{lost, fmt.Sprintf("%q was refused and is in the record", p.text)})
		case len(at) == 1 && at[0].conversation != p.conversation:
			found = append(found, finding{lost, fmt.Sprintf("%q, which is in %s and not in %s", p.text, at[0].conversation, p.conversation)})
		case len(at) == 1 && at[0].seq < last[by]:
			found = append(found, finding{lost, fmt.Sprintf("the order: %q stands before what was sent before it", p.text)})
		case len(at) == 1:
			last[by] = at[0].seq
		}
	}
	return found
}

// checkSeqs: a conversation's entries are numbered 1 to n (D3).
func checkSeqs(h history) (found []finding) {
	for id, c := range h.conversations {
		for i, e := range c.entries {
			if e.seq != int64(i+1) {
				found = append(found, finding{lost, fmt.Sprintf("entry %d of %s has seq %d", i+1, id, e.seq)})
				break
			}
		}
	}
	return found
}

func clock(at time.Time) string { return at.Format("15:04:05.000") }
