package storetest

import (
	"fmt"
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// together: what one connection says at once is kept in its order, each with
// its own result, and the same again.
func together(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, 2)
	mine, over, foreign := w.Active(t, w.Agents[0]), w.Active(t, w.Agents[0]), w.Active(t, w.Agents[1])
	_, _, err := s.End(t.Context(), w.ID, over.ID, By(w.Agents[0]), "agent:"+string(w.Agents[0]), op(), "", 0)
	must(t, err)
	var all []store.AppendIn
	say := func(c store.Conversation, text string) {
		in := w.Saying(c, text)
		in.Actor, in.Author, in.Agent, in.TurnOf = "agent:"+string(w.Agents[0]), By(w.Agents[0]), w.Agents[0], protocol.KindVisitor
		all = append(all, in)
	}
	for i := range 5 {
		say(mine, fmt.Sprint(i))
	}
	all = append(all, all[2]) // the third again
	say(over, "too late")
	say(foreign, "not mine")
	say(mine, "5")
	other := all[1]
	other.Body.Text = "another text"
	all = append(all, other)
	say(mine, "6")

	want := []struct {
		seq     int64 // after those that were there
		existed bool
		code    protocol.Code
	}{
		{1, false, ""}, {2, false, ""}, {3, false, ""}, {4, false, ""}, {5, false, ""}, {3, true, ""},
		{0, false, protocol.CodeWrongState}, {0, false, protocol.CodeNotFound}, {6, false, ""}, {0, false, protocol.CodeConflict}, {7, false, ""},
	}
	for round := range 2 {
		posted, errs := s.PostAll(t.Context(), all)
		for i, want := range want {
			code := protocol.Code("")
			if errs[i] != nil {
				e, _ := protocol.AsError(errs[i])
				code = e.Code
			}
			if code != want.code || code == "" && (posted[i].Seq != mine.Seq+want.seq || posted[i].Existed != (want.existed || round > 0)) {
				t.Errorf("round %d, %d: seq %d after %d, existed %v, %v; want %+v", round, i, posted[i].Seq, mine.Seq, posted[i].Existed, errs[i], want)
			}
		}
	}
	list, last, err := s.Entries(t.Context(), w.ID, mine.ID, mine.Seq, 100, false)
	must(t, err)
	for i, e := range list {
		if e.Seq != mine.Seq+int64(i)+1 || e.Body.Text != fmt.Sprint(i) {
			t.Errorf("entry %d is %q at %d", i, e.Body.Text, e.Seq)
		}
	}
	if len(list) != 7 || last != mine.Seq+7 {
		t.Errorf("%d entries up to %d, want 7 up to %d", len(list), last, mine.Seq+7)
	}
}

// turns: of messages that come at once, the one that starts or ends the
// visitor's waiting says so, and no other.
func turns(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, 1)
	c := w.Active(t, w.Agents[0])
	answer := func(text string) store.AppendIn {
		in := w.Saying(c, text)
		in.Actor, in.Author, in.Agent, in.TurnOf = "agent:"+string(w.Agents[0]), By(w.Agents[0]), w.Agents[0], protocol.KindVisitor
		return in
	}
	_, err := s.Post(t.Context(), answer("hello"))
	must(t, err)
	posted, errs := s.PostAll(t.Context(), []store.AppendIn{w.Saying(c, "a"), w.Saying(c, "b"), answer("c"), answer("d"), w.Saying(c, "e")})
	for i, want := range []bool{true, false, true, false, true} {
		must(t, errs[i])
		if posted[i].Turned != want || posted[i].Owner != w.Agents[0] {
			t.Errorf("message %d: turned %v, owner %s; want %v, %s", i, posted[i].Turned, posted[i].Owner, want, w.Agents[0])
		}
	}
	now, err := s.Conversation(t.Context(), w.ID, c.ID)
	must(t, err)
	if now.TurnSince != posted[4].At || now.Seq != posted[4].Seq || now.VisitorSeq != posted[4].VisitorSeq {
		t.Errorf("the turn runs since %d, the log ends at %d, the visitor's at %d; want %+v", now.TurnSince, now.Seq, now.VisitorSeq, posted[4])
	}
}

// speaking: only the visitor, the owner and who holds a slot may say something.
func speaking(t *testing.T, s *store.Store) {
	w := NewWorld(t, s, 3)
	c, other := w.Active(t, w.Agents[0]), w.Active(t, w.Agents[2])
	w.accept(t, w.ring(t, w.request(t, c, protocol.RequestInvite, 0, 1), 1))
	tests := []struct {
		name    string
		visitor protocol.VisitorID
		agent   protocol.AgentID
		code    protocol.Code
	}{
		{"its visitor", c.Visitor, "", ""},
		{"its owner", "", w.Agents[0], ""},
		{"a guest", "", w.Agents[1], ""},
		{"another visitor", other.Visitor, "", protocol.CodeNotFound},
		{"another agent", "", w.Agents[2], protocol.CodeNotFound},
	}
	for _, tt := range tests { // each in a transaction of its own
		in := w.Saying(c, tt.name)
		in.Visitor, in.Agent = tt.visitor, tt.agent
		_, _, err := s.Append(t.Context(), in)
		if e, _ := protocol.AsError(err); err == nil && tt.code != "" || err != nil && e.Code != tt.code {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.code)
		}
	}
	in := w.Saying(c, "elsewhere")
	in.Workspace = "another"
	if _, _, err := s.Append(t.Context(), in); err == nil {
		t.Error("a message came from another workspace")
	}
}
