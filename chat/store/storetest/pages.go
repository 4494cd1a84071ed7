package storetest

import (
	"testing"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// pages follows a session from page to page, over two nodes.
func pages(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	c := w.Active(t, w.Agents[0])
	b := w.running(t, c, w.Agents[0]).cobrowse
	note := func(when string, p store.Page, touched int, page protocol.ConnectionID, away bool) {
		t.Helper()
		told, err := s.NotePage(t.Context(), w.ID, b.ID, p)
		now, lost := s.Cobrowse(t.Context(), w.ID, b.ID)
		if err != nil || lost != nil || len(told) != touched || now.Page != page || now.Away() != away {
			t.Errorf("%s: page %q, away %v, %d are told, %v, %v; want %q, %v, %d", when, now.Page, now.Away(), len(told), err, lost, page, away, touched)
		}
	}
	here := func(conn protocol.ConnectionID, node protocol.NodeID) store.Page {
		return store.Page{Connection: conn, Node: node, Here: true}
	}
	first, second := here("first", "n1"), here("second", "n2")
	first.Begins, second.Begins = true, true
	gone := func(p store.Page) store.Page { p.Here, p.Begins = false, false; return p }
	note("the first page begins", first, 0, "first", false)
	note("it says so again", here("first", "n1"), 0, "first", false)
	note("another page is there", here("second", "n2"), 0, "first", false)
	note("another page has gone", gone(second), 0, "first", false)
	note("the page has gone", gone(first), 2, "first", true)
	note("and again", gone(first), 0, "first", true)
	note("its connection is back", here("first", "n1"), 2, "first", false)
	note("the page has gone", gone(first), 2, "first", true)
	note("the next begins at another node", second, 2, "second", false)
	note("late news of the first", gone(first), 0, "second", false)
	checkPages(t, w, "n1", 0)
	checkPages(t, w, "n2", 1)
	now, err := s.Now(t.Context())
	must(t, err)
	find := func(before int64, want int, when string) {
		t.Helper()
		if lost, err := s.StrandedPages(t.Context(), w.ID, before); err != nil || len(lost) != want {
			t.Errorf("%s: stranded pages %+v, %v; want %d", when, lost, err, want)
		}
	}
	find(now-time.Minute.Milliseconds(), 0, "its node was heard of with it")
	find(now+1, 1, "and then no more")
	past(t, s, now)
	must(t, s.Beat(t.Context(), w.ID, "n2"))
	find(now+1, 0, "it is heard of again")
	b, err = s.Cobrowse(t.Context(), w.ID, b.ID)
	must(t, err)
	if told, err := s.LosePage(t.Context(), w.ID, b); err != nil || len(told) != 2 {
		t.Errorf("a page is lost with its node: %v told, %v", told, err)
	}
	find(now+1, 0, "it is gone already")
	_, _, err = s.End(t.Context(), w.ID, c.ID, By(w.Agents[0]), "agent:"+string(w.Agents[0]), op(), "", 0)
	must(t, err)
	_, err = s.NotePage(t.Context(), w.ID, b.ID, second)
	want(t, err, protocol.CodeNotFound)
}

func checkPages(t testing.TB, w *World, node protocol.NodeID, want int) {
	t.Helper()
	if list, err := w.Store.PagesOfNode(t.Context(), w.ID, node); err != nil || len(list) != want {
		t.Errorf("%d pages at %s, want %d: %+v, %v", len(list), node, want, list, err)
	}
}

// deserted ends a session whose page does not come, or does not come back.
func deserted(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	agent := w.Agents[0]
	end := func(grace time.Duration, want int, when string) {
		t.Helper()
		ended, err := s.EndDeserted(t.Context(), w.ID, grace)
		if err != nil || len(ended) != want {
			t.Fatalf("%s: ended %+v, %v; want %d", when, ended, err, want)
		}
		for _, b := range ended {
			if b.State != store.StepEnded || b.Cause != store.CausePageGone || len(b.Touched) != 2 {
				t.Errorf("%s: %+v", when, b)
			}
		}
	}
	c := w.Active(t, agent)
	w.running(t, c, agent)
	end(time.Hour, 0, "no page yet")
	end(0, 1, "none came")
	end(0, 0, "again")
	log, _, err := s.Entries(t.Context(), w.ID, c.ID, 0, 100, true)
	must(t, err)
	if e := log[len(log)-1]; e.Kind != protocol.EntryCobrowseEnded || e.Body.Cause != store.CausePageGone || e.Author.Kind != protocol.KindSystem {
		t.Errorf("the visitor reads %+v", e)
	}
	ledger, err := s.Consents(t.Context(), w.ID, c.ID)
	must(t, err)
	for _, one := range ledger {
		if one.Kind == "cobrowse" && one.Revoked == 0 {
			t.Errorf("the consent runs on: %+v", one)
		}
	}
	c = w.Active(t, agent)
	b := w.running(t, c, agent).cobrowse
	page := store.Page{Connection: "page", Node: "n1", Here: true, Begins: true}
	_, err = s.NotePage(t.Context(), w.ID, b.ID, page)
	must(t, err)
	end(0, 0, "the page is there")
	page.Here, page.Begins = false, false
	_, err = s.NotePage(t.Context(), w.ID, b.ID, page)
	must(t, err)
	end(time.Hour, 0, "it has just gone")
	end(0, 1, "it did not come back")
}
