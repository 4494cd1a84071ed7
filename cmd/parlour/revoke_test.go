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
			if ben.online() || anna.opened != 1 {
				t.Errorf("who has the old session is online: %v; the other agent connected %d times", ben.online(), anna.opened)
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
	if anna.opened != 1 {
		t.Errorf("the other agent connected %d times", anna.opened)
	}
}
