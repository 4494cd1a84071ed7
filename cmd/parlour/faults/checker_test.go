package faults

import (
	"slices"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/protocol/wiretest"
)

const (
	one, other = protocol.ConversationID("c1"), protocol.ConversationID("c2")
	anna, ben  = protocol.AgentID("anna"), protocol.AgentID("ben")
)

// good is a history in which all is well: anna is asked and lets it ring, ben
// takes it, writes, hands it to anna, who ends it; the second is picked.
func good() history {
	at := time.Unix(1000, 0)
	return history{
		asks: []ask{{one, "hello 1", wiretest.Acked}, {other, "hello 2", wiretest.Acked}, {"", "too many", wiretest.Refused}},
		posts: []post{
			{one, "visitor 1", "v1", wiretest.Acked}, {one, "ben", "b1", wiretest.Acked}, {one, "visitor 1", "v2", wiretest.Unknown}, {one, "visitor 1", "v3", wiretest.Acked},
			{one, "ben", "late", wiretest.Refused}, {one, "visitor 1", "never", wiretest.Unknown},
		},
		accepts: []accept{{anna, "o1", wiretest.Refused, at}, {ben, "o2", wiretest.Acked, at}, {ben, "o2", wiretest.Refused, at}, {anna, "o3", wiretest.Acked, at}},
		offers: map[protocol.OfferID]offer{
			"o1": {one, anna, protocol.OfferAlone, "timed_out"}, "o2": {one, ben, protocol.OfferAlone, "accepted"},
			"o3": {one, anna, protocol.OfferTransfer, "accepted"},
		},
		conversations: map[protocol.ConversationID]conversation{
			one: {state: protocol.StateClosed, entries: []entry{
				{1, protocol.EntryAsked, "visitor:1", "", ""}, {2, protocol.EntryMessage, "visitor:1", "hello 1", ""},
				{3, protocol.EntryMessage, "visitor:1", "v1", ""}, {4, protocol.EntryJoined, "agent:ben", "", ""},
				{5, protocol.EntryMessage, "agent:ben", "b1", ""}, {6, protocol.EntryMessage, "visitor:1", "v3", ""},
				{7, protocol.EntryTransferred, "agent:anna", "", ""}, {8, protocol.EntryEnded, "agent:anna", "", ""},
			}},
			other: {state: protocol.StateClosed, entries: []entry{
				{1, protocol.EntryAsked, "visitor:2", "", ""}, {2, protocol.EntryMessage, "visitor:2", "hello 2", ""},
				{3, protocol.EntryJoined, "agent:ben", "", "picked"},
			}},
		},
		loads: []load{{ben, 25, at}, {ben, 100, at}, {anna, 25, at}, {anna, 0, at}},
		owners: []owning{
			{one, "", 0, 1, at}, {one, ben, 1, 0, at}, {one, anna, 1, 0, at}, {one, "", 0, 0, at}, {other, "", 0, 0, at}, {other, ben, 1, 0, at},
		},
		waits: []wait{{one, anna, time.Second, at}},
	}
}

func TestAGoodHistoryHasNoFindings(t *testing.T) {
	if found := check(good()); len(found) > 0 {
		t.Errorf("findings in a good history: %v", found)
	}
}

// Each of these histories is a good one but for one thing, which is found, and
// nothing else is.
func TestBadHistoriesAreSeen(t *testing.T) { // R1, R2, R3, R4, D1, D2, D3, D13
	tests := []struct {
		name string
		want string
		harm func(*history)
	}{
		{"two slots of owners after one commit", doubleOwner, func(h *history) { h.owners[1].slots = 2 }},
		{"an owner without a slot", doubleOwner, func(h *history) { h.owners[1].slots = 0 }},
		{"a slot of an owner who is none", doubleOwner, func(h *history) { h.owners[3].slots = 1 }},
		{"two are asked at once", doubleOwner, func(h *history) { h.owners[0].alone = 2 }},
		{"an offer that had rung out was taken", doubleOwner, func(h *history) { h.accepts[0].end = wiretest.Acked }},
		{"one offer was taken twice", doubleOwner, func(h *history) { h.accepts[2].end = wiretest.Acked }},
		{"an offer to another was taken", doubleOwner, func(h *history) { h.accepts[1].agent = anna }},
		{"a second offer was accepted while somebody had it", doubleOwner, func(h *history) {
			h.offers["o4"] = offer{one, anna, protocol.OfferAlone, "accepted"}
		}},
		{"an owner without an offer", doubleOwner, func(h *history) {
			h.owners = append(h.owners, owning{one, anna, 1, 0, time.Time{}}, owning{one, "", 0, 0, time.Time{}})
		}},
		{"picked by two", doubleOwner, func(h *history) {
			c := h.conversations[other]
			c.entries = append(c.entries, entry{4, protocol.EntryJoined, "agent:anna", "", "picked"})
			h.conversations[other] = c
		}},
		{"more than an agent can", overCapacity, func(h *history) { h.loads[1].within = 125 }},
		{"not offered", stuck, func(h *history) { h.waits[0].lasted = offeredWithin + time.Millisecond }},
		{"waits in the end", stuck, func(h *history) { h.end(one, protocol.StateQueued) }},
		{"runs in the end", stuck, func(h *history) { h.end(one, protocol.StateActive) }},
		{"rings in the end", stuck, func(h *history) { h.offers["o4"] = offer{one, anna, protocol.OfferAlone, ""} }},
		{"a conversation that nobody knows", lost, func(h *history) { h.asks[1].conversation = "c3" }},
		{"a first message", lost, func(h *history) { h.conversations[other].entries[1].text = "" }},
		{"an offer that nobody knows", lost, func(h *history) {
			h.accepts = append(h.accepts, accept{anna, "o9", wiretest.Acked, time.Time{}})
		}},
		{"a message", lost, func(h *history) { h.conversations[one].entries[4].text = "" }},
		{"a message twice", lost, func(h *history) { h.conversations[one].entries[5].text = "b1"; h.posts[3].end = wiretest.Unknown }},
		{"a message elsewhere", lost, func(h *history) { h.posts[0].conversation = other }},
		{"a refused message", lost, func(h *history) { h.posts[1].end = wiretest.Refused }},
		{"the order", lost, func(h *history) {
			lines := h.conversations[one].entries
			lines[2].text, lines[5].text = "v3", "v1"
		}},
		{"a seq", lost, func(h *history) { h.conversations[one].entries[7].seq = 9 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := good()
			tt.harm(&h)
			found := check(h)
			if len(found) == 0 || slices.ContainsFunc(found, func(f finding) bool { return f.what != tt.want }) {
				t.Errorf("found %v, want %s", found, tt.want)
			}
		})
	}
}

func (h *history) end(id protocol.ConversationID, state protocol.ConversationState) {
	c := h.conversations[id]
	c.state = state
	h.conversations[id] = c
}
