package storetest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func contains(text string, words ...string) bool {
	for _, word := range words {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

func full() store.Workspace {
	declared := Declaration(1)
	none, half := 0, 40
	second := store.Queue{ID: protocol.NewID[protocol.QueueID](), Key: "second", Name: "Second", Weight: 1}
	declared.Queues = append(declared.Queues, second)
	declared.Queues[0].Rules = store.QueueRules{
		Mode: store.ModePull, Units: map[string]int{"chat": 20}, ParkedShare: &half, Needs: map[string]int{"german": 3}, MaxWaitMs: 600_000,
		Overflow: []store.OverflowStep{{AfterMs: 60_000, Queues: []protocol.QueueID{second.ID}}, {Ready: &none, Relax: map[string]int{"german": 0}}},
		Boosts:   map[string]int64{"transfer": 1}, Calendar: "shop",
	}
	declared.Sites[0].Rules = store.SiteRules{NoTransfer: true, Limit: 7}
	declared.Settings = store.Settings{Skills: []string{"german"}, PauseReasons: []store.Reason{{Key: "lunch", Name: "Lunch"}}, WaitingLimit: 9}
	declared.Calendars = []store.Calendar{{
		ID: protocol.NewID[string](), Key: "shop", Zone: "Europe/Berlin", Week: [7][]store.Hours{0: {{From: 540, To: 720}}},
		Days: map[string][]store.Hours{"2026-12-25": nil},
	}}
	other := store.Profile{ID: protocol.NewID[protocol.ProfileID](), Name: "sales only", Queues: []protocol.QueueID{declared.Queues[0].ID}, Media: []string{"chat"}}
	declared.Profiles = append(declared.Profiles, other)
	declared.Agents[0].Profiles = declared.Profiles
	declared.Agents[0].Skills = map[string]int{"german": 5}
	declared.Agents[0].Rules = store.AgentRules{MaxVideo: 1, AutoAccept: true}
	return declared
}

func settings(t *testing.T, s *store.Store) {
	t.Helper()
	declared := full()
	_, err := s.Apply(t.Context(), declared)
	must(t, err)
	first, err := s.Version(t.Context(), declared.ID)
	must(t, err)
	changes, err := s.Apply(t.Context(), declared)
	must(t, err)
	if len(changes.Created)+len(changes.Updated)+len(changes.Disabled) != 0 {
		t.Errorf("the same again: %+v", changes)
	}
	queues, err := s.Queues(t.Context(), declared.ID)
	must(t, err)
	site, err := s.Site(t.Context(), declared.ID, declared.Sites[0].ID)
	must(t, err)
	kept, err := s.Settings(t.Context(), declared.ID)
	must(t, err)
	calendars, err := s.Calendars(t.Context(), declared.ID)
	must(t, err)
	a, err := s.Agent(t.Context(), declared.ID, declared.Agents[0].ID)
	must(t, err)
	for name, pair := range map[string][2]any{
		"queue": {declared.Queues[0].Rules, queues[0].Rules}, "site": {declared.Sites[0].Rules, site.Rules}, "settings": {declared.Settings, kept},
		"calendars": {declared.Calendars, calendars}, "skills": {declared.Agents[0].Skills, a.Skills}, "agent": {declared.Agents[0].Rules, a.Rules},
		"profiles": {declared.Profiles, a.Profiles},
	} {
		if diff := cmp.Diff(pair[0], pair[1]); diff != "" {
			t.Errorf("%s (-declared +kept):\n%s", name, diff)
		}
	}
	if got := store.UnitsOf(queues[0].Rules, store.MediumChat, 4); got != 20 || queues[0].Rules.Share() != 40 {
		t.Errorf("units %d, share %d", got, queues[0].Rules.Share())
	}
	declared.Calendars = nil
	changes, err = s.Apply(t.Context(), declared)
	must(t, err)
	version, err := s.Version(t.Context(), declared.ID)
	must(t, err)
	if version != first+1 || len(changes.Disabled) != 1 {
		t.Errorf("version %d, then %d; %+v", first, version, changes)
	}
}

// renamed applies a file whose ids are new, as they are for a record that has
// the rows already: what refers to them follows.
func renamed(t *testing.T, s *store.Store) {
	t.Helper()
	declared := full()
	_, err := s.Apply(t.Context(), declared)
	must(t, err)
	kept := declared.Queues[1].ID
	declared.Queues[1].ID = protocol.NewID[protocol.QueueID]()
	declared.Queues[0].Rules.Overflow[0].Queues = []protocol.QueueID{declared.Queues[1].ID}
	changes, err := s.Apply(t.Context(), declared)
	must(t, err)
	queues, err := s.Queues(t.Context(), declared.ID)
	must(t, err)
	if got := queues[0].Rules.Overflow[0].Queues[0]; got != kept || len(changes.Updated) != 0 {
		t.Errorf("the step asks %s, want %s; %+v", got, kept, changes)
	}
}

func profiles(t *testing.T, s *store.Store) {
	t.Helper()
	declared := full()
	_, err := s.Apply(t.Context(), declared)
	must(t, err)
	w := &World{Store: s, ID: declared.ID, Site: declared.Sites[0].ID, Queue: declared.Queues[0].ID, Agents: []protocol.AgentID{declared.Agents[0].ID}}
	agent, other := w.Agents[0], declared.Profiles[1].ID
	_, err = s.ChooseProfile(t.Context(), w.ID, agent, protocol.NewID[protocol.ProfileID]())
	want(t, err, protocol.CodeInvalid)
	for range 2 {
		a, err := s.ChooseProfile(t.Context(), w.ID, agent, other)
		must(t, err)
		if a.Profile.ID != other || len(a.Profile.Media) != 1 {
			t.Errorf("chosen %+v", a.Profile)
		}
	}
	line, err := s.AgentStates(t.Context(), w.ID, agent)
	must(t, err)
	if len(line) != 1 || line[0].Cause != "profile" {
		t.Errorf("timeline %+v", line)
	}
	_, err = s.Apply(t.Context(), declared)
	must(t, err)
	if a := w.agent(t, 0); a.Profile.ID != other {
		t.Error("applying the file took the agent's choice back")
	}
	c := w.Active(t, agent)
	_, err = s.Declare(t.Context(), w.ID, agent, protocol.DeclaredReady, "", "agent:"+string(agent), "agent")
	must(t, err)
	_, err = s.ChooseProfile(t.Context(), w.ID, agent, declared.Profiles[0].ID)
	want(t, err, protocol.CodeWrongState)
	_, err = s.Declare(t.Context(), w.ID, agent, protocol.DeclaredNotReady, "", "agent:"+string(agent), "agent")
	must(t, err)
	_, err = s.Park(t.Context(), w.ID, agent, c.ID, op(), 50)
	must(t, err)
	_, err = s.ChooseProfile(t.Context(), w.ID, agent, declared.Profiles[0].ID)
	want(t, err, protocol.CodeWrongState)
	declared.Agents[0].Profiles, declared.Agents[0].Rules = declared.Profiles[:1], store.AgentRules{}
	_, err = s.Apply(t.Context(), declared)
	must(t, err)
	if a := w.agent(t, 0); a.Profile.ID != declared.Profiles[0].ID || len(a.Profiles) != 1 {
		t.Errorf("what is not offered any more was kept: %+v", a.Profile)
	}
	_, err = s.SetAutoAccept(t.Context(), w.ID, agent, true)
	want(t, err, protocol.CodeSwitchedOff)
}

func replies(t *testing.T, s *store.Store) {
	t.Helper()
	w := ruled(t, s, store.QueueRules{FirstReplyMs: 1000}, 4)
	agent := w.Agents[0]
	silent, written := w.Active(t, agent), w.Active(t, agent)
	says := w.Saying(written, "Hello")
	says.Actor, says.Author, says.TurnOf, says.Agent = "agent:"+string(agent), By(agent), protocol.KindVisitor, agent
	_, _, err := s.Append(t.Context(), says)
	must(t, err)
	if due, err := s.OverdueReplies(t.Context(), w.ID, silent.ReplyDue-1); err != nil || len(due) != 0 {
		t.Errorf("overdue before its time: %+v, %v", due, err)
	}
	due, err := s.OverdueReplies(t.Context(), w.ID, written.ReplyDue)
	must(t, err)
	if len(due) != 1 || due[0].ID != silent.ID || w.conv(t, written.ID).ReplyDue != 0 {
		t.Errorf("overdue: %+v", due)
	}
	for i, stage := range []int{store.ReplyReminded, store.ReplyReminded, store.ReplyAlarmed} {
		advanced, err := s.AdvanceReply(t.Context(), w.ID, silent.ID, stage, 1<<50)
		must(t, err)
		if advanced != (i != 1) {
			t.Errorf("step %d to stage %d: %v", i, stage, advanced)
		}
	}
	now, _, err := s.Lose(t.Context(), w.ID, agent, silent.ID, "no_reply")
	must(t, err)
	if now.ReplyDue != 0 {
		t.Errorf("in the queue the timer runs: %+v", now)
	}
}

func figures(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 2)
	agent := w.Agents[0]
	c := w.Active(t, agent)
	w.Active(t, agent)
	w.request(t, w.Active(t, w.Agents[1]), protocol.RequestConsult, 1, 0)
	ended, _, err := s.End(t.Context(), w.ID, c.ID, By(agent), "agent:"+string(agent), op(), "", 0)
	must(t, err)
	got, err := s.Figures(t.Context(), w.ID, ended.Ended)
	must(t, err)
	if f := got[w.Queue]; f.Samples != 1 || f.HandleMs != ended.Ended-ended.Started || f.Active != 2 {
		t.Errorf("figures %+v", got)
	}
	conv, who, at, err := s.LastAgent(t.Context(), w.ID, c.Visitor, ended.Ended)
	must(t, err)
	if conv != c.ID || who != agent || at != ended.Ended {
		t.Errorf("last agent %s of %s at %d", who, conv, at)
	}
	if conv, _, _, err = s.LastAgent(t.Context(), w.ID, c.Visitor, ended.Ended+1); err != nil || conv != "" {
		t.Errorf("too long ago: %s, %v", conv, err)
	}
}
