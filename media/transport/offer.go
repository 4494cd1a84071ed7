package transport

import (
	"strconv"
	"strings"

	"github.com/pion/ice/v4"
	"github.com/pion/sdp/v3"
)

const (
	// MaxSDP is the longest offer or fragment that is read, in bytes.
	MaxSDP = 64 << 10

	maxCandidates   = 64 // in one offer or fragment
	maxFingerprints = 8
	maxMID          = 32
	sctpPort        = "5000"
	mediaFormat     = "webrtc-datachannel"
)

// A description is what one side's SDP says about a data-only connection.
type description struct {
	ufrag, pwd string
	prints     []fingerprint
	mid        string
	bundled    bool
	protocol   string // of the m-line
	setup      string
	maxMessage uint32 // 0: no limit announced
	lite       bool
	candidates []string
}

// parseOffer reads and checks a browser's offer; err is always an *Error.
func parseOffer(text string) (*description, error) {
	d, err := parseDescription(text)
	if err != nil {
		return nil, err
	}
	if d.setup != "actpass" && d.setup != "active" {
		return nil, refuse(CodeUnsupported, "a=setup must be actpass or active: this side is the DTLS server")
	}
	if d.lite {
		return nil, refuse(CodeUnsupported, "both sides are ICE-lite: nobody would begin")
	}
	return d, nil
}

func parseDescription(text string) (*description, error) {
	if len(text) > MaxSDP {
		return nil, refuse(CodeTooLarge, "SDP is longer than "+strconv.Itoa(MaxSDP)+" bytes")
	}
	var session sdp.SessionDescription
	if err := session.UnmarshalString(text); err != nil {
		return nil, refuse(CodeBadSDP, "SDP cannot be parsed")
	}
	media, err := soleApplication(&session)
	if err != nil {
		return nil, err
	}
	d := &description{protocol: strings.Join(media.MediaName.Protos, "/")}
	d.ufrag = attribute(&session, media, sdpUfrag)
	d.pwd = attribute(&session, media, sdpPwd)
	if !validCredential(d.ufrag, 4) || !validCredential(d.pwd, 22) {
		return nil, refuse(CodeBadSDP, "ice-ufrag or ice-pwd is missing or not as RFC 8839 has it")
	}
	if d.prints, err = fingerprints(&session, media); err != nil {
		return nil, err
	}
	d.setup = attribute(&session, media, sdp.AttrKeyConnectionSetup)
	_, d.lite = session.Attribute(sdp.AttrKeyICELite)
	if err := d.readMID(&session, media); err != nil {
		return nil, err
	}
	if err := d.readSCTP(media); err != nil {
		return nil, err
	}
	for _, a := range media.Attributes {
		if a.Key == sdp.AttrKeyCandidate {
			d.candidates = append(d.candidates, a.Value)
		}
	}
	return d, checkCandidates(d.candidates)
}

const (
	sdpUfrag       = "ice-ufrag"
	sdpPwd         = "ice-pwd"
	sdpFingerprint = "fingerprint"
)

// soleApplication finds the one section that a data-only connection has.
func soleApplication(session *sdp.SessionDescription) (*sdp.MediaDescription, error) {
	var found *sdp.MediaDescription
	for _, media := range session.MediaDescriptions {
		name := media.MediaName
		switch {
		case name.Media == "audio" || name.Media == "video":
			return nil, refuse(CodeUnsupportedMedia, "this connection carries data only: the offer has an "+name.Media+" section")
		case name.Media != "application":
			return nil, refuse(CodeUnsupportedMedia, "the offer has a section that is not application")
		case found != nil:
			return nil, refuse(CodeUnsupportedMedia, "the offer has more than one application section")
		}
		found = media
	}
	if found == nil {
		return nil, refuse(CodeNoApplication, "the offer has no application section")
	}
	protocol := strings.Join(found.MediaName.Protos, "/")
	formats := found.MediaName.Formats
	if (protocol != "UDP/DTLS/SCTP" && protocol != "TCP/DTLS/SCTP") || len(formats) != 1 || formats[0] != mediaFormat {
		return nil, refuse(CodeUnsupportedMedia, "the application section is not UDP/DTLS/SCTP "+mediaFormat)
	}
	return found, nil
}

// attribute is that of the section, or else of the session.
func attribute(session *sdp.SessionDescription, media *sdp.MediaDescription, key string) string {
	if value, ok := media.Attribute(key); ok {
		return strings.TrimSpace(value)
	}
	value, _ := session.Attribute(key)
	return strings.TrimSpace(value)
}

// validCredential checks 4..256 (or 22..256) ice-chars (RFC 8839, 5.4).
func validCredential(value string, least int) bool {
	if len(value) < least || len(value) > 256 {
		return false
	}
	for i := range len(value) {
		if !isToken(value[i]) && value[i] != '/' {
			return false
		}
	}
	return true
}

func isToken(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("+-._", c) >= 0
}

func fingerprints(session *sdp.SessionDescription, media *sdp.MediaDescription) ([]fingerprint, error) {
	var prints []fingerprint
	for _, attributes := range [][]sdp.Attribute{media.Attributes, session.Attributes} {
		for _, a := range attributes {
			if a.Key != sdpFingerprint {
				continue
			}
			algorithm, value, _ := strings.Cut(strings.TrimSpace(a.Value), " ")
			algorithm = strings.ToLower(algorithm)
			if _, strong := digest(algorithm, nil); strong {
				prints = append(prints, fingerprint{algorithm, strings.ToUpper(strings.TrimSpace(value))})
			}
		}
		if len(prints) > 0 {
			break // those of the section hide those of the session
		}
	}
	if len(prints) == 0 || len(prints) > maxFingerprints {
		return nil, refuse(CodeBadSDP, "no usable fingerprint (sha-256, sha-384 or sha-512)")
	}
	return prints, nil
}

// readMID takes the section's identification, which the answer repeats.
func (d *description) readMID(session *sdp.SessionDescription, media *sdp.MediaDescription) error {
	mid, ok := media.Attribute(sdp.AttrKeyMID)
	if !ok {
		return nil
	}
	d.mid = strings.TrimSpace(mid)
	if d.mid == "" || len(d.mid) > maxMID {
		return refuse(CodeBadSDP, "a=mid is empty or too long")
	}
	for i := range len(d.mid) {
		if !isToken(d.mid[i]) {
			return refuse(CodeBadSDP, "a=mid is not a token")
		}
	}
	group, _ := session.Attribute(sdp.AttrKeyGroup)
	semantics, mids, _ := strings.Cut(group, " ")
	d.bundled = semantics == "BUNDLE" && strings.TrimSpace(mids) == d.mid
	return nil
}

func (d *description) readSCTP(media *sdp.MediaDescription) error {
	if port, ok := media.Attribute("sctp-port"); ok && strings.TrimSpace(port) != sctpPort {
		return refuse(CodeUnsupported, "a=sctp-port must be "+sctpPort)
	}
	value, ok := media.Attribute("max-message-size")
	if !ok {
		d.maxMessage = 65536 // RFC 8841, 6.1
		return nil
	}
	n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 32)
	if err != nil {
		return refuse(CodeBadSDP, "a=max-message-size is not a number")
	}
	d.maxMessage = uint32(n)
	return nil
}

// checkCandidates refuses lines that are not candidates. Names ending in
// .local pass and are dropped: an ICE-lite side learns addresses from checks.
func checkCandidates(lines []string) error {
	if len(lines) > maxCandidates {
		return refuse(CodeBadSDP, "more than "+strconv.Itoa(maxCandidates)+" candidates")
	}
	for _, line := range lines {
		if _, err := ice.UnmarshalCandidate(line); err != nil {
			return refuse(CodeBadSDP, "a candidate cannot be parsed")
		}
	}
	return nil
}
