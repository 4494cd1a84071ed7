package store

import (
	"context"
	"fmt"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// RequestIn is what an agent asks: exactly one of ToAgent and ToQueue is set.
type RequestIn struct {
	Workspace    protocol.WorkspaceID
	Conversation protocol.ConversationID
	Kind         protocol.RequestKind
	By           protocol.AgentID
	ToAgent      protocol.AgentID
	ToQueue      protocol.QueueID
	Note         string // for agents only
	Op           protocol.Op
	Stands       time.Duration // 0: 60 s for an agent, 120 s for a queue
}

// parts are the locked conversations that a request has to do with: its own,
// and the one that an enquiry made.
type parts []*Conversation

func (p parts) of(id protocol.ConversationID) *Conversation {
	for _, c := range p {
		if c.ID == id {
			return c
		}
	}
	return nil
}

func (p parts) save(ctx context.Context, t *tx) error {
	for _, c := range p {
		if err := saveConversation(ctx, t, *c); err != nil {
			return err
		}
	}
	return nil
}

// lockParts locks a conversation and those of a request; the zero request has none.
func lockParts(ctx context.Context, t *tx, workspace protocol.WorkspaceID, conv protocol.ConversationID, r Request) (parts, error) {
	var p parts
	for _, id := range []protocol.ConversationID{r.Conversation, r.Consult, conv} {
		if id == "" || p.of(id) != nil {
			continue
		}
		c, err := conversation(ctx, t, workspace, id, t.lock)
		if err != nil {
			return nil, err
		}
		p = append(p, &c)
	}
	return p, nil
}

// requestOf is the request that an offer is of; the zero request of other offers.
func requestOf(ctx context.Context, x executor, o Offer) (Request, error) {
	if o.Request == "" {
		return Request{}, nil
	}
	return request(ctx, x, o.Workspace, o.Request)
}

// OpenRequest writes what an agent asks of a colleague or of a queue's agents,
// before anybody is asked. Who transfers owns the running conversation, who
// invites or enquires holds a slot in it: else CodeForbidden. An agent has one
// open request in a conversation at most: else CodeWrongState. An enquiry makes
// a conversation of its own, whose visitor nobody can be, owned by who asks, at
// no cost. The conversation that is returned is the one that the request is
// about; Request.Touched are those whose view changed. The same op again gives
// the request as it is now.
func (s *Store) OpenRequest(ctx context.Context, in RequestIn) (Request, Conversation, error) {
	type result struct {
		r Request
		c Conversation
	}
	got, err := write(ctx, s, func(ctx context.Context, t *tx) (got result, err error) {
		if got.c, err = conversation(ctx, t, in.Workspace, in.Conversation, t.lock); err != nil {
			return got, err
		}
		cmd := command{in.Workspace, agentActor(in.By), in.Op, []any{"request", in.Conversation, in.Kind, in.ToAgent, in.ToQueue, in.Note}}
		var touched []string
		id, _, err := once(ctx, t, cmd, func() (protocol.RequestID, error) {
			r, err := openRequest(ctx, t, &got.c, in)
			if err != nil {
				return "", err
			}
			actors, err := agentsOf(ctx, t, &got.c, in.By)
			if err != nil {
				return "", err
			}
			touched, err = t.touch(ctx, in.Workspace, actors...)
			return r.ID, err
		})
		if err != nil {
			return got, err
		}
		got.r, err = request(ctx, t, in.Workspace, id)
		got.r.Touched, got.c.Touched = touched, touched
		return got, err
	})
	if err != nil {
		return Request{}, Conversation{}, fmt.Errorf("open request: %w", err)
	}
	return got.r, got.c, nil
}

// agentsOf are the actors of the agents in a conversation, and of who is named.
func agentsOf(ctx context.Context, t *tx, c *Conversation, named ...protocol.AgentID) ([]string, error) {
	slots, err := slotsOf(ctx, t, c.Workspace, c.ID)
	if err != nil {
		return nil, err
	}
	var actors []string
	for _, l := range slots {
		actors = append(actors, agentActor(l.Agent))
	}
	for _, id := range named {
		actors = append(actors, agentActor(id))
	}
	return actors, nil
}

func openRequest(ctx context.Context, t *tx, c *Conversation, in RequestIn) (Request, error) {
	to, err := mayRequest(ctx, t, c, in)
	if err != nil {
		return Request{}, err
	}
	now, err := t.time(ctx)
	if err != nil {
		return Request{}, err
	}
	stands := in.Stands
	if stands <= 0 && in.ToAgent != "" {
		stands = time.Minute
	} else if stands <= 0 {
		stands = 2 * time.Minute
	}
	r := Request{
		ID: protocol.NewID[protocol.RequestID](), Workspace: in.Workspace, Conversation: c.ID, Kind: in.Kind, By: in.By, ToAgent: in.ToAgent,
		ToQueue: in.ToQueue, Note: storable(in.Note), State: RequestOpen, Asked: now, Deadline: now + stands.Milliseconds(),
	}
	kind := protocol.EntryTransferAsked
	switch in.Kind {
	case protocol.RequestInvite:
		kind = protocol.EntryInvited
	case protocol.RequestConsult:
		kind = protocol.EntryConsultAsked
		if r.Consult, err = makeConsult(ctx, t, c, in); err != nil {
			return r, err
		}
	}
	_, err = t.exec(ctx, `INSERT INTO requests (`+requestColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '', $11, 0, $12)`,
		r.ID, r.Workspace, r.Conversation, r.Kind, r.By, r.ToAgent, r.ToQueue, r.Note, r.Consult, r.State, r.Asked, r.Deadline)
	if err != nil {
		return r, fmt.Errorf("write request: %w", err)
	}
	asked, err := agentEntry(ctx, t, in.Workspace, in.By, kind, protocol.AudienceAgents, "")
	if err != nil {
		return r, err
	}
	asked.Body.To, asked.Body.Note, asked.Body.Request, asked.Op = to, r.Note, r.ID, in.Op
	if err := addEntries(ctx, t, c, asked); err != nil {
		return r, err
	}
	return r, saveConversation(ctx, t, *c)
}

// mayRequest checks who asks whom for what, and gives the name of who is asked.
func mayRequest(ctx context.Context, t *tx, c *Conversation, in RequestIn) (string, error) {
	switch {
	case in.Kind != protocol.RequestTransfer && in.Kind != protocol.RequestInvite && in.Kind != protocol.RequestConsult,
		(in.ToAgent == "") == (in.ToQueue == ""), in.ToAgent == in.By:
		return "", protocol.NewError(protocol.CodeInvalid, "Ask one colleague, or one queue.")
	case c.State != protocol.StateActive, c.Kind == KindConsult:
		return "", protocol.NewError(protocol.CodeWrongState, "This needs a running conversation with a visitor.")
	}
	_, there, err := slotOf(ctx, t, c, in.By)
	if err != nil {
		return "", err
	}
	if !there || in.Kind == protocol.RequestTransfer && c.Owner != in.By {
		return "", protocol.NewError(protocol.CodeForbidden, "Only who has the conversation can ask this.")
	}
	open, _, err := one(ctx, t, scanInt, `SELECT COUNT(*) FROM requests WHERE workspace = $1 AND conversation = $2 AND by_agent = $3 AND state = 'open'`,
		in.Workspace, c.ID, in.By)
	if err != nil {
		return "", err
	}
	if open > 0 {
		return "", protocol.NewError(protocol.CodeWrongState, "You have asked somebody already. Take that back first.")
	}
	return nameOfTarget(ctx, t, in.Workspace, in.ToAgent, in.ToQueue)
}

func nameOfTarget(ctx context.Context, x executor, workspace protocol.WorkspaceID, agent protocol.AgentID, queue protocol.QueueID) (string, error) {
	query, id := `SELECT name FROM agents WHERE workspace = $1 AND id = $2`, string(agent)
	if agent == "" {
		query, id = `SELECT name FROM queues WHERE workspace = $1 AND id = $2`, string(queue)
	}
	name, found, err := one(ctx, x, scanString, query, workspace, id)
	if err == nil && !found {
		err = protocol.NewError(protocol.CodeInvalid, "There is no such colleague or queue.")
	}
	return name, err
}

// makeConsult makes the conversation of an enquiry. Its visitor is nobody: no
// token has a hash of that form.
func makeConsult(ctx context.Context, t *tx, parent *Conversation, in RequestIn) (protocol.ConversationID, error) {
	now, err := t.time(ctx)
	if err != nil {
		return "", err
	}
	nobody := protocol.NewID[protocol.VisitorID]()
	_, err = t.exec(ctx, `INSERT INTO visitors (id, workspace, site, token_hash, name, email, subject, created, seen) VALUES ($1, $2, $3, $4, '', '', '', $5, $5)`,
		nobody, in.Workspace, parent.Site, "nobody:"+string(nobody), now)
	if err != nil {
		return "", fmt.Errorf("write nobody: %w", err)
	}
	c := Conversation{
		ID: protocol.NewID[protocol.ConversationID](), Workspace: in.Workspace, Site: parent.Site, Visitor: nobody, Queue: parent.Queue,
		State: protocol.StateActive, Owner: in.By, Name: parent.Name, First: storable(in.Note), Asked: now, Started: now, Medium: MediumChat,
		Kind: KindConsult, Parent: parent.ID,
	}
	if err := insertConversation(ctx, t, c); err != nil {
		return "", err
	}
	if err := insertSlot(ctx, t, c.Workspace, Slot{
		Conversation: c.ID, Agent: in.By, State: protocol.SlotActive, Since: now, Started: now, Role: RoleAsker, Medium: MediumChat,
	}); err != nil {
		return "", err
	}
	if _, err := t.exec(ctx, `UPDATE agents SET slots = slots + 1 WHERE workspace = $1 AND id = $2`, in.Workspace, in.By); err != nil {
		return "", fmt.Errorf("count slot: %w", err)
	}
	if in.Note != "" {
		says, err := agentEntry(ctx, t, in.Workspace, in.By, protocol.EntryMessage, protocol.AudienceAll, "")
		if err != nil {
			return "", err
		}
		says.Body = protocol.EntryBody{Text: storable(in.Note)}
		if err := addEntries(ctx, t, &c, says); err != nil {
			return "", err
		}
	}
	return c.ID, saveConversation(ctx, t, c)
}
