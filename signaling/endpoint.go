package signaling

import (
	"context"
	"errors"

	"github.com/parlour-chat/parlour/media/transport"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// OverEndpoint makes Channels of the ports that carry data-only connections.
// The endpoint stays its owner's, who closes it after the Edge.
func OverEndpoint(e *transport.Endpoint) Channels { return endpoint{e} }

type endpoint struct{ *transport.Endpoint }

func (e endpoint) Answer(ctx context.Context, offer string, h ChannelHandler) (ChannelConn, string, error) {
	conn, answer, err := e.Endpoint.Answer(ctx, offer, heard{h})
	if err != nil {
		return nil, "", refusedOffer(err)
	}
	return rtcConn{conn}, answer, nil
}

type rtcConn struct{ *transport.Conn }

func (c rtcConn) Trickle(fragment string) error {
	f, err := transport.ParseFragment(fragment)
	if err != nil {
		return refusedOffer(err)
	}
	if f.Ufrag != "" && f.Ufrag != c.RemoteUfrag() {
		return protocol.NewError(protocol.CodeInvalid, "The candidates belong to another ICE session.")
	}
	for _, candidate := range f.Candidates {
		if err := c.AddCandidate(candidate); err != nil {
			return refusedOffer(err)
		}
	}
	return nil
}

// heard passes on what a ChannelHandler wants to hear.
type heard struct{ to ChannelHandler }

func (heard) Opened(*transport.Conn, string) {}
func (h heard) Message(_ *transport.Conn, channel string, binary bool, data []byte) {
	h.to.Message(channel, binary, data)
}
func (h heard) Closed(_ *transport.Conn, err error) { h.to.Closed(err) }

// refusedOffer says in the dictionary's words what the transport found wrong.
func refusedOffer(err error) error {
	var refused *transport.Error
	if !errors.As(err, &refused) {
		if errors.Is(err, transport.ErrClosed) {
			return protocol.NewError(protocol.CodeNotFound, "This transport has ended.")
		}
		return err
	}
	code := protocol.CodeInvalid
	switch refused.Code {
	case transport.CodeTooLarge:
		code = protocol.CodeTooLarge
	case transport.CodeUnsupportedMedia, transport.CodeNoApplication, transport.CodeUnsupported:
		code = protocol.CodeUnsupportedMedia
	case transport.CodeUnavailable, transport.CodeFull:
		code = protocol.CodeUnavailable
	}
	return protocol.NewError(code, "The offer cannot be used: "+refused.Message+".")
}
