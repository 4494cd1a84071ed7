package transport

import (
	"errors"
	"fmt"
	"io"

	"github.com/pion/datachannel"
	"github.com/pion/sctp"
)

// The channels of a connection, by label. A channel of another name, with
// another reliability, or opened a second time is closed at once.
const (
	ChannelMain     = "main"     // reliable, ordered; without it a connection ends
	ChannelCobrowse = "cobrowse" // reliable, ordered
	ChannelPointer  = "pointer"  // unordered, never retransmitted; drops its oldest when full
	ChannelBulk     = "bulk"     // reliable, ordered
)

const (
	channelCount = 4
	// maxStreams is how many channels a peer may open in the life of a connection.
	maxStreams = 8
	// MaxReceive is the longest incoming message in bytes; a longer one ends the connection.
	MaxReceive = 16 << 10
	// MaxSend is the longest outgoing message in bytes, or what the peer announced if that is less.
	MaxSend = 65535
)

type channelSpec struct {
	name  string
	kind  datachannel.ChannelType
	lossy bool // a full queue drops the oldest instead of ending the connection
}

var channelSpecs = [channelCount]channelSpec{
	{name: ChannelMain, kind: datachannel.ChannelTypeReliable},
	{name: ChannelCobrowse, kind: datachannel.ChannelTypeReliable},
	{name: ChannelPointer, kind: datachannel.ChannelTypePartialReliableRexmitUnordered, lossy: true},
	{name: ChannelBulk, kind: datachannel.ChannelTypeReliable},
}

const (
	mainIndex    = 0
	pointerIndex = 2
)

func channelIndex(name string) (int, bool) {
	for i, spec := range channelSpecs {
		if spec.name == name {
			return i, true
		}
	}
	return 0, false
}

// acceptChannel reads the open message of a stream that the peer began.
func acceptChannel(stream *sctp.Stream, loggers *loggers) (int, error) {
	stream.SetDefaultPayloadType(sctp.PayloadTypeWebRTCBinary)
	opened, err := datachannel.Server(stream, &datachannel.Config{LoggerFactory: loggers})
	if err != nil {
		return 0, fmt.Errorf("accept data channel: %w", err)
	}
	index, ok := channelIndex(opened.Label)
	if !ok {
		return 0, fmt.Errorf("accept data channel: unknown label %.32q", opened.Label)
	}
	spec := channelSpecs[index]
	if opened.ChannelType != spec.kind || (spec.lossy && opened.ReliabilityParameter != 0) {
		return 0, fmt.Errorf("accept data channel %s: wrong reliability %v", spec.name, opened.ChannelType)
	}
	return index, nil
}

// openChannel begins a stream. Data may follow at once: the open message
// arrives before it or is retransmitted (RFC 8832, 6).
func openChannel(assoc *sctp.Association, index int, loggers *loggers) (*sctp.Stream, error) {
	spec := channelSpecs[index]
	// A DTLS client uses the even stream numbers.
	stream, err := assoc.OpenStream(uint16(index*2), sctp.PayloadTypeWebRTCBinary)
	if err != nil {
		return nil, fmt.Errorf("open stream of %s: %w", spec.name, err)
	}
	config := &datachannel.Config{ChannelType: spec.kind, Label: spec.name, LoggerFactory: loggers}
	if _, err := datachannel.Client(stream, config); err != nil {
		return nil, fmt.Errorf("open channel %s: %w", spec.name, err)
	}
	if spec.lossy {
		stream.SetReliabilityParams(true, sctp.ReliabilityTypeRexmit, 0)
	}
	return stream, nil
}

// readMessage waits for the next message of a stream. The first read has no
// room on purpose: it tells the size, so a waiting channel holds no buffer and
// each message gets exactly its own, which the receiver may keep.
func readMessage(stream *sctp.Stream) (data []byte, binary bool, err error) {
	for {
		n, _, err := stream.ReadSCTP(nil)
		if err != nil && !errors.Is(err, io.ErrShortBuffer) {
			return nil, false, err
		}
		if n > MaxReceive {
			return nil, false, ErrOversize
		}
		data = make([]byte, n)
		n, ppi, err := stream.ReadSCTP(data)
		switch {
		case errors.Is(err, io.ErrShortBuffer):
			continue // a skipped message gave way to a longer one in between
		case err != nil:
			return nil, false, err
		}
		switch ppi {
		case sctp.PayloadTypeWebRTCString:
			return data[:n], false, nil
		case sctp.PayloadTypeWebRTCBinary:
			return data[:n], true, nil
		case sctp.PayloadTypeWebRTCStringEmpty:
			return nil, false, nil
		case sctp.PayloadTypeWebRTCBinaryEmpty:
			return nil, true, nil
		default: // acknowledgement of an open message, or unknown: not for the receiver
		}
	}
}

// writeMessage sends one message; it waits while the previous one has not yet
// left for the peer.
func writeMessage(stream *sctp.Stream, binary bool, data []byte) error {
	ppi := sctp.PayloadTypeWebRTCString
	if binary {
		ppi = sctp.PayloadTypeWebRTCBinary
	}
	if len(data) == 0 { // SCTP has no empty messages (RFC 8831, 6.6)
		data = []byte{0}
		ppi = sctp.PayloadTypeWebRTCStringEmpty
		if binary {
			ppi = sctp.PayloadTypeWebRTCBinaryEmpty
		}
	}
	_, err := stream.WriteSCTP(data, ppi)
	return err
}
