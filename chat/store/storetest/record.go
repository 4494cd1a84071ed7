package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func onceOnly(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	c := w.Active(t, w.Agents[0])
	in := w.Saying(c, "hello")
	first, existed, err := s.Append(t.Context(), in)
	if err != nil || existed {
		t.Fatalf("first: existed %v, %v", existed, err)
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			again, existed, err := s.Append(t.Context(), in)
			if err != nil || !existed || again.Seq != first.Seq || again.ID != first.ID || again.At != first.At {
				t.Errorf("again: %+v existed %v, %v; want %+v", again, existed, err, first)
			}
		})
	}
	all.Wait()
	fresh := w.Saying(c, "raced")
	seqs := make([]int64, 20)
	for i := range seqs {
		all.Go(func() {
			e, _, err := s.Append(t.Context(), fresh)
			if err != nil {
				t.Error(err)
			}
			seqs[i] = e.Seq
		})
	}
	all.Wait()
	for _, seq := range seqs {
		if seq != first.Seq+1 {
			t.Fatalf("raced op has seqs %v, want all %d", seqs, first.Seq+1)
		}
	}
	in.Body.Text = "other"
	_, _, err = s.Append(t.Context(), in)
	want(t, err, protocol.CodeConflict)
	_, last, err := s.Entries(t.Context(), w.ID, c.ID, 0, 100, false)
	must(t, err)
	if last != first.Seq+1 {
		t.Errorf("last %d, want %d", last, first.Seq+1)
	}
}

func denseSeqs(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	c := w.Active(t, w.Agents[0])
	const writers, each = 64, 10
	var all sync.WaitGroup
	for n := range writers {
		all.Go(func() {
			for i := range each {
				in := w.Saying(c, fmt.Sprintf("%d/%d", n, i))
				in.Actor = fmt.Sprintf("agent:%d", n)
				if n%3 == 0 {
					in.Audience = protocol.AudienceAgents
				}
				if _, _, err := s.Append(t.Context(), in); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	checkDense(t, w, c.ID, int(c.Seq)+writers*each)
}

// checkDense reads a conversation both ways and checks D3 for each.
func checkDense(t testing.TB, w *World, conv protocol.ConversationID, total int) {
	t.Helper()
	all, last, err := w.Store.Entries(t.Context(), w.ID, conv, 0, 10000, false)
	must(t, err)
	if len(all) != total || last != int64(total) {
		t.Fatalf("%d entries, last %d, want %d", len(all), last, total)
	}
	next := int64(0)
	for i, e := range all {
		if e.Seq != int64(i+1) {
			t.Fatalf("entry %d has seq %d", i, e.Seq)
		}
		if e.Audience == protocol.AudienceAll {
			next++
			if e.VisitorSeq != next {
				t.Fatalf("entry %d has visitor seq %d, want %d", i, e.VisitorSeq, next)
			}
		} else if e.VisitorSeq != 0 {
			t.Fatalf("an agents' entry has visitor seq %d", e.VisitorSeq)
		}
	}
	seen, last, err := w.Store.Entries(t.Context(), w.ID, conv, 0, 10000, true)
	must(t, err)
	if int64(len(seen)) != next || last != next {
		t.Fatalf("the visitor sees %d entries, last %d, want %d", len(seen), last, next)
	}
	for i, e := range seen {
		if e.Seq != int64(i+1) || e.Audience != protocol.AudienceAll {
			t.Fatalf("the visitor's entry %d is %+v", i, e)
		}
	}
}

func visitor(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	c := w.Active(t, w.Agents[0]) // message, asked, offered (agents), joined
	note := w.Saying(c, "said by the agent")
	note.Actor, note.Author = "agent:"+string(w.Agents[0]), By(w.Agents[0])
	_, _, err := s.Append(t.Context(), note)
	must(t, err)
	checkDense(t, w, c.ID, 5)
	seen, last, err := s.Entries(t.Context(), w.ID, c.ID, 2, 10, true)
	must(t, err)
	if len(seen) != 2 || last != 4 {
		t.Fatalf("entries after 2: %d, last %d", len(seen), last)
	}
	for _, e := range seen {
		if e.Author.ID != "" || e.Actor != "" || e.Op != "" || e.Body.Agent != "" {
			t.Errorf("the visitor is given %+v", e)
		}
	}
	if seen[0].Kind != protocol.EntryJoined || seen[0].Body.Name != "Agent" {
		t.Errorf("first is %+v, want joined by Agent", seen[0])
	}
	heads, err := s.Heads(t.Context(), []protocol.ConversationID{c.ID, "none"})
	must(t, err)
	if h := heads[c.ID]; len(heads) != 1 || h.Seq != 5 || h.VisitorSeq != 4 {
		t.Errorf("heads %+v", heads)
	}
	_, _, err = s.Entries(t.Context(), "other", c.ID, 0, 10, false)
	want(t, err, protocol.CodeNotFound)
}

func translated(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	c := w.Active(t, w.Agents[0]) // message, asked, offered (agents), joined
	seqs := []struct{ visitor, agent int64 }{{0, 0}, {1, 1}, {2, 2}, {3, 4}}
	for _, want := range seqs {
		if seq, err := s.SeqAt(t.Context(), w.ID, c.ID, want.visitor); err != nil || seq != want.agent {
			t.Errorf("the visitor's %d is %d, want %d, %v", want.visitor, seq, want.agent, err)
		}
		if seq, err := s.VisitorSeqAt(t.Context(), w.ID, c.ID, want.agent); err != nil || seq != want.visitor {
			t.Errorf("%d is the visitor's %d, want %d, %v", want.agent, seq, want.visitor, err)
		}
	}
	for at, want := range map[int64]int64{3: 2, 99: 3} {
		if seq, err := s.VisitorSeqAt(t.Context(), w.ID, c.ID, at); err != nil || seq != want {
			t.Errorf("%d is the visitor's %d, want %d, %v", at, seq, want, err)
		}
	}
	if seq, err := s.SeqAt(t.Context(), w.ID, c.ID, 4); err != nil || seq != 0 {
		t.Errorf("the visitor's 4, which does not exist, is %d, %v", seq, err)
	}
}

func senderOrder(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	c := w.Active(t, w.Agents[0])
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			before := int64(0)
			for i := range 20 {
				in := w.Saying(c, fmt.Sprint(i))
				in.Actor = fmt.Sprintf("visitor:%d", n)
				e, _, err := s.Append(t.Context(), in)
				if err != nil || e.Seq <= before {
					t.Errorf("sender %d: seq %d after %d, %v", n, e.Seq, before, err)
				}
				if again, existed, err := s.Append(t.Context(), in); err != nil || !existed || again.Seq != e.Seq {
					t.Errorf("sender %d: retried gives %d, want %d, %v", n, again.Seq, e.Seq, err)
				}
				before = e.Seq
			}
		})
	}
	all.Wait()
}

func marks(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	c := w.Active(t, w.Agents[0]) // seq 4, visitor seq 3
	steps := []struct {
		side            protocol.PrincipalKind
		delivered, read int64
		changed         bool
		wantD, wantR    int64
	}{
		{protocol.KindVisitor, 2, 1, true, 2, 1},
		{protocol.KindVisitor, 1, 0, false, 2, 1},
		{protocol.KindVisitor, 2, 3, true, 3, 3},
		{protocol.KindVisitor, 99, 99, false, 3, 3},
		{protocol.KindAgent, 99, 2, true, 4, 2},
		{protocol.KindAgent, -5, 99, true, 4, 4},
	}
	for _, st := range steps {
		changed, err := s.SetMarks(t.Context(), w.ID, c.ID, st.side, st.delivered, st.read)
		must(t, err)
		now, err := s.Conversation(t.Context(), w.ID, c.ID)
		must(t, err)
		d, r := now.AgentDelivered, now.AgentRead
		if st.side == protocol.KindVisitor {
			d, r = now.VisitorDelivered, now.VisitorRead
		}
		if changed != st.changed || d != st.wantD || r != st.wantR {
			t.Errorf("%+v gives changed %v, %d, %d", st, changed, d, r)
		}
	}
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			_, err := s.SetMarks(t.Context(), w.ID, c.ID, protocol.KindVisitor, int64(i%4), int64(i%3))
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	now, err := s.Conversation(t.Context(), w.ID, c.ID)
	must(t, err)
	if now.VisitorDelivered != 3 || now.VisitorRead != 3 {
		t.Errorf("marks went down: %d, %d", now.VisitorDelivered, now.VisitorRead)
	}
}

func asking(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	in := w.Asked(w.Visitor(t))
	in.Form = map[string]string{"order": "12", "city": "Bern"}
	ids := make([]protocol.ConversationID, 16)
	var all sync.WaitGroup
	for i := range ids {
		all.Go(func() {
			c, message, _, err := s.Ask(t.Context(), in)
			if err != nil || message.Seq != 1 || message.Op != in.Op {
				t.Errorf("ask: %+v, %v", message, err)
			}
			ids[i] = c.ID
		})
	}
	all.Wait()
	for _, id := range ids {
		if id != ids[0] {
			t.Fatalf("one op made several conversations: %v", ids)
		}
	}
	waiting, err := s.Waiting(t.Context(), w.ID)
	must(t, err)
	if len(waiting) != 1 || waiting[0].State != protocol.StateQueued || waiting[0].Form["city"] != "Bern" || waiting[0].Seq != 2 {
		t.Errorf("waiting %+v", waiting)
	}
	in.Text = "something else"
	want(t, askError(t, s, in), protocol.CodeConflict)
	in.Op, in.Queue = op(), "nowhere"
	want(t, askError(t, s, in), protocol.CodeInvalid)
	list, err := s.ConversationsOfVisitor(t.Context(), w.ID, in.Visitor, 10)
	must(t, err)
	if len(list) != 1 || list[0].ID != ids[0] {
		t.Errorf("the visitor has %+v", list)
	}
}

func askError(t *testing.T, s *store.Store, in store.AskIn) error {
	t.Helper()
	_, _, _, err := s.Ask(t.Context(), in) //nolint:dogsled // only the error counts
	return err
}

func endedRefuses(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	c := w.Active(t, w.Agents[0])
	before := w.Saying(c, "in time")
	_, _, err := s.Append(t.Context(), before)
	must(t, err)
	_, _, err = s.End(t.Context(), w.ID, c.ID, By(w.Agents[0]), "agent:"+string(w.Agents[0]), op(), "", 0)
	must(t, err)
	_, _, err = s.Append(t.Context(), w.Saying(c, "too late"))
	want(t, err, protocol.CodeWrongState)
	if _, existed, err := s.Append(t.Context(), before); err != nil || !existed {
		t.Errorf("a retry after the end: existed %v, %v", existed, err)
	}
	missing := w.Saying(c, "nowhere")
	missing.Conversation = protocol.NewID[protocol.ConversationID]()
	_, _, err = s.Append(t.Context(), missing)
	want(t, err, protocol.CodeNotFound)
}
