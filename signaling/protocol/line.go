package protocol

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxName is how many characters of a name are kept.
const MaxName = 80

// Name makes of what somebody calls himself what others may be shown: one
// line of at most MaxName characters that cannot change how the text around it
// reads. See OneLine.
func Name(s string) string { return OneLine(s, MaxName) }

// OneLine makes one line of at most so many characters of a text that comes
// from outside. Control characters, line breaks and runs of spaces become one
// space; embeddings, overrides and isolates of direction go, marks of direction
// only at the ends, where they do nothing for the text itself; and so does what
// is not UTF-8. A text of which nothing can be seen becomes empty.
func OneLine(s string, characters int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069', r == utf8.RuneError:
			return -1
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		}
		return r
	}, s)
	s = strings.Trim(strings.Join(strings.Fields(s), " "), unseenAtEnds)
	if utf8.RuneCountInString(s) > characters {
		s = strings.Trim(string([]rune(s)[:characters]), unseenAtEnds)
	}
	if strings.TrimFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }) == "" {
		return ""
	}
	return s
}

// Marks of direction, the zero-width space and the byte order mark. Joiners
// stay: some scripts need them at the end of a word.
const unseenAtEnds = " \u200E\u200F\u061C\u200B\uFEFF"

// Fit gives a text whose JSON has at most so many bytes between its quotes: all
// of it, or its beginning with "…" after it.
func Fit(s string, bytes int) string {
	const cut = "…"
	size, end := 0, 0 // end: up to where there is room for the cut
	for i := 0; i < len(s); {
		r, width := utf8.DecodeRuneInString(s[i:])
		if size += encoded(r, width); size > bytes {
			return s[:end] + cut
		}
		i += width
		if size <= bytes-len(cut) {
			end = i
		}
	}
	return s
}

// encoded is how many bytes JSON has for a character, at most.
func encoded(r rune, width int) int {
	switch {
	case r == '"', r == '\\', r == '\n', r == '\r', r == '\t':
		return 2
	case r < ' ', r == '<', r == '>', r == '&', r == '\u2028', r == '\u2029', r == utf8.RuneError:
		return 6
	}
	return width
}
