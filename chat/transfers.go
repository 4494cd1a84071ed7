package chat

import (
	"context"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// usualTransfers is the number of transfers of one conversation from which on
// people are told of it, where the file says nothing.
const usualTransfers = 5

// countTransfers tells of a conversation that goes from agent to agent and gets
// nowhere: once, when it is handed over so often (TEAM-1). Nothing is refused.
func (s *Service) countTransfers(ctx context.Context, c store.Conversation) {
	settings, err := s.directory.Settings(ctx, s.ws)
	if err != nil {
		s.log.Warn("read how many transfers are too many failed", "conversation", c.ID, "error", err)
	}
	most := settings.TransfersAlarm
	if most == 0 {
		most = usualTransfers
	}
	if c.Transfers == most {
		s.router.Alarm(protocol.Alarm{Kind: "transfers", Queue: c.Queue, Conversation: c.ID, Agent: c.Owner})
	}
}
