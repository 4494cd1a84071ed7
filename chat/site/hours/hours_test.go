package hours_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/parlour-chat/parlour/chat/site/hours"
	"github.com/parlour-chat/parlour/chat/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// zones change their clocks at two, at midnight, by half an hour, at a quarter
// to three; on both halves of the world.
var zones = []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "America/Havana", "Pacific/Chatham"}

func schedule(t *testing.T, c store.Calendar) *hours.Schedule {
	t.Helper()
	s, err := hours.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// daily is a calendar with the same hours on all days, as "21:00-02:00".
func daily(t *testing.T, zone string, texts ...string) store.Calendar {
	t.Helper()
	c := store.Calendar{Zone: zone}
	for i := range c.Week {
		c.Week[i] = list(t, texts...)
	}
	return c
}

func list(t *testing.T, texts ...string) []store.Hours {
	t.Helper()
	var all []store.Hours
	for _, text := range texts {
		h, err := hours.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, h)
	}
	return all
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	it, err := time.Parse("2006-01-02T15:04Z", text)
	if err != nil {
		t.Fatal(err)
	}
	return it
}

// opensFor checks one period of being open, by its first and last second.
func opensFor(t *testing.T, s *hours.Schedule, from, to string) {
	t.Helper()
	first, last := at(t, from), at(t, to)
	for _, tt := range []struct {
		at      time.Time
		open    bool
		changes time.Time
	}{
		{first.Add(-time.Second), false, first},
		{first, true, last},
		{first.Add(last.Sub(first) / 2), true, last},
		{last.Add(-time.Second), true, last},
	} {
		if open, changes := s.Open(tt.at); open != tt.open || !changes.Equal(tt.changes) {
			t.Errorf("at %s: open %v until %s, want %v until %s", tt.at, open, changes, tt.open, tt.changes)
		}
	}
	if open, _ := s.Open(last); open {
		t.Errorf("still open at %s", last)
	}
}

// Two days on which clocks change, in six zones (R13), of night hours.
func TestCorner14NightHoursOverDST(t *testing.T) {
	tests := []struct{ zone, hours, from, to string }{
		{"Europe/Berlin", "21:00-02:00", "2026-03-28T20:00Z", "2026-03-29T01:00Z"},
		{"Europe/Berlin", "21:00-02:00", "2026-10-24T19:00Z", "2026-10-25T00:00Z"},
		{"Europe/Berlin", "21:00-02:30", "2026-03-28T20:00Z", "2026-03-29T01:00Z"}, // 02:30 is missing
		{"Europe/Berlin", "21:00-02:30", "2026-10-24T19:00Z", "2026-10-25T01:30Z"}, // the second 02:30
		{"Europe/Berlin", "02:30-05:00", "2026-03-29T01:00Z", "2026-03-29T03:00Z"}, // begins when the clock is past it
		{"Europe/Berlin", "02:30-05:00", "2026-10-25T00:30Z", "2026-10-25T04:00Z"}, // the first 02:30
		{"America/New_York", "21:00-02:00", "2026-03-08T02:00Z", "2026-03-08T07:00Z"},
		{"America/New_York", "21:00-02:00", "2026-11-01T01:00Z", "2026-11-01T07:00Z"},
		{"Australia/Lord_Howe", "21:00-02:00", "2026-10-03T10:30Z", "2026-10-03T15:30Z"},
		{"Australia/Lord_Howe", "21:00-02:00", "2026-04-04T10:00Z", "2026-04-04T15:30Z"},
		{"America/Santiago", "21:00-02:00", "2026-09-06T01:00Z", "2026-09-06T05:00Z"},
		{"America/Santiago", "21:00-02:00", "2026-04-05T00:00Z", "2026-04-05T06:00Z"},
		{"America/Santiago", "09:00-24:00", "2026-04-04T12:00Z", "2026-04-05T04:00Z"}, // midnight comes an hour late
		{"America/Havana", "21:00-02:00", "2026-03-08T02:00Z", "2026-03-08T06:00Z"},
		{"America/Havana", "21:00-02:00", "2026-11-01T01:00Z", "2026-11-01T07:00Z"},
		{"America/Havana", "09:00-24:00", "2026-10-31T13:00Z", "2026-11-01T04:00Z"}, // the first midnight
		{"Pacific/Chatham", "21:00-02:00", "2026-09-26T08:15Z", "2026-09-26T13:15Z"},
		{"Pacific/Chatham", "21:00-02:00", "2026-04-04T07:15Z", "2026-04-04T12:15Z"},
		{"Pacific/Chatham", "21:00-03:00", "2026-09-26T08:15Z", "2026-09-26T14:00Z"},
		{"Pacific/Chatham", "21:00-03:00", "2026-04-04T07:15Z", "2026-04-04T14:15Z"},
	}
	for _, tt := range tests {
		t.Run(tt.zone+" "+tt.hours+" "+tt.from, func(t *testing.T) {
			opensFor(t, schedule(t, daily(t, tt.zone, tt.hours)), tt.from, tt.to)
		})
	}
}

func TestDaysOfTheirOwn(t *testing.T) { // R13
	c := daily(t, "Europe/Berlin", "09:00-12:00", "13:00-18:00")
	c.Week[5] = list(t, "21:00-02:00") // Saturday
	c.Week[6] = nil
	c.Days = map[string][]store.Hours{"2026-12-24": list(t, "09:00-11:00"), "2026-12-25": {}, "2026-12-27": list(t, "00:00-24:00")}
	s := schedule(t, c)
	opensFor(t, s, "2026-12-23T08:00Z", "2026-12-23T11:00Z")
	opensFor(t, s, "2026-12-23T12:00Z", "2026-12-23T17:00Z")
	opensFor(t, s, "2026-12-24T08:00Z", "2026-12-24T10:00Z")
	if open, changes := s.Open(at(t, "2026-12-24T10:00Z")); open || !changes.Equal(at(t, "2026-12-26T20:00Z")) {
		t.Errorf("over Christmas: open %v until %s", open, changes)
	}
	opensFor(t, s, "2026-12-26T20:00Z", "2026-12-27T23:00Z") // the night goes over into the special Sunday
	opensFor(t, s, "2026-12-28T08:00Z", "2026-12-28T11:00Z")
}

func TestWhatNeverChanges(t *testing.T) {
	now := at(t, "2026-11-22T12:00Z")
	always := schedule(t, daily(t, "UTC", "00:00-24:00"))
	if open, changes := always.Open(now); !open || !changes.IsZero() {
		t.Errorf("always: %v until %s", open, changes)
	}
	never := schedule(t, store.Calendar{Zone: "UTC"})
	if open, changes := never.Open(now); open || !changes.IsZero() {
		t.Errorf("never: %v until %s", open, changes)
	}
	night := schedule(t, daily(t, "UTC", "07:00-07:00"))
	if open, changes := night.Open(now); !open || !changes.IsZero() {
		t.Errorf("round the clock from seven: %v until %s", open, changes)
	}
	once := schedule(t, store.Calendar{Zone: "UTC", Days: map[string][]store.Hours{"2027-11-23": list(t, "00:00-01:00")}})
	if _, changes := once.Open(now.Add(-36 * time.Hour)); !changes.IsZero() {
		t.Errorf("more than a year ahead: %s", changes)
	}
	if _, changes := once.Open(now.Add(24 * time.Hour)); !changes.Equal(at(t, "2027-11-23T00:00Z")) {
		t.Errorf("within a year: %s", changes)
	}
}

func TestWrongCalendarsAreTold(t *testing.T) {
	week := func(texts ...string) [7][]store.Hours { return [7][]store.Hours{0: list(t, texts...)} }
	tests := []struct {
		want string
		it   store.Calendar
	}{
		{"a time zone is missing", store.Calendar{}},
		{"a time zone is missing", store.Calendar{Zone: "Local"}},
		{`time zone "Europe/Atlantis" is not known`, store.Calendar{Zone: "Europe/Atlantis"}},
		{"Monday: hours that begin at 11:00 overlap", store.Calendar{Zone: "UTC", Week: week("09:00-12:00", "11:00-13:00")}},
		{"Monday: hours that begin at 23:00 overlap", store.Calendar{Zone: "UTC", Week: week("21:00-02:00", "23:00-23:30")}},
		{"hours 25:00-26:00 are not within a day", store.Calendar{Zone: "UTC", Week: [7][]store.Hours{{{From: 1500, To: 1560}}}}},
		{`day "24.12.2026" must be a date`, store.Calendar{Zone: "UTC", Days: map[string][]store.Hours{"24.12.2026": nil}}},
		{`day "2026-02-30" must be a date`, store.Calendar{Zone: "UTC", Days: map[string][]store.Hours{"2026-02-30": nil}}},
	}
	for _, tt := range tests {
		if _, err := hours.New(tt.it); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want %q in it", err, tt.want)
		}
	}
	for _, text := range []string{"", "9-17", "9:00-17:00", "09:00", "09:00-25:00", "24:00-02:00", "09:60-10:00", "09:00-17:00-18:00", "0900-1700", "-1:00-02:00", "09:00-24:01"} {
		if h, err := hours.Parse(text); err == nil || !strings.Contains(err.Error(), "09:00-17:00") {
			t.Errorf("%q is %+v, %v", text, h, err)
		}
	}
}

// A year minute by minute, against what clocks on a wall would show (R13).
func TestAYearMinuteByMinute(t *testing.T) {
	for i, zone := range zones {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(3) {
				c := random(rand.New(rand.NewPCG(seed, uint64(i))), zone)
				scan(t, c, at(t, "2026-01-01T00:00Z"))
				if t.Failed() {
					t.Fatalf("seed %d: %+v", seed, c)
				}
			}
		})
	}
}

func random(r *rand.Rand, zone string) store.Calendar {
	some := func() []store.Hours {
		var all []store.Hours
		for from := r.IntN(600); from < 1440 && r.IntN(5) > 0; {
			to := from + 1 + r.IntN(500)
			all = append(all, store.Hours{From: from, To: (to-1)%1440 + 1})
			from = to + r.IntN(200)
		}
		return all
	}
	c := store.Calendar{Zone: zone, Days: map[string][]store.Hours{}}
	for i := range c.Week {
		c.Week[i] = some()
	}
	for range 20 {
		c.Days[time.Date(2026, 1, 1+r.IntN(370), 0, 0, 0, 0, time.UTC).Format(time.DateOnly)] = some()
	}
	return c
}

const minutes = 24 * 60

// scan compares a year with the record of a wall clock that is looked at each
// minute: hours begin when it first shows their beginning or more, and end
// when it has last shown less than their end.
func scan(t *testing.T, c store.Calendar, from time.Time) {
	t.Helper()
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		t.Fatal(err)
	}
	const margin, year = 4 * minutes, 365 * minutes
	begin := from.Add(-margin * time.Minute)
	wall := make([]int64, margin+year+8*minutes) // what the clock shows, in minutes
	for i := range wall {
		local := begin.Add(time.Duration(i) * time.Minute).In(zone)
		wall[i] = time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), 0, 0, time.UTC).Unix() / 60
	}
	open := make([]bool, len(wall))
	for d := begin.AddDate(0, 0, 1); d.Before(begin.Add(time.Duration(len(wall)-2*minutes) * time.Minute)); d = d.AddDate(0, 0, 1) {
		today := c.Week[(int(d.Weekday())+6)%7]
		if special, ok := c.Days[d.Format(time.DateOnly)]; ok {
			today = special
		}
		for _, h := range today {
			starts, ends := d.Unix()/60+int64(h.From), d.Unix()/60+int64(h.To)
			if h.To <= h.From {
				ends += minutes
			}
			near := int(d.Sub(begin) / time.Minute)
			first, last := -1, -1
			for i := max(0, near-minutes); i < min(len(wall), near+3*minutes); i++ {
				if first < 0 && wall[i] >= starts {
					first = i
				}
				if wall[i] < ends {
					last = i
				}
			}
			for i := first; i <= last; i++ {
				open[i] = true
			}
		}
	}
	change := make([]int, len(open)) // the next one after each minute
	for i := len(open) - 2; i >= 0; i-- {
		if change[i] = change[i+1]; open[i+1] != open[i] {
			change[i] = i + 1
		}
	}
	s := schedule(t, c)
	for i := margin; i < margin+year; i++ {
		now, want := begin.Add(time.Duration(i)*time.Minute), begin.Add(time.Duration(change[i])*time.Minute)
		if got, changes := s.Open(now); got != open[i] || !changes.Equal(want) {
			t.Fatalf("at %s: open %v until %s, want %v until %s", now.In(zone), got, changes.In(zone), open[i], want.In(zone))
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	s, err := hours.New(random(rand.New(rand.NewPCG(1, 1)), "Europe/Berlin"))
	if err != nil {
		b.Fatal(err)
	}
	now := time.Unix(1_790_000_000, 0)
	for b.Loop() {
		s.Open(now)
	}
}
