package store

import (
	"container/list"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

const (
	tailEntries       = 16              // newest entries kept of one conversation
	tailConversations = 4096            // kept; when full, the one that was used longest ago goes
	tailBytes         = 32 << 20        // of all together; when full, likewise
	tailAccess        = time.Second     // how long it is believed who a conversation belongs to
	entryOverhead     = 512             // bytes that an entry counts beside its text
	replaced          = `\ufffd`        // JSON's mark for bytes that were no text
	tailGrown         = 2 * tailEntries // length at which old entries are let go
)

// A state is what a transaction left of a conversation: where its log ends and
// whose it is.
type state struct {
	workspace    protocol.WorkspaceID
	conversation protocol.ConversationID
	seq          int64
	visitorSeq   int64
	visitor      protocol.VisitorID
	owner        protocol.AgentID
	at           time.Time // when it was true at the latest
}

func stateOf(c Conversation) state {
	return state{c.Workspace, c.ID, c.Seq, c.VisitorSeq, c.Visitor, c.Owner, time.Now()}
}

// A tail keeps the newest entries that this process has committed, and whose
// the conversations are. Other nodes write to the same log: so what it has is
// always true, since entries never change, but need not be the end.
//
// It is filled only after a COMMIT has returned and before the writing method
// returns, maybe in another order than that of the commits.
type tail struct {
	mu    sync.Mutex
	convs map[protocol.ConversationID]*list.Element // of *tailed
	used  list.List                                 // newest first
	bytes int
}

type tailed struct {
	state
	entries []Entry // by seq; a late one leaves a gap until it comes
	bytes   int
}

// Tailed is a part of a conversation's log with those who may have it.
type Tailed struct {
	Entries []Entry // dense, from the one after the reader's; a visitor's are as he may have them
	Last    int64   // newest seq for this reader
	Visitor protocol.VisitorID
	Owner   protocol.AgentID
}

// Tail gives what this process committed after a seq without asking the
// database. ok is false unless the entries go on exactly where the reader is,
// without a gap, up to the newest that this process has committed, and it is
// known, not longer ago than a second, whose the conversation is. Entries that
// other nodes have added later may be missing: whoever has to know of them
// reads Entries.
func (s *Store) Tail(workspace protocol.WorkspaceID, conv protocol.ConversationID, after int64, visitor bool) (found Tailed, ok bool) {
	return s.tail.read(workspace, conv, after, visitor)
}

func (l *tail) read(workspace protocol.WorkspaceID, conv protocol.ConversationID, after int64, visitor bool) (found Tailed, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.convs[conv]
	if !ok {
		return found, false
	}
	t := at.Value.(*tailed)
	if t.workspace != workspace || time.Since(t.at) >= tailAccess {
		return found, false
	}
	found = Tailed{Last: t.seq, Visitor: t.visitor, Owner: t.owner}
	if visitor {
		found.Last = t.visitorSeq
	}
	if after > found.Last {
		return found, false
	}
	next := after + 1
	if next <= found.Last {
		l.used.MoveToFront(at)
		for _, e := range t.entries {
			if visitor {
				if e.VisitorSeq == 0 {
					continue
				}
				e = forVisitor(e)
			}
			if e.Seq == next {
				found.Entries = append(found.Entries, e)
				next++
			}
		}
	}
	return found, next > found.Last
}

// add takes what a transaction has committed.
func (l *tail) add(states []state, entries []Entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, st := range states {
		l.put(st)
	}
	for _, e := range entries {
		if at, ok := l.convs[e.Conversation]; ok {
			l.grow(at.Value.(*tailed), e)
		}
	}
	for len(l.convs) > tailConversations || l.bytes > tailBytes {
		oldest := l.used.Remove(l.used.Back()).(*tailed)
		l.bytes -= oldest.bytes
		delete(l.convs, oldest.conversation)
	}
}

func (l *tail) put(st state) {
	at, ok := l.convs[st.conversation]
	if !ok {
		if l.convs == nil {
			l.convs = map[protocol.ConversationID]*list.Element{}
		}
		l.convs[st.conversation] = l.used.PushFront(&tailed{state: st})
		return
	}
	l.used.MoveToFront(at)
	t := at.Value.(*tailed)
	if st.seq > t.seq || st.seq == t.seq && st.at.After(t.at) { // a change of owner always has an entry
		t.state = st
	}
}

func (l *tail) grow(t *tailed, e Entry) {
	at := len(t.entries)
	for at > 0 && t.entries[at-1].Seq > e.Seq {
		at--
	}
	if at > 0 && t.entries[at-1].Seq == e.Seq {
		return
	}
	t.entries = slices.Insert(t.entries, at, e)
	l.weigh(t, cost(e))
	if len(t.entries) < tailGrown {
		return
	}
	for _, old := range t.entries[:len(t.entries)-tailEntries] {
		l.weigh(t, -cost(old))
	}
	t.entries = slices.Delete(t.entries, 0, len(t.entries)-tailEntries)
}

func (l *tail) weigh(t *tailed, bytes int) {
	t.bytes += bytes
	l.bytes += bytes
}

func cost(e Entry) int { return len(e.Body.Text) + entryOverhead }

// readable is an entry as it will be read from the database, where body is what
// is written of its own.
func readable(e Entry, body string) (Entry, error) {
	e.Author.Name = storable(e.Author.Name)
	if !strings.Contains(body, replaced) {
		return e, nil
	}
	e.Body = protocol.EntryBody{}
	return e, fromJSON(body, &e.Body)
}
