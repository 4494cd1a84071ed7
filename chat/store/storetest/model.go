package storetest

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A modelled conversation is what the plain model knows of one.
type modelled struct {
	id      protocol.ConversationID
	visitor protocol.VisitorID
	state   protocol.ConversationState
	owner   int // agent, -1 for none
	slot    protocol.SlotState
	offer   protocol.OfferID // that rings
	asked   int              // agent at whom it rings
	entries int
}

// A machine drives the record and the model with the same random commands.
type machine struct {
	t     *testing.T
	w     *World
	convs []*modelled
}

// model checks R1, R2, R3 and D3 along random histories of a few conversations
// and three agents with room for two each.
func model(t *testing.T, s *store.Store) {
	t.Helper()
	rapid.Check(t, func(r *rapid.T) {
		declared := Declaration(3)
		for i := range declared.Agents {
			declared.Agents[i].MaxChats = 2
		}
		_, err := s.Apply(t.Context(), declared)
		must(t, err)
		w := &World{Store: s, ID: declared.ID, Site: declared.Sites[0].ID, Queue: declared.Queues[0].ID}
		for _, a := range declared.Agents {
			w.Agents = append(w.Agents, a.ID)
		}
		m := &machine{t: t, w: w}
		for range 5 {
			m.ask()
		}
		r.Repeat(map[string]func(*rapid.T){
			"offer": m.offer, "accept": m.accept, "settle": m.settle, "end": m.end, "clear": m.clear, "park": m.park, "requeue": m.requeue,
			"say": m.say, "": m.check,
		})
	})
}

func (m *machine) ask() {
	c := m.w.Ask(m.t)
	m.convs = append(m.convs, &modelled{id: c.ID, visitor: c.Visitor, state: protocol.StateQueued, owner: -1, entries: 2})
}

func (m *machine) pick(r *rapid.T) (*modelled, int) {
	return m.convs[rapid.IntRange(0, len(m.convs)-1).Draw(r, "conversation")], rapid.IntRange(0, len(m.w.Agents)-1).Draw(r, "agent")
}

func (m *machine) held(agent int) (slots, offers int) {
	for _, c := range m.convs {
		if c.slot != "" && c.owner == agent {
			slots++
		}
		if c.offer != "" && c.asked == agent {
			offers++
		}
	}
	return slots, offers
}

func expect(r *rapid.T, err error, want protocol.Code) bool {
	if got := code(err); got != want {
		r.Fatalf("got %q (%v), the model says %q", got, err, want)
	}
	return want == ""
}

func (m *machine) offer(r *rapid.T) {
	c, agent := m.pick(r)
	want := protocol.Code("")
	slots, offers := m.held(agent)
	switch {
	case c.state != protocol.StateQueued || c.offer != "":
		want = protocol.CodeWrongState
	case slots+offers >= 2:
		want = protocol.CodeFull
	}
	o := m.w.Offering(store.Conversation{ID: c.id}, m.w.Agents[agent], 1<<60)
	if expect(r, m.w.Store.OpenOffer(m.t.Context(), o, nil), want) {
		c.offer, c.asked = o.ID, agent
		c.entries++
	}
}

func (m *machine) accept(r *rapid.T) {
	c, _ := m.pick(r)
	if c.offer == "" {
		r.Skip()
	}
	_, _, err := m.w.Store.Accept(m.t.Context(), m.w.ID, m.w.Agents[c.asked], c.offer, op())
	if expect(r, err, "") {
		c.owner, c.slot, c.state, c.offer = c.asked, protocol.SlotActive, protocol.StateActive, ""
		c.entries++
	}
}

func (m *machine) settle(r *rapid.T) {
	c, _ := m.pick(r)
	if c.offer == "" {
		r.Skip()
	}
	outcome := rapid.SampledFrom([]store.Outcome{store.OutcomeRejected, store.OutcomeTimedOut, store.OutcomeRescinded}).Draw(r, "outcome")
	stale := c.offer
	_, settled, err := m.w.Store.Settle(m.t.Context(), m.w.ID, stale, outcome, "model", "")
	if err != nil || !settled {
		r.Fatalf("settled %v, %v", settled, err)
	}
	_, _, err = m.w.Store.Accept(m.t.Context(), m.w.ID, m.w.Agents[c.asked], stale, op())
	expect(r, err, protocol.CodeExpired)
	c.offer = ""
	c.entries++
}

func (m *machine) end(r *rapid.T) {
	c, _ := m.pick(r)
	want := protocol.Code("")
	if c.state != protocol.StateQueued && c.state != protocol.StateActive {
		want = protocol.CodeWrongState
	}
	by := protocol.Author{Kind: protocol.KindVisitor, ID: string(c.visitor)}
	_, _, err := m.w.Store.End(m.t.Context(), m.w.ID, c.id, by, "visitor:"+string(c.visitor), op(), "", 0)
	if !expect(r, err, want) {
		return
	}
	c.entries++
	if c.state == protocol.StateActive {
		c.state, c.slot = protocol.StateEnded, protocol.SlotWrapUp
		return
	}
	if c.offer != "" {
		c.entries++
	}
	c.state, c.offer = protocol.StateClosed, ""
}

func (m *machine) clear(r *rapid.T) {
	c, agent := m.pick(r)
	want := protocol.CodeWrongState
	if c.slot == protocol.SlotWrapUp && c.owner == agent {
		want = ""
	}
	_, err := m.w.Store.Clear(m.t.Context(), m.w.ID, m.w.Agents[agent], c.id, op())
	if expect(r, err, want) {
		c.slot, c.state = "", protocol.StateClosed
		c.entries++
	}
}

func (m *machine) park(r *rapid.T) {
	c, agent := m.pick(r)
	do, from, to := m.w.Store.Park, protocol.SlotActive, protocol.SlotParked
	if rapid.Bool().Draw(r, "back") {
		do, from, to = m.w.Store.Unpark, to, from
	}
	want := protocol.CodeWrongState
	if c.slot == from && c.owner == agent {
		want = ""
	}
	_, err := do(m.t.Context(), m.w.ID, m.w.Agents[agent], c.id, op())
	if expect(r, err, want) {
		c.slot = to
		c.entries++
	}
}

func (m *machine) requeue(r *rapid.T) {
	c, _ := m.pick(r)
	want := protocol.Code("")
	if c.state != protocol.StateActive {
		want = protocol.CodeWrongState
	}
	_, err := m.w.Store.Requeue(m.t.Context(), m.w.ID, c.id, "model")
	if expect(r, err, want) {
		c.state, c.owner, c.slot = protocol.StateQueued, -1, ""
		c.entries++
	}
}

func (m *machine) say(r *rapid.T) {
	c, _ := m.pick(r)
	want := protocol.Code("")
	if c.state != protocol.StateQueued && c.state != protocol.StateActive {
		want = protocol.CodeWrongState
	}
	_, _, err := m.w.Store.Append(m.t.Context(), m.w.Saying(store.Conversation{ID: c.id, Visitor: c.visitor}, "words"))
	if expect(r, err, want) {
		c.entries++
	}
}

// check compares the whole record with the model.
func (m *machine) check(r *rapid.T) {
	for _, c := range m.convs {
		now, err := m.w.Store.Conversation(m.t.Context(), m.w.ID, c.id)
		must(m.t, err)
		owner := protocol.AgentID("")
		if c.owner >= 0 {
			owner = m.w.Agents[c.owner]
		}
		if now.State != c.state || now.Owner != owner || now.Seq != int64(c.entries) {
			r.Fatalf("conversation %s owner %s seq %d, the model says %s %s %d", now.State, now.Owner, now.Seq, c.state, owner, c.entries)
		}
		checkDense(m.t, m.w, c.id, c.entries)
	}
	for i, id := range m.w.Agents {
		slots, offers := m.held(i)
		a, err := m.w.Store.Agent(m.t.Context(), m.w.ID, id)
		must(m.t, err)
		open, err := m.w.Store.OffersOfAgent(m.t.Context(), m.w.ID, id)
		must(m.t, err)
		if a.Slots != slots || a.Load != slots*store.Cost || len(open) != offers || slots > 2 {
			r.Fatalf("agent %d has %d slots, load %d, %d offers; the model says %d slots, %d offers", i, a.Slots, a.Load, len(open), slots, offers)
		}
	}
	if n, err := m.w.Store.AuditLoads(m.t.Context(), m.w.ID); err != nil || n != 0 {
		r.Fatalf("%d loads differ, %v", n, err)
	}
}
