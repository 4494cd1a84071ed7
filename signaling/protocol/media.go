package protocol

// Media speaks to the rest only in messages, so that it may run in this
// process, in a child process or on another node. These never reach a browser.

// MaxParties is how many people a call holds. Their ordinals are 0 to MaxParties-1.
const MaxParties = 6

// A MediaOp says what a MediaRequest asks for.
type MediaOp string

const (
	MediaJoin    MediaOp = "join"    // SDP: the browser's offer; answered with the server's
	MediaTrickle MediaOp = "trickle" // Candidate
	MediaMute    MediaOp = "mute"    // Audio, Video: what is on
	MediaLeave   MediaOp = "leave"   // close the leg
	MediaEnd     MediaOp = "end"     // close the call
)

// A MediaRequest is about one leg of one call, named by the party's ordinal.
type MediaRequest struct {
	Do        MediaOp `json:"do"`
	Call      CallID  `json:"call"`
	Ordinal   int     `json:"ordinal"`
	SDP       string  `json:"sdp,omitempty"`
	Candidate string  `json:"candidate,omitempty"`
	Audio     bool    `json:"audio,omitempty"`
	Video     bool    `json:"video,omitempty"`
}

// A MediaReply answers a MediaRequest; Failed is set when it could not be done.
type MediaReply struct {
	SDP    string  `json:"sdp,omitempty"`
	Failed *Failed `json:"failed,omitempty"`
}

// A MediaEventKind says what happened to a leg.
type MediaEventKind string

const (
	MediaLegUp   MediaEventKind = "leg_up"   // connected
	MediaLegLost MediaEventKind = "leg_lost" // disconnected, kept for the leg's grace
	MediaLegGone MediaEventKind = "leg_gone" // grace over, or closed
)

// A MediaEvent tells what happened to a leg.
type MediaEvent struct {
	Kind    MediaEventKind `json:"kind"`
	Call    CallID         `json:"call"`
	Ordinal int            `json:"ordinal"`
}
