package protocol

import (
	"bytes"
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

// MaxItem is the most bytes of JSON that one item of a view may have: with its
// key it goes into a frame.
const MaxItem = MaxDownFrame - 1<<10

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
	f, ok := decodeUsual(data)
	if !ok {
		if err := json.Unmarshal(data, &f); err != nil || f.Kind == "" {
			return Frame{}, NewError(CodeBadFrame, "A message holds one frame: a JSON object with a kind.")
		}
	}
	if f.Op != "" && !ValidID(f.Op) {
		return Frame{}, NewError(CodeBadFrame, "An op is a UUID.")
	}
	return f, nil
}

const (
	kindFirst = `{"kind":"`
	opNext    = `,"op":"`
	bodyNext  = `,"body":`
)

// decodeUsual reads a frame in the form that clients write: kind, op and body in
// this order, without spaces between them and without escapes. Any other form
// gives false, and is nothing worse. What it gives holds nothing of data.
func decodeUsual(data []byte) (f Frame, ok bool) {
	rest, ok := bytes.CutPrefix(data, []byte(kindFirst))
	if !ok {
		return f, false
	}
	if f.Kind, rest, ok = plainText(rest); !ok || f.Kind == "" {
		return Frame{}, false
	}
	if after, has := bytes.CutPrefix(rest, []byte(opNext)); has {
		var op string
		if op, rest, ok = plainText(after); !ok {
			return Frame{}, false
		}
		f.Op = Op(op)
	}
	if after, has := bytes.CutPrefix(rest, []byte(bodyNext)); has {
		body, end := bytes.CutSuffix(after, []byte("}"))
		if !end || len(bytes.TrimSpace(body)) < len(body) || !json.Valid(body) {
			return Frame{}, false
		}
		f.Body = append(json.RawMessage(nil), body...)
		return f, true
	}
	return f, len(rest) == 1 && rest[0] == '}'
}

// plainText reads up to the quote that ends a text without escapes.
func plainText(data []byte) (text string, rest []byte, ok bool) {
	for i, c := range data {
		switch {
		case c == '"':
			return string(data[:i]), data[i+1:], true
		case c == '\\' || c < ' ' || c >= 0x7f:
			return "", nil, false
		}
	}
	return "", nil, false
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
	var raw []byte
	direct, ok := body.(encoder)
	size := usualBody
	if !ok {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("encode body of %s: %w", kind, err)
		}
		size = len(raw)
	}
	data, err := appendText(append(make([]byte, 0, size+len(kind)+len(op)+len(`{"kind":"","op":"","body":}`)), `{"kind":`...), kind)
	if err != nil {
		return nil, err
	}
	if op != "" {
		if data, err = appendText(append(data, `,"op":`...), string(op)); err != nil {
			return nil, err
		}
	}
	data = append(data, `,"body":`...)
	if ok {
		data = direct.appendJSON(data)
	} else {
		data = append(data, raw...) // is JSON already: encoded once
	}
	return append(data, '}'), nil
}

// usualBody is room for the body of an ack, or for one message of some length.
const usualBody = 480

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
