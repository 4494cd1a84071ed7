package chat

import (
	"context"

	"github.com/parlour-chat/parlour/chat/routing"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// DryRun tells what would be decided about a conversation that somebody asked
// for now, as Why tells what was (ROUTE-12). Nobody is asked and nothing kept.
// It is for those who may read all.
func (s *Service) DryRun(ctx context.Context, who protocol.Principal, of protocol.DryRun) (protocol.DryRunResult, error) {
	var out protocol.DryRunResult
	if err := s.mayTry(who); err != nil {
		return out, err
	}
	switch of.Medium {
	case "", store.MediumChat, store.MediumAudio, store.MediumVideo:
	default:
		return out, protocol.NewError(protocol.CodeInvalid, "The medium is chat, audio or video.")
	}
	if of.Waited < 0 || of.Agent != "" && !protocol.ValidID(of.Agent) {
		return out, protocol.NewError(protocol.CodeInvalid, "The agent is a UUID, and what it has waited is not less than 0 ms.")
	}
	queue, err := s.queueByKey(ctx, of.Queue)
	if err != nil {
		return out, err
	}
	in := routing.Imagined{Queue: queue, Medium: of.Medium, Waited: of.Waited}
	if in.Agent, err = s.askedFirst(ctx, queue, of.Medium, of.Agent); err != nil {
		return out, err
	}
	if of.Verified {
		in.Boost = boost(queue, "verified", 0)
	}
	out.Refused, out.OpensAt = s.router.Accepting(ctx, store.Site{}, queue)
	out.Decision, err = s.router.Imagine(ctx, in)
	return out, err
}

func (s *Service) queueByKey(ctx context.Context, key string) (store.Queue, error) {
	queues, err := s.directory.Queues(ctx, s.ws)
	if err != nil {
		return store.Queue{}, err
	}
	for _, q := range queues {
		if q.Key == key {
			return q, nil
		}
	}
	return store.Queue{}, protocol.NewError(protocol.CodeNotFound, "There is no queue with this key.")
}

// mayTry: dry runs are for those who may read all.
func (s *Service) mayTry(who protocol.Principal) error {
	if who.Kind != protocol.KindAgent || who.Workspace != s.ws || !who.Can(protocol.PermWatch) {
		return protocol.NewError(protocol.CodeForbidden, "Your role does not have the right to do this. Ask your administrator.")
	}
	return nil
}
