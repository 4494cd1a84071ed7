package storetest

import (
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func wrapUp(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	agent := w.Agents[0]
	c := w.Active(t, agent)
	_, err := s.Clear(t.Context(), w.ID, agent, c.ID, op())
	want(t, err, protocol.CodeWrongState)
	ending := op()
	ended, slots, err := s.End(t.Context(), w.ID, c.ID, By(agent), "agent:"+string(agent), ending, "", 5000)
	must(t, err)
	if ended.State != protocol.StateEnded || ended.Outcome != store.ConversationEnded || len(slots) != 1 || slots[0].WrapUntil != ended.Ended+5000 {
		t.Fatalf("ended %+v, slots %+v", ended, slots)
	}
	again, _, err := s.End(t.Context(), w.ID, c.ID, By(agent), "agent:"+string(agent), ending, "", 5000)
	if err != nil || again.Seq != ended.Seq {
		t.Errorf("the same end again: seq %d, want %d, %v", again.Seq, ended.Seq, err)
	}
	_, _, err = s.End(t.Context(), w.ID, c.ID, By(agent), "agent:"+string(agent), op(), "", 0)
	want(t, err, protocol.CodeWrongState)
	freed, err := s.ExpireWrapUps(t.Context(), w.ID, slots[0].WrapUntil-1)
	if err != nil || len(freed) != 0 {
		t.Errorf("freed before its time: %+v, %v", freed, err)
	}
	freed, err = s.ExpireWrapUps(t.Context(), w.ID, slots[0].WrapUntil)
	if err != nil || len(freed) != 1 {
		t.Errorf("freed %+v, %v", freed, err)
	}
	checkFree(t, w, agent)
	closed, err := s.Conversation(t.Context(), w.ID, c.ID)
	must(t, err)
	if closed.State != protocol.StateClosed {
		t.Errorf("after the last slot it is %s", closed.State)
	}

	c = w.Active(t, agent)
	_, _, err = s.End(t.Context(), w.ID, c.ID, By(agent), "agent:"+string(agent), op(), "", 0)
	must(t, err)
	clearing := op()
	for range 2 {
		closed, err := s.Clear(t.Context(), w.ID, agent, c.ID, clearing)
		if err != nil || closed.State != protocol.StateClosed {
			t.Errorf("cleared: %s, %v", closed.State, err)
		}
	}
	checkFree(t, w, agent)
	checkDense(t, w, c.ID, 6)
}

func checkFree(t testing.TB, w *World, agent protocol.AgentID) {
	t.Helper()
	a, err := w.Store.Agent(t.Context(), w.ID, agent)
	must(t, err)
	slots, err := w.Store.SlotsOfAgent(t.Context(), w.ID, agent)
	must(t, err)
	if a.Load != 0 || a.Slots != 0 || len(slots) != 0 {
		t.Errorf("the agent carries load %d, %d slots, rows %+v; want nothing", a.Load, a.Slots, slots)
	}
}

func parking(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	agent := w.Agents[0]
	c := w.Active(t, agent)
	_, err := s.Unpark(t.Context(), w.ID, agent, c.ID, op())
	want(t, err, protocol.CodeWrongState)
	parking := op()
	for range 2 {
		_, err = s.Park(t.Context(), w.ID, agent, c.ID, parking, 50)
		must(t, err)
	}
	slots, err := s.SlotsOfAgent(t.Context(), w.ID, agent)
	must(t, err)
	if len(slots) != 1 || slots[0].State != protocol.SlotParked || slots[0].Cost != 12 || slots[0].Whole != store.Cost {
		t.Errorf("parked slots %+v", slots)
	}
	_, err = s.Unpark(t.Context(), w.ID, agent, c.ID, op())
	must(t, err)
	list, err := s.ConversationsOfAgent(t.Context(), w.ID, agent)
	must(t, err)
	if len(list) != 1 || list[0].ID != c.ID {
		t.Errorf("the agent has %+v", list)
	}
	checkDense(t, w, c.ID, 6)
}

func favoured(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	c := w.Ask(t)
	for _, tt := range []struct {
		boost, want int64
		favoured    bool
	}{{300, 300, true}, {300, 300, false}, {200, 300, false}, {400, 400, true}} {
		got, favoured, err := s.Favour(t.Context(), w.ID, c.ID, tt.boost)
		must(t, err)
		kept, err := s.Conversation(t.Context(), w.ID, c.ID)
		must(t, err)
		if favoured != tt.favoured || got.Boost != tt.want || kept.Boost != tt.want {
			t.Errorf("favoured by %d: %v, the boost is %d (kept %d), want %d", tt.boost, favoured, got.Boost, kept.Boost, tt.want)
		}
	}
	for name, at := range map[string]func(c store.Conversation) store.Conversation{
		"runs": func(c store.Conversation) store.Conversation { return c },
		"came back": func(c store.Conversation) store.Conversation {
			back, err := s.Requeue(t.Context(), w.ID, c.ID, "owner_full")
			must(t, err)
			return back
		},
	} {
		c := at(w.Active(t, w.Agents[0]))
		if got, favoured, err := s.Favour(t.Context(), w.ID, c.ID, 300); err != nil || favoured || got.Boost != 0 {
			t.Errorf("what %s: %v, the boost is %d; %v", name, favoured, got.Boost, err)
		}
	}
}

func requeue(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 2)
	c := w.Active(t, w.Agents[0])
	if c.Requeued != 0 || c.Enqueued() != c.Asked {
		t.Errorf("it never came back: %+v", c)
	}
	back, err := s.Requeue(t.Context(), w.ID, c.ID, "agent_lost")
	must(t, err)
	if back.State != protocol.StateQueued || back.Owner != "" || back.Asked != c.Asked || back.Requeued < c.Started || len(back.Touched) != 2 {
		t.Errorf("requeued %+v", back)
	}
	checkFree(t, w, w.Agents[0])
	o := w.Offer(t, back, w.Agents[1])
	_, again, err := s.Accept(t.Context(), w.ID, w.Agents[1], o.ID, op())
	must(t, err)
	if again.Owner != w.Agents[1] || again.Started != c.Started || again.Enqueued() != back.Requeued {
		t.Errorf("accepted again %+v", again)
	}
}

func audit(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 2)
	w.Active(t, w.Agents[0])
	w.Active(t, w.Agents[0])
	if n, err := s.AuditLoads(t.Context(), w.ID); err != nil || n != 0 {
		t.Errorf("%d loads differ, %v", n, err)
	}
}

func applying(t *testing.T, s *store.Store) {
	t.Helper()
	declared := Declaration(2)
	first, err := s.Apply(t.Context(), declared)
	must(t, err)
	if len(first.Created) != 6 {
		t.Errorf("created %v", first.Created)
	}
	second, err := s.Apply(t.Context(), declared)
	must(t, err)
	if n := len(second.Created) + len(second.Updated) + len(second.Disabled); n != 0 {
		t.Errorf("the same file again changed %+v", second)
	}
	before, err := s.AgentByEmail(t.Context(), "  "+declared.Agents[0].Email+" ")
	must(t, err)

	renamed := Declaration(0) // other ids for the same keys
	renamed.ID, renamed.Sites[0].Key = declared.ID, declared.Sites[0].Key
	renamed.Sites[0].Name = "Shop 2"
	changed := declared.Agents[0]
	changed.ID, changed.Role, changed.Profile, changed.PasswordHash = protocol.NewID[protocol.AgentID](), renamed.Roles[0].ID, renamed.Profiles[0], ""
	changed.MaxChats = 2
	renamed.Agents = []store.Agent{changed}
	third, err := s.Apply(t.Context(), renamed)
	must(t, err)
	if len(third.Created) != 0 || len(third.Updated) != 2 || len(third.Disabled) != 1 {
		t.Errorf("changes %+v", third)
	}
	after, err := s.AgentByEmail(t.Context(), declared.Agents[0].Email)
	must(t, err)
	if after.ID != before.ID || after.MaxChats != 2 || after.PasswordHash != "x" || after.Profile.Queues[0] != declared.Queues[0].ID {
		t.Errorf("agent %+v", after)
	}
	site, err := s.SiteByKey(t.Context(), declared.Sites[0].Key)
	must(t, err)
	if site.ID != declared.Sites[0].ID || site.Name != "Shop 2" || site.Queues[0] != declared.Queues[0].ID {
		t.Errorf("site %+v", site)
	}
	_, err = s.SiteByKey(t.Context(), "nowhere")
	want(t, err, protocol.CodeUnknownSite)
	queues, err := s.Queues(t.Context(), declared.ID)
	must(t, err)
	if len(queues) != 1 || queues[0].ID != declared.Queues[0].ID {
		t.Errorf("queues %+v", queues)
	}
}

func sessions(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 1)
	a, err := s.Agent(t.Context(), w.ID, w.Agents[0])
	must(t, err)
	now, err := s.Now(t.Context())
	must(t, err)
	must(t, s.CreateSession(t.Context(), "h1", a, now+60000, "192.0.2.1"))
	got, expires, err := s.Session(t.Context(), "h1")
	must(t, err)
	if got.ID != a.ID || expires != now+60000 || len(got.Permissions) != 2 {
		t.Errorf("session of %+v until %d", got, expires)
	}
	must(t, s.CreateSession(t.Context(), "h2", a, now-1, "192.0.2.1"))
	_, _, err = s.Session(t.Context(), "h2")
	want(t, err, protocol.CodeUnauthenticated)
	held, err := s.Sessions(t.Context(), []string{"h1", "h2", "nobody's"})
	must(t, err)
	if len(held) != 1 || held["h1"].ID != a.ID || len(held["h1"].Permissions) != 2 {
		t.Errorf("sessions that hold: %+v", held)
	}
	must(t, s.DeleteSession(t.Context(), "h1"))
	must(t, s.DeleteSession(t.Context(), "h1"))
	held, err = s.Sessions(t.Context(), []string{"h1"})
	must(t, err)
	if len(held) != 0 {
		t.Errorf("sessions that hold after their end: %+v", held)
	}
	_, _, err = s.Session(t.Context(), "h1")
	want(t, err, protocol.CodeUnauthenticated)

	v := store.Visitor{ID: protocol.NewID[protocol.VisitorID](), Workspace: w.ID, Site: w.Site, Name: "V\x00era"}
	must(t, s.CreateVisitor(t.Context(), v, "v1"))
	found, err := s.VisitorByToken(t.Context(), "v1")
	must(t, err)
	if found.ID != v.ID || found.Name != "Vera" || found.Created < now {
		t.Errorf("visitor %+v", found)
	}
	must(t, s.TouchVisitor(t.Context(), w.ID, v.ID))
	_, err = s.VisitorByToken(t.Context(), "v2")
	want(t, err, protocol.CodeUnauthenticated)
	other := store.Visitor{ID: protocol.NewID[protocol.VisitorID](), Workspace: w.ID, Site: w.Site}
	must(t, s.CreateVisitor(t.Context(), other, "v3"))
	for range 2 {
		must(t, s.EndVisitor(t.Context(), w.ID, v.ID))
		_, err = s.VisitorByToken(t.Context(), "v1")
		want(t, err, protocol.CodeUnauthenticated)
	}
	_, err = s.Visitor(t.Context(), w.ID, v.ID)
	must(t, err)
	_, err = s.VisitorByToken(t.Context(), "v3")
	must(t, err)
}

func versions(t *testing.T, s *store.Store) {
	t.Helper()
	w := NewWorld(t, s, 2)
	c := w.Ask(t)
	visitor, agent, other := "visitor:"+string(c.Visitor), "agent:"+string(w.Agents[0]), "agent:"+string(w.Agents[1])
	read := func() map[string]int64 {
		v, err := s.ActorVersions(t.Context(), []string{visitor, agent, other})
		must(t, err)
		return v
	}
	before := read()
	o := w.Offer(t, c, w.Agents[0])
	_, _, err := s.Accept(t.Context(), w.ID, w.Agents[0], o.ID, op())
	must(t, err)
	after := read()
	if after[visitor] != before[visitor]+1 || after[agent] != before[agent]+2 || after[other] != before[other] {
		t.Errorf("versions went from %v to %v", before, after)
	}
	_, _, err = s.Append(t.Context(), w.Saying(c, "a plain message"))
	must(t, err)
	if now := read(); now[visitor] != after[visitor] || now[agent] != after[agent] {
		t.Errorf("a plain message raised versions: %v to %v", after, now)
	}
}
