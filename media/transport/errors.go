package transport

import "errors"

// Code says, for programs, why an offer or a fragment was refused.
type Code string

// The codes of an Error. CodeBadSDP and CodeBadFragment are malformed input,
// CodeTooLarge is input beyond the size cap, CodeUnavailable and CodeFull say
// that the endpoint cannot serve it now; the others are well formed but not
// something this endpoint does.
const (
	CodeBadSDP           Code = "bad_sdp"
	CodeBadFragment      Code = "bad_fragment"
	CodeTooLarge         Code = "sdp_too_large"
	CodeNoApplication    Code = "no_application_section"
	CodeUnsupportedMedia Code = "unsupported_media"
	CodeUnsupported      Code = "unsupported_offer"
	CodeUnavailable      Code = "webrtc_unavailable"
	CodeFull             Code = "too_many_connections"
)

// An Error refuses an offer, a fragment or a candidate. Message says what is
// wrong with it in words that its sender may read.
type Error struct {
	Code    Code
	Message string
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

func refuse(code Code, message string) *Error { return &Error{Code: code, Message: message} }

// Why a connection ended (Conn.Err), or why Send refused.
var (
	// ErrClosed: this side called Close, or the endpoint was closed.
	ErrClosed = errors.New("connection closed here")
	// ErrPeerClosed: the other side ended the connection or its main channel.
	ErrPeerClosed = errors.New("connection closed by the peer")
	// ErrSlow: the outbound queue was full, or nothing could be written for long.
	ErrSlow = errors.New("peer is too slow")
	// ErrOversize: the peer sent a message above the limit of its channel.
	ErrOversize = errors.New("incoming message is too large")
	// ErrChannels: the peer opened more channels than a connection may have.
	ErrChannels = errors.New("peer opened too many channels")
	// ErrTimeout: ICE, DTLS, SCTP and the main channel were not up in time.
	ErrTimeout = errors.New("connection was not established in time")
	// ErrUnreachable: nothing was heard from the peer for the ICE timeouts.
	ErrUnreachable = errors.New("peer is unreachable")
	// ErrFingerprint: the peer's certificate is not the one of its SDP.
	ErrFingerprint = errors.New("certificate does not match the fingerprint of the SDP")
	// ErrNotOpen: Send on a channel that the peer has not opened; nothing else happens.
	ErrNotOpen = errors.New("channel is not open")
	// ErrTooLong: Send of a message above MaxSend; nothing else happens.
	ErrTooLong = errors.New("outgoing message is too large")
)
