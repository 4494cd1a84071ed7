package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// lostBoost puts a conversation whose agent was lost before nearly all others.
const lostBoost = 24 * 60 * 60 * 1000

func errNotInIt() error {
	return protocol.NewError(protocol.CodeForbidden, "Only who is in the conversation can do this.")
}

// Requeue gives a running conversation back to its queue, at its first time
// of asking: slots are freed, the owner unset, and what its agents asked of
// colleagues ends. Touched names the agents who had it. CodeWrongState when it
// does not run, or when the cause is CauseNoReply and the timer was stopped.
func (s *Store) Requeue(ctx context.Context, workspace protocol.WorkspaceID, conv protocol.ConversationID, cause string) (Conversation, error) {
	c, err := s.change(ctx, command{workspace: workspace}, conv, func(ctx context.Context, t *tx, c *Conversation) ([]string, error) {
		if c.State != protocol.StateActive || c.Kind == KindConsult {
			return nil, protocol.NewError(protocol.CodeWrongState, "Only a running conversation can go back to its queue.")
		}
		if cause == CauseNoReply && (c.ReplyDue == 0 || c.ReplyStage < ReplyAlarmed) {
			return nil, protocol.NewError(protocol.CodeWrongState, "The reply has come meanwhile.")
		}
		return requeue(ctx, t, c, "", cause)
	})
	if err != nil {
		return Conversation{}, fmt.Errorf("requeue: %w", err)
	}
	return c, nil
}

// requeue lets a locked, running conversation wait again: in another queue
// where one is named.
func requeue(ctx context.Context, t *tx, c *Conversation, queue protocol.QueueID, cause string) ([]string, error) {
	if err := endSteps(ctx, t, c, protocol.Author{Kind: protocol.KindSystem}, systemActor, "requeued"); err != nil {
		return nil, err
	}
	asked, err := endTeam(ctx, t, c, "", cause)
	if err != nil {
		return nil, err
	}
	actors, err := freeSlots(ctx, t, c)
	if err != nil {
		return nil, err
	}
	body := protocol.EntryBody{Cause: cause}
	if cause == CauseSignedOut { // the visitor reads who is gone
		if body.Name, _, err = one(ctx, t, scanString, `SELECT name FROM agents WHERE workspace = $1 AND id = $2`, c.Workspace, c.Owner); err != nil {
			return nil, fmt.Errorf("name who signed out: %w", err)
		}
	}
	if queue != "" && queue != c.Queue {
		if body.Queue, err = nameOfTarget(ctx, t, c.Workspace, "", queue); err != nil {
			return nil, err
		}
		c.Queue = queue
	}
	if c.Requeued, err = t.time(ctx); err != nil {
		return nil, err
	}
	c.State, c.Owner, c.ReplyDue = protocol.StateQueued, "", 0
	actors = append(append(actors, asked...), visitorActor(c.Visitor))
	return actors, addEntries(ctx, t, c, systemEntry(protocol.EntryRequeued, protocol.AudienceAll, body))
}

// TransferNow lets the owner leave a running conversation to a queue without
// waiting for somebody to take it: it waits there at its first time of asking,
// with boost ms more. The note is for agents. CodeForbidden for who does not own it.
func (s *Store) TransferNow(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID, conv protocol.ConversationID,
	queue protocol.QueueID, note string, op protocol.Op, boost int64,
) (Conversation, error) {
	cmd := command{workspace, agentActor(agent), op, []any{"transfer now", conv, queue, note}}
	c, err := s.change(ctx, cmd, conv, func(ctx context.Context, t *tx, c *Conversation) ([]string, error) {
		switch {
		case c.State != protocol.StateActive || c.Kind == KindConsult:
			return nil, protocol.NewError(protocol.CodeWrongState, "Only a running conversation can go to a queue.")
		case c.Owner != agent:
			return nil, errNotInIt()
		}
		to, err := nameOfTarget(ctx, t, workspace, "", queue)
		if err != nil {
			return nil, err
		}
		asked, err := agentEntry(ctx, t, workspace, agent, protocol.EntryTransferAsked, protocol.AudienceAgents, "")
		if err != nil {
			return nil, err
		}
		asked.Body.To, asked.Body.Note, asked.Op = to, storable(note), op
		left, err := agentEntry(ctx, t, workspace, agent, protocol.EntryLeft, protocol.AudienceAll, "")
		if err != nil {
			return nil, err
		}
		if err := addEntries(ctx, t, c, asked, left); err != nil {
			return nil, err
		}
		c.Boost, c.Transfers = max(c.Boost, boost), c.Transfers+1
		return requeue(ctx, t, c, queue, "transferred")
	})
	if err != nil {
		return Conversation{}, fmt.Errorf("transfer to queue: %w", err)
	}
	return c, nil
}

// Depart lets an agent leave a running conversation that goes on: after its
// owner the guest who is there longest owns it. When the agent is the last one,
// then says what becomes of it: "queue", or "end", with a wrap-up of wrapMs as
// End has it; else CodeWrongState. An enquiry ends with whoever leaves it.
func (s *Store) Depart(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID, conv protocol.ConversationID, op protocol.Op, then string, wrapMs int64) (Conversation, error) {
	cmd := command{workspace, agentActor(agent), op, []any{"depart", conv, then}}
	c, err := s.change(ctx, cmd, conv, func(ctx context.Context, t *tx, c *Conversation) ([]string, error) {
		others, err := mayDepart(ctx, t, c, agent)
		if err != nil {
			return nil, err
		}
		switch {
		case c.Kind == KindConsult:
			return endConsult(ctx, t, c, "left")
		case len(others) > 0:
			return depart(ctx, t, c, agent, others, "left")
		case then == "queue":
			return requeue(ctx, t, c, "", "left")
		case then == "end":
			left, err := agentEntry(ctx, t, workspace, agent, protocol.EntryEnded, protocol.AudienceAll, "")
			if err != nil {
				return nil, err
			}
			return endActive(ctx, t, c, left.Author, agentActor(agent), "ended", wrapMs)
		default:
			return nil, protocol.NewError(protocol.CodeWrongState, "Nobody else is in this conversation. Give it back to the queue, or end it.")
		}
	})
	if err != nil {
		return Conversation{}, fmt.Errorf("depart: %w", err)
	}
	return c, nil
}

// mayDepart gives the slots of the others, the longest there first.
func mayDepart(ctx context.Context, t *tx, c *Conversation, agent protocol.AgentID) ([]Slot, error) {
	if c.State != protocol.StateActive {
		return nil, protocol.NewError(protocol.CodeWrongState, "This conversation does not run.")
	}
	slots, err := slotsOf(ctx, t, c.Workspace, c.ID)
	if err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(slices.Clone(slots), func(l Slot) bool { return l.Agent == agent })
	if len(others) == len(slots) {
		return nil, errNotInIt()
	}
	slices.SortStableFunc(others, func(a, b Slot) int { return int(max(-1, min(1, a.Started-b.Started))) })
	return others, nil
}

// depart takes an agent out of a locked conversation in which others stay.
func depart(ctx context.Context, t *tx, c *Conversation, agent protocol.AgentID, others []Slot, cause string) ([]string, error) {
	asked, err := endTeam(ctx, t, c, agent, cause)
	if err != nil {
		return nil, err
	}
	mine, _, err := slotOf(ctx, t, c, agent)
	if err != nil {
		return nil, err
	}
	if err := freeSlot(ctx, t, c.Workspace, mine); err != nil {
		return nil, err
	}
	left, err := agentEntry(ctx, t, c.Workspace, agent, protocol.EntryLeft, protocol.AudienceAll, "")
	if err != nil {
		return nil, err
	}
	actors := append(audience(c, others), append(asked, agentActor(agent))...)
	entries := []Entry{left}
	if c.Owner == agent {
		heir := others[0].Agent
		if err := cobrowseKind.endLive(ctx, t, c, protocol.Author{Kind: protocol.KindSystem}, systemActor, CauseOwnerChanged); err != nil {
			return nil, err
		}
		_, err := t.exec(ctx, `UPDATE slots SET role = $4 WHERE workspace = $1 AND conversation = $2 AND agent = $3`, c.Workspace, c.ID, heir, RoleOwner)
		if err != nil {
			return nil, fmt.Errorf("change owner: %w", err)
		}
		c.Owner = heir
		changed, err := agentEntry(ctx, t, c.Workspace, heir, protocol.EntryOwnerChanged, protocol.AudienceAgents, cause)
		if err != nil {
			return nil, err
		}
		changed.Author, changed.Actor = protocol.Author{Kind: protocol.KindSystem}, systemActor
		entries = append(entries, changed)
	}
	return actors, addEntries(ctx, t, c, entries...)
}

// Lose takes a conversation from an agent who is gone. A guest leaves it; of an
// owner the guest who is there longest takes over; else it waits again, before
// nearly all others: in the queue that the owner had asked to take it over, or
// its own. requeued tells of the last. CodeWrongState unless the agent is in it
// and it runs.
func (s *Store) Lose(ctx context.Context, workspace protocol.WorkspaceID, agent protocol.AgentID, conv protocol.ConversationID, cause string) (c Conversation, requeued bool, err error) {
	c, err = s.change(ctx, command{workspace: workspace}, conv, func(ctx context.Context, t *tx, c *Conversation) ([]string, error) {
		requeued = false
		others, err := mayDepart(ctx, t, c, agent)
		if e, known := protocol.AsError(err); err != nil && known && e.Code == protocol.CodeForbidden {
			err = protocol.NewError(protocol.CodeWrongState, "The agent is not in this conversation.")
		}
		switch {
		case err != nil:
			return nil, err
		case c.Kind == KindConsult:
			return endConsult(ctx, t, c, cause)
		case len(others) > 0:
			return depart(ctx, t, c, agent, others, cause)
		}
		asked, err := listRequests(ctx, t, `WHERE workspace = $1 AND conversation = $2 AND by_agent = $3 AND state = 'open' AND kind = 'transfer'`,
			workspace, conv, agent)
		if err != nil {
			return nil, err
		}
		queue := protocol.QueueID("")
		if len(asked) > 0 {
			queue = asked[0].ToQueue
		}
		ended, err := endTeam(ctx, t, c, agent, "sender_gone")
		if err != nil {
			return nil, err
		}
		requeued, c.Boost = true, max(c.Boost, lostBoost)
		actors, err := requeue(ctx, t, c, queue, cause)
		return append(actors, ended...), err
	})
	if err != nil {
		return Conversation{}, false, fmt.Errorf("lose: %w", err)
	}
	return c, requeued, nil
}
