package store

import (
	"context"
	"fmt"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// EndRequest ends an open request that nobody has taken: as expired or refused
// when that is the cause, else as withdrawn. actor is who wants it: the agent
// who asked, or the system; for others there is no such request. Its open
// offers end as superseded, and the conversation of an enquiry is closed.
// ended is false when it had ended before.
func (s *Store) EndRequest(ctx context.Context, workspace protocol.WorkspaceID, id protocol.RequestID, cause, actor string) (r Request, ended bool, err error) {
	type result struct {
		r     Request
		ended bool
	}
	got, err := write(ctx, s, func(ctx context.Context, t *tx) (got result, err error) {
		if got.r, err = request(ctx, t, workspace, id); err != nil {
			return got, err
		}
		if actor != systemActor && actor != agentActor(got.r.By) {
			return got, errNoRequest()
		}
		p, err := lockParts(ctx, t, workspace, got.r.Conversation, got.r)
		if err != nil {
			return got, err
		}
		state := RequestWithdrawn
		if cause == RequestExpired || cause == RequestRefused {
			state = cause
		}
		var actors, touched []string
		if actors, got.ended, err = endRequest(ctx, t, p, got.r, state, cause); err != nil {
			return got, err
		}
		if got.ended {
			if err := p.save(ctx, t); err != nil {
				return got, err
			}
			if touched, err = t.touch(ctx, workspace, actors...); err != nil {
				return got, err
			}
		}
		got.r, err = request(ctx, t, workspace, id)
		got.r.Touched = touched
		return got, err
	})
	if err != nil {
		return Request{}, false, fmt.Errorf("end request: %w", err)
	}
	return got.r, got.ended, nil
}

// closeRequest is the compare-and-set by which every request ends.
func closeRequest(ctx context.Context, t *tx, r Request, state, cause string, taker protocol.AgentID) (bool, error) {
	now, err := t.time(ctx)
	if err != nil {
		return false, err
	}
	n, err := t.exec(ctx, `UPDATE requests SET state = $3, cause = $4, taker = $5, ended = $6 WHERE workspace = $1 AND id = $2 AND state = 'open'`,
		r.Workspace, r.ID, state, storable(cause), taker, now)
	if err != nil {
		return false, fmt.Errorf("close request: %w", err)
	}
	return n == 1, nil
}

// endRequest ends a request that nobody took, whose parts are locked; the
// caller saves them and touches the actors.
func endRequest(ctx context.Context, t *tx, p parts, r Request, state, cause string) ([]string, bool, error) {
	closed, err := closeRequest(ctx, t, r, state, cause, "")
	if err != nil || !closed {
		return nil, false, err
	}
	c := p.of(r.Conversation)
	actors, err := agentsOf(ctx, t, c, r.By)
	if err != nil {
		return nil, false, err
	}
	at := c
	if r.Consult != "" {
		at = p.of(r.Consult)
	}
	rung, err := rescind(ctx, t, at, r.ID, CauseSuperseded)
	if err != nil {
		return nil, false, err
	}
	actors = append(actors, rung...)
	if r.Consult != "" {
		more, err := closeConsult(ctx, t, at, cause)
		if err != nil {
			return nil, false, err
		}
		actors = append(actors, more...)
	}
	to, err := nameOfTarget(ctx, t, r.Workspace, r.ToAgent, r.ToQueue)
	if err != nil {
		return nil, false, err
	}
	over := systemEntry(protocol.EntryRequestEnded, protocol.AudienceAgents,
		protocol.EntryBody{What: r.Kind, To: to, Cause: cause, Request: r.ID})
	return actors, true, addEntries(ctx, t, c, over)
}

// rescind ends the open offers of a locked conversation that are of a request;
// of none, those by which it waits. It gives the actors at whom they rang.
func rescind(ctx context.Context, t *tx, c *Conversation, of protocol.RequestID, cause string) ([]string, error) {
	open, err := all(ctx, t, scanOffer, `SELECT `+offerColumns+` FROM offers WHERE workspace = $1 AND conversation = $2 AND outcome IS NULL AND request = $3
		ORDER BY agent`, c.Workspace, c.ID, of)
	if err != nil {
		return nil, fmt.Errorf("look for offers: %w", err)
	}
	var actors []string
	for _, o := range open {
		if _, err := settle(ctx, t, c, o, OutcomeRescinded, cause, "", false); err != nil {
			return nil, err
		}
		actors = append(actors, agentActor(o.Agent))
	}
	return actors, nil
}

// endConsult ends the locked conversation of an enquiry from within, and the
// request that made it where nobody has taken that.
func endConsult(ctx context.Context, t *tx, c *Conversation, cause string) ([]string, error) {
	r, found, err := one(ctx, t, scanRequest, `SELECT `+requestColumns+` FROM requests WHERE workspace = $1 AND conversation = $2 AND consult = $3
		AND state = 'open'`, c.Workspace, c.Parent, c.ID)
	if err != nil {
		return nil, fmt.Errorf("look for the request: %w", err)
	}
	if !found {
		return closeConsult(ctx, t, c, cause)
	}
	parent, err := conversation(ctx, t, c.Workspace, c.Parent, t.lock)
	if err != nil {
		return nil, err
	}
	actors, _, err := endRequest(ctx, t, parts{&parent, c}, r, RequestWithdrawn, cause)
	if err != nil {
		return nil, err
	}
	return actors, saveConversation(ctx, t, parent)
}

// closeConsult closes the locked conversation of an enquiry: its slots are free
// at once, without wrap-up.
func closeConsult(ctx context.Context, t *tx, c *Conversation, cause string) ([]string, error) {
	if c.State == protocol.StateClosed {
		return nil, nil
	}
	actors, err := freeSlots(ctx, t, c)
	if err != nil {
		return nil, err
	}
	now, err := t.time(ctx)
	if err != nil {
		return nil, err
	}
	c.State, c.Outcome, c.Ended, c.TurnSince = protocol.StateClosed, ConversationEnded, now, 0
	return actors, addEntries(ctx, t, c, systemEntry(protocol.EntryEnded, protocol.AudienceAll, protocol.EntryBody{By: protocol.KindSystem, Cause: cause}))
}

// freeSlots frees every slot of a conversation, and gives the actors who held them.
func freeSlots(ctx context.Context, t *tx, c *Conversation) ([]string, error) {
	slots, err := slotsOf(ctx, t, c.Workspace, c.ID)
	if err != nil {
		return nil, err
	}
	var actors []string
	for _, l := range slots {
		if err := freeSlot(ctx, t, c.Workspace, l); err != nil {
			return nil, err
		}
		actors = append(actors, agentActor(l.Agent))
	}
	return actors, nil
}

// endTeam ends what agents asked of colleagues in a locked conversation, those
// of one agent only or of all, and the enquiries that run in it.
func endTeam(ctx context.Context, t *tx, c *Conversation, by protocol.AgentID, cause string) ([]string, error) {
	open, err := listRequests(ctx, t, `WHERE workspace = $1 AND conversation = $2 AND state = 'open' AND (CAST($3 AS TEXT) = '' OR by_agent = $3) ORDER BY id`,
		c.Workspace, c.ID, by)
	if err != nil {
		return nil, err
	}
	var actors []string
	for _, r := range open {
		p := parts{c}
		if r.Consult != "" {
			consult, err := conversation(ctx, t, c.Workspace, r.Consult, t.lock)
			if err != nil {
				return nil, err
			}
			p = append(p, &consult)
		}
		more, _, err := endRequest(ctx, t, p, r, RequestWithdrawn, cause)
		if err != nil {
			return nil, err
		}
		if err := p[1:].save(ctx, t); err != nil {
			return nil, err
		}
		actors = append(actors, more...)
	}
	running, err := all(ctx, t, scanConversation, `SELECT `+conversationColumns+` FROM conversations WHERE workspace = $1 AND parent = $2 AND state = 'active'
		AND (CAST($3 AS TEXT) = '' OR owner = $3) ORDER BY id`+t.lock, c.Workspace, c.ID, by)
	if err != nil {
		return nil, fmt.Errorf("look for enquiries: %w", err)
	}
	for i := range running {
		more, err := closeConsult(ctx, t, &running[i], cause)
		if err != nil {
			return nil, err
		}
		if err := saveConversation(ctx, t, running[i]); err != nil {
			return nil, err
		}
		actors = append(actors, more...)
	}
	return actors, nil
}
