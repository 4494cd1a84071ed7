package chat

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// openPerVisitor is how many conversations a visitor has open at once: the queue
// keeps one place for each visitor, and the panel shows one conversation.
const openPerVisitor = 1

func (s *Service) checkAsk(body protocol.Ask) error {
	if err := s.checkText(body.Text); err != nil {
		return err
	}
	if err := s.checkWho(body.Name, body.Email); err != nil {
		return err
	}
	if len(body.Form) > s.limits.FormFields {
		return protocol.NewError(protocol.CodeTooLarge, fmt.Sprintf("A form may have %d fields.", s.limits.FormFields))
	}
	return nil
}

func (s *Service) checkWho(name, email string) error {
	if utf8.RuneCountInString(name) > s.limits.NameCharacters || utf8.RuneCountInString(email) > s.limits.NameCharacters {
		return protocol.NewError(protocol.CodeTooLarge, fmt.Sprintf("A name or address may have %d characters.", s.limits.NameCharacters))
	}
	return nil
}

func (s *Service) checkText(text string) error {
	if strings.TrimSpace(text) == "" {
		return protocol.NewError(protocol.CodeInvalid, "Please write something first.")
	}
	if utf8.RuneCountInString(text) > s.limits.MessageCharacters {
		return protocol.NewError(protocol.CodeTooLarge, fmt.Sprintf("A message may have %d characters. Please send it in parts.", s.limits.MessageCharacters))
	}
	return nil
}

// Post says something. The ack comes after the commit (D1), and only those who
// have to do with the conversation then may (S1).
func (s *Service) Post(ctx context.Context, who protocol.Caller, op protocol.Op, body protocol.Post) (protocol.Ack, error) {
	if err := s.checkText(body.Text); err != nil {
		return protocol.Ack{}, err
	}
	if !protocol.ValidID(body.Conversation) || who.Workspace != s.ws {
		return protocol.Ack{}, errNoConversation
	}
	in := store.AppendIn{
		Workspace: s.ws, Conversation: body.Conversation, Actor: who.Actor(), Op: op, Kind: protocol.EntryMessage, Audience: protocol.AudienceAll,
		Author: author(who.Principal), Body: protocol.EntryBody{Text: body.Text},
	}
	switch { // the right to it is checked where it is written
	case who.Kind == protocol.KindVisitor && who.Visitor != "":
		in.TurnOf, in.Visitor = protocol.KindAgent, who.Visitor
	case who.Kind == protocol.KindAgent && who.Agent != "":
		in.TurnOf, in.Agent = protocol.KindVisitor, who.Agent
	default:
		return protocol.Ack{}, errNoConversation
	}
	posted, err := s.store.Post(ctx, in)
	if err != nil {
		return protocol.Ack{}, err
	}
	if !posted.Existed {
		s.notify.EntriesAdded(s.ws, body.Conversation)
		if posted.Owner != "" && posted.Turned {
			s.notify.ViewChanged(s.ws, agentActor(posted.Owner))
			if who.Kind == protocol.KindVisitor {
				s.wakeParked(ctx, body.Conversation, posted.Owner)
			}
		}
	}
	return protocol.Ack{Conversation: body.Conversation, Seq: seqFor(who.Principal, posted.Entry), ID: string(posted.ID), At: posted.At}, nil
}

// Typing passes on that somebody types; nothing is stored.
func (s *Service) Typing(ctx context.Context, who protocol.Caller, body protocol.Typing) error {
	c, err := s.spoken(ctx, who.Principal, body.Conversation)
	if err != nil {
		return err
	}
	s.notify.Typing(s.ws, c.ID, who, protocol.TypingNow{Conversation: c.ID, Who: author(who.Principal), Typing: body.Typing})
	return nil
}

// Mark stores how far the reader's page has shown the log (D9).
func (s *Service) Mark(ctx context.Context, who protocol.Caller, body protocol.Mark) error {
	c, err := s.conversation(ctx, who.Principal, body.Conversation)
	if err != nil {
		return err
	}
	if who.Kind == protocol.KindAgent && c.Owner != who.Agent {
		return nil // one who only looks on leaves no mark
	}
	changed, err := s.store.SetMarks(ctx, s.ws, c.ID, who.Kind, body.Delivered, body.Read)
	if err != nil {
		return err
	}
	if changed {
		s.notify.MarksChanged(s.ws, c.ID)
	}
	return nil
}
