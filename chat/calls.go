package chat

import (
	"context"
	"fmt"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var errNoCall = protocol.NewError(protocol.CodeNotFound, "This call has ended.")

// CallAsk asks the other side for audio or video (CALL-1, VIS-6). The call is
// pinned to this node for its whole life.
func (s *Service) CallAsk(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.CallAsk) (protocol.Ack, error) {
	if body.Media != protocol.MediaAudio && body.Media != protocol.MediaVideo {
		return protocol.Ack{}, protocol.NewError(protocol.CodeInvalid, "A call has audio or video.")
	}
	c, site, err := s.asking(ctx, who.Principal, body.Conversation)
	if err != nil {
		return protocol.Ack{}, err
	}
	if s.media == nil || (body.Media == protocol.MediaAudio && !site.Audio) || (body.Media == protocol.MediaVideo && !site.Video) {
		return protocol.Ack{}, protocol.NewError(protocol.CodeSwitchedOff, "This site does not offer that kind of call.")
	}
	call, err := s.store.AskCall(ctx, store.AskCallIn{
		Workspace: s.ws, Conversation: c.ID, Media: body.Media, Node: s.node, Author: author(who.Principal), Actor: who.Actor(), Op: op, Stands: s.limits.Question,
	})
	if err != nil {
		return protocol.Ack{}, err
	}
	return stepped(s, c, call.ID), nil
}

// call gives a call to the parties of its conversation: the visitor, and the
// agents who hold a slot in it, guests too (TEAM-6).
func (s *Service) call(ctx context.Context, who protocol.Principal, id protocol.CallID) (store.Call, store.Conversation, error) {
	call, c, err := stepOf(ctx, s, who, id, s.store.Call, errNoCall)
	if err != nil {
		return store.Call{}, c, err
	}
	if _, err := s.spoken(ctx, who, c.ID); err != nil { // who only reads all is no party
		return store.Call{}, c, protocol.NewError(protocol.CodeForbidden, "Another agent is in this call.")
	}
	return call, c, nil
}

// ownCall gives a call to its visitor and to the agent who owns the conversation.
func (s *Service) ownCall(ctx context.Context, who protocol.Principal, id protocol.CallID) (store.Call, store.Conversation, error) {
	call, c, err := s.call(ctx, who, id)
	if err == nil && who.Kind == protocol.KindAgent && c.Owner != who.Agent {
		err = protocol.NewError(protocol.CodeForbidden, "Another agent has this conversation. Only they can do this.")
	}
	return call, c, err
}

// CallAnswer allows or refuses what the other side asked for. Nobody can allow
// his own question.
func (s *Service) CallAnswer(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.CallAnswer) (protocol.Ack, error) {
	call, c, err := s.ownCall(ctx, who.Principal, body.Call)
	if err != nil {
		return protocol.Ack{}, err
	}
	if call.AskedBy == who.Kind {
		return protocol.Ack{}, protocol.NewError(protocol.CodeForbidden, "The other side is asked, and answers.")
	}
	if len(body.Cause) > s.limits.NameCharacters {
		return protocol.Ack{}, protocol.NewError(protocol.CodeTooLarge, "This reason is too long.")
	}
	if _, err := s.store.AnswerCall(ctx, store.AnswerIn[protocol.CallID]{
		Workspace: s.ws, Step: call.ID, Allow: body.Allow, Cause: body.Cause, Author: author(who.Principal), Actor: who.Actor(), Op: op,
	}); err != nil {
		return protocol.Ack{}, err
	}
	if body.Allow {
		s.weigh(ctx, c.ID)
	} else {
		s.release(ctx, call)
	}
	return stepped(s, c, call.ID), nil
}

// CallJoin opens a leg on the call's node. Who asked may join before the answer
// and wait; who is asked joins by having allowed.
// Asked again under the same op, while the first is answered or after it, it
// gives the first one's answer: the browser has only one leg to set it on.
func (s *Service) CallJoin(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.CallJoin) (protocol.CallJoined, error) {
	return s.joins.once(ctx, who.Actor()+" "+string(op), func() (protocol.CallJoined, error) { return s.join(ctx, who, body) })
}

func (s *Service) join(ctx context.Context, who protocol.Caller, body protocol.CallJoin) (protocol.CallJoined, error) {
	call, c, err := s.call(ctx, who.Principal, body.Call)
	if err != nil {
		return protocol.CallJoined{}, err
	}
	owns := who.Kind == protocol.KindVisitor || c.Owner == who.Agent
	if call.State != store.StepRunning && (call.State != store.StepAsked || call.AskedBy != who.Kind || !owns) {
		if call.Live() {
			return protocol.CallJoined{}, protocol.NewError(protocol.CodeWrongState, "This call has not been allowed yet.")
		}
		return protocol.CallJoined{}, errNoCall
	}
	audio, video := true, call.Media == protocol.MediaVideo
	for _, p := range call.Parties {
		if p.Actor == who.Actor() { // back on the next page: as it was left
			audio, video = p.Audio, p.Video
		}
	}
	_, party, err := s.store.JoinCall(ctx, s.ws, call.ID, store.Party{
		Actor: who.Actor(), Side: who.Kind, Name: who.Name, Connection: who.Connection, Audio: audio, Video: video,
	}, body.Had...)
	if err != nil {
		return protocol.CallJoined{}, err
	}
	reply, err := s.media.Do(ctx, call.Node, protocol.MediaRequest{Do: protocol.MediaJoin, Call: call.ID, Ordinal: party.Ordinal, SDP: body.SDP, Audio: audio, Video: video})
	if err != nil {
		s.log.Warn("the call's node did not answer", "call", call.ID, "node", call.Node, "error", err)
		return protocol.CallJoined{}, protocol.NewError(protocol.CodeUnavailable, "The call cannot be reached just now. Please try again.")
	}
	if reply.Failed != nil {
		return protocol.CallJoined{}, protocol.NewError(reply.Failed.Code, reply.Failed.Message)
	}
	s.viewsChanged(c)
	return protocol.CallJoined{Call: call.ID, SDP: reply.SDP}, nil
}

// CallTrickle brings one more candidate of the caller's leg.
func (s *Service) CallTrickle(ctx context.Context, who protocol.Caller, body protocol.CallTrickle) error {
	call, _, err := s.call(ctx, who.Principal, body.Call)
	if err != nil {
		return err
	}
	party, ok := partyOf(call, who.Actor())
	if !ok {
		return errNoCall
	}
	return s.do(ctx, call, protocol.MediaRequest{Do: protocol.MediaTrickle, Call: call.ID, Ordinal: party.Ordinal, Candidate: body.Candidate})
}

// CallMute tells both sides what is on, and the server forwards nothing else.
func (s *Service) CallMute(ctx context.Context, who protocol.Caller, _ protocol.Op, body protocol.CallMute) (protocol.Ack, error) {
	call, c, err := s.call(ctx, who.Principal, body.Call)
	if err != nil {
		return protocol.Ack{}, err
	}
	party, ok := partyOf(call, who.Actor())
	if !ok {
		return protocol.Ack{}, errNoCall
	}
	if _, err := s.store.MuteParty(ctx, s.ws, call.ID, who.Actor(), body.Audio, body.Video); err != nil {
		return protocol.Ack{}, err
	}
	err = s.do(ctx, call, protocol.MediaRequest{Do: protocol.MediaMute, Call: call.ID, Ordinal: party.Ordinal, Audio: body.Audio, Video: body.Video})
	s.viewsChanged(c)
	return protocol.Ack{ID: string(call.ID)}, err
}

// CallHangUp ends the call for all; the chat goes on (CALL-4). A guest who
// hangs up only leaves it.
func (s *Service) CallHangUp(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.OfCall) (protocol.Ack, error) {
	call, c, err := s.call(ctx, who.Principal, body.Call)
	if err != nil {
		return protocol.Ack{}, err
	}
	if who.Kind == protocol.KindAgent && c.Owner != who.Agent {
		s.leaveCall(ctx, call, who.Actor())
		return stepped(s, c, call.ID), nil
	}
	if err := s.endCall(ctx, call, author(who.Principal), who.Actor(), op, "hung_up"); err != nil {
		return protocol.Ack{}, err
	}
	return stepped(s, c, call.ID), nil
}

// leaveCall takes one party out of a call that goes on for the others. Its leg
// is closed even when the record cannot be told.
func (s *Service) leaveCall(ctx context.Context, call store.Call, actor string) {
	party, ok := partyOf(call, actor)
	if !ok {
		return
	}
	if err := s.do(ctx, call, protocol.MediaRequest{Do: protocol.MediaLeave, Call: call.ID, Ordinal: party.Ordinal}); err != nil {
		s.log.Warn("the call's node was not told that a party left", "call", call.ID, "node", call.Node, "error", err)
	}
	if _, err := s.store.LeaveCall(ctx, s.ws, call.ID, actor); err != nil {
		s.log.Warn("note that a party left a call failed", "call", call.ID, "error", err)
	}
}

// leaveCalls takes an agent who is no longer in a conversation out of its call.
func (s *Service) leaveCalls(ctx context.Context, conv protocol.ConversationID, actor string) {
	calls, err := s.store.CallsOf(ctx, s.ws, conv)
	if err != nil {
		s.log.Warn("find the call of a conversation failed", "conversation", conv, "error", err)
		return
	}
	for _, call := range calls {
		s.leaveCall(ctx, call, actor)
	}
}

func (s *Service) endCall(ctx context.Context, call store.Call, by protocol.Author, actor string, op protocol.Op, cause string) error {
	if _, err := s.store.EndCall(ctx, s.ws, call.ID, by, actor, op, cause); err != nil {
		return err
	}
	s.release(ctx, call)
	s.weigh(ctx, call.Conversation)
	return nil
}

// do asks the call's node; what it refuses comes back as an error.
func (s *Service) do(ctx context.Context, call store.Call, r protocol.MediaRequest) error {
	if s.media == nil {
		return nil
	}
	reply, err := s.media.Do(ctx, call.Node, r)
	if err != nil {
		return fmt.Errorf("ask node %s for %s: %w", call.Node, r.Do, err)
	}
	if reply.Failed != nil {
		return protocol.NewError(reply.Failed.Code, reply.Failed.Message)
	}
	return nil
}

func partyOf(call store.Call, actor string) (store.Party, bool) {
	for _, p := range call.Parties {
		if p.Actor == actor {
			return p, true
		}
	}
	return store.Party{}, false
}

// guestAt is the party with an ordinal if the call goes on without it: an
// agent who does not own the conversation.
func guestAt(call store.Call, c store.Conversation, ordinal int) (store.Party, bool) {
	for _, p := range call.Parties {
		if p.Ordinal == ordinal {
			return p, p.Side == protocol.KindAgent && p.Actor != agentActor(c.Owner)
		}
	}
	return store.Party{}, false
}

// MediaEvent follows what happens to the legs of calls on this node. A leg that
// does not come back ends the call; a guest's only leaves it, as with hanging up.
func (s *Service) MediaEvent(ctx context.Context, e protocol.MediaEvent) {
	call, err := s.store.PartyHere(ctx, s.ws, e.Call, e.Ordinal, e.Kind == protocol.MediaLegUp)
	if err != nil {
		if said, known := protocol.AsError(err); !known || said.Code == protocol.CodeUnavailable {
			s.log.Error("a leg's state was not stored", "call", e.Call, "error", err)
		}
		return
	}
	c, err := s.store.Conversation(ctx, s.ws, call.Conversation)
	if err != nil {
		s.log.Error("find a call's conversation failed", "call", e.Call, "error", err)
		return
	}
	if e.Kind == protocol.MediaLegUp && !call.Live() { // it joined while the call ended
		s.release(ctx, call)
		return
	}
	if e.Kind == protocol.MediaLegUp && call.SetUp == 0 {
		if err := s.store.SetUp(ctx, s.ws, call.ID); err != nil {
			s.log.Warn("note that a call is set up failed", "call", call.ID, "error", err) // the sweep looks too
		}
	}
	if guest, ok := guestAt(call, c, e.Ordinal); ok && e.Kind == protocol.MediaLegGone {
		s.leaveCall(ctx, call, guest.Actor)
	} else if e.Kind == protocol.MediaLegGone && call.State == store.StepRunning {
		if call.SetUp == 0 && s.setUpFailed(ctx, call) == nil {
			return
		}
		if err := s.endCall(ctx, call, protocol.Author{Kind: protocol.KindSystem}, "system", "", "lost"); err != nil {
			s.log.Error("end a lost call failed", "call", e.Call, "error", err)
		}
		s.changed(c)
		return
	}
	s.viewsChanged(c)
}

// viewsChanged is changed, where no entry was added.
func (s *Service) viewsChanged(c store.Conversation) {
	actors := []string{visitorActor(c.Visitor)}
	if c.Owner != "" {
		actors = append(actors, agentActor(c.Owner))
	}
	s.notify.ViewChanged(s.ws, actors...)
}

// Recover finds the calls and shared pages that this node carried before it
// stopped; their legs and connections are gone. It is called before anybody can connect, so that nobody who is back
// already is taken for gone.
func (s *Service) Recover(ctx context.Context) error {
	calls, err := s.store.CallsOfNode(ctx, s.ws, s.node)
	if err != nil {
		return fmt.Errorf("find calls of an earlier run: %w", err)
	}
	for _, call := range calls {
		for _, p := range call.Parties {
			if _, err := s.store.PartyHere(ctx, s.ws, call.ID, p.Ordinal, false); err != nil {
				return fmt.Errorf("reset a leg of an earlier run: %w", err)
			}
		}
	}
	s.recovered = calls
	if err := s.recoverPages(ctx); err != nil {
		return err
	}
	if err := s.beat(ctx); err != nil { // before another node takes them for lost
		return fmt.Errorf("keep calls of an earlier run: %w", err)
	}
	return nil
}

// endDesertedCalls gives the parties of recovered calls the grace to come back,
// then ends what nobody came back to.
func (s *Service) endDesertedCalls(ctx context.Context) {
	if len(s.recovered) == 0 {
		return
	}
	grace := time.NewTimer(s.limits.LegGrace)
	defer grace.Stop()
	select {
	case <-grace.C:
	case <-ctx.Done():
		return
	}
	for _, old := range s.recovered {
		s.endDeserted(ctx, old.ID)
	}
}

func (s *Service) endDeserted(ctx context.Context, id protocol.CallID) {
	call, err := s.store.Call(ctx, s.ws, id)
	if err != nil || (!call.Live()) {
		return
	}
	for _, p := range call.Parties {
		if p.Here {
			return
		}
	}
	if err := s.endCall(ctx, call, protocol.Author{Kind: protocol.KindSystem}, "system", "", "lost"); err != nil {
		s.log.Error("end a call of an earlier run failed", "call", id, "error", err)
		return
	}
	if c, err := s.store.Conversation(ctx, s.ws, call.Conversation); err == nil {
		s.changed(c)
	}
}
