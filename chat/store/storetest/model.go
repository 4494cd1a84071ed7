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
	cost    int              // of the slot now
	entries int
}

// A machine drives the record and the model with the same random commands.
type machine struct {
	t     *testing.T
	w     *World
	convs []*modelled
}

// model checks R1, R2, R3 and D3 along random histories of a few conversations
// and three agents with room for two each, whose parked ones cost half.
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

// whole is what a conversation costs an agent with room for two.
const whole = store.Units / 2

func (m *machine) held(agent int) (slots, load, offers int) {
	for _, c := range m.convs {
		if c.slot != "" && c.owner == agent {
			slots, load = slots+1, load+c.cost
		}
		if c.offer != "" && c.asked == agent {
			offers++
		}
	}
	return slots, load, offers
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
	_, load, offers := m.held(agent)
	switch {
	case c.state != protocol.StateQueued || c.offer != "":
		want = protocol.CodeWrongState
	case offers > 0 || load+whole > store.Units:
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
	want := protocol.Code("")
	if _, load, _ := m.held(c.asked); load+whole > store.Units {
		want = protocol.CodeFull // a parked one was taken up meanwhile
	}
	_, _, err := m.w.Store.Accept(m.t.Context(), m.w.ID, m.w.Agents[c.asked], c.offer, op())
	if expect(r, err, want) {
		c.owner, c.slot, c.state, c.offer, c.cost = c.asked, protocol.SlotActive, protocol.StateActive, "", whole
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
		c.state, c.slot, c.cost = protocol.StateEnded, protocol.SlotWrapUp, whole
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
	from, to, cost := protocol.SlotActive, protocol.SlotParked, whole/2
	back := rapid.Bool().Draw(r, "back")
	if back {
		from, to, cost = to, from, whole
	}
	want := protocol.CodeWrongState
	if c.slot == from && c.owner == agent {
		want = ""
	}
	var err error
	if back {
		_, err = m.w.Store.Unpark(m.t.Context(), m.w.ID, m.w.Agents[agent], c.id, op())
	} else {
		_, err = m.w.Store.Park(m.t.Context(), m.w.ID, m.w.Agents[agent], c.id, op(), 50)
	}
	if expect(r, err, want) {
		c.slot, c.cost = to, cost
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
		slots, load, offers := m.held(i)
		a, err := m.w.Store.Agent(m.t.Context(), m.w.ID, id)
		must(m.t, err)
		open, err := m.w.Store.OffersOfAgent(m.t.Context(), m.w.ID, id)
		must(m.t, err)
		if a.Slots != slots || a.Load != load || len(open) != offers {
			r.Fatalf("agent %d has %d slots, load %d, %d offers; the model says %d, %d, %d", i, a.Slots, a.Load, len(open), slots, load, offers)
		}
		m.within(r, id)
	}
	if n, err := m.w.Store.AuditLoads(m.t.Context(), m.w.ID); err != nil || n != 0 {
		r.Fatalf("%d loads differ, %v", n, err)
	}
}

// within checks that what is not marked as over the capacity fits into it (R1).
func (m *machine) within(r *rapid.T, agent protocol.AgentID) {
	slots, err := m.w.Store.SlotsOfAgent(m.t.Context(), m.w.ID, agent)
	must(m.t, err)
	sum, over := 0, 0
	for _, l := range slots {
		if l.Over {
			over += l.Cost
		} else {
			sum += l.Cost
		}
	}
	if sum > store.Units {
		r.Fatalf("slots of %d units besides %d over the capacity", sum, over)
	}
}
