package chat

import "unicode"

// emptyPattern is the braille pattern without dots: a letter that shows nothing.
const emptyPattern = '\u2800'

// unseen are the signs without a look of their own: spaces, controls, formats
// as of direction or joining, and what only changes its neighbours.
var unseen = []*unicode.RangeTable{
	unicode.White_Space, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector,
}

// blank says whether nothing of a text can be seen.
func blank(text string) bool {
	for _, r := range text {
		if r != emptyPattern && !unicode.In(r, unseen...) {
			return false
		}
	}
	return true
}
