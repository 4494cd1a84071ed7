package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// perAgent is how many conversations an agent may have at once.
const perAgent = 4

// agentsFor is how many agents a number of conversations needs.
func agentsFor(senders int) int { return (senders + perAgent - 1) / perAgent }

// workspaceFile declares as many agents as the senders need.
func workspaceFile(senders int) []byte {
	var b bytes.Buffer
	b.WriteString("workspace: {key: default, name: Bench}\n" +
		"queues: [{key: all, name: All, weight: 1, offer_seconds: 60, wrap_up_seconds: 60}]\n" +
		"sites: [{key: bench, name: Bench, origins: ['http://bench.test'], queues: [all]}]\n" +
		"profiles: [{name: all, queues: [all], media: [chat]}]\n" +
		"roles: [{name: agent, permissions: [desk]}]\nagents:\n")
	for i := range agentsFor(senders) {
		fmt.Fprintf(&b, "  - {email: %s, name: Agent, role: agent, profile: all, max_chats: %d, password: %s}\n", email(i), perAgent, password)
	}
	return b.Bytes()
}

const password = "a-password-of-a-bench-1"

func email(i int) string { return fmt.Sprintf("agent%d@bench.test", i) }

// A crowd is visitors who each have a conversation with an agent, on one
// server. messages counts what agents were told of, delivered hears each
// message with a number of the open loop.
type crowd struct {
	base     string
	visitors []*peer
	convs    []protocol.ConversationID // of visitors, by index
	agents   []*peer

	accepted  atomic.Int64
	messages  atomic.Int64
	delivered func(n int, at time.Time)
	fail      context.CancelCauseFunc
	work      sync.WaitGroup // accepts under way
}

// Texts of the closed loop begin with markClosed, those of the open loop with
// markOpen and their number.
const (
	markClosed = "closed "
	markOpen   = "open "
)

// gather brings everybody in and waits until each visitor talks to an agent.
// fail is called when something goes wrong later, in a goroutine of the crowd.
func gather(ctx context.Context, base string, senders int, delivered func(int, time.Time), fail context.CancelCauseFunc) (*crowd, error) {
	c := &crowd{base: base, delivered: delivered, fail: fail}
	c.agents, c.visitors = make([]*peer, agentsFor(senders)), make([]*peer, senders)
	c.convs = make([]protocol.ConversationID, senders)
	if err := each(ctx, len(c.agents), 2, c.agent); err != nil { // signing in costs CPU time on purpose
		return c, fmt.Errorf("bring agents in: %w", err)
	}
	if err := each(ctx, senders, 16, c.visitor); err != nil {
		return c, fmt.Errorf("bring visitors in: %w", err)
	}
	for c.accepted.Load() < int64(senders) {
		if err := wait(ctx, 10*time.Millisecond); err != nil {
			return c, fmt.Errorf("%d of %d visitors have an agent: %w", c.accepted.Load(), senders, err)
		}
	}
	return c, nil
}

// each calls do for 0 to n-1, at most parallel at a time; the first error ends it.
func each(ctx context.Context, n, parallel int, do func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	turn := make(chan struct{}, parallel)
	var all sync.WaitGroup
	for i := range n {
		turn <- struct{}{}
		all.Go(func() {
			defer func() { <-turn }()
			if ctx.Err() != nil {
				return
			}
			if err := do(ctx, i); err != nil {
				cancel(err)
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}

func (c *crowd) agent(ctx context.Context, i int) error {
	cookies, err := c.postJSON(ctx, "/v1/sign-in", map[string]string{"email": email(i), "password": password}, &struct{}{})
	if err != nil {
		return err
	}
	if len(cookies) == 0 {
		return errors.New("signing in gave no cookie")
	}
	p, err := connectPeer(ctx, c.base, "", cookies[0], c.toAgent)
	if err != nil {
		return err
	}
	c.agents[i] = p
	_, err = p.command(ctx, protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredReady})
	return err
}

func (c *crowd) visitor(ctx context.Context, i int) error {
	var made struct {
		Token string `json:"token"`
	}
	if _, err := c.postJSON(ctx, "/v1/visitors", map[string]string{"site": "bench", "name": "Visitor"}, &made); err != nil {
		return err
	}
	p, err := connectPeer(ctx, c.base, made.Token, nil, func(*peer, string, []byte) {})
	if err != nil {
		return err
	}
	c.visitors[i] = p
	data, err := p.command(ctx, protocol.UpAsk, protocol.Ask{Text: "Is anybody there?", Name: "Visitor"})
	if err != nil {
		return err
	}
	ack, err := body[protocol.Ack](data)
	c.convs[i] = ack.Conversation
	return err
}

// toAgent hears what an agent is told: offers are accepted, messages counted.
func (c *crowd) toAgent(p *peer, kind string, data []byte) {
	switch kind {
	case protocol.DownEntries:
		at := time.Now()
		texts(data, markClosed, func(int) { c.messages.Add(1) })
		texts(data, markOpen, func(n int) { c.delivered(n, at) })
	case protocol.DownSnapshot:
		if view, err := body[protocol.Snapshot](data); err == nil {
			c.accept(p, view.Items)
		}
	case protocol.DownPatch:
		if patch, err := body[protocol.Patch](data); err == nil {
			c.accept(p, patch.Set)
		}
	}
}

func (c *crowd) accept(p *peer, items map[string]protocol.Item) {
	for _, item := range items {
		if item.Offer == nil {
			continue
		}
		c.work.Go(func() {
			_, err := p.command(p.reading, protocol.UpAccept, protocol.OfOffer{Offer: item.Offer.Offer})
			known, _ := protocol.AsError(err)
			switch {
			case err == nil:
				c.accepted.Add(1)
			case p.reading.Err() == nil && known.Code != protocol.CodeExpired && known.Code != protocol.CodeTaken:
				c.fail(fmt.Errorf("accept an offer: %w", err))
			}
		})
	}
}

// client is for requests to the measured server, profiles among them.
var client = &http.Client{Timeout: time.Minute}

// close ends all connections.
func (c *crowd) close() {
	for _, p := range append(c.agents, c.visitors...) {
		if p != nil {
			p.close()
		}
	}
	c.work.Wait()
	client.CloseIdleConnections()
}

// postJSON reads the answer into out and gives the cookies that came with it.
func (c *crowd) postJSON(ctx context.Context, path string, in, out any) ([]*http.Cookie, error) {
	sent, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("post %s: %w", path, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(sent))
	if err != nil {
		return nil, fmt.Errorf("post %s: %w", path, err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("post %s: %w", path, err)
	}
	defer response.Body.Close()
	said, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("post %s: %w", path, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return nil, fmt.Errorf("post %s: %s: %s", path, response.Status, said)
	}
	if err := json.Unmarshal(said, out); err != nil {
		return nil, fmt.Errorf("post %s: %w", path, err)
	}
	return response.Cookies(), nil
}
