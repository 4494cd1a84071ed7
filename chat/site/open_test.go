package site_test

import (
	"strings"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/chat/site"
	"github.com/parlour-chat/parlour/chat/store"
)

const withHours = `
calendars: [{key: shop, zone: Europe/Berlin, week: {mon-sun: ["09:00-18:00"]}}]
queues: [{key: hours, calendar: shop}, {key: always}]
`

func queuesOf(t *testing.T, c *site.Cache, report site.Report) (hours, always store.Queue) {
	t.Helper()
	queues, err := c.Queues(t.Context(), report.Workspace)
	if err != nil || len(queues) != 2 {
		t.Fatalf("%+v, %v", queues, err)
	}
	return queues[0], queues[1]
}

func clockAt(t *testing.T, text string) int64 {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return at.UnixMilli()
}

func TestQueuesAreOpenByTheirHours(t *testing.T) { // SITE-5, R13
	s := open(t)
	c := site.NewCache(s)
	hours, always := queuesOf(t, c, apply(t, s, withHours))
	morning, evening := clockAt(t, "2026-11-23T09:00:00+01:00"), clockAt(t, "2026-11-23T18:00:00+01:00")
	next, after := clockAt(t, "2026-11-24T09:00:00+01:00"), clockAt(t, "2026-11-24T18:00:00+01:00")
	closedUntil := func(q store.Queue, at int64) store.Queue { q.Rules.ClosedUntil = at; return q }
	unknown := hours
	unknown.Rules.Calendar = "gone"
	tests := []struct {
		name    string
		queue   store.Queue
		at      int64
		open    bool
		changes int64
	}{
		{"before", hours, morning - 1, false, morning},
		{"at the opening", hours, morning, true, evening},
		{"at the closing", hours, evening, false, next},
		{"without a calendar", always, evening, true, 0},
		{"a calendar that is not known", unknown, evening, true, 0},
		{"closed for now, over in the hours", closedUntil(hours, morning+1000), morning, false, morning + 1000},
		{"closed for now, over after them", closedUntil(hours, evening), morning, false, next},
		{"closed for now, over", closedUntil(hours, morning), morning, true, evening},
		{"closed for now, without a calendar", closedUntil(always, after), morning, false, after},
	}
	for _, tt := range tests {
		if open, changes := c.Open(tt.queue, tt.at); open != tt.open || changes != tt.changes {
			t.Errorf("%s: open %v until %d, want %v until %d", tt.name, open, changes, tt.open, tt.changes)
		}
	}
}

// Two nodes see a file that was applied through a third place within 5 s, and
// read nothing but versions while nothing was applied.
func TestBothNodesSeeNewHoursInTime(t *testing.T) { // SITE-2, SITE-5
	s := open(t)
	report := apply(t, s, withHours)
	now := time.UnixMilli(clockAt(t, "2026-11-23T20:00:00+01:00"))
	nodes := []*site.Cache{site.NewCache(s), site.NewCache(s)}
	for i, c := range nodes {
		c.SetClock(func() time.Time { return now })
		hours, _ := queuesOf(t, c, report)
		if open, _ := c.Open(hours, now.UnixMilli()); open {
			t.Errorf("node %d: open at night", i)
		}
	}
	apply(t, s, strings.Replace(withHours, "18:00", "21:00", 1))
	for range 3 {
		now = now.Add(time.Second)
		for _, c := range nodes {
			hours, _ := queuesOf(t, c, report)
			c.Open(hours, now.UnixMilli())
		}
	}
	for i, c := range nodes {
		hours, _ := queuesOf(t, c, report)
		if open, _ := c.Open(hours, now.UnixMilli()); !open {
			t.Errorf("node %d: still closed after 3 s", i)
		}
		settings, err := c.Settings(t.Context(), report.Workspace)
		if err != nil || settings.StickyDays != 0 {
			t.Errorf("node %d: %+v, %v", i, settings, err)
		}
	}
	apply(t, s, strings.Replace(withHours, "{key: always}", "{key: always}]\nsettings: {sticky_days: 7, pause_reasons: [{key: lunch}]}\nroles: [{name: r}", 1))
	now = now.Add(3 * time.Second)
	settings, err := nodes[0].Settings(t.Context(), report.Workspace)
	if err != nil || settings.StickyDays != 7 || settings.PauseReasons[0].Name != "lunch" {
		t.Errorf("settings %+v, %v", settings, err)
	}
}

// What is kept is read again only when a version grew.
func TestNothingIsReadAgainWithoutAChange(t *testing.T) {
	s := open(t)
	report := apply(t, s, withHours)
	c := site.NewCache(s)
	now := time.UnixMilli(1_790_000_000_000)
	c.SetClock(func() time.Time { return now })
	queuesOf(t, c, report)
	first := c.Reads()
	for range 10 {
		now = now.Add(2500 * time.Millisecond)
		queuesOf(t, c, report)
	}
	if got := c.Reads(); got != first {
		t.Errorf("read %d times without a change", got-first)
	}
	now = now.Add(30 * time.Second)
	queuesOf(t, c, report)
	if got := c.Reads(); got != first+1 {
		t.Errorf("after half a minute read %d times", got-first)
	}
}

func TestTheLastHoursHoldWhileTheRecordIsAway(t *testing.T) { // L1
	s := open(t)
	report := apply(t, s, withHours)
	c := site.NewCache(s)
	now := time.UnixMilli(clockAt(t, "2026-11-23T20:00:00+01:00"))
	c.SetClock(func() time.Time { return now })
	hours, _ := queuesOf(t, c, report)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	for range 3 {
		if open, changes := c.Open(hours, now.UnixMilli()); open || changes == 0 {
			t.Errorf("open %v until %d", open, changes)
		}
		now = now.Add(100 * time.Millisecond)
	}
	if open, _ := site.NewCache(s).Open(hours, now.UnixMilli()); !open {
		t.Error("hours that could never be read close a queue")
	}
}
