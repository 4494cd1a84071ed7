package storetest

import (
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// sessionsEnd applies files that change an agent's password, or take the agent
// out of use and back: the agent's sessions end, nobody else's.
func sessionsEnd(t *testing.T, s *store.Store) {
	t.Helper()
	declared := Declaration(2)
	_, err := s.Apply(t.Context(), declared)
	must(t, err)
	now, err := s.Now(t.Context())
	must(t, err)
	token := func(i int) string {
		hash := protocol.NewID[string]()
		a, err := s.Agent(t.Context(), declared.ID, declared.Agents[i].ID)
		must(t, err)
		must(t, s.CreateSession(t.Context(), hash, a, now+1<<40, "192.0.2.1"))
		return hash
	}
	apply := func(change func(*store.Workspace)) {
		w := declared
		w.Agents = append([]store.Agent{}, declared.Agents...)
		change(&w)
		_, err := s.Apply(t.Context(), w)
		must(t, err)
	}
	holds := func(hash string) bool {
		_, _, one := s.Session(t.Context(), hash)
		many, err := s.Sessions(t.Context(), []string{hash})
		must(t, err)
		if _, held := many[hash]; held != (one == nil) {
			t.Errorf("one by one %v, among many %v", one, held)
		}
		return one == nil
	}
	other := token(1)
	for _, tt := range []struct {
		name   string
		change func(*store.Workspace)
		ends   bool
	}{
		{"the same again", func(*store.Workspace) {}, false},
		{"without a word of the password", func(w *store.Workspace) { w.Agents[0].PasswordHash = "" }, false},
		{"another name", func(w *store.Workspace) { w.Agents[0].Name = "Anna" }, false},
		{"another password", func(w *store.Workspace) { w.Agents[0].PasswordHash = "y" }, true},
		{"disabled", func(w *store.Workspace) { w.Agents[0].Disabled = true }, true},
		{"left out", func(w *store.Workspace) { w.Agents = w.Agents[1:] }, true},
	} {
		apply(func(*store.Workspace) {}) // what was changed before is as it was
		session := token(0)
		apply(tt.change)
		if got := !holds(session); got != tt.ends {
			t.Errorf("%s: ended %v, want %v", tt.name, got, tt.ends)
		}
		apply(func(*store.Workspace) {})
		if got := !holds(session); got != tt.ends {
			t.Errorf("%s, and back: ended %v, want %v", tt.name, got, tt.ends)
		}
	}
	read, err := s.Agent(t.Context(), declared.ID, declared.Agents[0].ID)
	must(t, err)
	apply(func(w *store.Workspace) { w.Agents[0].PasswordHash = "y" }) // while somebody signs in with the old one
	want(t, s.CreateSession(t.Context(), protocol.NewID[string](), read, now+1<<40, "192.0.2.1"), protocol.CodeUnauthenticated)
	if !holds(other) {
		t.Error("the other agent's session ended")
	}
}
