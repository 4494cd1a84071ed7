package chat

import (
	"context"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// LeaveMessage takes what a visitor leaves for later: instead of waiting on, or
// instead of asking where nobody takes it (VIS-1, SITE-5). It makes the
// conversation missed, for the agents who are there later.
func (s *Service) LeaveMessage(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.LeaveMessage) (protocol.Ack, error) {
	if body.Conversation != "" {
		return s.leaveInstead(ctx, who, op, body)
	}
	ask := protocol.Ask{Text: body.Text, Name: body.Name, Email: body.Email, Queue: body.Queue, Form: body.Form}
	in, site, queue, err := s.askIn(ctx, who, op, ask)
	if err != nil {
		return protocol.Ack{}, err
	}
	reason, _ := s.router.Accepting(ctx, site, queue)
	if reason == "" && s.full(ctx, site) {
		reason = protocol.SiteFull
	}
	why := map[protocol.SiteReason]string{protocol.SiteClosed: "hours", protocol.SiteFull: "size", protocol.SiteSlow: "max_wait"}[reason]
	if why == "" {
		why = "choice"
	}
	c, entry, _, err := s.store.LeaveMessage(ctx, in, why)
	if err != nil {
		return protocol.Ack{}, err
	}
	s.changed(c)
	return protocol.Ack{Conversation: c.ID, Seq: entry.VisitorSeq, ID: string(entry.ID), At: entry.At}, nil
}

// leaveInstead ends the waiting of a conversation as a message that is left:
// what was said in it already stays, and a further text is added before.
func (s *Service) leaveInstead(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.LeaveMessage) (protocol.Ack, error) {
	c, err := s.owned(ctx, who.Principal, body.Conversation)
	if err == nil {
		err = s.checkWho(body.Name, body.Email)
	}
	if err != nil {
		return protocol.Ack{}, err
	}
	known, err := s.store.Known(ctx, s.ws, who.Actor(), op)
	if err != nil {
		return protocol.Ack{}, err
	}
	if body.Text != "" && !known && c.State == protocol.StateQueued {
		if err := s.checkText(body.Text); err != nil {
			return protocol.Ack{}, err
		}
		in := store.AppendIn{
			Workspace: s.ws, Conversation: c.ID, Actor: who.Actor(), Kind: protocol.EntryMessage, Audience: protocol.AudienceAll, Author: author(who.Principal),
			Body: protocol.EntryBody{Text: body.Text}, Visitor: who.Visitor,
		}
		if _, err := s.store.Post(ctx, in); err != nil {
			return protocol.Ack{}, err
		}
	}
	if body.Name != "" || body.Email != "" {
		name, email := protocol.Name(body.Name), protocol.OneLine(body.Email, s.limits.NameCharacters)
		if err := s.store.Introduce(ctx, s.ws, c.ID, name, email); err != nil {
			return protocol.Ack{}, err
		}
	}
	c, err = s.store.Abandon(ctx, s.ws, c.ID, op, who.Actor(), "choice")
	if err != nil {
		return protocol.Ack{}, err
	}
	s.routed("remove", s.router.Remove(ctx, c.ID))
	s.told(c, c.Touched)
	return protocol.Ack{Conversation: c.ID, At: c.Ended}, nil
}
