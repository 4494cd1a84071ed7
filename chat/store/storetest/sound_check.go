package storetest

import (
	"pgregory.net/rapid"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// check looks at the whole record.
func (m *crowd) check(r *rapid.T) {
	slots, err := m.w.Store.Slots(m.t.Context(), m.w.ID)
	must(m.t, err)
	offers, err := m.w.Store.OpenOffers(m.t.Context(), m.w.ID)
	must(m.t, err)
	requests, err := m.w.Store.Requests(m.t.Context(), m.w.ID)
	must(m.t, err)
	for _, id := range m.convs {
		c, err := m.w.Store.Conversation(m.t.Context(), m.w.ID, id)
		must(m.t, err)
		m.owned(r, c, slots)
		m.asked(r, c, offers, requests)
		checkDense(m.t, m.w, id, int(c.Seq))
		if c.Kind == "" {
			m.w.quiet(m.t, c)
		}
	}
	for _, id := range m.w.Agents {
		m.carried(r, id, slots)
	}
}

// owned: who is in a conversation (R2).
func (m *crowd) owned(r *rapid.T, c store.Conversation, slots []store.Slot) {
	owners, others, wraps := 0, 0, 0
	for _, l := range slots {
		if l.Conversation != c.ID {
			continue
		}
		switch {
		case l.State == protocol.SlotWrapUp:
			wraps++
		case l.Role == store.RoleGuest && l.Agent != c.Owner:
			others++
		case l.Agent == c.Owner && (l.Role == store.RoleOwner && c.Kind == "" || l.Role == store.RoleAsker && l.Cost == 0 && c.Kind == store.KindConsult):
			owners++
		default:
			r.Fatalf("slot %+v in conversation %+v", l, c)
		}
	}
	fits := false
	switch c.State {
	case protocol.StateQueued:
		fits = owners+others+wraps == 0 && c.Owner == "" && c.ReplyDue == 0
	case protocol.StateActive:
		fits = owners == 1 && wraps == 0
	case protocol.StateEnded:
		fits = owners+others == 0 && wraps > 0 && c.Kind == ""
	case protocol.StateClosed:
		fits = owners+others+wraps == 0
	}
	if !fits {
		r.Fatalf("%s conversation of %q: %d owners, %d others, %d wrap-ups: %+v", c.State, c.Owner, owners, others, wraps, c)
	}
}

// asked: what rings for a conversation, and what its agents ask (R2).
func (m *crowd) asked(r *rapid.T, c store.Conversation, offers []store.Offer, requests []store.Request) {
	open := map[protocol.RequestID]store.Request{}
	for _, q := range requests {
		open[q.ID] = q
		if q.Conversation == c.ID && c.State != protocol.StateActive {
			r.Fatalf("request %+v in a conversation that is %s", q, c.State)
		}
	}
	alone, several := 0, 0
	for _, o := range offers {
		if o.Conversation != c.ID {
			continue
		}
		switch o.Kind {
		case protocol.OfferAlone:
			alone++
		case protocol.OfferAll:
			several++
		default:
			if q, ok := open[o.Request]; !ok || q.ToAgent != "" && q.ToAgent != o.Agent || c.State != protocol.StateActive {
				r.Fatalf("offer %+v of request %+v in conversation %+v", o, q, c)
			}
			continue
		}
		if c.State != protocol.StateQueued {
			r.Fatalf("offer %+v of a conversation that is %s", o, c.State)
		}
	}
	if alone > 1 || alone > 0 && several > 0 {
		r.Fatalf("%d alone and %d others are asked at once", alone, several)
	}
}

// carried: what an agent carries (R1, STATE-3).
func (m *crowd) carried(r *rapid.T, agent protocol.AgentID, slots []store.Slot) {
	count, sum, within := 0, 0, 0
	for _, l := range slots {
		if l.Agent != agent {
			continue
		}
		count, sum = count+1, sum+l.Cost
		if !l.Over {
			within += l.Cost
		}
	}
	a, err := m.w.Store.Agent(m.t.Context(), m.w.ID, agent)
	must(m.t, err)
	if a.Load != sum || a.Slots != count || within > store.Units {
		r.Fatalf("load %d of slots that cost %d, %d of them not over; %d slots of %d", a.Load, sum, within, a.Slots, count)
	}
	if a.Declared == protocol.DeclaredPending && count == 0 {
		r.Fatalf("not ready after no conversation at all")
	}
}
