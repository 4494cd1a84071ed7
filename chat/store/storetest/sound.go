package storetest

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A crowd does at random all that agents and routing can do with a few
// conversations. Whatever is refused, what stands in the record is sound.
type crowd struct {
	t       *testing.T
	w       *World
	convs   []protocol.ConversationID
	offers  []store.Offer
	settled map[protocol.OfferID]bool
}

// sound checks R1, R2 and R3 along random histories of offers to one and to
// all, picks, parking, transfers, invitations, enquiries, losses and ends.
func sound(t *testing.T, s *store.Store) {
	t.Helper()
	rapid.Check(t, func(r *rapid.T) {
		m := &crowd{t: t, w: ruled(t, s, store.QueueRules{}, 2, 3, 4), settled: map[protocol.OfferID]bool{}}
		for range 4 {
			m.convs = append(m.convs, m.w.Ask(t).ID)
		}
		m.convs = append(m.convs, m.w.Active(t, m.w.Agents[0]).ID, m.w.Active(t, m.w.Agents[1]).ID)
		r.Repeat(map[string]func(*rapid.T){
			"offer": m.offer, "all": m.all, "accept": m.accept, "settle": m.settle, "pick": m.pick, "park": m.park, "unpark": m.unpark, "wake": m.wake,
			"request": m.request, "ask for": m.ring, "taken": m.taken, "taken too": m.taken, "call": m.call, "take back": m.takeBack, "depart": m.depart, "lose": m.lose, "queue": m.toQueue, "end": m.end,
			"clear": m.clear, "pending": m.pending, "": m.check,
		})
	})
}

// refused lets every refusal that people can read pass.
func refused(r *rapid.T, err error) bool {
	if err == nil {
		return false
	}
	if e, known := protocol.AsError(err); !known || e.Code == protocol.CodeInternal {
		r.Fatalf("not a refusal: %v", err)
	}
	return true
}

func (m *crowd) conv(r *rapid.T) store.Conversation {
	id := rapid.SampledFrom(m.convs).Draw(r, "conversation")
	c, err := m.w.Store.Conversation(m.t.Context(), m.w.ID, id)
	must(m.t, err)
	return c
}

func (m *crowd) agent(r *rapid.T) protocol.AgentID {
	return rapid.SampledFrom(m.w.Agents).Draw(r, "agent")
}

// inIt is an agent of the conversation more often than not.
func (m *crowd) inIt(r *rapid.T, c store.Conversation) protocol.AgentID {
	if c.Owner != "" && rapid.IntRange(0, 3).Draw(r, "owner") > 0 {
		return c.Owner
	}
	return m.agent(r)
}

func (m *crowd) open(r *rapid.T, o store.Offer) {
	o.Deadline = 1 << 60
	if !refused(r, m.w.Store.OpenOffer(m.t.Context(), o, nil)) {
		m.offers = append(m.offers, o)
	}
}

func (m *crowd) offer(r *rapid.T) { m.open(r, m.w.Offering(m.conv(r), m.agent(r), 1<<60)) }

func (m *crowd) all(r *rapid.T) {
	c := m.conv(r)
	for _, agent := range m.w.Agents {
		o := m.w.Offering(c, agent, 1<<60)
		o.Kind = protocol.OfferAll
		m.open(r, o)
	}
}

func (m *crowd) rang(r *rapid.T) store.Offer {
	if len(m.offers) == 0 {
		r.Skip()
	}
	last := m.offers[max(0, len(m.offers)-6):]
	return rapid.SampledFrom(last).Draw(r, "offer")
}

func (m *crowd) accept(r *rapid.T) {
	o := m.rang(r)
	_, _, err := m.w.Store.Accept(m.t.Context(), m.w.ID, o.Agent, o.ID, op())
	if !refused(r, err) && m.settled[o.ID] {
		r.Fatalf("an offer that had ended was accepted") // R3
	}
	if err == nil {
		m.settled[o.ID] = true
	}
}

func (m *crowd) settle(r *rapid.T) {
	o := m.rang(r)
	outcome := rapid.SampledFrom([]store.Outcome{store.OutcomeRejected, store.OutcomeTimedOut, store.OutcomeRescinded}).Draw(r, "outcome")
	_, settled, err := m.w.Store.Settle(m.t.Context(), m.w.ID, o.ID, outcome, "test", protocol.DeclaredPending)
	must(m.t, err)
	if settled && m.settled[o.ID] {
		r.Fatalf("an offer that had ended was settled")
	}
	m.settled[o.ID] = true
}

func (m *crowd) pick(r *rapid.T) {
	_, _, err := m.w.Store.Pick(m.t.Context(), store.PickIn{
		Workspace: m.w.ID, Agent: m.agent(r), Conversation: m.conv(r).ID, Op: op(), Cost: store.Cost, Over: rapid.Bool().Draw(r, "over"),
	})
	refused(r, err)
}

func (m *crowd) park(r *rapid.T) {
	c := m.conv(r)
	_, err := m.w.Store.Park(m.t.Context(), m.w.ID, m.inIt(r, c), c.ID, op(), rapid.SampledFrom([]int{0, 50, 100}).Draw(r, "share"))
	refused(r, err)
}

func (m *crowd) unpark(r *rapid.T) {
	c := m.conv(r)
	_, err := m.w.Store.Unpark(m.t.Context(), m.w.ID, m.inIt(r, c), c.ID, op())
	refused(r, err)
}

func (m *crowd) wake(r *rapid.T) {
	c := m.conv(r)
	if c.Owner != "" {
		_, err := m.w.Store.Park(m.t.Context(), m.w.ID, c.Owner, c.ID, op(), 0)
		refused(r, err)
	}
	_, err := m.w.Store.Wake(m.t.Context(), m.w.ID, c.ID, rapid.IntRange(0, 1).Draw(r, "overflow"))
	refused(r, err)
}

func (m *crowd) request(r *rapid.T) {
	c := m.conv(r)
	kind := rapid.SampledFrom([]protocol.RequestKind{protocol.RequestTransfer, protocol.RequestInvite, protocol.RequestConsult}).Draw(r, "kind")
	in := store.RequestIn{Workspace: m.w.ID, Conversation: c.ID, Kind: kind, By: m.inIt(r, c), Note: canary, Op: op()}
	if rapid.Bool().Draw(r, "named") {
		in.ToAgent = m.agent(r)
	} else {
		in.ToQueue = m.w.Queue
	}
	got, _, err := m.w.Store.OpenRequest(m.t.Context(), in)
	if !refused(r, err) && got.Consult != "" {
		m.convs = append(m.convs, got.Consult)
	}
}

// taken is a request that somebody takes at once, where he may.
func (m *crowd) taken(r *rapid.T) {
	var running []store.Conversation
	for _, id := range m.convs {
		c, err := m.w.Store.Conversation(m.t.Context(), m.w.ID, id)
		must(m.t, err)
		if c.State == protocol.StateActive && c.Kind == "" {
			running = append(running, c)
		}
	}
	if len(running) == 0 {
		r.Skip()
	}
	c := rapid.SampledFrom(running).Draw(r, "running")
	kind := rapid.SampledFrom([]protocol.RequestKind{protocol.RequestTransfer, protocol.RequestInvite, protocol.RequestConsult}).Draw(r, "kind")
	in := store.RequestIn{Workspace: m.w.ID, Conversation: c.ID, Kind: kind, By: c.Owner, ToQueue: m.w.Queue, Note: canary, Op: op()}
	asked, _, err := m.w.Store.OpenRequest(m.t.Context(), in)
	if refused(r, err) {
		return
	}
	if asked.Consult != "" {
		m.convs = append(m.convs, asked.Consult)
	}
	o := m.w.Offering(c, m.agent(r), 1<<60)
	o.Kind, o.Request = protocol.OfferKind(kind), asked.ID
	m.open(r, o)
	if _, _, err = m.w.Store.Accept(m.t.Context(), m.w.ID, o.Agent, o.ID, op()); !refused(r, err) {
		m.settled[o.ID] = true
	}
}

// call lets a video begin or end, and weighs it.
func (m *crowd) call(r *rapid.T) {
	c := m.conv(r)
	calls, err := m.w.Store.CallsOf(m.t.Context(), m.w.ID, c.ID)
	must(m.t, err)
	switch {
	case len(calls) > 0:
		_, err = m.w.Store.EndCall(m.t.Context(), m.w.ID, calls[0].ID, By(c.Owner), "agent:"+string(c.Owner), op(), "hung_up")
		refused(r, err)
	case c.State == protocol.StateActive && c.Kind == "":
		m.w.Call(m.t, c, protocol.MediaVideo)
	}
	_, err = m.w.Store.Weigh(m.t.Context(), m.w.ID, c.ID, store.QueueRules{})
	refused(r, err)
}

func (m *crowd) requested(r *rapid.T) store.Request {
	list, err := m.w.Store.Requests(m.t.Context(), m.w.ID)
	must(m.t, err)
	if len(list) == 0 {
		r.Skip()
	}
	return rapid.SampledFrom(list).Draw(r, "request")
}

func (m *crowd) ring(r *rapid.T) {
	asked := m.requested(r)
	agent := asked.ToAgent
	if agent == "" {
		agent = m.agent(r)
	}
	o := m.w.Offering(store.Conversation{ID: asked.Conversation}, agent, 1<<60)
	o.Kind, o.Request = protocol.OfferKind(asked.Kind), asked.ID
	m.open(r, o)
}

func (m *crowd) takeBack(r *rapid.T) {
	_, _, err := m.w.Store.EndRequest(m.t.Context(), m.w.ID, m.requested(r).ID, "withdrawn", "system")
	refused(r, err)
}

func (m *crowd) depart(r *rapid.T) {
	c := m.conv(r)
	then := rapid.SampledFrom([]string{"", "queue", "end"}).Draw(r, "then")
	_, err := m.w.Store.Depart(m.t.Context(), m.w.ID, m.inIt(r, c), c.ID, op(), then, 0)
	refused(r, err)
}

func (m *crowd) lose(r *rapid.T) {
	c := m.conv(r)
	_, _, err := m.w.Store.Lose(m.t.Context(), m.w.ID, m.inIt(r, c), c.ID, "connection_lost")
	refused(r, err)
}

func (m *crowd) toQueue(r *rapid.T) {
	c := m.conv(r)
	_, err := m.w.Store.TransferNow(m.t.Context(), m.w.ID, m.inIt(r, c), c.ID, m.w.Queue, canary, op(), 1000)
	refused(r, err)
}

func (m *crowd) end(r *rapid.T) {
	c := m.conv(r)
	by := protocol.Author{Kind: protocol.KindVisitor, ID: string(c.Visitor)}
	_, _, err := m.w.Store.End(m.t.Context(), m.w.ID, c.ID, by, "visitor:"+string(c.Visitor), op(), "", 0)
	refused(r, err)
}

func (m *crowd) clear(r *rapid.T) {
	c := m.conv(r)
	_, err := m.w.Store.Clear(m.t.Context(), m.w.ID, m.inIt(r, c), c.ID, op())
	refused(r, err)
}

func (m *crowd) pending(r *rapid.T) {
	agent := m.agent(r)
	declared := rapid.SampledFrom([]protocol.Declared{protocol.DeclaredReady, protocol.DeclaredPending}).Draw(r, "declared")
	_, err := m.w.Store.Declare(m.t.Context(), m.w.ID, agent, declared, "", "agent:"+string(agent), "agent")
	refused(r, err)
}
