package routing

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestSeveralAreAskedAtOnce(t *testing.T) { // ROUTE-5
	ringAll := store.Queue{ID: "q1", Weight: 1, Rules: store.QueueRules{Mode: store.ModeRingAll}}
	settled := `{"offer":%q,"outcome":%q,"ramp":5000,"exclude":120000,"rest":0,"backoff":[5000]}`
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		t.Run("the first has it", func(t *testing.T) {
			b := newBench(t, client)
			b.staff(agentSpec{"id": "a"}, agentSpec{"id": "b", "load": 25}, agentSpec{"id": "full", "load": 100})
			b.wait(ringAll, nil, store.Conversation{ID: "c1", Asked: ago(2)}, store.Conversation{ID: "c2", Asked: ago(1)})
			got, made := b.match(4)
			if diff := cmp.Diff([]string{"c1>a", "c1>b"}, got); diff != "" {
				t.Fatalf("offers (-want +got):\n%s", diff)
			}
			if made[0].Round != 1 || made[1].Round != 1 || made[0].Deadline != made[1].Deadline || made[0].Kind != protocol.OfferAll {
				t.Errorf("of one round, kind and deadline: %+v", made)
			}
			out := b.do(settleStep, newOp(), fmt.Sprintf(settled, made[1].Offer, "accepted"))
			if diff := cmp.Diff([]any{"a"}, out["agents"]); diff != "" {
				t.Errorf("who was asked too (-want +got):\n%s", diff)
			}
			if out := b.do(settleStep, newOp(), fmt.Sprintf(settled, made[0].Offer, "accepted")); out["known"] != false {
				t.Errorf("the second accept was known: %v", out)
			}
		})
		t.Run("nobody does", func(t *testing.T) {
			b := newBench(t, client)
			b.staff(agentSpec{"id": "a"}, agentSpec{"id": "b"})
			b.wait(ringAll, nil, store.Conversation{ID: "c1", Asked: ago(2)})
			_, made := b.match(4)
			b.do(settleStep, newOp(), fmt.Sprintf(settled, made[0].Offer, "timed_out"))
			if got, _ := b.match(4); got != nil {
				t.Errorf("asked again while another is being asked: %v", got)
			}
			b.do(settleStep, newOp(), fmt.Sprintf(settled, made[1].Offer, "timed_out"))
			var row struct {
				At string
				F  int
			}
			mustDecode(t, b.state()["waiting/c1"], &row)
			if row.At != "rest" || row.F != 1 {
				t.Errorf("after the round: %+v, want a rest after one full round", row)
			}
			var a struct{ Ready int }
			if mustDecode(t, b.state()["agents/a"], &a); a.Ready != 1 {
				t.Error("ringing out among several made the agent not ready")
			}
		})
		t.Run("at most 16 at a time, and all in turn", func(t *testing.T) {
			b := newBench(t, client)
			specs := make([]agentSpec, 0, 20)
			for i := range 20 {
				specs = append(specs, agentSpec{"id": fmt.Sprintf("a%02d", i)})
			}
			b.staff(specs...)
			b.wait(ringAll, nil, store.Conversation{ID: "c1", Asked: ago(2)}, store.Conversation{ID: "c2", Asked: ago(1)})
			got, _ := b.match(18)
			if len(got) != 16 {
				t.Errorf("%d asked at once, want 16: %v", len(got), got)
			}
			if got, _ = b.match(18); len(got) != 4 {
				t.Errorf("%d asked for the next one, want the 4 who are left", len(got))
			}
		})
	})
}

func TestAllAreAskedAndTheFirstHasIt(t *testing.T) { // ROUTE-5, R2
	simulate(t, 2, Timers{}, func(t *testing.T, h *house) {
		h.mem.queues[0].Rules.Mode = store.ModeRingAll
		for _, id := range []protocol.AgentID{"a", "b", "c"} {
			h.agent(id, 4)
		}
		pass(time.Second)
		h.ask("c1")
		synctest.Wait()
		ringing := h.ringing()
		if len(ringing) != 3 {
			t.Fatalf("%d ring, want 3", len(ringing))
		}
		pass(21 * time.Second) // nobody does: the round is over
		if got := h.ringing(); len(got) != 0 || h.row("a").Declared != protocol.DeclaredReady {
			t.Fatalf("after the deadline %d ring, a is %s", len(got), h.row("a").Declared)
		}
		pass(5 * time.Second)
		ringing = h.ringing()
		if len(ringing) != 3 {
			t.Fatalf("%d ring after the back-off, want 3", len(ringing))
		}
		if !h.accept(ringing[1]) || h.accept(ringing[0]) {
			t.Fatal("want the first accept to win and the second to lose")
		}
		synctest.Wait()
		if got := h.ringing(); len(got) != 0 {
			t.Errorf("%d still ring", len(got))
		}
		h.ask("c2") // who was asked rests, then all are asked again
		pass(6 * time.Second)
		if got := h.ringing(); len(got) != 3 {
			t.Errorf("%d ring for the next, want 3", len(got))
		}
	})
}

// request asks in the name of the owner.
func (h *house) request(id protocol.RequestID, kind protocol.RequestKind, conv protocol.ConversationID, to protocol.AgentID, queue protocol.QueueID) {
	var q store.Request
	var c store.Conversation
	h.mem.do(func() {
		c = *h.mem.conversations[conv]
		q = store.Request{
			ID: id, Workspace: testWorkspace, Conversation: conv, Kind: kind, By: c.Owner, ToAgent: to, ToQueue: queue, State: store.RequestOpen,
			Asked: time.Now().UnixMilli(), Deadline: time.Now().UnixMilli() + 120_000,
		}
		h.mem.requests[id] = &q
	})
	if err := h.nodes[0].Request(h.ctx, q, c); err != nil {
		h.t.Logf("request: %v", err)
	}
}

// asks is the open offer of a request.
func (h *house) asks(id protocol.RequestID) (o store.Offer) {
	h.mem.do(func() {
		for _, row := range h.mem.offers {
			if row.Request == id && row.Outcome == "" {
				o = *row
			}
		}
	})
	return o
}

func (h *house) owned(t *testing.T, conv protocol.ConversationID) {
	t.Helper()
	h.agent("owner", 4)
	pass(time.Second)
	h.ask(conv)
	synctest.Wait()
	if !h.accept(h.offer(conv)) {
		t.Fatal("nothing to accept")
	}
	pass(6 * time.Second)
}

func TestATransferIsOfferedToTheColleague(t *testing.T) { // TEAM-1
	simulate(t, 2, Timers{}, func(t *testing.T, h *house) {
		h.owned(t, "c1")
		h.agent("ben", 4, "q2") // whose profile has not the queue
		h.agent("carl", 4)
		h.request("r1", protocol.RequestTransfer, "c1", "ben", "")
		synctest.Wait()
		o := h.asks("r1")
		if o.Agent != "ben" || o.Kind != protocol.OfferTransfer || h.conversation("c1").Owner != "owner" {
			t.Fatalf("rings %+v, owner %s", o, h.conversation("c1").Owner)
		}
		h.reject(o)
		pass(30 * time.Second)
		if got := h.asks("r1"); got.ID != "" || len(h.ringing()) != 0 {
			t.Fatalf("a refused request rings again: %+v", got)
		}
		h.request("r2", protocol.RequestTransfer, "c1", "ben", "")
		synctest.Wait()
		if !h.accept(h.asks("r2")) {
			t.Fatal("accept refused")
		}
		synctest.Wait()
		if h.row("owner").Load != 0 || h.row("ben").Load != 25 || h.conversation("c1").Owner != "ben" {
			t.Errorf("owner %+v, ben %+v", h.row("owner"), h.row("ben"))
		}
		h.ask("c2")
		h.ask("c3") // the freed slot counts at once
		pass(6 * time.Second)
		if h.offer("c2").Agent == "" || h.offer("c3").Agent == "" {
			t.Error("not offered to who is free")
		}
	})
}

func TestAQueueIsAskedButNotWhoIsInIt(t *testing.T) { // TEAM-2
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.owned(t, "c1")
		h.request("r1", protocol.RequestInvite, "c1", "", "q1")
		synctest.Wait()
		if got := h.asks("r1"); got.ID != "" {
			t.Fatalf("rings at %s, who is in it", got.Agent)
		}
		h.agent("ben", 4)
		h.agent("carl", 4)
		pass(time.Second)
		first := h.asks("r1")
		h.reject(first)
		synctest.Wait()
		second := h.asks("r1")
		if first.Agent == "" || second.Agent == "" || first.Agent == second.Agent {
			t.Fatalf("asked %q, then %q", first.Agent, second.Agent)
		}
		if lines, err := h.nodes[0].Positions(h.ctx, "q1"); err != nil || lines["q1"].Waiting != 0 {
			t.Errorf("a request counts as waiting: %+v, %v", lines, err)
		}
		if !h.accept(second) {
			t.Fatal("accept refused")
		}
		synctest.Wait()
		if h.conversation("c1").Owner != "owner" || h.row(second.Agent).Load != 25 {
			t.Errorf("owner %s, guest %+v", h.conversation("c1").Owner, h.row(second.Agent))
		}
	})
}

func TestARequestThatEndedStopsRinging(t *testing.T) { // TEAM-1, R4
	for name, end := range map[string]func(h *house){
		"withdrawn": func(h *house) { // and routing is told
			h.mem.do(func() { h.mem.endRequest(h.mem.requests["r1"], store.RequestWithdrawn) })
			if err := h.nodes[0].RemoveRequest(h.ctx, "r1"); err != nil {
				h.t.Error(err)
			}
		},
		"the conversation ended": func(h *house) { // and nobody tells
			_, _, _ = h.mem.End(h.ctx, testWorkspace, "c1", protocol.Author{}, "", "", "", 0)
			pass(1500 * time.Millisecond)
		},
	} {
		t.Run(name, func(t *testing.T) {
			simulate(t, 1, Timers{RampUp: -1}, func(t *testing.T, h *house) {
				h.owned(t, "c1")
				h.agent("ben", 4, "q2")
				h.request("r1", protocol.RequestTransfer, "c1", "ben", "")
				synctest.Wait()
				if h.asks("r1").Agent != "ben" {
					t.Fatal("does not ring")
				}
				end(h)
				synctest.Wait()
				h.askIn("c2", h.mem.queues[1])
				synctest.Wait()
				if got := h.offer("c2").Agent; got != "ben" {
					t.Errorf("next offer rings at %q, want ben, who is free again", got)
				}
			})
		})
	}
}

func TestRequestsSurviveAFlush(t *testing.T) { // R7, TEAM-1
	simulate(t, 2, Timers{}, func(t *testing.T, h *house) {
		h.owned(t, "c1")
		h.agent("ben", 4, "q2")
		h.request("r1", protocol.RequestTransfer, "c1", "ben", "")
		synctest.Wait()
		o := h.asks("r1")
		_ = h.redis.FlushAll(h.ctx)
		pass(2 * time.Second)
		if got := h.asks("r1"); got.ID != o.ID {
			t.Fatalf("rings %+v, want the same offer", got)
		}
		if !h.accept(o) {
			t.Fatal("accept refused")
		}
		pass(time.Second)
		if h.conversation("c1").Owner != "ben" || len(h.ringing()) != 0 {
			t.Errorf("owner %s, %d ring", h.conversation("c1").Owner, len(h.ringing()))
		}
	})
}

func TestTheQuestionOfALostAgentIsWithdrawn(t *testing.T) { // STATE-6, TEAM-1
	simulate(t, 1, Timers{}, func(t *testing.T, h *house) {
		h.owned(t, "c1")
		h.request("r1", protocol.RequestInvite, "c1", "", "q1")
		h.gone(agentCaller("owner"))
		pass(62 * time.Second)
		if got := h.conversation("c1").State; got != protocol.StateQueued {
			t.Fatalf("after 60 s: %s", got)
		}
		h.agent("ben", 4)
		pass(time.Second)
		if h.asks("r1").ID != "" || h.offer("c1").Agent != "ben" {
			t.Errorf("rings %+v for the request, %q for the conversation", h.asks("r1"), h.offer("c1").Agent)
		}
	})
}
