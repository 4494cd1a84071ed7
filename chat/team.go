package chat

import (
	"context"
	"unicode/utf8"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// noteCharacters is how long a note to colleagues may be.
const noteCharacters = 1000

// Transfer asks a colleague, or any of a queue, to take a conversation over.
// It is an offer: its owner keeps the conversation until somebody has accepted
// (TEAM-1). To a queue he may leave at once. The ack's id is the request's.
func (s *Service) Transfer(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.TeamAsk) (protocol.Ack, error) {
	if known, err := s.store.Known(ctx, s.ws, who.Actor(), op); known || err != nil {
		return s.askedAgain(ctx, who, op, protocol.RequestTransfer, body, err)
	}
	c, err := s.talking(ctx, who.Principal, body.Conversation)
	if err != nil {
		return protocol.Ack{}, err
	}
	site, err := s.directory.Site(ctx, s.ws, c.Site)
	if err != nil {
		return protocol.Ack{}, err
	}
	if site.Rules.NoTransfer {
		return protocol.Ack{}, protocol.NewError(protocol.CodeSwitchedOff, "This site does not allow transfers.")
	}
	if body.Leave {
		return s.transferNow(ctx, who, op, c, site, body)
	}
	return s.askTeam(ctx, who, op, c, protocol.RequestTransfer, body)
}

// Invite asks a colleague, or any of a queue, to come into a conversation too,
// one at a time (TEAM-2). Guests may invite as the owner may.
func (s *Service) Invite(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.TeamAsk) (protocol.Ack, error) {
	return s.askFrom(ctx, who, op, protocol.RequestInvite, body)
}

// Enquire asks a colleague, or any of a queue, about a conversation, in one of
// its own that the visitor knows nothing of (TEAM-3). The ack's conversation is
// that one.
func (s *Service) Enquire(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.TeamAsk) (protocol.Ack, error) {
	return s.askFrom(ctx, who, op, protocol.RequestConsult, body)
}

func (s *Service) askFrom(ctx context.Context, who protocol.Caller, op protocol.Op, kind protocol.RequestKind, body protocol.TeamAsk) (protocol.Ack, error) {
	if known, err := s.store.Known(ctx, s.ws, who.Actor(), op); known || err != nil {
		return s.askedAgain(ctx, who, op, kind, body, err)
	}
	c, err := s.spoken(ctx, who.Principal, body.Conversation)
	if err != nil {
		return protocol.Ack{}, err
	}
	if c.State != protocol.StateActive {
		return protocol.Ack{}, protocol.NewError(protocol.CodeWrongState, "This is possible only while the conversation runs.")
	}
	return s.askTeam(ctx, who, op, c, kind, body)
}

// askedAgain answers a repetition as the first was, whatever has become of the
// conversation and of who was asked. The record tells it from a misuse.
func (s *Service) askedAgain(ctx context.Context, who protocol.Caller, op protocol.Op, kind protocol.RequestKind, body protocol.TeamAsk, err error) (protocol.Ack, error) {
	if err != nil {
		return protocol.Ack{}, err
	}
	if body.Leave {
		c, err := s.store.TransferNow(ctx, s.ws, who.Agent, body.Conversation, body.Queue, body.Note, op, 0)
		return protocol.Ack{Conversation: c.ID}, err
	}
	request, _, err := s.store.OpenRequest(ctx, s.requestIn(who, op, kind, body))
	if err != nil {
		return protocol.Ack{}, err
	}
	return requestAck(request), nil
}

func (s *Service) requestIn(who protocol.Caller, op protocol.Op, kind protocol.RequestKind, body protocol.TeamAsk) store.RequestIn {
	return store.RequestIn{
		Workspace: s.ws, Conversation: body.Conversation, Kind: kind, By: who.Agent, ToAgent: body.Agent, ToQueue: body.Queue, Note: body.Note, Op: op,
	}
}

func requestAck(r store.Request) protocol.Ack {
	ack := protocol.Ack{Conversation: r.Conversation, ID: string(r.ID), At: r.Asked}
	if r.Consult != "" {
		ack.Conversation = r.Consult
	}
	return ack
}

func (s *Service) askTeam(ctx context.Context, who protocol.Caller, op protocol.Op, c store.Conversation, kind protocol.RequestKind, body protocol.TeamAsk) (protocol.Ack, error) {
	switch {
	case c.Kind != "":
		return protocol.Ack{}, protocol.NewError(protocol.CodeWrongState, "This is an enquiry. Ask from the conversation that it is about.")
	case (body.Agent == "") == (body.Queue == ""):
		return protocol.Ack{}, protocol.NewError(protocol.CodeInvalid, "Choose one colleague or one queue.")
	case utf8.RuneCountInString(body.Note) > noteCharacters:
		return protocol.Ack{}, protocol.NewError(protocol.CodeTooLarge, "A note may have 1,000 characters.")
	}
	if err := s.checkTarget(ctx, who, c, body); err != nil {
		return protocol.Ack{}, err
	}
	request, about, err := s.store.OpenRequest(ctx, s.requestIn(who, op, kind, body))
	if err != nil {
		return protocol.Ack{}, err
	}
	s.told(about, request.Touched)
	s.routed("request", s.router.Request(ctx, request, about))
	return requestAck(request), nil
}

// checkTarget refuses whom the list of targets shows as not able.
func (s *Service) checkTarget(ctx context.Context, who protocol.Caller, c store.Conversation, body protocol.TeamAsk) error {
	if body.Queue != "" {
		site, err := s.directory.Site(ctx, s.ws, c.Site)
		if err != nil {
			return err
		}
		queue, err := s.directory.Queue(ctx, s.ws, body.Queue)
		if err != nil {
			return err
		}
		return s.checkOpen(ctx, site, queue)
	}
	targets, err := s.Targets(ctx, who.Principal, c.ID)
	if err != nil {
		return err
	}
	for _, t := range targets.Agents {
		if t.Agent != body.Agent {
			continue
		}
		if t.Able {
			return nil
		}
		return protocol.NewError(protocol.CodeNotAble, t.Name+" cannot take it now. "+whyNot(t.Reason))
	}
	return protocol.NewError(protocol.CodeNotAble, "This colleague cannot be asked: choose one who is not in the conversation.")
}

func whyNot(r protocol.Reason) string {
	switch r {
	case protocol.ReasonNotReady:
		return "They are not ready."
	case protocol.ReasonAway:
		return "They are not connected."
	case protocol.ReasonMedium:
		return "Their profile does not have this kind of contact."
	default:
		return "They have no room for it."
	}
}

// checkOpen refuses a queue that takes nobody now, and says how long it would
// take where that is known.
func (s *Service) checkOpen(ctx context.Context, site store.Site, queue store.Queue) error {
	switch reason, _ := s.router.Accepting(ctx, site, queue); reason {
	case "":
		return nil
	case protocol.SiteClosed:
		return protocol.NewError(protocol.CodeClosed, queue.Name+" is closed now.")
	case protocol.SiteSlow:
		return protocol.NewError(protocol.CodeFull, "The wait in "+queue.Name+" is too long now"+s.waitIn(ctx, queue).said(", ")+".")
	default:
		return protocol.NewError(protocol.CodeFull, "Too many wait in "+queue.Name+" now"+s.waitIn(ctx, queue).said(": it would take ")+".")
	}
}

// transferNow gives a conversation to a queue without waiting for somebody to
// take it: it waits there since it was first asked.
func (s *Service) transferNow(ctx context.Context, who protocol.Caller, op protocol.Op, c store.Conversation, site store.Site, body protocol.TeamAsk) (protocol.Ack, error) {
	if body.Queue == "" || body.Agent != "" || c.Kind != "" {
		return protocol.Ack{}, protocol.NewError(protocol.CodeInvalid, "Leaving at once is possible for a queue.")
	}
	if utf8.RuneCountInString(body.Note) > noteCharacters {
		return protocol.Ack{}, protocol.NewError(protocol.CodeTooLarge, "A note may have 1,000 characters.")
	}
	queue, err := s.directory.Queue(ctx, s.ws, body.Queue)
	if err != nil {
		return protocol.Ack{}, err
	}
	if err := s.checkOpen(ctx, site, queue); err != nil {
		return protocol.Ack{}, err
	}
	steps := s.runningIn(ctx, c.ID)
	open := s.openRequests(ctx, c.ID)
	c, err = s.store.TransferNow(ctx, s.ws, who.Agent, c.ID, queue.ID, body.Note, op, boost(queue, "transfer", 300_000))
	if err != nil {
		return protocol.Ack{}, err
	}
	s.stop(ctx, steps)
	s.requestsOver(ctx, open)
	s.told(c, c.Touched)
	s.loadsChanged(ctx, append(c.Touched, who.Actor()))
	s.routed("enqueue", s.router.Enqueue(ctx, c, queue))
	s.countTransfers(ctx, c)
	return protocol.Ack{Conversation: c.ID}, nil
}

// boost is what a queue adds to the wait of those for whom it is meant; ms.
func boost(q store.Queue, what string, usual int64) int64 {
	if ms, ok := q.Rules.Boosts[what]; ok {
		return ms
	}
	return usual
}

// Cancel takes back what its sender asked of colleagues.
func (s *Service) Cancel(ctx context.Context, who protocol.Caller, _ protocol.Op, body protocol.OfRequest) (protocol.Ack, error) {
	gone := protocol.NewError(protocol.CodeNotFound, "There is no such request, or it is not yours.")
	if !protocol.ValidID(body.Request) || who.Workspace != s.ws {
		return protocol.Ack{}, gone
	}
	request, err := s.store.Request(ctx, s.ws, body.Request)
	if err != nil {
		return protocol.Ack{}, err
	}
	if request.By != who.Agent {
		return protocol.Ack{}, gone
	}
	request, ended, err := s.store.EndRequest(ctx, s.ws, request.ID, store.RequestWithdrawn, who.Actor())
	if err != nil {
		return protocol.Ack{}, err
	}
	if !ended && request.State != store.RequestWithdrawn {
		return protocol.Ack{}, protocol.NewError(protocol.CodeExpired, "This has been answered already.")
	}
	s.requestTold(request)
	s.requestsOver(ctx, []store.Request{request})
	return requestAck(request), nil
}

// requestTold tells everybody whom the end of a request concerns.
func (s *Service) requestTold(r store.Request) {
	s.notify.EntriesAdded(s.ws, r.Conversation)
	s.notify.ViewChanged(s.ws, append(r.Touched, agentActor(r.By))...)
}

// openRequests are the open ones of a conversation, for what ends with it.
// What is not found routing finds when it goes over the record.
func (s *Service) openRequests(ctx context.Context, conv protocol.ConversationID) (list []store.Request) {
	all, err := s.store.Requests(ctx, s.ws)
	if err != nil {
		s.log.Warn("find what is asked of colleagues failed", "conversation", conv, "error", err)
	}
	for _, r := range all {
		if r.Conversation == conv {
			list = append(list, r)
		}
	}
	return list
}

// requestsOver takes requests that have ended in the record out of routing.
func (s *Service) requestsOver(ctx context.Context, list []store.Request) {
	for _, r := range list {
		s.routed("request over", s.router.RemoveRequest(ctx, r.ID))
	}
}

// Depart leaves a conversation that goes on with the others in it: an owner
// hands it to the guest who has been in it longest. The last agent says whether
// it goes back to its queue or ends (TEAM-2).
func (s *Service) Depart(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.Depart) (protocol.Ack, error) {
	if known, err := s.store.Known(ctx, s.ws, who.Actor(), op); known || err != nil {
		if err == nil {
			_, err = s.store.Depart(ctx, s.ws, who.Agent, body.Conversation, op, body.Then, 0)
		}
		return protocol.Ack{Conversation: body.Conversation}, err
	}
	before, err := s.spoken(ctx, who.Principal, body.Conversation)
	if err != nil {
		return protocol.Ack{}, err
	}
	switch body.Then {
	case "", "queue", "end":
	default:
		return protocol.Ack{}, protocol.NewError(protocol.CodeInvalid, "The conversation goes back to its queue or ends.")
	}
	steps, open := s.runningIn(ctx, before.ID), s.openRequests(ctx, before.ID)
	c, err := s.store.Depart(ctx, s.ws, who.Agent, before.ID, op, body.Then, s.wrapUp(ctx, before.Queue))
	if err != nil {
		return protocol.Ack{}, err
	}
	s.handedOver(ctx, before, c, steps)
	if before.Owner != who.Agent && c.State == protocol.StateActive {
		s.leaveCalls(ctx, c.ID, who.Actor())
	}
	s.requestsOver(ctx, s.ended(ctx, open))
	s.told(c, c.Touched)
	s.loadsChanged(ctx, append(c.Touched, who.Actor()))
	if c.State == protocol.StateQueued {
		queue, err := s.directory.Queue(ctx, s.ws, c.Queue)
		if err == nil {
			err = s.router.Enqueue(ctx, c, queue)
		}
		s.routed("enqueue", err)
	}
	return protocol.Ack{Conversation: c.ID}, nil
}

// handedOver stops what an agent who is out of a conversation had in it: all,
// when it does not run any more, else the agent's leg in the call, and with the
// owner the co-browsing that was allowed to him (TEAM-6).
func (s *Service) handedOver(ctx context.Context, before, after store.Conversation, steps running) {
	if after.State != protocol.StateActive {
		s.stop(ctx, steps)
		return
	}
	if before.Owner == after.Owner {
		return
	}
	for _, session := range steps.sessions {
		s.shared(session.ID)
	}
	s.leaveCalls(ctx, after.ID, agentActor(before.Owner))
}

// ended are those of some requests that are no longer open.
func (s *Service) ended(ctx context.Context, list []store.Request) (over []store.Request) {
	for _, r := range list {
		if now, err := s.store.Request(ctx, s.ws, r.ID); err == nil && now.State != store.RequestOpen {
			over = append(over, now)
		}
	}
	return over
}

// told tells the actors whom a change concerns, and its visitor, to read log
// and view again.
func (s *Service) told(c store.Conversation, actors []string) {
	s.notify.EntriesAdded(s.ws, c.ID)
	s.notify.ViewChanged(s.ws, append([]string{visitorActor(c.Visitor)}, actors...)...)
}
