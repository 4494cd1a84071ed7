package store_test

import (
	"testing"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/chat/store/storetest"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A login that was forgotten elsewhere holds nothing back when the agent signs out;
// one with an open desk, which is noted once a minute, does (S5, STATE-6).
func TestAForgottenLoginHoldsNothingBack(t *testing.T) {
	for _, tt := range []struct {
		name string
		age  time.Duration
		want int
	}{{"in use", 75 * time.Second, 0}, {"forgotten", 2 * time.Minute, 1}} {
		t.Run(tt.name, func(t *testing.T) {
			s := open(t, "")
			defer s.Close()
			w := storetest.NewWorld(t, s, 1)
			a, err := s.Agent(t.Context(), w.ID, w.Agents[0])
			if err != nil {
				t.Fatal(err)
			}
			now, err := s.Now(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, session := range []string{"other", "this"} {
				if err := s.CreateSession(t.Context(), session, a, now+time.Hour.Milliseconds(), ""); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := s.Declare(t.Context(), w.ID, a.ID, protocol.DeclaredReady, "", "agent:"+string(a.ID), "agent"); err != nil {
				t.Fatal(err)
			}
			w.Active(t, a.ID)
			if err := s.Age(t.Context(), "other", tt.age.Milliseconds()); err != nil {
				t.Fatal(err)
			}
			if err := s.DeleteSession(t.Context(), "this"); err != nil {
				t.Fatal(err)
			}
			list, err := s.Revoked(t.Context(), w.ID)
			if err != nil || len(list) != tt.want || tt.want == 1 && list[0] != (store.Revoked{Agent: a.ID, Cause: store.CauseSignedOut}) {
				t.Errorf("revoked: %+v, %v", list, err)
			}
		})
	}
}
