package chat

import (
	"context"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// page is how many entries one read gives.
const page = 200

// Since gives the entries after a seq, in the reader's own seqs.
func (s *Service) Since(ctx context.Context, who protocol.Caller, _ protocol.Op, body protocol.Since) (protocol.Entries, error) {
	return s.Entries(ctx, who.Principal, body.Conversation, body.After)
}

// Entries gives at most 200 entries after a seq, dense and in order, to those
// who have to do with the conversation.
func (s *Service) Entries(ctx context.Context, who protocol.Principal, conv protocol.ConversationID, after int64) (protocol.Entries, error) {
	if _, err := s.conversation(ctx, who, conv); err != nil {
		return protocol.Entries{}, err
	}
	rows, last, err := s.store.Entries(ctx, s.ws, conv, after, page, who.Kind == protocol.KindVisitor)
	if err != nil {
		return protocol.Entries{}, err
	}
	return entriesFor(who, conv, rows, last), nil
}

// Follow is Entries for one whom a write on this node has woken: it gives what
// this node has committed, most times without asking the record. What other
// nodes have added meanwhile may be missing; their hints ask for Entries.
func (s *Service) Follow(ctx context.Context, who protocol.Principal, conv protocol.ConversationID, after int64) (protocol.Entries, error) {
	if who.Workspace == s.ws {
		found, ok := s.store.Tail(s.ws, conv, after, who.Kind == protocol.KindVisitor)
		if ok && (who.Kind == protocol.KindVisitor && found.Visitor == who.Visitor ||
			who.Kind == protocol.KindAgent && (found.Owner == who.Agent || who.Can(protocol.PermWatch))) {
			return entriesFor(who, conv, found.Entries, found.Last), nil
		}
	}
	return s.Entries(ctx, who, conv, after)
}

func entriesFor(who protocol.Principal, conv protocol.ConversationID, rows []store.Entry, last int64) protocol.Entries {
	out := protocol.Entries{Conversation: conv, Last: last, Entries: make([]protocol.Entry, 0, len(rows))}
	for _, row := range rows {
		out.Entries = append(out.Entries, entryFor(who, row))
	}
	return out
}

// entryFor is an entry as one reader may see it.
func entryFor(who protocol.Principal, e store.Entry) protocol.Entry {
	out := protocol.Entry{Seq: seqFor(who, e), ID: e.ID, Kind: e.Kind, Audience: e.Audience, Author: e.Author, At: e.At, Body: e.Body}
	if e.Actor == who.Actor() {
		out.Op = e.Op
	}
	return out
}

func seqFor(who protocol.Principal, e store.Entry) int64 {
	if who.Kind == protocol.KindVisitor {
		return e.VisitorSeq
	}
	return e.Seq
}

// Heads tells where logs end.
func (s *Service) Heads(ctx context.Context, convs []protocol.ConversationID) (map[protocol.ConversationID]store.Head, error) {
	return s.store.Heads(ctx, convs)
}

// Marks tells how far each side has got, in the reader's own seqs.
func (s *Service) Marks(ctx context.Context, who protocol.Principal, conv protocol.ConversationID) (protocol.Marks, error) {
	c, err := s.conversation(ctx, who, conv)
	if err != nil {
		return protocol.Marks{}, err
	}
	visitor := protocol.ReadMark{Side: protocol.KindVisitor, Delivered: c.VisitorDelivered, Read: c.VisitorRead}
	agent := protocol.ReadMark{Side: protocol.KindAgent, Delivered: c.AgentDelivered, Read: c.AgentRead}
	if who.Kind == protocol.KindVisitor {
		agent, err = translate(agent, func(seq int64) (int64, error) { return s.store.VisitorSeqAt(ctx, s.ws, conv, seq) })
	} else {
		visitor, err = translate(visitor, func(seq int64) (int64, error) { return s.store.SeqAt(ctx, s.ws, conv, seq) })
	}
	if err != nil {
		return protocol.Marks{}, err
	}
	return protocol.Marks{Conversation: conv, Marks: []protocol.ReadMark{visitor, agent}}, nil
}

func translate(m protocol.ReadMark, seq func(int64) (int64, error)) (protocol.ReadMark, error) {
	var err error
	if m.Delivered, err = seq(m.Delivered); err != nil {
		return m, err
	}
	m.Read, err = seq(m.Read)
	return m, err
}

// ActorVersions tells which views may have changed though no hint came.
func (s *Service) ActorVersions(ctx context.Context, actors []string) (map[string]int64, error) {
	return s.store.ActorVersions(ctx, actors)
}
