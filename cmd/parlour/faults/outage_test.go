package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/protocol/wiretest"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// A bound is what is promised. What takes ten times as long on a machine that
// does other things as well is not slow, it hangs.
const (
	toldWithin  = 5 * time.Second // L1: until readiness says it
	openWithin  = 5 * time.Second // L3: until who asks is offered again
	readsWithin = 2 * time.Second // D8: from visitor to agent without Redis
	generous    = 10
)

// An outage is a part that is away, and what it may not take with it.
type outage struct {
	name       string
	failed     string // what readiness calls it
	begin, end func(h *house)
}

var outages = []outage{
	{"Redis hangs", "redis", func(h *house) { h.redis.master().Pause() }, func(h *house) { h.redis.master().Resume() }},
	{"Redis is away and comes back empty", "redis", func(h *house) { h.redis.master().Kill() }, func(h *house) { h.redis.master().Restart() }},
	{"the database hangs", "record", func(h *house) { h.link.Pause() }, func(h *house) { h.link.Resume() }},
	{"the database is away", "record", func(h *house) { h.link.Cut() }, func(h *house) { h.link.Heal() }},
}

// L1, L3, D8: while Redis or the database is away the nodes live and say that
// they are not ready, what people do has a decided result, nothing piles up,
// and all goes on by itself afterwards.
func TestOutagesHaveDecidedResults(t *testing.T) {
	lasting := 4 * time.Second
	if os.Getenv("SOAK") != "" {
		lasting = time.Minute
	}
	h := build(t, func(string) coordinator { return single{testbed.Redis(t)} })
	r := rand.New(rand.NewPCG(rand.Uint64(), 0))
	c := gather(t.Context(), h, 12, rand.New(rand.NewPCG(r.Uint64(), 0))) // its people draw while the pair does
	ctx, stop := context.WithCancel(t.Context())
	var people sync.WaitGroup
	people.Go(func() { c.run(ctx) })
	desks, err := openDesks(ctx, h.urls[1:], "fay", r, c.calm.Load, 0)
	if err != nil {
		t.Fatal(err)
	}
	finish := sync.OnceFunc(func() {
		stop()
		people.Wait()
		c.close()
		desks[0].Close()
		quick.CloseIdleConnections()
	})
	defer finish()
	p := &pair{t: t, h: h, rand: r, fay: desks[0]}
	p.must("fay is ready", func() bool {
		return p.do(p.fay.client, protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredReady})
	})
	defer p.close()
	for _, o := range outages {
		t.Run(o.name, func(t *testing.T) {
			p.t, h.t = t, t
			p.outage(o, lasting)
		})
	}
	p.t, h.t = t, t
	c.calm.Store(true)
	eventually(hang, func() bool {
		return c.done() && h.record.number(`SELECT COUNT(*) FROM conversations WHERE state <> 'closed'`) == 0
	})
	p.close()
	finish()
	var all history
	c.tell(&all)
	if err := h.record.read(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	for _, f := range check(all) {
		t.Error(f)
	}
}

// A pair is an agent on one node and visitors on the other, who do one thing at
// a time and wait for what becomes of it.
type pair struct {
	t       *testing.T
	h       *house
	rand    *rand.Rand
	fay     *desk
	clients []*client
	said    int
}

func (p *pair) close() {
	for _, c := range p.clients {
		c.Close()
	}
}

func (p *pair) must(what string, condition func() bool) {
	p.t.Helper()
	p.within(hang, what, condition)
}

// within waits for a condition, and fails when it does not hold in time.
func (p *pair) within(bound time.Duration, what string, condition func() bool) time.Duration {
	p.t.Helper()
	begun := time.Now()
	if !eventually(bound, condition) {
		p.t.Fatalf("not within %v: %s", bound, what)
	}
	return time.Since(begun)
}

// do sends a command and says whether it was carried out within the patience of a client.
func (p *pair) do(c *client, kind string, body any) bool {
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	one, answered := c.Do(ctx, kind, body)
	if answered && one.End == wiretest.Refused {
		p.t.Errorf("%s was refused: %s %s", kind, one.Failed.Code, one.Failed.Message)
	}
	return answered && one.End == wiretest.Acked
}

func (p *pair) text() string {
	p.said++
	return fmt.Sprintf("pair says %d", p.said)
}

// visitor opens a page on the first node, and stays there.
func (p *pair) visitor() *client { return p.page(p.h.urls[0]) }

// page opens a page of a new visitor, on the first of the nodes.
func (p *pair) page(urls ...string) *client {
	p.t.Helper()
	var who struct{ Token string }
	if _, err := postTo(p.t.Context(), urls, "/v1/visitors", map[string]string{"site": "shop"}, &who); err != nil {
		p.t.Fatal(err)
	}
	v := connect(urls, 0, who.Token, nil)
	p.clients = append(p.clients, v)
	p.must("the visitor is connected", v.here)
	return v
}

// ask lets a visitor begin a conversation.
func (p *pair) ask(v *client) protocol.ConversationID {
	p.t.Helper()
	one, answered := v.Do(p.t.Context(), protocol.UpAsk, protocol.Ask{Text: p.text(), Queue: "quiet"})
	if !answered || one.End != wiretest.Acked {
		p.t.Fatalf("asking: %+v", one.Failed)
	}
	return one.Ack.Conversation
}

// offered is the offer that rings at fay for a conversation; empty: none.
func (p *pair) offered(conv protocol.ConversationID) protocol.OfferID {
	for _, item := range p.fay.Items() {
		if item.Offer != nil && item.Offer.Conversation == conv {
			return item.Offer.Offer
		}
	}
	return ""
}

// talk lets a visitor ask and fay accept.
func (p *pair) talk(v *client) protocol.ConversationID {
	p.t.Helper()
	conv := p.ask(v)
	p.must("fay is asked", func() bool { return p.offered(conv) != "" })
	p.must("fay accepts", func() bool { return p.do(p.fay.client, protocol.UpAccept, protocol.OfOffer{Offer: p.offered(conv)}) })
	return conv
}

// finish ends a conversation and clears its card.
func (p *pair) finish(conv protocol.ConversationID) {
	p.t.Helper()
	of := protocol.OfConversation{Conversation: conv}
	p.must("fay ends it", func() bool { return p.do(p.fay.client, protocol.UpEnd, of) })
	p.must("fay clears the card", func() bool { return p.do(p.fay.client, protocol.UpClear, of) })
}

// outage goes through one outage, from before it to after it.
func (p *pair) outage(o outage, lasting time.Duration) {
	t, h := p.t, p.h
	t.Helper()
	v, asked := p.visitor(), p.visitor()
	conv := p.talk(v)
	before, begun := h.weight(), time.Now()
	o.begin(h)
	ended := false
	end := func() {
		if !ended {
			o.end(h)
		}
		ended = true
	}
	defer end()
	told := p.within(generous*toldWithin, "both nodes say that "+o.failed+" failed", func() bool {
		for _, n := range h.nodes {
			if status, body := n.health("/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, o.failed) {
				return false
			}
		}
		return true
	})
	var during *wiretest.Call
	if o.failed == "redis" {
		during = p.withoutRedis(v, asked, conv)
	} else {
		during = p.withoutRecord(v, conv)
	}
	heaviest := weight{}
	for again := true; again; again = time.Since(begun) < lasting && pause(t.Context(), 200*time.Millisecond) {
		for _, n := range h.nodes {
			if status, _ := n.health("/livez"); status != http.StatusOK {
				t.Errorf("node %s: /livez says %d", n.name, status)
			}
		}
		heaviest = heaviest.max(h.weight())
	}
	end()
	back := time.Now()
	ready := p.within(generous*openWithin, "both nodes are ready again", func() bool { return h.nodes[0].ready() && h.nodes[1].ready() })
	p.must("what was sent meanwhile is acknowledged", func() bool {
		return during.Answered() && during.End == wiretest.Acked
	})
	if o.failed == "redis" { // who asked first is offered first
		conv = during.Ack.Conversation
		p.within(generous*openWithin, "who asked meanwhile is offered", func() bool { return p.offered(conv) != "" })
		p.must("fay accepts", func() bool { return p.do(p.fay.client, protocol.UpAccept, protocol.OfOffer{Offer: p.offered(conv)}) })
	}
	next := p.visitor()
	newest := p.ask(next)
	p.within(generous*openWithin, "who asks now is offered", func() bool { return p.offered(newest) != "" })
	t.Logf("said after %v, ready again after %v, a new conversation offered after %v; heaviest node: %v, before %v",
		told.Round(time.Millisecond), ready.Round(time.Millisecond), time.Since(back).Round(time.Millisecond), heaviest, before)
	if heaviest.kilobytes > before.kilobytes+100<<10 || heaviest.goroutines > before.goroutines+2000 {
		t.Errorf("it piles up: %v, before %v", heaviest, before)
	}
	p.must("fay accepts", func() bool {
		return p.do(p.fay.client, protocol.UpAccept, protocol.OfOffer{Offer: p.offered(newest)})
	})
	p.finish(newest)
	p.finish(conv)
}
