package media

import (
	"fmt"
	"strings"

	"github.com/pion/sdp/v3"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// The fixed pool of m-lines that a leg's first offer has, in this order. Joins,
// leaves and mutes only change what the server sends in them, so nothing is
// ever negotiated again.
const (
	midMicrophone  = 0
	midCamera      = 1
	midScreen      = 2
	firstAudioSlot = 3
	audioSlots     = protocol.MaxParties - 1 // each sees all the others
	videoSlots     = protocol.MaxParties - 1
	screenSlots    = 2
	poolSize       = firstAudioSlot + audioSlots + videoSlots + screenSlots

	maxSDP = 64 << 10
)

// kinds are the media of the pool's m-lines.
var kinds = func() [poolSize]string {
	var k [poolSize]string
	for i := range k {
		switch {
		case i == midMicrophone, i >= firstAudioSlot && i < firstAudioSlot+audioSlots:
			k[i] = "audio"
		default:
			k[i] = "video"
		}
	}
	return k
}()

// slot is the place in which viewer sees party: everybody but himself, in order.
func slot(viewer, party int) int {
	if party < viewer {
		return party
	}
	return party - 1
}

// checkOffer says whether an offer has the pool, before any of it is used.
func checkOffer(text string) error {
	if len(text) > maxSDP {
		return protocol.NewError(protocol.CodeTooLarge, "A session description may have 64 KiB.")
	}
	var d sdp.SessionDescription
	if err := d.UnmarshalString(text); err != nil {
		return protocol.NewError(protocol.CodeInvalid, "This is not a session description.")
	}
	if len(d.MediaDescriptions) != poolSize {
		return protocol.NewError(protocol.CodeUnsupportedMedia,
			fmt.Sprintf("A call's offer has %d m-lines: microphone, camera, screen, then %d audio and %d video to receive.", poolSize, audioSlots, videoSlots+screenSlots))
	}
	for i, m := range d.MediaDescriptions {
		want, got := "sendonly", direction(m)
		if i >= firstAudioSlot {
			want = "recvonly"
		}
		if m.MediaName.Media != kinds[i] || got != want {
			return protocol.NewError(protocol.CodeUnsupportedMedia, fmt.Sprintf("m-line %d of a call's offer is %s %s.", i, want, kinds[i]))
		}
		if codec := codecOf(i); !offers(m, codec) {
			return protocol.NewError(protocol.CodeUnsupportedMedia, "This browser does not offer "+codec+", which calls need.")
		}
	}
	return nil
}

func codecOf(mid int) string {
	if kinds[mid] == "audio" {
		return "opus"
	}
	return "VP8"
}

func direction(m *sdp.MediaDescription) string {
	for _, a := range m.Attributes {
		switch a.Key {
		case "sendonly", "recvonly", "inactive", "sendrecv":
			return a.Key
		}
	}
	return "sendrecv"
}

func offers(m *sdp.MediaDescription, codec string) bool {
	for _, a := range m.Attributes {
		if a.Key == "rtpmap" && strings.Contains(strings.ToLower(a.Value), " "+strings.ToLower(codec)+"/") {
			return true
		}
	}
	return false
}
