package site_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/parlour-chat/parlour/chat/site"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestAProposalHasTheIDsOfTheRecord(t *testing.T) { // ROUTE-12
	s := open(t)
	first := apply(t, s, manual(t))
	queues, err := s.Queues(t.Context(), first.Workspace)
	if err != nil {
		t.Fatal(err)
	}
	agents, err := s.Agents(t.Context(), first.Workspace)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ChooseProfile(t.Context(), first.Workspace, agents[0].ID, agents[0].Profiles[1].ID); err != nil {
		t.Fatal(err)
	}
	if agents, err = s.Agents(t.Context(), first.Workspace); err != nil {
		t.Fatal(err)
	}
	for i := range queues { // as a record has them that began with other ids
		queues[i].ID = protocol.QueueID("own " + queues[i].Key)
	}
	agents[0].ID = "own Anna"
	changed := strings.NewReplacer("weight: 1 ", "weight: 7 ", "max_chats: 4", "max_chats: 2", "german: 5", "german: 9").Replace(manual(t))
	p, err := site.Propose([]byte(changed))
	if err != nil {
		t.Fatal(err)
	}
	known, staff := p.Known(queues, agents)
	sales, anna := known["own sales"], staff["own Anna"]
	if len(known) != 2 || sales.ID != "own sales" || sales.Weight != 7 || sales.Rules.Overflow[0].Queues[0] != "own support" {
		t.Errorf("queues %+v", known)
	}
	if anna.MaxChats != 2 || anna.Skills["german"] != 9 || anna.Profile.Name != agents[0].Profile.Name || anna.Profile.Name == "Everything" ||
		len(anna.Profile.Queues) != 1 || anna.Profile.Queues[0] != "own sales" || len(anna.Permissions) != 3 {
		t.Errorf("Anna, who has chosen %s: %+v", agents[0].Profile.Name, anna)
	}
	kept, err := s.Queues(t.Context(), first.Workspace)
	if err != nil || kept[0].Weight != 1 {
		t.Errorf("the record has changed: %+v, %v", kept[0], err)
	}
	for at, want := range map[string]bool{"2026-11-23T09:30:00+01:00": true, "2026-11-23T12:30:00+01:00": false, "2026-12-25T10:00:00+01:00": false} {
		if open, _ := p.Open(sales, clockAt(t, at)); open != want {
			t.Errorf("open at %s: %v", at, open)
		}
	}
	if open, _ := p.Open(store.Queue{}, 0); !open {
		t.Error("without a calendar it is closed")
	}
}

// A text that comes over the wire opens no file and needs no secret.
func TestAProposalOpensNoFile(t *testing.T) { // S3, ROUTE-12
	missing := filepath.Join(t.TempDir(), "none")
	text := strings.Replace(manual(t), "password: random", "password_file: "+missing, 1)
	text = strings.Replace(text, "mask: [", "identity: [{id: k, algorithm: HS256, secret_file: "+missing+"}]\n    mask: [", 1)
	if _, err := site.Parse([]byte(text), ""); err == nil || !strings.Contains(err.Error(), "none") {
		t.Fatalf("the text names no file: %v", err)
	}
	if _, err := site.Propose([]byte(text)); err != nil {
		t.Errorf("proposed: %v", err)
	}
	for _, text := range []string{"", "workspace: {kay: x}", "queues: [{key: sales, weight: 11}]", "a: 1\n---\nb: 2"} {
		if _, err := site.Propose([]byte(text)); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
