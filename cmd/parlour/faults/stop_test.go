package faults

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/protocol/wiretest"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// stopsWithin is when a node has ended after it was told to: its shutdown.drain,
// and what is finished after that.
const stopsWithin = drain + 5*time.Second

// L2: a node that is told to stop is not ready at once, asks those who are there
// to move, spread over time, and ends in time, whatever Redis does. What people
// send meanwhile is acknowledged by one of the nodes, and kept once.
func TestANodeStopsInTimeThoughRedisIsAway(t *testing.T) {
	h := build(t, func(string) coordinator { return single{testbed.Redis(t)} })
	defer quick.CloseIdleConnections()
	r := rand.New(rand.NewPCG(rand.Uint64(), 0))
	never := func() bool { return false }
	desks, err := openDesks(t.Context(), h.urls[1:], "fay", r, never, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := &pair{t: t, h: h, rand: r, fay: desks[0]}
	defer p.fay.Close()
	defer p.close()
	p.must("fay is ready", func() bool {
		return p.do(p.fay.client, protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredReady})
	})
	for _, tt := range []struct {
		name       string
		begin, end func()
	}{
		{"Redis is well", func() {}, func() {}},
		{"Redis hangs", func() { h.redis.master().Pause() }, func() { h.redis.master().Resume() }},
		{"Redis is away", func() { h.redis.master().Kill() }, func() { h.redis.master().Restart() }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p.t, h.t = t, t
			p.stop(tt.begin, tt.end)
		})
	}
	p.t, h.t = t, t
}

// crowded is how many people are on the node that stops.
const crowded = 24

// stop lets the first node stop while three visitors talk with fay, who is on
// the other one, and others are there.
func (p *pair) stop(begin, end func()) {
	t, h, n := p.t, p.h, p.h.nodes[0]
	t.Helper()
	people := make([]*client, crowded)
	for i := range people {
		people[i] = p.page(h.urls...)
	}
	talks := map[*client]protocol.ConversationID{}
	for _, v := range people[:3] {
		talks[v] = p.talk(v)
	}
	begin()
	said := map[*client][]*wiretest.Call{}
	say := func() {
		for v, conv := range talks {
			said[v] = append(said[v], v.Send(protocol.UpPost, protocol.Post{Conversation: conv, Text: p.text()}))
		}
	}
	for range 5 {
		say()
	}
	told := time.Now()
	n.signal(syscall.SIGTERM)
	ended := make(chan error, 1)
	go func() { ended <- n.cmd.Wait() }()
	unready := p.within(generous*time.Second, "the node is not ready", func() bool {
		status, body := n.health("/readyz")
		return status == 0 || status == http.StatusServiceUnavailable && strings.Contains(body, "draining")
	})
	say()
	select {
	case err := <-ended:
		if code := (&exec.ExitError{}); errors.As(err, &code) {
			t.Errorf("it ends with %v", err)
		}
	case <-time.After(hang):
		t.Fatalf("it has not ended after %v", hang)
	}
	n.cmd = nil
	stopped := time.Since(told)
	if stopped > stopsWithin {
		t.Errorf("it ended after %v, want %v", stopped, stopsWithin)
	}
	for v, calls := range said {
		p.must("all that was said is acknowledged", func() bool { return v.Waiting() == 0 })
		for _, one := range calls {
			if one.End != wiretest.Acked {
				t.Errorf("refused: %+v", one.Failed)
			}
		}
	}
	p.must("all have moved", func() bool {
		return !slices.ContainsFunc(people, func(v *client) bool { return !v.here() })
	})
	end()
	p.moved(people, told)
	n.start()
	p.must("the node is ready again", func() bool { return h.nodes[0].ready() && h.nodes[1].ready() })
	for v, conv := range talks {
		for _, one := range said[v] {
			text := one.Body.(protocol.Post).Text
			p.must("fay reads "+text, func() bool { return p.fay.Has(text) })
			if n := h.record.number(`SELECT COUNT(*) FROM entries WHERE conversation = $1 AND body::text LIKE $2`, conv, "%"+text+`"%`); n != 1 {
				t.Errorf("%q is in the record %d times", text, n)
			}
		}
		p.finish(conv)
	}
	t.Logf("not ready after %v, ended after %v", unready.Round(time.Millisecond), stopped.Round(time.Millisecond))
}

// moved looks at how people left: all were asked to, and not all at once.
func (p *pair) moved(people []*client, told time.Time) {
	p.t.Helper()
	var left []time.Duration
	asked, longest := 0, time.Duration(0)
	for _, v := range people {
		breaks := v.Breaks()
		if len(breaks) == 0 {
			p.t.Error("somebody is still on the node that has ended")
			continue
		}
		last := breaks[len(breaks)-1]
		since, _ := v.Here()
		left, longest = append(left, last.Ended.Sub(told)), max(longest, since.Sub(last.Ended))
		if last.Moved {
			asked++
		}
	}
	slices.Sort(left)
	p.t.Logf("%d of %d moved when they were asked to, from %v to %v after the signal; longest without a connection: %v",
		asked, len(people), left[0].Round(time.Millisecond), left[len(left)-1].Round(time.Millisecond), longest.Round(time.Millisecond))
	if asked < len(people)*9/10 {
		p.t.Errorf("only %d of %d were asked to move", asked, len(people))
	}
	if spread := left[len(left)-1] - left[0]; spread < drain/8 {
		p.t.Errorf("they left within %v of each other, want them spread over %v", spread, drain/2)
	}
}
