package hours

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/parlour-chat/parlour/chat/store"
)

var form = regexp.MustCompile(`^([01][0-9]|2[0-3]):([0-5][0-9])-(?:([01][0-9]|2[0-3]):([0-5][0-9])|24:00)$`)

// Parse reads hours as people write them: 09:00-17:00, 21:00-02:00 for a night,
// 00:00-24:00 for a day.
func Parse(text string) (store.Hours, error) {
	found := form.FindStringSubmatch(text)
	if found == nil {
		return store.Hours{}, fmt.Errorf("hours %q must have the form 09:00-17:00", text)
	}
	h := store.Hours{From: minute(found[1], found[2]), To: day}
	if found[3] != "" {
		h.To = minute(found[3], found[4])
	}
	return h, nil
}

// minute is for what the form let through.
func minute(hour, past string) int {
	h, _ := strconv.Atoi(hour)
	m, _ := strconv.Atoi(past)
	return h*60 + m
}
