package protocol

import (
	"encoding/json"
	"strconv"
)

// An encoder writes itself as encoding/json would, without reflection. The
// frames that go out for each message do.
type encoder interface{ appendJSON(to []byte) []byte }

func (a Ack) appendJSON(to []byte) []byte {
	from := len(to)
	to = appendField(to, from, "conversation", string(a.Conversation))
	to = appendNumber(to, from, "seq", a.Seq)
	to = appendField(to, from, "id", a.ID)
	to = appendNumber(to, from, "at", a.At)
	return closed(to, from)
}

func (e Entries) appendJSON(to []byte) []byte {
	to = appendAny(append(to, `{"conversation":`...), string(e.Conversation))
	if to = append(to, `,"entries":`...); e.Entries == nil {
		to = append(to, "null"...)
	} else {
		to = append(to, '[')
		for i := range e.Entries {
			if i > 0 {
				to = append(to, ',')
			}
			to = e.Entries[i].appendJSON(to)
		}
		to = append(to, ']')
	}
	to = strconv.AppendInt(append(to, `,"last":`...), e.Last, 10)
	return append(to, '}')
}

func (e *Entry) appendJSON(to []byte) []byte {
	to = strconv.AppendInt(append(to, `{"seq":`...), e.Seq, 10)
	to = appendAny(append(to, `,"id":`...), string(e.ID))
	to = appendAny(append(to, `,"kind":`...), string(e.Kind))
	to = appendAny(append(to, `,"audience":`...), string(e.Audience))
	to = appendAny(append(to, `,"author":{"kind":`...), string(e.Author.Kind))
	author := len(to) - 1 // something stands before
	to = appendField(to, author, "id", e.Author.ID)
	to = append(appendField(to, author, "name", e.Author.Name), '}')
	if e.Op != "" {
		to = appendAny(append(to, `,"op":`...), string(e.Op))
	}
	to = strconv.AppendInt(append(to, `,"at":`...), e.At, 10)
	return append(e.Body.appendJSON(append(to, `,"body":`...)), '}')
}

func (b EntryBody) appendJSON(to []byte) []byte {
	if b != (EntryBody{Text: b.Text}) {
		raw, err := json.Marshal(b)
		if err != nil {
			panic("protocol: entry that JSON cannot hold: " + err.Error()) // it holds texts and a number
		}
		return append(to, raw...)
	}
	from := len(to)
	return closed(appendField(to, from, "text", b.Text), from)
}

// appendField adds a field to the object that begins at from; an empty one is
// left out.
func appendField(to []byte, from int, name, value string) []byte {
	if value == "" {
		return to
	}
	return appendAny(appendName(to, from, name), value)
}

func appendNumber(to []byte, from int, name string, value int64) []byte {
	if value == 0 {
		return to
	}
	return strconv.AppendInt(appendName(to, from, name), value, 10)
}

func appendName(to []byte, from int, name string) []byte {
	mark := byte(',')
	if len(to) == from {
		mark = '{'
	}
	return append(append(append(to, mark, '"'), name...), '"', ':')
}

func closed(to []byte, from int) []byte {
	if len(to) == from {
		to = append(to, '{')
	}
	return append(to, '}')
}

// appendAny adds a text, with escapes where it needs them.
func appendAny(to []byte, text string) []byte {
	out, err := appendText(to, text)
	if err != nil {
		panic("protocol: text that JSON cannot hold: " + err.Error()) // it holds every text
	}
	return out
}
