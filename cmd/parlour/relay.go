package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/parlour-chat/parlour/media"
	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

const mediaService = "media"

// mediaRelay asks the node that carries a call: this one directly, another one
// over the bus.
type mediaRelay struct {
	hub   *signaling.Hub
	node  protocol.NodeID
	local *media.Node
}

func (m mediaRelay) Do(ctx context.Context, node protocol.NodeID, r protocol.MediaRequest) (protocol.MediaReply, error) {
	if node == m.node {
		return m.local.Do(ctx, r), nil
	}
	question, err := json.Marshal(r)
	if err != nil {
		return protocol.MediaReply{}, fmt.Errorf("encode media request: %w", err)
	}
	answer, err := m.hub.Ask(ctx, node, mediaService, question)
	if err != nil {
		return protocol.MediaReply{}, fmt.Errorf("ask node %s: %w", node, err)
	}
	var reply protocol.MediaReply
	if err := json.Unmarshal(answer, &reply); err != nil {
		return protocol.MediaReply{}, fmt.Errorf("read media reply: %w", err)
	}
	return reply, nil
}

// serveMedia answers what other nodes ask of this node's calls.
func serveMedia(hub *signaling.Hub, node *media.Node) {
	hub.Serve(mediaService, func(ctx context.Context, payload []byte) ([]byte, error) {
		var r protocol.MediaRequest
		if err := json.Unmarshal(payload, &r); err != nil {
			return nil, protocol.NewError(protocol.CodeBadFrame, "This is not a media request.")
		}
		return json.Marshal(node.Do(ctx, r))
	})
}
