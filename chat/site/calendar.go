package site

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/parlour-chat/parlour/chat/site/hours"
	"github.com/parlour-chat/parlour/chat/store"
)

var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// declared is the calendar in the record's words, with all that is wrong in it.
func (k Calendar) declared(f *File) (store.Calendar, error) {
	c := store.Calendar{ID: derived[string](f, "calendar", k.Key), Key: k.Key, Zone: k.Zone}
	var wrong []error
	named := [7]string{}
	for _, key := range slices.Sorted(maps.Keys(k.Week)) {
		days, err := daysOf(key)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("week: %w", err))
			continue
		}
		list, err := hoursOf(k.Week[key])
		if err != nil {
			wrong = append(wrong, fmt.Errorf("week.%s: %w", key, err))
		}
		for _, day := range days {
			if named[day] != "" {
				wrong = append(wrong, fmt.Errorf("week: %s is in %q and in %q; keep one", weekdays[day], named[day], key))
			}
			named[day], c.Week[day] = key, list
		}
	}
	for _, day := range slices.Sorted(maps.Keys(k.Days)) {
		list, err := hoursOf(k.Days[day])
		if err != nil {
			wrong = append(wrong, fmt.Errorf("days.%s: %w", day, err))
		}
		if c.Days == nil {
			c.Days = map[string][]store.Hours{}
		}
		c.Days[day] = list
	}
	if len(wrong) > 0 {
		return c, errors.Join(wrong...)
	}
	_, err := hours.New(c)
	return c, err
}

// daysOf reads "mon" and "mon-fri"; "sat-mon" goes over the end of the week.
func daysOf(key string) ([]int, error) {
	first, last, several := strings.Cut(key, "-")
	if !several {
		last = first
	}
	from, to := slices.Index(weekdays, first), slices.Index(weekdays, last)
	if from < 0 || to < 0 {
		return nil, fmt.Errorf("%q is no day; write mon, tue, wed, thu, fri, sat, sun, or a row as mon-fri", key)
	}
	days := []int{from}
	for from != to {
		from = (from + 1) % 7
		days = append(days, from)
	}
	return days, nil
}

func hoursOf(texts []string) ([]store.Hours, error) {
	list := make([]store.Hours, 0, len(texts))
	var wrong []error
	for _, text := range texts {
		h, err := hours.Parse(text)
		if err != nil {
			wrong = append(wrong, err)
		}
		list = append(list, h)
	}
	return list, errors.Join(wrong...)
}

func (f *File) checkCalendars(c *checker) map[string]bool {
	keys := map[string]bool{}
	for i, k := range f.Calendars {
		at := fmt.Sprintf("calendars[%d]", i)
		c.key(at, k.Key, keys)
		if _, err := k.declared(f); err != nil {
			for _, one := range apart(err) {
				c.wrong(at, "%v", one)
			}
		}
	}
	return keys
}

// apart takes joined errors from each other.
func apart(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{err}
}
