package routing

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func (m *memory) EndRequest(_ context.Context, _ protocol.WorkspaceID, id protocol.RequestID, cause, _ string) (q store.Request, ended bool, err error) {
	m.do(func() {
		row := m.requests[id]
		if row == nil {
			err = refusal(protocol.CodeNotFound)
			return
		}
		if ended = row.State == store.RequestOpen; ended {
			m.endRequest(row, cause)
		}
		q = *row
	})
	return q, ended, err
}

func (m *memory) Favour(_ context.Context, _ protocol.WorkspaceID, conv protocol.ConversationID, boost int64) (c store.Conversation, favoured bool, err error) {
	m.do(func() {
		row := m.conversations[conv]
		if row == nil {
			err = refusal(protocol.CodeNotFound)
			return
		}
		if favoured = row.State == protocol.StateQueued && row.Boost < boost && (row.Boost > 0 || row.Started == 0); favoured {
			row.Boost = boost
		}
		c = *row
	})
	return c, favoured, err
}

func (m *memory) OverdueReplies(_ context.Context, _ protocol.WorkspaceID, now int64) (list []store.Conversation, _ error) {
	m.do(func() {
		for _, c := range m.conversations {
			if c.State == protocol.StateActive && c.ReplyDue > 0 && c.ReplyDue <= now {
				list = append(list, *c)
			}
		}
	})
	slices.SortFunc(list, func(a, b store.Conversation) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

func (m *memory) AdvanceReply(_ context.Context, _ protocol.WorkspaceID, conv protocol.ConversationID, stage int, due int64) (advanced bool, _ error) {
	m.do(func() {
		c := m.conversations[conv]
		if advanced = c.State == protocol.StateActive && c.ReplyDue > 0 && c.ReplyStage == stage-1; advanced {
			c.ReplyStage, c.ReplyDue = stage, due
		}
	})
	return advanced, nil
}

func (m *memory) DueWakes(_ context.Context, _ protocol.WorkspaceID, now int64) (list []store.Slot, _ error) {
	m.do(func() {
		for _, s := range m.slots {
			if s.State == protocol.SlotParked && s.WakeUntil > 0 && s.WakeUntil <= now {
				list = append(list, *s)
			}
		}
	})
	slices.SortFunc(list, bySlot)
	return list, nil
}

func (m *memory) Requeue(_ context.Context, _ protocol.WorkspaceID, conv protocol.ConversationID, _ string) (c store.Conversation, err error) {
	m.do(func() {
		row := m.conversations[conv]
		if row.State != protocol.StateActive {
			err = refusal(protocol.CodeWrongState)
			return
		}
		row.Touched = nil
		for k := range m.slots {
			if k.conv == conv {
				row.Touched = append(row.Touched, agentActor(k.agent))
				delete(m.slots, k)
			}
		}
		slices.Sort(row.Touched)
		for _, q := range m.requests {
			if q.Conversation == conv && q.State == store.RequestOpen {
				m.endRequest(q, store.RequestWithdrawn)
			}
		}
		row.State, row.Owner, row.ReplyDue, row.ReplyStage = protocol.StateQueued, "", 0, 0
		m.queued[conv] = time.Now()
		c = *row
	})
	return c, err
}

func (m *memory) Abandon(_ context.Context, _ protocol.WorkspaceID, conv protocol.ConversationID, _ protocol.Op, _, why string) (c store.Conversation, err error) {
	m.do(func() {
		row := m.conversations[conv]
		if row.State != protocol.StateQueued {
			err = refusal(protocol.CodeWrongState)
			return
		}
		row.State, row.Outcome, row.Missed = protocol.StateClosed, store.ConversationMissed, why
		for _, o := range m.ringing {
			if o.Conversation == conv && o.Outcome == "" {
				o.Outcome, o.Cause = store.OutcomeRescinded, "closed"
			}
		}
		c = *row
	})
	return c, err
}

func (m *memory) Settings(context.Context, protocol.WorkspaceID) (store.Settings, error) {
	return store.Settings{}, nil
}

func (m *memory) ForgetDecisions(context.Context, protocol.WorkspaceID, int64, int) (int64, error) {
	return 0, nil
}

func (m *memory) Offer(_ context.Context, _ protocol.WorkspaceID, id protocol.OfferID) (o store.Offer, err error) {
	m.do(func() {
		if row := m.offers[id]; row != nil {
			o = *row
		} else {
			err = refusal(protocol.CodeNotFound)
		}
	})
	return o, err
}
