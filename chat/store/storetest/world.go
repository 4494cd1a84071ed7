// Package storetest is the one suite that every kind of record passes.
package storetest

import (
	"testing"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A World is a workspace with a site, a queue and agents, in a fresh record.
type World struct {
	Store  *store.Store
	ID     protocol.WorkspaceID
	Site   protocol.SiteID
	Queue  protocol.QueueID
	Agents []protocol.AgentID // ready, with room for 4 conversations each
}

// NewWorld makes one with n agents.
func NewWorld(t testing.TB, s *store.Store, n int) *World {
	t.Helper()
	return worldOf(t, s, Declaration(n))
}

// worldOf makes what is declared.
func worldOf(t testing.TB, s *store.Store, declared store.Workspace) *World {
	t.Helper()
	w := &World{Store: s}
	if _, err := s.Apply(t.Context(), declared); err != nil {
		t.Fatal(err)
	}
	w.ID, w.Site, w.Queue = declared.ID, declared.Sites[0].ID, declared.Queues[0].ID
	for _, a := range declared.Agents {
		if _, err := s.Declare(t.Context(), w.ID, a.ID, protocol.DeclaredReady, "", "agent:"+string(a.ID), "test"); err != nil {
			t.Fatal(err)
		}
		w.Agents = append(w.Agents, a.ID)
	}
	return w
}

// Declaration is what NewWorld applies.
func Declaration(agents int) store.Workspace {
	id := protocol.NewID[string]()
	queue := store.Queue{ID: protocol.NewID[protocol.QueueID](), Key: "sales", Name: "Sales", Weight: 1}
	role := store.Role{
		ID: protocol.NewID[protocol.RoleID](), Name: "agent", Permissions: []protocol.Permission{protocol.PermDesk, protocol.PermCall},
	}
	profile := store.Profile{ID: protocol.NewID[protocol.ProfileID](), Name: "all", Queues: []protocol.QueueID{queue.ID}, Media: []string{"chat", "video"}}
	w := store.Workspace{
		ID: protocol.WorkspaceID(id), Name: "Test", Queues: []store.Queue{queue}, Profiles: []store.Profile{profile}, Roles: []store.Role{role},
		Sites: []store.Site{{
			ID: protocol.NewID[protocol.SiteID](), Key: "shop-" + id, Name: "Shop", Origins: []string{"https://shop.test"},
			Queues: []protocol.QueueID{queue.ID}, Audio: true, Video: true, Cobrowse: true, Color: "#336699",
		}},
	}
	for range agents {
		agent := protocol.NewID[protocol.AgentID]()
		w.Agents = append(w.Agents, store.Agent{
			ID: agent, Email: string(agent) + "@test.test", Name: "Agent", Role: role.ID, Profile: profile, MaxChats: 4, PasswordHash: "x",
		})
	}
	return w
}

// Visitor makes a visitor.
func (w *World) Visitor(t testing.TB) protocol.VisitorID {
	t.Helper()
	v := store.Visitor{ID: protocol.NewID[protocol.VisitorID](), Workspace: w.ID, Site: w.Site, Name: "Vera"}
	if err := w.Store.CreateVisitor(t.Context(), v, protocol.NewID[string]()); err != nil {
		t.Fatal(err)
	}
	return v.ID
}

// Asked is what a visitor asks first.
func (w *World) Asked(visitor protocol.VisitorID) store.AskIn {
	return store.AskIn{
		Workspace: w.ID, Site: w.Site, Visitor: visitor, Queue: w.Queue, Op: protocol.NewID[protocol.Op](), Name: "Vera", Text: "Is it there?",
		Author: protocol.Author{Kind: protocol.KindVisitor, ID: string(visitor), Name: "Vera"},
	}
}

// Ask makes a waiting conversation.
func (w *World) Ask(t testing.TB) store.Conversation {
	t.Helper()
	c, _, _, err := w.Store.Ask(t.Context(), w.Asked(w.Visitor(t)))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Offering is an offer of a conversation to an agent that ends at deadline.
func (w *World) Offering(c store.Conversation, agent protocol.AgentID, deadline int64) store.Offer {
	return store.Offer{ID: protocol.NewID[protocol.OfferID](), Workspace: w.ID, Conversation: c.ID, Agent: agent, Deadline: deadline}
}

// Offer opens an offer.
func (w *World) Offer(t testing.TB, c store.Conversation, agent protocol.AgentID) store.Offer {
	t.Helper()
	o := w.Offering(c, agent, 1<<60)
	if err := w.Store.OpenOffer(t.Context(), o, nil); err != nil {
		t.Fatal(err)
	}
	return o
}

// Active makes a conversation that an agent has accepted.
func (w *World) Active(t testing.TB, agent protocol.AgentID) store.Conversation {
	t.Helper()
	o := w.Offer(t, w.Ask(t), agent)
	_, c, err := w.Store.Accept(t.Context(), w.ID, agent, o.ID, protocol.NewID[protocol.Op]())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Call lets a call run in a conversation.
func (w *World) Call(t testing.TB, c store.Conversation, media protocol.Media) store.Call {
	t.Helper()
	agent := By(c.Owner)
	call, err := w.Store.AskCall(t.Context(), store.AskCallIn{
		Workspace: w.ID, Conversation: c.ID, Media: media, Node: "node", Author: agent, Actor: "agent:" + string(c.Owner), Op: op(),
	})
	must(t, err)
	visitor := protocol.Author{Kind: protocol.KindVisitor, ID: string(c.Visitor)}
	call, err = w.Store.AnswerCall(t.Context(), store.AnswerIn[protocol.CallID]{
		Workspace: w.ID, Step: call.ID, Allow: true, Author: visitor, Actor: "visitor:" + string(c.Visitor), Op: op(),
	})
	must(t, err)
	return call
}

// Saying is a message of a conversation's visitor.
func (w *World) Saying(c store.Conversation, text string) store.AppendIn {
	return store.AppendIn{
		Workspace: w.ID, Conversation: c.ID, Actor: "visitor:" + string(c.Visitor), Op: protocol.NewID[protocol.Op](), Kind: protocol.EntryMessage,
		Audience: protocol.AudienceAll, Author: protocol.Author{Kind: protocol.KindVisitor, ID: string(c.Visitor), Name: "Vera"},
		Body: protocol.EntryBody{Text: text}, TurnOf: protocol.KindAgent,
	}
}

// By is the author of what an agent does.
func By(agent protocol.AgentID) protocol.Author {
	return protocol.Author{Kind: protocol.KindAgent, ID: string(agent), Name: "Agent"}
}

func want(t testing.TB, err error, code protocol.Code) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s", code)
	}
	if e, _ := protocol.AsError(err); e.Code != code {
		t.Fatalf("error %v, want %s", err, code)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func op() protocol.Op { return protocol.NewID[protocol.Op]() }
