package chat

import (
	"cmp"
	"context"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Usual limits where the file says nothing.
const (
	usualQueueLimit = 100
	usualStickyDays = 30
	day             = 24 * 60 * 60 * 1000 // ms
)

// Ask takes a visitor's first message: it makes the conversation and lets it
// wait for an agent. The ack comes after the commit (D1); the same op asked
// again gives the same conversation (D2).
func (s *Service) Ask(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.Ask) (protocol.Ack, error) {
	in, site, queue, err := s.askIn(ctx, who, op, body)
	if err != nil {
		return protocol.Ack{}, err
	}
	if err := s.checkAccepting(ctx, site, queue); err != nil {
		// A repetition is answered as the first was, whatever has changed since.
		if known, failed := s.store.Known(ctx, s.ws, who.Actor(), op); !known || failed != nil {
			return protocol.Ack{}, err
		}
	}
	if err := s.prepare(ctx, &in, site, queue); err != nil {
		return protocol.Ack{}, err
	}
	c, entry, existed, err := s.store.Ask(ctx, in)
	if err != nil {
		return protocol.Ack{}, err
	}
	if !existed {
		s.routed("enqueue", s.router.Enqueue(ctx, c, queue))
	}
	s.changed(c)
	return protocol.Ack{Conversation: c.ID, Seq: entry.VisitorSeq, ID: string(entry.ID), At: entry.At}, nil
}

// askIn checks what a visitor says first, and finds where it belongs.
func (s *Service) askIn(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.Ask) (in store.AskIn, site store.Site, queue store.Queue, err error) {
	if err = s.checkAsk(body); err != nil {
		return in, site, queue, err
	}
	if site, err = s.directory.Site(ctx, s.ws, who.Site); err != nil {
		return in, site, queue, err
	}
	if queue, err = s.queueFor(ctx, site, body.Queue); err != nil {
		return in, site, queue, err
	}
	if err = s.checkMedium(site, body.Medium); err != nil {
		return in, site, queue, err
	}
	visitor, err := s.store.Visitor(ctx, s.ws, who.Visitor)
	if err != nil {
		return in, site, queue, err
	}
	in = store.AskIn{
		Workspace: s.ws, Site: who.Site, Visitor: who.Visitor, Queue: queue.ID, Op: op, Name: protocol.Name(body.Name), Email: protocol.OneLine(body.Email, s.limits.NameCharacters),
		Form: body.Form, Text: body.Text, Author: author(who.Principal), MaxOpen: openPerVisitor, Medium: body.Medium,
	}
	if visitor.Subject != "" { // the site has signed who this is: what is typed does not count
		in.Name, in.Email, in.Verified = visitor.Name, visitor.Email, true
	}
	if in.Name != "" {
		in.Author.Name = in.Name
	}
	return in, site, queue, nil
}

// queueFor finds the queue by its key among the site's, or takes the site's first.
func (s *Service) queueFor(ctx context.Context, site store.Site, key string) (store.Queue, error) {
	for _, id := range site.Queues {
		queue, err := s.directory.Queue(ctx, s.ws, id)
		if err != nil {
			return store.Queue{}, err
		}
		if key == "" || queue.Key == key {
			return queue, nil
		}
	}
	return store.Queue{}, protocol.NewError(protocol.CodeInvalid, "This site has no such queue.")
}

// checkMedium refuses what the site does not offer.
func (s *Service) checkMedium(site store.Site, medium string) error {
	switch {
	case medium == "" || medium == store.MediumChat,
		medium == store.MediumAudio && site.Audio && s.media != nil, medium == store.MediumVideo && site.Video && s.media != nil:
		return nil
	case medium == store.MediumAudio || medium == store.MediumVideo:
		return protocol.NewError(protocol.CodeSwitchedOff, "This site does not offer that kind of call.")
	}
	return protocol.NewError(protocol.CodeInvalid, "The medium is chat, audio or video.")
}

// checkAccepting is the server's own look at what the widget shows (SITE-5): a
// page that was opened when all was well may ask when it no longer is.
func (s *Service) checkAccepting(ctx context.Context, site store.Site, queue store.Queue) error {
	switch reason, _ := s.router.Accepting(ctx, site, queue); reason {
	case "":
	case protocol.SiteClosed:
		return protocol.NewError(protocol.CodeClosed, "We are closed just now. Please leave a message.")
	case protocol.SiteSlow:
		return protocol.NewError(protocol.CodeFull, "The wait is too long just now"+s.waitIn(ctx, queue).said(", ")+". Please leave a message, or try again later.")
	default:
		return protocol.NewError(protocol.CodeFull,
			"Too many are waiting just now"+s.waitIn(ctx, queue).said(": it would take ")+". Please leave a message, or try again later.")
	}
	if site.Rules.Unstaffed == unstaffedMessage && !s.router.Staffed(ctx, site.Queues...) {
		return protocol.NewError(protocol.CodeClosed, "Nobody is here just now. Please leave a message.")
	}
	return nil
}

// prepare adds to a question what the server knows: limits, the conversation
// before this one and its agent, and what the queue adds to the wait.
func (s *Service) prepare(ctx context.Context, in *store.AskIn, site store.Site, queue store.Queue) error {
	settings, err := s.directory.Settings(ctx, s.ws)
	if err != nil {
		return err
	}
	if in.Limits, err = s.limitsOf(ctx, site); err != nil {
		return err
	}
	if in.Limits.Queue = queue.Rules.Limit; in.Limits.Queue == 0 {
		in.Limits.Queue = usualQueueLimit
	}
	if in.Verified {
		in.Boost = boost(queue, "verified", 0)
	}
	days := settings.StickyDays
	if days == 0 {
		days = usualStickyDays
	}
	now, err := s.store.Now(ctx)
	if err != nil {
		return err
	}
	previous, agent, _, err := s.store.LastAgent(ctx, s.ws, in.Visitor, now-int64(days)*day)
	if err != nil {
		return err
	}
	in.Previous = previous
	in.Sticky, err = s.askedFirst(ctx, queue, in.Medium, agent)
	return err
}

// askedFirst is the agent whom the visitor knows, where that one can take what
// is asked at all: by queue, medium and skills. Who cannot is not waited for.
func (s *Service) askedFirst(ctx context.Context, queue store.Queue, medium string, last protocol.AgentID) (protocol.AgentID, error) {
	if last == "" || queue.Rules.StickyMs < 0 {
		return "", nil
	}
	agent, err := s.store.Agent(ctx, s.ws, last)
	if err != nil {
		return "", err
	}
	known := rules.Agent{ID: last, Ready: true, Live: true, Queues: agent.Profile.Queues, Media: agent.Profile.Media, Skills: agent.Skills}
	if rules.Able(known, rules.QueueClass(queue.ID, cmp.Or(medium, store.MediumChat), 0, 0, queue.Rules.Needs)) != "" {
		return "", nil
	}
	return last, nil
}
