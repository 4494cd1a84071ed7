package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// S5, SITE-2: what `parlour admin apply` says of an agent holds for the agent's
// open desk too, within 2 s, and for nobody else's.
func TestAgentWhoIsAppliedAwayIsCut(t *testing.T) {
	for name, settings := range records(t) {
		t.Run(name, func(t *testing.T) { cutWhenAppliedAway(t, startServer(t, settings...)) })
	}
}

// records are the settings of a server for each kind of database.
func records(t *testing.T) map[string][]string {
	t.Helper()
	return map[string][]string{"SQLite": nil, "PostgreSQL": {"--database.url=" + testbed.Database(t)}}
}

// S5: with another password all that was signed in with the old one ends within
// 2 s, for good; the new one is let in.
func TestAgentWithANewPasswordIsCut(t *testing.T) {
	for name, settings := range records(t) {
		t.Run(name, func(t *testing.T) {
			s := startServer(t, settings...)
			anna, ben := s.agent("anna@shop.test"), s.agent("ben@shop.test")
			for _, c := range []*client{anna, ben} {
				c.do(protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredReady})
			}
			const ofBen = `max_chats: 4, password: "correct horse battery"}` + "\n"
			at := strings.LastIndex(workspaceFile, ofBen)
			s.apply(workspaceFile[:at] + `max_chats: 4, password: "another horse"}` + "\n")
			began := time.Now()
			s.until("the desk is cut", func() bool { return !ben.online() })
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("cut after %v", took)
			}
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v1/me", nil)
			if err != nil {
				t.Fatal(err)
			}
			request.Header = ben.header.Clone()
			res, err := s.http.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if res.StatusCode != http.StatusUnauthorized {
				t.Errorf("by REST the old session gets %s", res.Status)
			}
			s.post("/v1/sign-in", map[string]string{"email": "ben@shop.test", "password": "another horse"}, nil)
			anna.do(protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredNotReady, Reason: "lunch"})
			if ben.online() || anna.Opened() != 1 {
				t.Errorf("who has the old session is online: %v; the other agent connected %d times", ben.online(), anna.Opened())
			}
		})
	}
}

func cutWhenAppliedAway(t *testing.T, s *server) {
	t.Helper()
	anna, ben := s.agent("anna@shop.test"), s.agent("ben@shop.test")
	for _, c := range []*client{anna, ben} {
		c.do(protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredReady})
	}
	lines := strings.SplitAfter(workspaceFile, "\n")
	kept := ""
	for _, line := range lines {
		if !strings.Contains(line, "ben@") {
			kept += line
		}
	}
	if said := s.apply(kept); !strings.Contains(said, "disabled agents ben@shop.test") {
		t.Fatalf("apply said %q", said)
	}
	at := time.Now()
	s.until("the desk is cut", func() bool { return !ben.online() })
	if took := time.Since(at); took > 2*time.Second {
		t.Errorf("cut after %v", took)
	}
	anna.do(protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredNotReady, Reason: "lunch"})
	if ben.online() {
		t.Error("the agent who is disabled came back")
	}
	if anna.Opened() != 1 {
		t.Errorf("the other agent connected %d times", anna.Opened())
	}
}

// S5, STATE-6: with the desk of who is disabled or signs out ends, within 2 s, what
// the agent sees of a visitor's page, and the conversation waits for others.
func TestWhatTheVisitorSharesEndsWithTheDesk(t *testing.T) {
	for _, tt := range []struct {
		cause, name string
		revoke      func(s *server, ben *client)
	}{
		{"agent_disabled", "", func(s *server, _ *client) {
			s.apply(workspaceFile[:strings.LastIndex(workspaceFile, "  - {email: ben@")])
		}},
		{"signed_out", "Ben", func(s *server, ben *client) { s.signOut(ben) }},
	} {
		t.Run(tt.cause, func(t *testing.T) {
			s := startServer(t)
			ben, visitor := s.agent("ben@shop.test"), s.visitor()
			ben.do(protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredReady})
			conv := visitor.do(protocol.UpAsk, protocol.Ask{Text: "hello"}).Conversation
			ben.do(protocol.UpAccept, protocol.OfOffer{Offer: ben.offer()})
			shared := protocol.CobrowseID(ben.do(protocol.UpCobrowseAsk, protocol.OfConversation{Conversation: conv}).ID)
			visitor.do(protocol.UpCobrowseAnswer, protocol.CobrowseAnswer{Cobrowse: shared, Allow: true})
			shares := func() bool {
				return visitor.Items()["cobrowse/"+string(shared)].Cobrowse != nil
			}
			s.until("the visitor shares the page", shares)
			tt.revoke(s, ben)
			began := time.Now()
			s.until("the page is not shared, the desk is cut", func() bool { return !shares() && !ben.online() })
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("ended after %v", took)
			}
			log := visitor.log(t, conv)
			if last := log[len(log)-1]; last.Kind != protocol.EntryRequeued || last.Body.Cause != tt.cause || last.Body.Name != tt.name {
				t.Errorf("the visitor reads %s %+v", last.Kind, last.Body)
			}
			anna := s.agent("anna@shop.test")
			anna.do(protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredReady})
			anna.do(protocol.UpAccept, protocol.OfOffer{Offer: anna.offer()})
		})
	}
}

// signOut ends an agent's session as the desk does.
func (s *server) signOut(c *client) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.url+"/v1/sign-out", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	request.Header = c.header.Clone()
	res, err := s.http.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusNoContent {
		s.t.Fatalf("sign out: %s", res.Status)
	}
}
