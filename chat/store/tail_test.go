package store_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/chat/store/storetest"
	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// twoNodes runs a test on two stores over one record.
func twoNodes(t *testing.T, run func(t *testing.T, a, b *store.Store)) {
	t.Helper()
	for name, url := range map[string]func() string{
		"sqlite":   func() string { return filepath.Join(t.TempDir(), "parlour.db") },
		"postgres": func() string { return testbed.Database(t) },
	} {
		t.Run(name, func(t *testing.T) {
			at := url()
			a, b := open(t, at), open(t, at)
			defer func() { _, _ = a.Close(), b.Close() }()
			run(t, a, b)
		})
	}
}

// A reader follows a log as a connection of node a does: it is woken by writes
// of its own node and by those of others, and looks once for all that came.
type reader struct {
	visitor bool
	after   int64
	tails   int
	got     []store.Entry
}

func (r *reader) look(t *testing.T, w *storetest.World, conv protocol.ConversationID, foreign bool) {
	t.Helper()
	var list []store.Entry
	found, ok := w.Store.Tail(w.ID, conv, r.after, r.visitor)
	if ok && !foreign {
		list = found.Entries
		r.tails++
	} else {
		var err error
		if list, _, err = w.Store.Entries(t.Context(), w.ID, conv, r.after, 1000, r.visitor); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range list {
		if e.Seq != r.after+1 {
			t.Fatalf("after %d comes %d", r.after, e.Seq)
		}
		r.after = e.Seq
		r.got = append(r.got, e)
	}
}

func TestATailNeitherMissesNorReorders(t *testing.T) { // D3, D4, G12
	twoNodes(t, func(t *testing.T, a, b *store.Store) {
		w := storetest.NewWorld(t, a, 1)
		c := w.Active(t, w.Agents[0])
		const writers, each = 4, 30
		hints := make(chan bool, 2*writers*each) // whether another node wrote
		var all sync.WaitGroup
		for n := range 2 * writers {
			all.Go(func() {
				on, foreign := a, n >= writers
				if foreign {
					on = b
				}
				for i := range each {
					in := w.Saying(c, fmt.Sprintf("%d/%d", n, i))
					in.Actor = fmt.Sprintf("visitor:%d", n)
					if i%4 == 0 {
						in.Audience = protocol.AudienceAgents
					}
					if i == 7 {
						in.Author.Name, in.Body.Text = "V\x00era", "no \xff text, \x00"
					}
					if _, _, err := on.Append(t.Context(), in); err != nil {
						t.Error(err)
					}
					hints <- foreign
				}
			})
		}
		go func() { all.Wait(); close(hints) }()
		agent, visitor := &reader{}, &reader{visitor: true}
		for foreign := range hints {
			agent.look(t, w, c.ID, foreign)
			visitor.look(t, w, c.ID, foreign)
		}
		for _, r := range []*reader{agent, visitor} {
			want, last, err := a.Entries(t.Context(), w.ID, c.ID, 0, 10_000, r.visitor)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, r.got); r.after != last || diff != "" {
				t.Errorf("visitor %v: got to %d, want %d\n%s", r.visitor, r.after, last, diff)
			}
			if r.tails == 0 {
				t.Error("the tail was never used")
			}
		}
	})
}

func TestATailIsTheNewestWithoutGap(t *testing.T) { // D4
	twoNodes(t, func(t *testing.T, a, b *store.Store) {
		w := storetest.NewWorld(t, a, 1)
		c := w.Active(t, w.Agents[0]) // 4, for the visitor 3
		say := func(s *store.Store) int64 {
			e, _, err := s.Append(t.Context(), w.Saying(c, "x"))
			if err != nil {
				t.Fatal(err)
			}
			return e.Seq
		}
		say(a) // 5
		for _, tt := range []struct {
			after int64
			n     int
			ok    bool
		}{{0, 5, true}, {3, 2, true}, {4, 1, true}, {5, 0, true}, {6, 0, false}} {
			if found, ok := a.Tail(w.ID, c.ID, tt.after, false); ok != tt.ok || ok && len(found.Entries) != tt.n {
				t.Errorf("after %d: %d entries, %v, want %d, %v", tt.after, len(found.Entries), ok, tt.n, tt.ok)
			}
		}
		if _, ok := a.Tail("other", c.ID, 4, false); ok {
			t.Error("another workspace is given a tail")
		}
		if _, ok := b.Tail(w.ID, c.ID, 4, false); ok {
			t.Error("a node that wrote nothing has a tail")
		}
		say(b) // 6
		say(a) // 7
		if _, ok := a.Tail(w.ID, c.ID, 4, false); ok {
			t.Error("6, which another node wrote, is left out")
		}
		if found, ok := a.Tail(w.ID, c.ID, 5, true); !ok || len(found.Entries) != 1 || found.Entries[0].Seq != 6 {
			t.Errorf("the visitor, who has 5, is given %+v, %v", found, ok)
		}
		for range 100 {
			say(a)
		}
		if _, ok := a.Tail(w.ID, c.ID, 7, false); ok {
			t.Error("a hundred entries are kept")
		}
		if found, ok := a.Tail(w.ID, c.ID, 100, false); !ok || len(found.Entries) != 7 {
			t.Errorf("after 100: %d entries, %v, want 7", len(found.Entries), ok)
		}
	})
}

func TestWhoLostAConversationIsRefused(t *testing.T) { // S1
	twoNodes(t, func(t *testing.T, a, b *store.Store) {
		w := storetest.NewWorld(t, a, 2)
		c := w.Active(t, w.Agents[0])
		post := func(s *store.Store, visitor protocol.VisitorID, agent protocol.AgentID) protocol.Code {
			in := w.Saying(c, "mine?")
			in.Visitor, in.Agent = visitor, agent
			_, err := s.Post(t.Context(), in)
			e, _ := protocol.AsError(err)
			if err == nil {
				return ""
			}
			return e.Code
		}
		if got := post(a, c.Visitor, ""); got != "" {
			t.Fatalf("its visitor: %s", got)
		}
		if got := post(b, "", w.Agents[0]); got != "" {
			t.Fatalf("its owner: %s", got)
		}
		if got := post(a, w.Visitor(t), ""); got != protocol.CodeNotFound {
			t.Errorf("another visitor: %q", got)
		}
		if got := post(a, "", w.Agents[1]); got != protocol.CodeNotFound {
			t.Errorf("another agent: %q", got)
		}
		if post(a, c.Visitor, "") != "" { // both nodes know now whose it is
			t.Fatal("its visitor")
		}
		if _, err := b.Requeue(t.Context(), w.ID, c.ID, "test"); err != nil {
			t.Fatal(err)
		}
		for name, s := range map[string]*store.Store{"the same node": b, "another node": a} {
			if got := post(s, "", w.Agents[0]); got != protocol.CodeNotFound {
				t.Errorf("who had it, on %s: %q", name, got)
			}
		}
		if found, ok := b.Tail(w.ID, c.ID, 1, false); ok && found.Owner != "" {
			t.Errorf("the node that gave it back says that %s has it", found.Owner)
		}
		testbed.Until(t, 20*time.Second, "the other node forgets whose it was", func() bool {
			found, ok := a.Tail(w.ID, c.ID, 1, false)
			return !ok || found.Owner == ""
		})
		if _, _, err := b.End(t.Context(), w.ID, c.ID, storetest.By(w.Agents[0]), "agent:x", "", "test", 0); err != nil {
			t.Fatal(err)
		}
		if got := post(a, c.Visitor, ""); got != protocol.CodeWrongState {
			t.Errorf("its visitor after the end: %q", got)
		}
		if got := post(a, "", w.Agents[1]); got != protocol.CodeNotFound {
			t.Errorf("another agent after the end: %q", got)
		}
	})
}
