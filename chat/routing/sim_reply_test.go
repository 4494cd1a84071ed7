package routing

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// firstReply is how long an owner has for it.
const firstReply = 12 * time.Second

// A timer is one of a first reply: of an owner, since an accept.
type timer struct {
	conv  protocol.ConversationID
	owner protocol.AgentID
	began int64 // when its first stage was due
}

// heeds hears what routing tells of: that agents have something to read.
type heeds struct {
	unheard
	w *world
}

func (h heeds) ViewChanged(_ protocol.WorkspaceID, actors ...string) {
	h.w.mu.Lock()
	defer h.w.mu.Unlock()
	for _, actor := range actors {
		if id, ok := strings.CutPrefix(actor, agentActor("")); ok {
			delete(h.w.reminded, protocol.AgentID(id))
		}
	}
}

// alarmed hears what people are told of.
func (w *world) alarmed(a protocol.Alarm) {
	if a.Kind != "reply_overdue" {
		return
	}
	w.mu.Lock()
	_, due := w.alarms[a.Conversation]
	delete(w.alarms, a.Conversation)
	w.counts["alarmed of no reply"]++
	w.mu.Unlock()
	if !due {
		w.broke(fmt.Sprintf("ROUTE-13: people are told that %s has no reply, which is not so", a.Conversation))
	}
}

// expectReply starts the timer of an owner's first reply. Holds the record's lock.
func expectReply(c *store.Conversation) {
	c.ReplyDue, c.ReplyStage = time.Now().Add(firstReply).UnixMilli(), 0
}

// respond lets the owners of running conversations answer: in time, late, or never.
func (w *world) respond(running []store.Conversation) {
	for _, c := range running {
		if c.ReplyDue == 0 || c.ReplyStage > 0 && w.replies[c.ID].owner != c.Owner {
			delete(w.replies, c.ID)
			delete(w.answers, c.ID)
			continue
		}
		t := timer{c.ID, c.Owner, c.ReplyDue}
		if old := w.replies[c.ID]; old.owner != c.Owner || c.ReplyStage == 0 && old.began != c.ReplyDue {
			w.replies[c.ID], w.answers[c.ID] = t, w.answerTime(c.ID)
		}
		if at := w.answers[c.ID]; time.Now().Before(at) || w.presentFor(agentActor(c.Owner)) == 0 {
			continue
		}
		w.answers[c.ID] = time.Now().Add(time.Second)
		w.note("%s answers %s", c.Owner, c.ID)
		n := w.some()
		w.do(func() { w.persist(n, func(n *simNode) error { return n.ledger.reply(c.ID, c.Owner) }) })
	}
}

// answerTime is when an owner will answer; who never does is busy with it for longer.
func (w *world) answerTime(conv protocol.ConversationID) time.Time {
	switch w.rng.IntN(10) {
	case 0:
		w.mu.Lock()
		w.talks[conv] = time.Now().Add(2 * time.Minute)
		w.mu.Unlock()
		return time.Now().Add(time.Hour)
	case 1:
		return time.Now().Add(firstReply + w.between(0, 40*time.Second))
	}
	return time.Now().Add(w.between(time.Second, firstReply-time.Second))
}

// reply is an owner's.
func (l *ledger) reply(conv protocol.ConversationID, owner protocol.AgentID) error {
	if err := l.begin(conv, "reply"); err != nil {
		return err
	}
	l.do(func() {
		if c := l.conversations[conv]; c.Owner == owner {
			c.ReplyDue = 0
		}
	})
	return l.after(nil, conv, "reply")
}

func (l *ledger) OverdueReplies(ctx context.Context, ws protocol.WorkspaceID, now int64) ([]store.Conversation, error) {
	if err := l.out(); err != nil {
		return nil, err
	}
	return l.memory.OverdueReplies(ctx, ws, now)
}

// AdvanceReply: one stage after the other, each in its time, and whom it is of
// hears of it (ROUTE-13).
func (l *ledger) AdvanceReply(ctx context.Context, ws protocol.WorkspaceID, conv protocol.ConversationID, stage int, due int64) (bool, error) {
	if err := l.begin(conv, "advance"); err != nil {
		return false, err
	}
	var before store.Conversation
	l.peek(func() { before = *l.conversations[conv] })
	advanced, err := l.memory.AdvanceReply(ctx, ws, conv, stage, due)
	now := time.Now().UnixMilli()
	err = l.after(err, conv, "advance")
	if !advanced {
		return false, err
	}
	if rest := due - now; before.ReplyDue > now || stage > store.ReplyAlarmed || rest < replyStage.Milliseconds()-3000 || rest > replyStage.Milliseconds()+1000 {
		l.w.broke(fmt.Sprintf("ROUTE-13: the reply of %s comes to stage %d %d ms after it was due, and the next is in %d ms", conv, stage, now-before.ReplyDue, rest))
	}
	l.w.note("the reply of %s by %s comes to stage %d", conv, before.Owner, stage)
	l.w.mu.Lock()
	defer l.w.mu.Unlock()
	l.w.reminded[before.Owner] = time.Now()
	if stage == store.ReplyAlarmed {
		l.w.alarms[conv] = time.Now()
	} else {
		l.w.counts["reminded"]++
	}
	return advanced && err == nil, err
}

// givesBack says whether a conversation may go to others since no reply came; as the
// record has it, that is refused where one has come.
func (l *ledger) givesBack(c store.Conversation) error {
	if c.ReplyDue == 0 || c.ReplyStage < store.ReplyAlarmed {
		return refusal(protocol.CodeWrongState)
	}
	if early := c.ReplyDue - time.Now().UnixMilli(); early > 0 {
		l.w.broke(fmt.Sprintf("ROUTE-13: %s is taken from %s %d ms before its time", c.ID, c.Owner, early))
	}
	return nil
}

// unanswered: who does not answer is reminded, then people are told, then somebody
// else has it, each within moments of its time (ROUTE-13). Holds the record's lock.
func (c *checker) unanswered(now time.Time) (broken []string) {
	if now.Before(c.mercy) {
		return nil
	}
	for _, conv := range c.w.mem.conversations {
		late := time.Duration(now.UnixMilli()-conv.ReplyDue) * time.Millisecond
		if conv.State == protocol.StateActive && conv.ReplyDue > 0 && late > 3*time.Second && now.Sub(c.from) > 3*time.Second {
			broken = append(broken, fmt.Sprintf("ROUTE-13: the reply of %s by %s has been overdue for %v at stage %d", conv.ID, conv.Owner, late, conv.ReplyStage))
		}
	}
	c.w.mu.Lock()
	defer c.w.mu.Unlock()
	told := func(at time.Time, format string, who any) {
		if at.After(c.from) && now.Sub(at) > time.Second {
			broken = append(broken, fmt.Sprintf(format, who))
		}
	}
	for id, at := range c.w.reminded {
		told(at, "ROUTE-13: %s is to be reminded, and does not hear of it", id)
	}
	for id, at := range c.w.alarms {
		told(at, "ROUTE-13: nobody is told that %s has no reply", id)
	}
	return broken
}

// running are the conversations that run, in order.
func (w *world) running() (list []store.Conversation) {
	w.mem.peek(func() {
		for _, c := range w.mem.conversations {
			if c.State == protocol.StateActive {
				list = append(list, *c)
			}
		}
	})
	slices.SortFunc(list, func(a, b store.Conversation) int { return cmp.Compare(a.ID, b.ID) })
	return list
}
