package store_test

import (
	"sync"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/chat/store/storetest"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Messages that share a transaction share their statements. One that was sent
// twice, or to a conversation that has ended, changes nothing for the others
// (D1, D2).
func TestMessagesOfOneBatch(t *testing.T) {
	s := open(t, "")
	defer s.Close()
	w := storetest.NewWorld(t, s, 1)
	var live []store.Conversation
	for range 20 {
		live = append(live, w.Ask(t))
	}
	over := w.Ask(t)
	by, actor := protocol.Author{Kind: protocol.KindVisitor, ID: string(over.Visitor)}, "visitor:"+string(over.Visitor)
	if _, _, err := s.End(t.Context(), w.ID, over.ID, by, actor, protocol.NewID[protocol.Op](), "", 0); err != nil {
		t.Fatal(err)
	}
	before := s.Stats()
	var all sync.WaitGroup
	for _, c := range live {
		in := w.Saying(c, "once")
		for range 2 { // the same command twice, at once
			all.Go(func() {
				if _, _, err := s.Append(t.Context(), in); err != nil {
					t.Error(err)
				}
			})
		}
		late := w.Saying(over, "too late")
		all.Go(func() {
			_, _, err := s.Append(t.Context(), late)
			if e, _ := protocol.AsError(err); e.Code != protocol.CodeWrongState {
				t.Errorf("after the end: %v", err)
			}
		})
	}
	all.Wait()
	after := s.Stats()
	if commits := after.Commits - before.Commits; commits > 40 {
		t.Errorf("%d commits for 60 commands: nothing was shared", commits)
	}
	for _, c := range live {
		list, last, err := s.Entries(t.Context(), w.ID, c.ID, 0, 100, false)
		if err != nil || int(last) != len(list) || last != c.Seq+1 || list[last-1].Body.Text != "once" {
			t.Errorf("the log has %d entries up to %d, %v; want one message after %d", len(list), last, err, c.Seq)
		}
	}
}

// What else is written in the same transaction sees the messages before it, and
// those after it see what it did (D3).
func TestABatchIsInOrder(t *testing.T) {
	s := open(t, "")
	defer s.Close()
	w := storetest.NewWorld(t, s, 1)
	c := w.Active(t, w.Agents[0])
	by, actor := storetest.By(w.Agents[0]), "agent:"+string(w.Agents[0])
	end := func() error {
		_, _, err := s.End(t.Context(), w.ID, c.ID, by, actor, protocol.NewID[protocol.Op](), "", 0)
		return err
	}
	say := func() error {
		_, _, err := s.Append(t.Context(), w.Saying(c, "hello"))
		return err
	}
	errs := make([]error, 6)
	var all sync.WaitGroup
	before := s.Stats()
	release := s.HoldWriter()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for i, do := range []func() error{say, say, end, say, end, say} {
		all.Go(func() { errs[i] = do() })
		for s.Stats().Waiting <= int64(i) {
			<-tick.C
		}
	}
	release()
	all.Wait()
	for i, want := range []protocol.Code{"", "", "", protocol.CodeWrongState, protocol.CodeWrongState, protocol.CodeWrongState} {
		e, _ := protocol.AsError(errs[i])
		if errs[i] == nil && want != "" || errs[i] != nil && e.Code != want {
			t.Errorf("command %d: %v, want %q", i, errs[i], want)
		}
	}
	if commits := s.Stats().Commits - before.Commits; commits > 5 {
		t.Errorf("%d commits: nothing was shared", commits)
	}
	list, last, err := s.Entries(t.Context(), w.ID, c.ID, c.Seq, 100, false)
	if err != nil || len(list) != 3 || last != c.Seq+3 || list[2].Kind != protocol.EntryEnded {
		t.Errorf("the log has %d entries after %d, up to %d, %v; want two messages and the end", len(list), c.Seq, last, err)
	}
}
