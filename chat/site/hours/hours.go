package hours

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
	_ "time/tzdata" // the zones are known wherever the program runs

	"github.com/parlour-chat/parlour/chat/store"
)

const (
	day = 24 * 60 // minutes
	// horizon is how far ahead a change is looked for. What does not change
	// within it counts as never.
	horizon = 366 * 24 * time.Hour
	// ahead is how many days more than the horizon are worked out at once, and
	// back how many before the question, for clocks that differ.
	ahead, back = 30, 2
)

// A Schedule answers when a calendar is open. It is safe for concurrent use.
// It works a year out at the first question, and again after a month.
type Schedule struct {
	zone *time.Location
	week [7][]store.Hours // Monday first
	days map[date][]store.Hours
	kept atomic.Pointer[span]
}

type date struct {
	year  int
	month time.Month
	day   int
}

// A span is what was worked out for questions from first until last. Times are
// Unix seconds.
type span struct {
	first, last int64
	open        []period // apart from each other, by time
}

// A period is open from its first second until before its last.
type period struct{ from, to int64 }

// New checks a calendar and makes its schedule. Errors say which day is wrong
// and what to do.
func New(c store.Calendar) (*Schedule, error) {
	if c.Zone == "" || c.Zone == "Local" {
		return nil, errors.New("a time zone is missing; name one as the IANA does, such as Europe/Berlin")
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		return nil, fmt.Errorf("time zone %q is not known; name one as the IANA does, such as Europe/Berlin", c.Zone)
	}
	s := &Schedule{zone: zone, days: make(map[date][]store.Hours, len(c.Days))}
	var wrong []error
	for i, list := range c.Week {
		if err := check(list); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", time.Weekday((i+1)%7), err))
		}
		s.week[i] = slices.Clone(list)
	}
	for text, list := range c.Days {
		at, err := time.Parse(time.DateOnly, text)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("day %q must be a date as 2026-12-24", text))
			continue
		}
		if err := check(list); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", text, err))
		}
		s.days[date{at.Year(), at.Month(), at.Day()}] = slices.Clone(list)
	}
	return s, errors.Join(wrong...)
}

// check finds hours outside of a day and hours that overlap. What goes past
// midnight is unrolled.
func check(list []store.Hours) error {
	type unrolled struct{ from, to int }
	all := make([]unrolled, 0, len(list))
	for _, h := range list {
		if h.From < 0 || h.From >= day || h.To < 0 || h.To > day {
			return fmt.Errorf("hours %s are not within a day; write them as 09:00-17:00", text(h))
		}
		all = append(all, unrolled{h.From, end(h)})
	}
	slices.SortFunc(all, func(a, b unrolled) int { return cmp.Compare(a.from, b.from) })
	for i := 1; i < len(all); i++ {
		if all[i].from < all[i-1].to {
			return fmt.Errorf("hours that begin at %s overlap with those before; correct one of them", clock(all[i].from))
		}
	}
	return nil
}

// end is h's end in minutes since the beginning of its day.
func end(h store.Hours) int {
	if h.To <= h.From {
		return h.To + day
	}
	return h.To
}

func clock(minute int) string { return fmt.Sprintf("%02d:%02d", minute/60, minute%60) }

func text(h store.Hours) string { return clock(h.From) + "-" + clock(h.To) }

// Open tells whether the calendar is open at a time, and when that changes
// next; the zero time where it does not change within a year.
//
// Hours are what the clocks on the wall show, and hours past midnight belong
// to the day on which they begin. Where clocks go forward, an end in the
// missing hour is the moment of the change. Where they go back, hours begin
// with the first time that the clock shows their beginning, and end when it
// has shown the last time before their end for good: until 02:30 goes on to
// the second 02:30.
func (s *Schedule) Open(at time.Time) (open bool, changes time.Time) {
	now := at.Unix()
	known := s.kept.Load()
	if known == nil || now < known.first || now >= known.last {
		known = s.work(at)
		s.kept.Store(known)
	}
	i, _ := slices.BinarySearchFunc(known.open, now, func(p period, t int64) int {
		if p.to <= t {
			return -1
		}
		return 1
	})
	if i == len(known.open) {
		return false, time.Time{}
	}
	change := known.open[i].from
	if open = change <= now; open {
		change = known.open[i].to
	}
	if change > now+int64(horizon/time.Second) {
		return open, time.Time{}
	}
	return open, time.Unix(change, 0).UTC()
}

// work finds what is open around a time, so far that each question within a
// month finds a year ahead.
func (s *Schedule) work(at time.Time) *span {
	local := at.In(s.zone)
	// The day before yesterday's hours can reach today where a zone skips a day.
	const before, days = back + 3, back + 3 + 366 + ahead + 3
	first := time.Date(local.Year(), local.Month(), local.Day()-before, 0, 0, 0, 0, time.UTC)
	found := &span{first: at.Add(-back * 24 * time.Hour).Unix(), last: at.Add(ahead * 24 * time.Hour).Unix()}
	var all []period
	for i := range days {
		d := first.AddDate(0, 0, i)
		list, special := s.days[date{d.Year(), d.Month(), d.Day()}]
		if !special {
			list = s.week[(int(d.Weekday())+6)%7]
		}
		for _, h := range list {
			from, to := s.earliest(d, h.From), s.latest(d, end(h))
			if from < to { // else the clocks skip all of it
				all = append(all, period{from, to})
			}
		}
	}
	slices.SortFunc(all, func(a, b period) int { return cmp.Compare(a.from, b.from) })
	for _, p := range all {
		if n := len(found.open); n > 0 && p.from <= found.open[n-1].to {
			found.open[n-1].to = max(found.open[n-1].to, p.to)
			continue
		}
		found.open = append(found.open, p)
	}
	return found
}

// A stretch is time in which a zone's clocks keep one distance from UTC.
type stretch struct{ from, to, offset int64 }

// around lists the stretches near a wall time; no zone is two days off UTC.
func (s *Schedule) around(wall int64) []stretch {
	const near = 48 * 60 * 60
	var all []stretch
	for at := wall - near; at <= wall+near; {
		t := time.Unix(at, 0).In(s.zone)
		_, offset := t.Zone()
		_, until := t.ZoneBounds()
		one := stretch{at, wall + near + 1, int64(offset)}
		if !until.IsZero() && until.Unix() < one.to {
			one.to = until.Unix()
		}
		all = append(all, one)
		at = one.to
	}
	return all
}

// earliest is the first moment at which clocks show a minute of a day or a
// later time.
func (s *Schedule) earliest(d time.Time, minute int) int64 {
	wall := d.Unix() + int64(minute)*60
	for _, one := range s.around(wall) {
		if at := max(one.from, wall-one.offset); at < one.to {
			return at
		}
	}
	return wall
}

// latest is the moment from which on clocks never show a time before a minute
// of a day.
func (s *Schedule) latest(d time.Time, minute int) int64 {
	wall := d.Unix() + int64(minute)*60
	last := wall
	for _, one := range s.around(wall) {
		if at := wall - one.offset; one.from < at {
			last = min(one.to, at)
		}
	}
	return last
}
