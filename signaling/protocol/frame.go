package protocol

import (
	"encoding/json"
	"fmt"
)

// MaxUpFrame is the most bytes a client may send in one frame on any
// transport, and MaxDownFrame the most the server sends on main: one SCTP
// message of this size does not block its association for long.
const (
	MaxUpFrame   = 16 << 10
	MaxDownFrame = 16 << 10
)

// A Frame is one message on a channel. Commands carry an Op and are answered
// by exactly one frame with the same op: ack, error, or a reply of their own.
type Frame struct {
	Kind string          `json:"kind"`
	Op   Op              `json:"op,omitempty"`
	Body json.RawMessage `json:"body,omitempty"`
}

// Decode reads one frame that a client sent. What is not a frame gives an
// Error with CodeBadFrame or CodeTooLarge; the kind is not judged here.
func Decode(data []byte) (Frame, error) {
	if len(data) > MaxUpFrame {
		return Frame{}, NewError(CodeTooLarge, fmt.Sprintf("A frame may have %d bytes. Send it in parts.", MaxUpFrame))
	}
	var f Frame
	if err := json.Unmarshal(data, &f); err != nil || f.Kind == "" {
		return Frame{}, NewError(CodeBadFrame, "A message holds one frame: a JSON object with a kind.")
	}
	if f.Op != "" && !ValidID(f.Op) {
		return Frame{}, NewError(CodeBadFrame, "An op is a UUID.")
	}
	return f, nil
}

// DecodeBody reads the frame's body as its kind's type, in the form that the
// kind's rule declares, and checks that an op is there where one is needed.
func DecodeBody[T any](f Frame) (T, error) {
	var body T
	if len(f.Body) == 0 {
		return body, nil
	}
	if err := json.Unmarshal(f.Body, &body); err != nil {
		return body, NewError(CodeBadFrame, "The body does not fit the kind "+f.Kind+".")
	}
	return body, nil
}

// Encode makes the bytes of a frame. It fails only for a body that JSON cannot
// hold, which none of this package's can be.
func Encode(kind string, op Op, body any) ([]byte, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode body of %s: %w", kind, err)
	}
	data := make([]byte, 0, len(raw)+len(kind)+len(op)+len(`{"kind":"","op":"","body":}`))
	if data, err = appendText(append(data, `{"kind":`...), kind); err != nil {
		return nil, err
	}
	if op != "" {
		if data, err = appendText(append(data, `,"op":`...), string(op)); err != nil {
			return nil, err
		}
	}
	data = append(append(data, `,"body":`...), raw...) // is JSON already: encoded once
	return append(data, '}'), nil
}

// appendText appends a JSON string. Kinds and ops need no escapes.
func appendText(to []byte, text string) ([]byte, error) {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			raw, err := json.Marshal(text)
			if err != nil {
				return nil, fmt.Errorf("encode %q: %w", text, err)
			}
			return append(to, raw...), nil
		}
	}
	to = append(append(to, '"'), text...)
	return append(to, '"'), nil
}
