package configs

import "strings"

// nearest is the name that takes the fewest changed letters to reach from
// word; among equals the one whose last part is the same, then the first.
func nearest(word string, names []string) string {
	best, least := "", -1
	for _, name := range names {
		d := 2 * distance(strings.ToLower(word), strings.ToLower(name))
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

// distance counts the single-letter changes between a and b (Levenshtein). Of
// a long word only the beginning counts: no setting is that long.
func distance(a, b string) int {
	a = a[:min(len(a), 100)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
