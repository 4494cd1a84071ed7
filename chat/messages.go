package chat

import (
	"context"
	"fmt"
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
	if blank(text) {
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
	acks, errs := s.Posts(ctx, who, []protocol.Op{op}, []protocol.Post{body})
	return acks[0], errs[0]
}

// Posts is Post for what one connection says at once, in its order (D13). Each
// message has its own ack or error.
func (s *Service) Posts(ctx context.Context, who protocol.Caller, ops []protocol.Op, bodies []protocol.Post) ([]protocol.Ack, []error) {
	acks, errs := make([]protocol.Ack, len(ops)), make([]error, len(ops))
	all, at := make([]store.AppendIn, 0, len(ops)), make([]int, 0, len(ops))
	for i, body := range bodies {
		in, err := s.message(who, ops[i], body)
		if err != nil {
			errs[i] = err
			continue
		}
		all, at = append(all, in), append(at, i)
	}
	posted, failed := s.store.PostAll(ctx, all)
	var told protocol.ConversationID
	for k, i := range at {
		p, conv := posted[k], all[k].Conversation
		if errs[i] = failed[k]; errs[i] != nil {
			continue
		}
		acks[i] = protocol.Ack{Conversation: conv, Seq: seqFor(who.Principal, p.Entry), ID: string(p.ID), At: p.At}
		if p.Existed {
			continue
		}
		if told != conv { // all of them are in the record: readers are told once
			s.notify.EntriesAdded(s.ws, conv)
			told = conv
		}
		if p.Owner != "" && p.Turned {
			s.notify.ViewChanged(s.ws, agentActor(p.Owner))
			if who.Kind == protocol.KindVisitor {
				s.wakeParked(ctx, conv, p.Owner)
			}
		}
	}
	return acks, errs
}

// message is what a person's words add to the record.
func (s *Service) message(who protocol.Caller, op protocol.Op, body protocol.Post) (in store.AppendIn, err error) {
	if err := s.checkText(body.Text); err != nil {
		return in, err
	}
	if !protocol.ValidID(body.Conversation) || who.Workspace != s.ws {
		return in, errNoConversation
	}
	in = store.AppendIn{
		Workspace: s.ws, Conversation: body.Conversation, Actor: who.Actor(), Op: op, Kind: protocol.EntryMessage, Audience: protocol.AudienceAll,
		Author: author(who.Principal), Body: protocol.EntryBody{Text: body.Text},
	}
	switch { // the right to it is checked where it is written
	case who.Kind == protocol.KindVisitor && who.Visitor != "":
		in.TurnOf, in.Visitor = protocol.KindAgent, who.Visitor
	case who.Kind == protocol.KindAgent && who.Agent != "":
		in.TurnOf, in.Agent = protocol.KindVisitor, who.Agent
	default:
		return in, errNoConversation
	}
	return in, nil
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
