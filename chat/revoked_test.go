package chat_test

import (
	"testing"
	"time"

	"github.com/parlour-chat/parlour/chat/routing"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/chat/store/storetest"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// revoked is how soon what an agent has running ends with the agent's rights (S5).
const revoked = 2 * time.Second

// signIn opens a session of an agent.
func (h *house) signIn(n int) (session string) {
	h.t.Helper()
	a, err := h.store.Agent(h.t.Context(), h.ws, h.agents[n].Agent)
	h.must(err)
	now, err := h.store.Now(h.t.Context())
	h.must(err)
	session = protocol.NewID[string]()
	h.must(h.store.CreateSession(h.t.Context(), session, a, now+time.Hour.Milliseconds(), "192.0.2.1"))
	return session
}

// declareAnew applies the workspace with a change.
func (h *house) declareAnew(change func(*store.Workspace)) {
	h.t.Helper()
	w := h.world
	w.Agents, w.Roles = append([]store.Agent{}, w.Agents...), append([]store.Role{}, w.Roles...)
	change(&w)
	_, err := h.store.Apply(h.t.Context(), w)
	h.must(err)
}

// signOut ends a session as the edge does.
func (h *house) signOut(agent protocol.Caller, session string) {
	h.t.Helper()
	h.must(h.store.DeleteSession(h.t.Context(), session))
	h.SignedOut(h.t.Context(), agent.Agent)
}

// S5, STATE-6: who is disabled, loses the right to answer, gets another password or
// signs out has no call and no co-browsing any more, at once; the visitor goes to
// the head of the queue and reads why.
func TestWhatRunsEndsWithTheAgentsSession(t *testing.T) {
	for _, tt := range []struct {
		name, cause, says string
		revoke            func(h *house, agent protocol.Caller, session string)
	}{
		{"disabled", store.CauseAgentDisabled, "", func(h *house, _ protocol.Caller, _ string) {
			h.declareAnew(func(w *store.Workspace) { w.Agents[0].Disabled = true })
		}},
		{"left out of the file", store.CauseAgentDisabled, "", func(h *house, _ protocol.Caller, _ string) {
			h.declareAnew(func(w *store.Workspace) { w.Agents = w.Agents[1:] })
		}},
		{"disabled and enabled again", store.CauseAgentDisabled, "", func(h *house, _ protocol.Caller, _ string) {
			h.declareAnew(func(w *store.Workspace) { w.Agents[0].Disabled = true })
			h.declareAnew(func(*store.Workspace) {})
		}},
		{"another role", store.CauseNoRight, "", func(h *house, _ protocol.Caller, _ string) {
			h.declareAnew(func(w *store.Workspace) { w.Roles[0].Permissions = []protocol.Permission{protocol.PermCall} })
		}},
		{"another password", store.CausePasswordChanged, "", func(h *house, _ protocol.Caller, _ string) {
			h.declareAnew(func(w *store.Workspace) { w.Agents[0].PasswordHash = "y" })
		}},
		{"signed out", store.CauseSignedOut, "Anna", func(h *house, agent protocol.Caller, session string) { h.signOut(agent, session) }},
		{"signed out, and the process stops", store.CauseSignedOut, "Anna", func(h *house, _ protocol.Caller, session string) {
			h.must(h.store.DeleteSession(h.t.Context(), session))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, g ground) { //nolint:contextcheck // the house has its own
				h := g.house(t)
				session := h.signIn(0)
				visitor, agent, conv := h.talk()
				call, shared := h.both(visitor, agent, conv)
				began := time.Now()
				tt.revoke(h, agent, session)
				h.until("the legs are closed, the packets stopped", func() bool { return h.asked(protocol.MediaEnd, call) && h.hasStopped(shared) })
				if took := time.Since(began); took > revoked {
					t.Errorf("media ended after %v", took)
				}
				if _, _, err := h.CobrowseConsent(t.Context(), visitor.Principal, shared); code(err) != protocol.CodeNotFound {
					t.Errorf("the consent stands: %v", err)
				}
				log, err := h.Entries(t.Context(), visitor.Principal, conv, 0)
				h.must(err)
				last := log.Entries[len(log.Entries)-1]
				if last.Kind != protocol.EntryRequeued || last.Body.Cause != tt.cause || last.Body.Name != tt.says {
					t.Errorf("the visitor reads %s %+v, want %s of %q", last.Kind, last.Body, tt.cause, tt.says)
				}
				a, err := h.store.Agent(t.Context(), h.ws, agent.Agent)
				h.must(err)
				if a.Declared != protocol.DeclaredNotReady || a.Slots != 0 {
					t.Errorf("the agent is %s (%s) with %d slots", a.Declared, a.Reason, a.Slots)
				}
				if next := h.ready(1); tt.cause != store.CauseNoRight { // the role is everybody's
					if o := h.offered(next); o.Conversation != conv {
						t.Errorf("the next agent is offered %+v", o)
					}
				}
			})
		})
	}
}

// STATE-3, STATE-5: who has lost the right to answer is not ready any more, without
// a conversation too, and the timeline says why.
func TestWhoMayNotAnswerIsNotReady(t *testing.T) {
	everywhere(t, func(t *testing.T, g ground) { //nolint:contextcheck // the house has its own
		h := g.house(t)
		h.signIn(0)
		anna := h.ready(0)
		h.declareAnew(func(w *store.Workspace) { w.Roles[0].Permissions = []protocol.Permission{protocol.PermCall} })
		var a store.Agent
		h.until("she is not ready", func() bool {
			var err error
			a, err = h.store.Agent(t.Context(), h.ws, anna.Agent)
			h.must(err)
			return a.Declared != protocol.DeclaredReady
		})
		states, err := h.store.AgentStates(t.Context(), h.ws, anna.Agent)
		h.must(err)
		if last := states[len(states)-1]; a.Reason != store.CauseNoRight || last.Cause != store.CauseNoRight || last.Actor != "system" || len(states) != 2 {
			t.Errorf("she is %s (%s); the timeline %+v", a.Declared, a.Reason, states)
		}
	})
}

// STATE-6: who only closes the page, or is signed in elsewhere too, keeps what he
// has for the usual grace.
func TestWhoIsStillSignedInKeepsConversations(t *testing.T) {
	h := newHouse(t)
	one, _ := h.signIn(0), h.signIn(0)
	visitor, agent, conv := h.talk()
	other := agent // the desk that is open under the other login
	other.Connection = protocol.NewID[protocol.ConnectionID]()
	h.router.Here(other)
	h.router.Gone(agent)
	call := h.inCall(visitor, other, conv)
	h.signOut(agent, one)
	_, err := h.store.EndCall(t.Context(), h.ws, call, storetest.By(agent.Agent), "agent:"+string(agent.Agent), op(), "") // as another node does
	h.must(err)
	h.until("a sweep has come by", func() bool { return h.asked(protocol.MediaEnd, call) })
	if list, err := h.store.Revoked(t.Context(), h.ws); err != nil || len(list) != 0 {
		t.Fatalf("revoked: %+v, %v", list, err)
	}
	a, err := h.store.Agent(t.Context(), h.ws, agent.Agent)
	h.must(err)
	c, err := h.store.Conversation(t.Context(), h.ws, conv)
	h.must(err)
	if a.Declared != protocol.DeclaredReady || c.Owner != agent.Agent {
		t.Errorf("the agent is %s, the conversation is of %q", a.Declared, c.Owner)
	}
}

// S5, TEAM-6: where a guest is in the conversation it goes on with the guest, and
// the owner's leg alone is closed.
func TestTheCallGoesOnWithTheGuest(t *testing.T) {
	h := newHouse(t)
	h.signIn(0)
	visitor, anna, conv := h.talk()
	call, shared := h.both(visitor, anna, conv)
	ben := h.ready(1)
	_, err := h.Invite(t.Context(), anna, op(), protocol.TeamAsk{Conversation: conv, Agent: ben.Agent})
	h.must(err)
	_, err = h.Accept(t.Context(), ben, op(), protocol.OfOffer{Offer: h.offered(ben).Offer})
	h.must(err)
	_, err = h.CallJoin(t.Context(), anna, op(), protocol.CallJoin{Call: call})
	h.must(err)
	h.declareAnew(func(w *store.Workspace) { w.Agents[0].Disabled = true })
	h.until("the leg is closed, the packets stopped", func() bool { return h.asked(protocol.MediaLeave, call) && h.hasStopped(shared) })
	c, err := h.store.Conversation(t.Context(), h.ws, conv)
	h.must(err)
	if c.Owner != ben.Agent || h.asked(protocol.MediaEnd, call) {
		t.Errorf("the conversation is of %q, the call has ended: %v", c.Owner, h.asked(protocol.MediaEnd, call))
	}
}

// TEAM-6, STATE-6: whoever took an agent out of a conversation, the leg in its
// call is closed on the call's node.
func TestTheLegOfWhoIsNotInTheConversationIsClosed(t *testing.T) {
	h := newHouse(t)
	visitor, anna, conv := h.talk()
	call, _ := h.both(visitor, anna, conv)
	ben := h.ready(1)
	_, err := h.Invite(t.Context(), anna, op(), protocol.TeamAsk{Conversation: conv, Agent: ben.Agent})
	h.must(err)
	_, err = h.Accept(t.Context(), ben, op(), protocol.OfOffer{Offer: h.offered(ben).Offer})
	h.must(err)
	_, _, err = h.store.JoinCall(t.Context(), h.ws, call, store.Party{Actor: ben.Actor(), Side: protocol.KindAgent, Here: true})
	h.must(err)
	_, _, err = h.store.Lose(t.Context(), h.ws, ben.Agent, conv, "connection_lost") // another node, which stops before it tells
	h.must(err)
	h.until("the leg is closed", func() bool { return h.asked(protocol.MediaLeave, call) })
	if h.asked(protocol.MediaEnd, call) {
		t.Error("the call of the others has ended")
	}
}

// S5, STATE-6: a login that was used elsewhere a moment ago, and of which no desk
// is open, does not let the visitor wait for who has signed out.
func TestWhoHasSignedOutIsNotWaitedFor(t *testing.T) {
	everywhere(t, func(t *testing.T, g ground) { //nolint:contextcheck // the house has its own
		g.timers = routing.Timers{Closed: 300 * time.Millisecond}
		h := g.house(t)
		one, _ := h.signIn(0), h.signIn(0)
		_, anna, conv := h.talk()
		h.signOut(anna, one)
		h.router.Gone(anna)
		h.until("the conversation is back in its queue", func() bool { return h.conv(conv).State == protocol.StateQueued })
		a, err := h.store.Agent(t.Context(), h.ws, anna.Agent)
		h.must(err)
		if a.Declared != protocol.DeclaredNotReady || a.Reason != store.CauseSignedOut || a.Slots != 0 {
			t.Errorf("the agent is %s (%s) with %d slots", a.Declared, a.Reason, a.Slots)
		}
	})
}

// S5: a Ready that was on its way when its agent signed out leaves nobody Ready.
func TestReadyThatCrossesASignOutDoesNotStay(t *testing.T) {
	h := newHouse(t)
	session := h.signIn(0)
	_, anna, _ := h.talk()
	anna.Session = session
	_, err := h.Declare(t.Context(), anna, op(), protocol.Declare{Declared: protocol.DeclaredReady})
	h.must(err)
	h.signOut(anna, session)
	if _, err := h.Declare(t.Context(), anna, op(), protocol.Declare{Declared: protocol.DeclaredReady}); code(err) != protocol.CodeUnauthenticated {
		t.Errorf("Ready after signing out: %v", err)
	}
	a, err := h.store.Agent(t.Context(), h.ws, anna.Agent)
	h.must(err)
	if a.Declared != protocol.DeclaredNotReady {
		t.Errorf("the agent is %s", a.Declared)
	}
}
