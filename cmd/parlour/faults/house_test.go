package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// Everything that would take a while takes seconds here.
var hurried = []string{
	"--transport.ping=1s", "--routing.presence_closed=2s", "--routing.presence_silent=5s", "--routing.presence_gone=10s",
	"--routing.queue_grace=12s", "--routing.restart_amnesty=3s", "--routing.ramp_up=100ms", "--routing.wrap_up=2s",
}

// workspaceFile has half as many places at agents as there are visitors, so that
// somebody always waits.
const workspaceFile = `
workspace: {key: default, name: Test}
settings:
  reject_reasons: [{key: busy, name: Too busy}]
queues:
  - {key: sales, name: Sales, offer_seconds: 2, exclude_seconds: 4, wrap_up_seconds: 2, sticky_seconds: 0, first_reply_seconds: 0}
  - {key: urgent, name: Urgent, mode: ring_all, weight: 5, offer_seconds: 2, exclude_seconds: 4, wrap_up_seconds: 2, sticky_seconds: 0, first_reply_seconds: 0}
  - {key: list, name: List, mode: pull, pull_seconds: 5, offer_seconds: 2, exclude_seconds: 4, wrap_up_seconds: 2, sticky_seconds: 0, first_reply_seconds: 0}
  - {key: quiet, name: Quiet, wrap_up_seconds: 2, sticky_seconds: 0, first_reply_seconds: 0}
sites: [{key: shop, name: Shop, origins: ["http://127.0.0.1"], queues: [sales, urgent, list, quiet]}]
profiles:
  - {name: all, queues: [sales, urgent, list], media: [chat]}
  - {name: quiet, queues: [quiet], media: [chat]}
roles: [{name: agent, permissions: [desk]}]
agents:
  - {email: anna@shop.test, name: Anna, role: agent, profile: all, max_chats: 2, password: "correct horse battery"}
  - {email: ben@shop.test, name: Ben, role: agent, profile: all, max_chats: 2, password: "correct horse battery"}
  - {email: cleo@shop.test, name: Cleo, role: agent, profile: all, max_chats: 1, password: "correct horse battery"}
  - {email: dan@shop.test, name: Dan, role: agent, profile: all, max_chats: 3, password: "correct horse battery"}
  - {email: eve@shop.test, name: Eve, role: agent, profile: all, max_chats: 4, password: "correct horse battery"}
  - {email: fay@shop.test, name: Fay, role: agent, profile: quiet, max_chats: 4, password: "correct horse battery"}
`

var queueKeys = []string{"sales", "sales", "sales", "urgent", "list"}

// A house is an installation: two nodes, a database behind a proxy, a Redis.
type house struct {
	t      *testing.T
	pg     *testbed.PostgreSQLServer
	link   *testbed.TCPProxy // of the nodes to the database
	redis  coordinator
	record *record
	nodes  []*node
	urls   []string
}

// build starts everything and waits until both nodes are ready.
func build(t *testing.T, start func(workspace string) coordinator, settings ...string) *house {
	t.Helper()
	h := &house{t: t, pg: testbed.PostgreSQL(t)}
	direct := h.pg.Database(t)
	h.link = testbed.Proxy(t, h.pg.Addr())
	through, err := url.Parse(direct)
	if err != nil {
		t.Fatal(err)
	}
	through.Host = h.link.Addr()
	h.apply(direct)
	if h.record, err = openRecord(direct); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.record.db.Close() })
	if _, err := h.record.db.ExecContext(t.Context(), witness); err != nil {
		t.Fatalf("let the database take notes: %v", err)
	}
	var workspace string
	if err := h.record.db.QueryRowContext(t.Context(), `SELECT id FROM workspaces`).Scan(&workspace); err != nil {
		t.Fatal(err)
	}
	h.redis = start(workspace)
	common := append(append([]string{"--database.url=" + through.String(), "--redis.url=" + h.redis.URL()}, hurried...), settings...)
	for _, name := range []string{"n1", "n2"} {
		n := newNode(t, name, common...)
		h.nodes, h.urls = append(h.nodes, n), append(h.urls, n.url)
		n.start()
	}
	t.Cleanup(func() {
		if t.Failed() {
			for _, n := range h.nodes {
				t.Logf("node %s wrote:\n%s", n.name, n.log(40))
			}
		}
	})
	for _, n := range h.nodes {
		if !eventually(hang, n.ready) {
			t.Fatalf("node %s is not ready", n.name)
		}
	}
	return h
}

// apply declares the workspace.
func (h *house) apply(database string) {
	h.t.Helper()
	folder := h.t.TempDir()
	file := filepath.Join(folder, "workspace.yaml")
	if err := os.WriteFile(file, []byte(workspaceFile), 0o600); err != nil {
		h.t.Fatal(err)
	}
	out, err := exec.CommandContext(h.t.Context(), program(h.t), "admin", "apply", file, "--database.url="+database, "--data.directory="+folder).CombinedOutput()
	if err != nil {
		h.t.Fatalf("apply the workspace: %v\n%s", err, out)
	}
}

// A crowd is everybody who uses the house.
type crowd struct {
	house *house
	calm  atomic.Bool // nobody asks anew, and agents finish what they have
	desks []*desk
	count int // of visitors at a time

	mu       sync.Mutex // guards what follows
	visitors []*visitor
	rand     *rand.Rand
}

// gather signs five agents in, two of them with a tab on each node.
func gather(ctx context.Context, h *house, count int, r *rand.Rand) *crowd {
	h.t.Helper()
	c := &crowd{house: h, count: count, rand: r}
	for i, name := range []string{"anna", "ben", "cleo", "dan", "eve"} {
		at := []int{i % 2}
		if i < 2 {
			at = []int{0, 1}
		}
		tabs, err := openDesks(ctx, h.urls, name, r, c.calm.Load, at...)
		if err != nil {
			h.t.Fatalf("sign %s in: %v", name, err)
		}
		c.desks = append(c.desks, tabs...)
	}
	return c
}

// run lets everybody do what they do until ctx ends, and returns when all have stopped.
func (c *crowd) run(ctx context.Context) {
	var all sync.WaitGroup
	for _, d := range c.desks {
		all.Go(func() { d.run(ctx) })
	}
	for range c.count {
		all.Go(func() {
			for ctx.Err() == nil && !c.calm.Load() {
				c.visit(ctx)
			}
		})
	}
	all.Wait()
}

// visit is one visitor, who may ask twice.
func (c *crowd) visit(ctx context.Context) {
	c.mu.Lock()
	r := rand.New(rand.NewPCG(c.rand.Uint64(), c.rand.Uint64()))
	c.mu.Unlock()
	v, err := newVisitor(ctx, c.house.urls, r)
	if err != nil {
		pause(ctx, time.Second)
		return
	}
	c.mu.Lock()
	c.visitors = append(c.visitors, v)
	v.name = fmt.Sprintf("visitor %04d", len(c.visitors))
	c.mu.Unlock()
	for again := true; again && !v.gone.Load(); again = !c.calm.Load() && chance(r, 30) {
		v.run(ctx, queueKeys[r.IntN(len(queueKeys))])
		if !pause(ctx, between(r, 50*time.Millisecond, 500*time.Millisecond)) {
			break
		}
	}
	v.answered(ctx)
	v.Close()
}

// here tells whether somebody has been connected long enough for everybody to
// know it.
func (c *crowd) here(actor string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range c.visitors {
		if v.settled(actor) {
			return true
		}
	}
	for _, d := range c.desks {
		if d.settled(actor) {
			return true
		}
	}
	return false
}

// tell puts into a history what the clients know.
func (c *crowd) tell(h *history) {
	for _, v := range c.visitors {
		for _, one := range v.Calls() {
			switch body := one.Body.(type) {
			case protocol.Ask:
				h.asks = append(h.asks, ask{one.Ack.Conversation, body.Text, one.End})
			case protocol.Post:
				h.posts = append(h.posts, post{body.Conversation, v.name, body.Text, one.End})
			}
		}
	}
	for _, d := range c.desks {
		agent := protocol.AgentID(d.You().ID)
		for _, one := range d.Calls() {
			switch body := one.Body.(type) {
			case protocol.Post:
				h.posts = append(h.posts, post{body.Conversation, d.name, body.Text, one.End})
			case protocol.OfOffer:
				if one.Kind == protocol.UpAccept {
					h.accepts = append(h.accepts, accept{agent, body.Offer, one.End, one.At})
				}
			}
		}
	}
}

// done says that no visitor waits for anything, and no agent for an answer.
func (c *crowd) done() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range c.visitors {
		if !v.gone.Load() && v.Waiting() > 0 {
			return false
		}
	}
	for _, d := range c.desks {
		if d.Waiting() > 0 {
			return false
		}
	}
	return true
}

// close ends all connections.
func (c *crowd) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, v := range c.visitors {
		v.Close()
	}
	for _, d := range c.desks {
		d.Close()
	}
}
