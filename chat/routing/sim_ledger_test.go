package routing

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var errAway = errors.New("the record does not answer")

// A ledger is the record as one node reaches it: sometimes it is away,
// sometimes it answers nothing although it did what was asked, and the times it
// writes are those of the node's own clock.
type ledger struct {
	*memory
	w    *world
	skew time.Duration

	seed    uint64
	mu      sync.Mutex // guards what follows
	away    bool
	silence int // percent of answers lost after the commit
}

func (l *ledger) out() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.away {
		return errAway
	}
	return nil
}

// begin is how a commit begins: after a moment of its own, so that of several
// it is the seed that says which comes first.
func (l *ledger) begin(what ...any) error {
	if err := l.out(); err != nil {
		return err
	}
	<-time.After(moment + time.Duration(l.chance(what...)%uint64(moment)))
	return nil
}

// after is how a commit is answered.
func (l *ledger) after(err error, what ...any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil && l.silence > 0 && int(l.chance(what...)%100) < l.silence {
		return errAway
	}
	return err
}

// chance is of the seed, of now, and of what is done.
func (l *ledger) chance(what ...any) uint64 {
	h := fnv.New64a()
	_, _ = fmt.Fprintln(h, append(what, l.seed, time.Since(l.w.start))...)
	return rand.New(rand.NewPCG(h.Sum64(), 5)).Uint64()
}

func (l *ledger) hamper(away bool, silence int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away, l.silence = away, silence
}

func (l *ledger) OpenOffer(ctx context.Context, o store.Offer, why *store.Decision) error {
	if err := l.begin(o.Conversation, o.Agent); err != nil {
		return err
	}
	err := l.memory.OpenOffer(ctx, o, why)
	l.w.check.proposed(o, err)
	return l.after(err, o.Conversation, o.Agent)
}

func (l *ledger) Settle(ctx context.Context, ws protocol.WorkspaceID, id protocol.OfferID, outcome store.Outcome, cause string, after protocol.Declared) (store.Offer, bool, error) {
	var row store.Offer
	l.peek(func() {
		if o := l.offers[id]; o != nil {
			row = *o
		}
	})
	if err := l.begin(row.Conversation, row.Agent); err != nil {
		return store.Offer{}, false, err
	}
	o, settled, err := l.memory.Settle(ctx, ws, id, outcome, cause, after)
	return o, settled, l.after(err, row.Conversation, row.Agent)
}

// accept is an agent's accept by this node.
func (l *ledger) accept(agent protocol.AgentID, id protocol.OfferID) (store.Offer, error) {
	if err := l.begin(agent); err != nil {
		return store.Offer{}, err
	}
	o, err := l.Accept(agent, id) // that none assigns which has ended, R3, is the record's: its tests show it
	if err == nil {
		l.do(func() {
			l.agents[agent].LastAccepted += l.skew.Milliseconds()
			if c := l.conversations[o.Conversation]; c.Owner == agent { // no guest
				expectReply(c)
			}
		})
		o.Standing.LastAccepted += l.skew.Milliseconds()
	}
	o.Touched = append(slices.Clone(o.Touched), l.left(o.Conversation)...)
	return o, l.after(err, agent)
}

func (l *ledger) OverdueOffers(ctx context.Context, ws protocol.WorkspaceID, now int64) ([]store.Offer, error) {
	if err := l.out(); err != nil {
		return nil, err
	}
	return l.memory.OverdueOffers(ctx, ws, now)
}

func (l *ledger) Offer(ctx context.Context, ws protocol.WorkspaceID, id protocol.OfferID) (store.Offer, error) {
	if err := l.out(); err != nil {
		return store.Offer{}, err
	}
	return l.memory.Offer(ctx, ws, id)
}

func (l *ledger) OpenOffers(ctx context.Context, ws protocol.WorkspaceID) ([]store.Offer, error) {
	if err := l.out(); err != nil {
		return nil, err
	}
	return l.memory.OpenOffers(ctx, ws)
}

func (l *ledger) Waiting(ctx context.Context, ws protocol.WorkspaceID) ([]store.Conversation, error) {
	if err := l.out(); err != nil {
		return nil, err
	}
	return l.memory.Waiting(ctx, ws)
}

func (l *ledger) Queues(ctx context.Context, ws protocol.WorkspaceID) ([]store.Queue, error) {
	if err := l.out(); err != nil {
		return nil, err
	}
	return l.memory.Queues(ctx, ws)
}

func (l *ledger) End(ctx context.Context, ws protocol.WorkspaceID, conv protocol.ConversationID, by protocol.Author, actor string, op protocol.Op, cause string, wrapMs int64) (store.Conversation, []store.Slot, error) {
	if err := l.begin(conv); err != nil {
		return store.Conversation{}, nil, err
	}
	if actor == "system" { // routing gives up a place
		l.w.abandoned(conv)
	}
	var waits bool
	l.peek(func() { waits = l.conversations[conv].State == protocol.StateQueued })
	if waits && actor == "agent" { // it was taken from the agent meanwhile
		return store.Conversation{}, nil, refusal(protocol.CodeForbidden)
	}
	c, slots, err := l.memory.End(ctx, ws, conv, by, actor, op, cause, wrapMs)
	return c, slots, l.after(err, conv)
}

// Favour lets somebody who is back go before others, who were before it until now.
func (l *ledger) Favour(ctx context.Context, ws protocol.WorkspaceID, conv protocol.ConversationID, boost int64) (store.Conversation, bool, error) {
	if err := l.begin(conv); err != nil {
		return store.Conversation{}, false, err
	}
	c, favoured, err := l.memory.Favour(ctx, ws, conv, boost)
	if favoured {
		l.w.count("favoured")
		l.do(func() { l.queued[conv], l.w.check.favoured[conv] = time.Now(), true })
	}
	return c, favoured, l.after(err, conv)
}

// leave is a visitor's by this node: who has been taken meanwhile stays.
func (l *ledger) leave(conv protocol.ConversationID) (c store.Conversation, slots []store.Slot, err error) {
	if err := l.begin(conv); err != nil {
		return c, nil, err
	}
	l.peek(func() { c = *l.conversations[conv] })
	switch c.State {
	case protocol.StateQueued:
		c, slots, err = l.memory.End(l.w.ctx, testWorkspace, conv, protocol.Author{}, "visitor", "", "", 0)
	case protocol.StateActive:
		err = refusal(protocol.CodeWrongState)
	}
	return c, slots, l.after(err, conv)
}

// clear frees the slots of a conversation that has ended.
func (l *ledger) clear(conv protocol.ConversationID) (agents []protocol.AgentID, err error) {
	if err := l.begin(conv); err != nil {
		return nil, err
	}
	l.do(func() {
		for k, s := range l.slots {
			if k.conv == conv && s.State == protocol.SlotWrapUp {
				agents = append(agents, k.agent)
				delete(l.slots, k)
			}
		}
	})
	slices.Sort(agents)
	return agents, nil
}

func (l *ledger) Agents(ctx context.Context, ws protocol.WorkspaceID) ([]store.Agent, error) {
	if err := l.out(); err != nil {
		return nil, err
	}
	return l.memory.Agents(ctx, ws)
}

func (l *ledger) Agent(ctx context.Context, ws protocol.WorkspaceID, id protocol.AgentID) (store.Agent, error) {
	if err := l.out(); err != nil {
		return store.Agent{}, err
	}
	return l.memory.Agent(ctx, ws, id)
}

func (l *ledger) SlotsOfAgent(ctx context.Context, ws protocol.WorkspaceID, id protocol.AgentID) ([]store.Slot, error) {
	if err := l.out(); err != nil {
		return nil, err
	}
	return l.memory.SlotsOfAgent(ctx, ws, id)
}

func (l *ledger) Declare(ctx context.Context, ws protocol.WorkspaceID, id protocol.AgentID, declared protocol.Declared, reason, actor, cause string) (store.Agent, error) {
	if err := l.begin(id); err != nil {
		return store.Agent{}, err
	}
	if reason == "connection_lost" {
		l.w.lost(id)
	}
	a, err := l.memory.Declare(ctx, ws, id, declared, reason, actor, cause)
	return a, l.after(err, id)
}

func (l *ledger) ExpireWrapUps(ctx context.Context, ws protocol.WorkspaceID, now int64) ([]store.Slot, error) {
	if err := l.out(); err != nil {
		return nil, err
	}
	return l.memory.ExpireWrapUps(ctx, ws, now)
}

// abandoned checks that a visitor whose place is given up was away long enough.
func (w *world) abandoned(conv protocol.ConversationID) {
	who := visitorCaller(conv)
	if away := w.unheardFor(who.Actor()); away < 110*time.Second {
		w.broke(fmt.Sprintf("ROUTE-11: the place of %s is given up, who was heard of %v ago", who.Actor(), away))
	}
}

// lost checks that an agent who counts as lost was away long enough.
func (w *world) lost(id protocol.AgentID) {
	if away := w.unheardFor(agentActor(id)); away < 55*time.Second {
		w.broke(fmt.Sprintf("STATE-6: %s counts as lost, who was heard of %v ago", id, away))
	}
}
