package chat_test

import (
	"testing"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A message of which nothing can be seen says nothing, whatever it is made of.
func TestAMessageOfNothingIsRefused(t *testing.T) {
	h := newHouse(t)
	visitor, agent, conv := h.talk()
	for name, text := range map[string]string{
		"nothing": "", "spaces": " \t\n\u00a0\u3000", "a null": "\x00", "nulls and spaces": "\x00 \x00", "no width": "\u200b", "joiners": "\u200d\u2060\ufeff",
		"directions": "\u202e\u2066", "a soft hyphen": "\u00ad", "lines": "\u2028\u2029", "controls": "\x01\x7f", "fillers": "\u3164\u115f\uffa0", "an empty pattern": "\u2800",
		"variations": "\ufe0f\u034f", "tags": "\U000e0041",
	} {
		for _, who := range []protocol.Caller{visitor, agent} {
			if _, err := h.Post(t.Context(), who, op(), protocol.Post{Conversation: conv, Text: text}); code(err) != protocol.CodeInvalid {
				t.Errorf("%s, by the %s: %v", name, who.Kind, err)
			}
		}
	}
	for name, text := range map[string]string{"a letter among them": "\u200b\x00a", "an emoji": "\u2764\ufe0f", "a family": "\U0001f469\u200d\U0001f467", "Persian": "می\u200cخواهم"} {
		if _, err := h.Post(t.Context(), visitor, op(), protocol.Post{Conversation: conv, Text: text}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
