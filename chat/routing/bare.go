package routing

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/routing/rules"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Bare is the scripts of one workspace by themselves, without record, decisions
// and notices: what a bench holds the Router against. All that waits in it
// waits in one queue. Its methods are for one goroutine at a time.
type Bare struct{ r *Router }

// BareQueue is the queue that everybody of a Bare waits in.
const BareQueue = protocol.QueueID("q")

// BareEpoch names the record that a Bare plays; a Router beside it needs a
// record of this name.
const BareEpoch = "bare"

// NewBare begins with an empty Redis as far as the workspace goes.
func NewBare(ctx context.Context, client redis.UniversalClient, ws protocol.WorkspaceID) (*Bare, error) {
	b := &Bare{New(Options{Redis: client, Workspace: ws, Node: "bare"})}
	if err := b.Clear(ctx); err != nil {
		return nil, err
	}
	begin := map[string]any{"node": "bare", "ms": 5000, "epoch": BareEpoch}
	if err := b.r.run(ctx, beginStep, newOp(), begin, nil); err != nil {
		return nil, err
	}
	_, err := b.r.configure(ctx, map[string]any{}, store.Queue{ID: BareQueue, Weight: 1})
	if err != nil {
		return nil, err
	}
	return b, b.r.run(ctx, publishStep, newOp(), map[string]any{"node": "bare", "gen": BareEpoch + "/1", "amnesty": 0}, nil)
}

// Clear removes what the workspace has in Redis.
func (b *Bare) Clear(ctx context.Context) error { return Clear(ctx, b.r.redis, b.r.ws) }

// Clear removes what a workspace has in Redis. A Router that runs makes it anew
// from the record.
func Clear(ctx context.Context, client redis.UniversalClient, ws protocol.WorkspaceID) error {
	if err := client.Unlink(ctx, keysOf(ws)...).Err(); err != nil {
		return fmt.Errorf("clear routing of %s: %w", ws, err)
	}
	return nil
}

// Staff lets n agents be ready, each with room for one conversation.
func (b *Bare) Staff(ctx context.Context, n int) error {
	agents, signs := make([]store.Agent, n), make([]sign, n)
	for i := range agents {
		id := protocol.AgentID(fmt.Sprintf("a%06d", i))
		agents[i] = store.Agent{
			ID: id, Name: string(id), MaxChats: 1, Declared: protocol.DeclaredReady, Permissions: []protocol.Permission{protocol.PermDesk},
			Profile: store.Profile{Queues: []protocol.QueueID{BareQueue}, Media: []string{store.MediumChat}},
		}
		signs[i] = sign{Actor: agentActor(id), Conn: protocol.ConnectionID(id)}
	}
	for from := 0; from < n; from += loadBatch {
		to := min(n, from+loadBatch)
		if err := b.r.writeAgents(ctx, 1, agents[from:to]...); err != nil {
			return err
		}
		in := map[string]any{"signs": signs[from:to], "silent": 3_600_000, "closed": 0}
		if err := b.r.run(ctx, hereStep, newOp(), in, nil); err != nil {
			return err
		}
	}
	return nil
}

// bareConv names the n-th who waits: longest the first.
func bareConv(n int) protocol.ConversationID {
	return protocol.ConversationID(fmt.Sprintf("c%09d", n))
}

// Wait lets those of the numbers from one to before another wait.
func (b *Bare) Wait(ctx context.Context, from, to int) error {
	for ; from < to; from += loadBatch {
		places := make([]rules.Waiting, 0, loadBatch)
		for n := from; n < min(to, from+loadBatch); n++ {
			w := rules.Place(store.Conversation{ID: bareConv(n), Asked: 1_000_000 + int64(n)}, store.Queue{ID: BareQueue, Weight: 1}, nil)
			w.Actor = "" // nobody must be connected
			places = append(places, w)
		}
		if err := b.r.put(ctx, places...); err != nil {
			return err
		}
	}
	return nil
}

// Leave takes the n-th who waits out of the queue.
func (b *Bare) Leave(ctx context.Context, n int) error {
	return b.r.remove(ctx, string(bareConv(n)), 0)
}

// Position is the place of the n-th who waits: 1 is next.
func (b *Bare) Position(ctx context.Context, n int) (int, error) {
	return b.r.Position(ctx, bareConv(n))
}

// Match runs the match script as the Router does, until it makes no more
// offers, which are returned, and says how many places it looked at in one run at most.
func (b *Bare) Match(ctx context.Context) (offers []protocol.OfferID, looked int, err error) {
	var from map[string]string
	for {
		var out struct {
			Offers []struct{ Offer protocol.OfferID }
			More   bool
			From   map[string]string
			Looked int
		}
		if err := b.r.run(ctx, matchStep, newOp(), b.r.matching(BareEpoch, from, matchBatch), &out); err != nil {
			return offers, looked, err
		}
		for _, o := range out.Offers {
			offers = append(offers, o.Offer)
		}
		looked = max(looked, out.Looked)
		if from = out.From; !out.More {
			return offers, looked, nil
		}
	}
}

// Undo takes offers back, as if they had not been made.
func (b *Bare) Undo(ctx context.Context, offers []protocol.OfferID) error {
	for _, id := range offers {
		in := b.r.settling(id, "undone")
		in["ramp"], in["exclude"] = 0, 0
		if err := b.r.run(ctx, settleStep, newOp(), in, nil); err != nil {
			return err
		}
	}
	return nil
}
