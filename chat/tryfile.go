package chat

import (
	"context"

	"github.com/parlour-chat/parlour/chat/routing"
	"github.com/parlour-chat/parlour/chat/site"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// How many past decisions a changed file is tried on, and how many of those
// that would be others are told.
const (
	mostTried = 1000
	mostRows  = 200
)

// TryFile tells what a changed workspace file would have made of the last
// decisions, and would make of who waits (ROUTE-12). It applies nothing and asks
// nobody. CodeInvalid says what is wrong in the file. It is for those who may
// read all.
func (s *Service) TryFile(ctx context.Context, who protocol.Principal, of protocol.TryFile) (protocol.TryResult, error) {
	out := protocol.TryResult{Past: []protocol.TryRow{}, Now: []protocol.TryRow{}}
	if err := s.mayTry(who); err != nil {
		return out, err
	}
	if of.Decisions < 0 || of.Decisions > mostTried {
		return out, protocol.NewError(protocol.CodeInvalid, "At most 1,000 decisions can be tried.")
	}
	if of.Decisions == 0 {
		of.Decisions = mostTried
	}
	proposed, err := site.Propose([]byte(of.File))
	if err != nil {
		return out, protocol.NewError(protocol.CodeInvalid, err.Error())
	}
	queues, err := s.store.Queues(ctx, s.ws)
	if err != nil {
		return out, err
	}
	agents, err := s.store.Agents(ctx, s.ws)
	if err != nil {
		return out, err
	}
	p := routing.Proposal{Hours: proposed}
	p.Queues, p.Agents = proposed.Known(queues, agents)
	named := namer{queues: map[protocol.QueueID]string{}, agents: map[protocol.AgentID]string{}}
	for _, q := range queues {
		named.queues[q.ID] = q.Name
	}
	for _, a := range agents {
		named.agents[a.ID] = a.Name
	}
	if err := s.tryPast(ctx, p, of.Decisions, named, &out); err != nil {
		return out, err
	}
	return out, s.tryWaiting(ctx, p, named, &out)
}

// A namer knows what queues and agents are called.
type namer struct {
	queues map[protocol.QueueID]string
	agents map[protocol.AgentID]string
}

func (n namer) row(queue protocol.QueueID, conv protocol.ConversationID, was protocol.AgentID, r routing.Trial) protocol.TryRow {
	return protocol.TryRow{
		Conversation: conv, Queue: n.queues[queue], Was: was, WasName: n.agents[was], Would: r.Agent, WouldName: n.agents[r.Agent], Rule: r.Rule,
		Refused: r.Refused, Unknown: r.Unknown,
	}
}

func (s *Service) tryPast(ctx context.Context, p routing.Proposal, most int, named namer, out *protocol.TryResult) error {
	decisions, err := s.store.LastDecisions(ctx, s.ws, most)
	if err != nil {
		return err
	}
	for _, d := range decisions {
		got, tried := p.Try(d)
		if !tried {
			out.Left++
			continue
		}
		out.Decisions++
		if got.Agent == d.Body.Chosen && got.Refused == "" {
			continue
		}
		out.Differ++
		if len(out.Past) < mostRows {
			row := named.row(d.Queue, d.Conversation, d.Body.Chosen, got)
			row.At, row.Queue = d.At, d.Body.Queue
			out.Past = append(out.Past, row)
		}
	}
	return nil
}

func (s *Service) tryWaiting(ctx context.Context, p routing.Proposal, named namer, out *protocol.TryResult) error {
	waiting, err := s.router.TryWaiting(ctx, p)
	if err != nil {
		return err
	}
	out.Waiting = len(waiting)
	for _, w := range waiting {
		if w.Agent == w.Rings && w.Refused == "" {
			continue
		}
		out.WaitingDiffer++
		if len(out.Now) < mostRows {
			out.Now = append(out.Now, named.row(w.Queue, w.ID, w.Rings, w.Trial))
		}
	}
	return nil
}
