package transport

import (
	"strconv"
	"strings"
)

// A Fragment is what a trickle request carries (application/trickle-ice-sdpfrag,
// RFC 8840): credentials of the ICE session it belongs to and candidates.
type Fragment struct {
	Ufrag, Pwd string   // empty when the fragment has none
	Candidates []string // without "a=", as AddCandidate takes them
	End        bool     // a=end-of-candidates was seen
}

// ParseFragment reads a fragment of one m-section; unknown attributes are
// skipped. The error is an *Error with CodeBadFragment, or CodeTooLarge above
// MaxSDP bytes.
func ParseFragment(text string) (Fragment, error) {
	var f Fragment
	if len(text) > MaxSDP {
		return f, refuse(CodeTooLarge, "fragment is longer than "+strconv.Itoa(MaxSDP)+" bytes")
	}
	sections := 0
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			continue
		}
		kind, rest, ok := strings.Cut(line, "=")
		if !ok || len(kind) != 1 {
			return Fragment{}, refuse(CodeBadFragment, "a line is not of the form x=value")
		}
		switch kind {
		case "m":
			if sections++; sections > 1 {
				return Fragment{}, refuse(CodeBadFragment, "more than one m-section")
			}
		case "a":
			if err := f.add(rest); err != nil {
				return Fragment{}, err
			}
		}
	}
	return f, nil
}

func (f *Fragment) add(attribute string) error {
	key, value, _ := strings.Cut(attribute, ":")
	value = strings.TrimSpace(value)
	switch key {
	case sdpUfrag:
		if !validCredential(value, 4) || (f.Ufrag != "" && f.Ufrag != value) {
			return refuse(CodeBadFragment, "ice-ufrag is malformed or given twice")
		}
		f.Ufrag = value
	case sdpPwd:
		if !validCredential(value, 22) || (f.Pwd != "" && f.Pwd != value) {
			return refuse(CodeBadFragment, "ice-pwd is malformed or given twice")
		}
		f.Pwd = value
	case "candidate":
		if err := checkCandidates([]string{value}); err != nil {
			return refuse(CodeBadFragment, "a candidate cannot be parsed")
		}
		if len(f.Candidates) == maxCandidates {
			return refuse(CodeBadFragment, "more than "+strconv.Itoa(maxCandidates)+" candidates")
		}
		f.Candidates = append(f.Candidates, attribute)
	case "end-of-candidates":
		f.End = true
	}
	return nil
}
