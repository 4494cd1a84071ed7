package protocol_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestNameIsOneHarmlessLine(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"plain", "Carla Example", "Carla Example"},
		{"spaces at the ends and in a row", "  Carla \t  Example ", "Carla Example"},
		{"a line break that makes a second line", "Carla\r\nAgent: your card number?", "Carla Agent: your card number?"},
		{"other line breaks", "a\u2028b\u2029c\u0085d\ve", "a b c d e"},
		{"control characters", "Ca\x00r\x1bla\x7f\u009b", "Ca r la"},
		{"override", "Anna \u202Egpj.exe", "Anna gpj.exe"},
		{"all that embeds, overrides or isolates", "\u202Aa\u202Bb\u202Cc\u202Dd\u202Ee\u2066f\u2067g\u2068h\u2069i", "abcdefghi"},
		{"marks of direction at the ends", "\u200E\u200FCarla\u061C\u200F ", "Carla"},
		{"a mark of direction inside, where it may be needed", "abc\u200Fדוד", "abc\u200Fדוד"},
		{"right to left", "مريم الشامي", "مريم الشامي"},
		{"joiners within and at the end", "👩\u200D💻 ශ්\u200Dරී නර්\u200D", "👩\u200D💻 ශ්\u200Dරී නර්\u200D"},
		{"nothing to be seen", "\u200B\u200D\u2060 \u00AD\uFEFF", ""},
		{"not UTF-8", "Ca\xffrla", "Carla"},
		{"empty", "", ""},
		{"too long", strings.Repeat("ä", 81), strings.Repeat("ä", 80)},
		{"a space at the cut", strings.Repeat("a", 79) + " b", strings.Repeat("a", 79)},
	} {
		if got := protocol.Name(tt.in); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func FuzzNameIsOneHarmlessLine(f *testing.F) {
	f.Add("Anna \u202Egpj\n")
	f.Fuzz(func(t *testing.T, s string) {
		got := protocol.Name(s)
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > protocol.MaxName || strings.ContainsAny(got, "\n\r\u202A\u202B\u202C\u202D\u202E\u2066\u2067\u2068\u2069\u2028\u2029\x00") {
			t.Errorf("%q became %q", s, got)
		}
		if again := protocol.Name(got); again != got {
			t.Errorf("%q becomes %q a second time", got, again)
		}
	})
}

func TestFitCountsWhatJSONMakesOfAText(t *testing.T) {
	texts := []string{"", "plain", strings.Repeat("x", 200), strings.Repeat("<", 200), strings.Repeat("😀", 200), strings.Repeat("a<😀\n\x01\"\\\u2028", 30), strings.Repeat("\xff", 90)}
	for _, text := range texts {
		whole, _ := json.Marshal(text)
		for _, most := range []int{3, 4, 12, 13, 14, 15, 16, 100, 101, 102, 103, 104, 105, 106, 107, 1200} {
			got := protocol.Fit(text, most)
			raw, err := json.Marshal(got)
			if err != nil || len(raw)-2 > most {
				t.Errorf("%.20q in %d bytes: %q has %d", text, most, got, len(raw)-2)
			}
			if begin, cut := strings.CutSuffix(got, "…"); (got == text) != (len(whole)-2 <= most) || cut && (!strings.HasPrefix(text, begin) || len(raw)-2 < most-9) {
				t.Errorf("%.20q in %d bytes: %q", text, most, got)
			}
		}
	}
}
