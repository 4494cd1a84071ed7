package configs

import (
	"strings"

	"github.com/agnivade/levenshtein"
)

// nearest is the name that takes the fewest changed letters to reach from
// word; among equals the one whose last part is the same, then the first.
func nearest(word string, names []string) string {
	best, least := "", -1
	for _, name := range names {
		d := 2 * levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(name))
		if last(word) == last(name) {
			d--
		}
		if least < 0 || d < least || d == least && name < best {
			best, least = name, d
		}
	}
	return best
}

func last(name string) string {
	return name[strings.LastIndexByte(name, '.')+1:]
}
