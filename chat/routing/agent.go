package routing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

var (
	ticketStep = newStep("ticket")
	agentStep  = newStep("agent", "places", "stir")
	staffStep  = newStep("staff")
)

// AgentChanged reads the agent's row again (declared, profile, limits, load)
// and matches. Call it after every commit that changes the row; which of two
// calls comes last does not matter. An offer that rings at an agent who is no
// longer ready is withdrawn at once, without blame.
func (r *Router) AgentChanged(ctx context.Context, id protocol.AgentID) error {
	ctx, cancel := lasting(ctx)
	defer cancel()
	if err := r.refresh(ctx, id); err != nil {
		r.failed(ctx, "agent", err)
		return fmt.Errorf("agent %s changed: %w", id, err)
	}
	return r.Match(ctx)
}

// refresh copies one agent's row. The ticket is drawn before the row is read,
// and the script refuses older tickets: so the last write is never older than
// the last commit that somebody announced.
func (r *Router) refresh(ctx context.Context, id protocol.AgentID) error {
	ticket, err := r.ticket(ctx)
	if err != nil {
		return err
	}
	a, err := r.record.Agent(ctx, r.ws, id)
	if err != nil {
		return fmt.Errorf("read agent %s: %w", id, err)
	}
	return r.writeAgents(ctx, ticket, a)
}

// refreshTouched copies the rows of those agents whose view a commit changed.
func (r *Router) refreshTouched(ctx context.Context, actors []string) error {
	return r.refreshWith(ctx, 0, actors)
}

// refreshWith does so by a ticket that was drawn after the commit; 0: one is drawn.
func (r *Router) refreshWith(ctx context.Context, ticket int64, actors []string) error {
	var agents []store.Agent
	var errs []error
	for _, actor := range actors {
		id, ok := strings.CutPrefix(actor, agentActor(""))
		if !ok {
			continue
		}
		if ticket == 0 {
			drawn, err := r.ticket(ctx)
			if err != nil {
				return err
			}
			ticket = drawn
		}
		a, err := r.record.Agent(ctx, r.ws, protocol.AgentID(id))
		if err != nil {
			errs = append(errs, fmt.Errorf("read agent %s: %w", id, err))
			continue
		}
		agents = append(agents, a)
	}
	if len(agents) > 0 {
		errs = append(errs, r.writeAgents(ctx, ticket, agents...))
	}
	return errors.Join(errs...)
}

func (r *Router) ticket(ctx context.Context) (int64, error) {
	var out struct{ Ticket int64 }
	err := r.run(ctx, ticketStep, newOp(), struct{}{}, &out)
	return out.Ticket, err
}

func (r *Router) writeAgents(ctx context.Context, ticket int64, agents ...store.Agent) error {
	r.said.learn(agents...)
	rows := make([]map[string]any, 0, len(agents))
	for _, a := range agents {
		rows = append(rows, agentRow(a, ticket))
	}
	var out struct{ Withdraw []protocol.OfferID }
	if err := r.run(ctx, agentStep, newOp(), map[string]any{"agents": rows}, &out); err != nil {
		return err
	}
	for _, offer := range out.Withdraw {
		if err := r.end(ctx, offer, store.OutcomeRescinded, "agent_not_ready"); err != nil {
			return err
		}
	}
	return nil
}

// mayAnswer says whether an agent has the right to answer anybody.
func mayAnswer(a store.Agent) bool {
	return !a.Disabled && slices.Contains(a.Permissions, protocol.PermDesk)
}

func agentRow(a store.Agent, ticket int64) map[string]any {
	ready := 0
	if a.Declared == protocol.DeclaredReady && mayAnswer(a) {
		ready = 1
	}
	queues, media := append([]protocol.QueueID{}, a.Profile.Queues...), append([]string{}, a.Profile.Media...)
	row := map[string]any{
		"id": a.ID, "actor": agentActor(a.ID), "ready": ready, "queues": queues, "media": media,
		"max": a.MaxChats, "load": a.Load, "slots": a.Slots, "videos": a.Videos, "maxvideo": max(a.Rules.MaxVideo, 1),
		"ring": a.Rules.OfferMs, "last": a.LastAccepted, "ticket": ticket, "ver": a.Version,
	}
	if a.AutoAccept && a.Rules.AutoAccept {
		row["auto"] = true
	}
	if len(a.Skills) > 0 {
		row["skills"] = a.Skills
	}
	return row
}

// Connected says of each agent whether a desktop is connected now. An agent
// with a connection on this node is, even before Redis knows or while it is away.
func (r *Router) Connected(ctx context.Context, agents ...protocol.AgentID) (map[protocol.AgentID]bool, error) {
	here := make(map[protocol.AgentID]bool, len(agents))
	var actors []string
	var ask []protocol.AgentID
	for _, id := range agents {
		if _, ok := r.local(agentActor(id)); ok {
			here[id] = true
			continue
		}
		ask, actors = append(ask, id), append(actors, agentActor(id))
	}
	if len(ask) == 0 {
		return here, nil
	}
	found, err := r.looks(ctx, actors)
	if err != nil {
		r.failed(ctx, "connected", err)
		return here, err
	}
	for i, id := range ask {
		here[id] = found[i].Live
	}
	return here, nil
}

// Staffed says whether somebody who is ready and connected serves one of the
// queues, busy or not. While Redis is away it says yes: asking stays possible,
// and the conversation waits in the record.
func (r *Router) Staffed(ctx context.Context, queues ...protocol.QueueID) bool {
	if len(queues) == 0 {
		return false
	}
	var out struct{ Staffed bool }
	if err := r.run(ctx, staffStep, "", map[string]any{"queues": queues}, &out); err != nil {
		r.failed(ctx, "staffed", err)
		return true
	}
	return out.Staffed
}

// Rings is the connection of the agent in which an offer sounds: the one that
// has been here longest. Empty when none is live.
func (r *Router) Rings(ctx context.Context, agent protocol.AgentID) protocol.ConnectionID {
	found, err := r.looks(ctx, []string{agentActor(agent)})
	if err == nil && found[0].Tab != "" {
		return found[0].Tab
	}
	if err != nil {
		r.failed(ctx, "rings", err)
	}
	conn, _ := r.local(agentActor(agent))
	return conn
}
