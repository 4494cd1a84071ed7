package chat

import (
	"context"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// ChooseProfile takes another of the agent's own profiles (STATE-1): only while
// not ready or without conversations, and with none parked.
func (s *Service) ChooseProfile(ctx context.Context, who protocol.Caller, _ protocol.Op, body protocol.ChooseProfile) (protocol.Ack, error) {
	if _, err := s.store.ChooseProfile(ctx, s.ws, who.Agent, body.Profile); err != nil {
		return protocol.Ack{}, err
	}
	s.loadsChanged(ctx, []string{who.Actor()})
	return protocol.Ack{}, nil
}

// AutoAccept turns the agent's own switch on or off (ROUTE-7). It is refused
// where the file does not allow it.
func (s *Service) AutoAccept(ctx context.Context, who protocol.Caller, _ protocol.Op, body protocol.Switch) (protocol.Ack, error) {
	if _, err := s.store.SetAutoAccept(ctx, s.ws, who.Agent, body.On); err != nil {
		return protocol.Ack{}, err
	}
	s.loadsChanged(ctx, []string{who.Actor()})
	return protocol.Ack{}, nil
}

// Used tells that a visible desk was used just now: only then are offers
// accepted by themselves.
func (s *Service) Used(_ context.Context, who protocol.Caller, _ protocol.Used) error {
	if who.Workspace == s.ws {
		s.router.Used(who)
	}
	return nil
}
