package protocol

import (
	"encoding/binary"
	"fmt"
)

// Channels of a connection. On DataChannels each is a channel of its own; on a
// WebSocket text messages are main, and the first byte of a binary message
// names the channel.
const (
	ChannelMain     = "main"     // chat, signalling, consent, control: JSON frames
	ChannelCobrowse = "cobrowse" // co-browse packets, ordered
	ChannelPointer  = "pointer"  // unordered, no retransmits
	ChannelBulk     = "bulk"     // reserved for files and snapshots' tails
)

// ChannelBytes names channels in the first byte of a binary WebSocket message.
var ChannelBytes = map[byte]string{1: ChannelCobrowse, 2: ChannelPointer, 3: ChannelBulk}

// A PacketType says what a co-browse packet carries.
type PacketType byte

const (
	PacketSnapshot PacketType = 1 // part of a full snapshot; begins a new gen
	PacketEvents   PacketType = 2 // part of a batch of events
)

// Flags of a packet: a batch larger than one message travels in several.
const (
	FlagFirst byte = 1 << 0
	FlagLast  byte = 1 << 1
)

// PacketVersion is the version byte of PacketHeader.
const PacketVersion = 1

// PacketHeaderSize is the length of an encoded header in bytes: version, type,
// flags, one zero byte, gen, seq (big endian), then the session's 16-byte id.
const PacketHeaderSize = 28

// A PacketHeader stands before the payload of each co-browse packet. Gen counts
// snapshots (a new page or a resync begins a new one); Seq counts packets
// within it, from 0, without gaps.
type PacketHeader struct {
	Type     PacketType
	Flags    byte
	Gen, Seq uint32
	Cobrowse CobrowseID
}

// AppendPacket appends header and payload to dst.
func AppendPacket(dst []byte, h PacketHeader, payload []byte) ([]byte, error) {
	id, err := parseUUID(string(h.Cobrowse))
	if err != nil {
		return nil, fmt.Errorf("encode packet: %w", err)
	}
	dst = append(dst, PacketVersion, byte(h.Type), h.Flags, 0)
	dst = binary.BigEndian.AppendUint32(dst, h.Gen)
	dst = binary.BigEndian.AppendUint32(dst, h.Seq)
	dst = append(dst, id[:]...)
	return append(dst, payload...), nil
}

// ParsePacket reads a packet's header; the payload shares data's memory.
func ParsePacket(data []byte) (h PacketHeader, payload []byte, err error) {
	if len(data) < PacketHeaderSize {
		return h, nil, NewError(CodeBadFrame, "A co-browse packet has a header of 28 bytes.")
	}
	if data[0] != PacketVersion {
		return h, nil, NewError(CodeBadFrame, "This version of co-browse packets is not known.")
	}
	h = PacketHeader{
		Type: PacketType(data[1]), Flags: data[2], Gen: binary.BigEndian.Uint32(data[4:]), Seq: binary.BigEndian.Uint32(data[8:]),
		Cobrowse: CobrowseID(formatUUID(data[12:28])),
	}
	if h.Type != PacketSnapshot && h.Type != PacketEvents {
		return h, nil, NewError(CodeBadFrame, "This type of co-browse packet is not known.")
	}
	return h, data[PacketHeaderSize:], nil
}
