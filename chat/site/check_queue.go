package site

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

const (
	mostSteps  = 8
	mostLevel  = 10
	dayLong    = 24 * 60 * 60 // seconds
	mostUnits  = store.Units
	mostAtOnce = 10 // chats or videos of one agent
)

// among checks a word that may be left out.
func (c *checker) among(at, word string, words ...string) {
	if word != "" && !slices.Contains(words, word) {
		c.wrong(at, "%q is not one of %s", word, strings.Join(words, ", "))
	}
}

func (c *checker) within(at string, n, least, most int64) {
	if n < least || n > most {
		c.wrong(at, "%d must be %d to %d", n, least, most)
	}
}

// numbers checks a map of names to numbers, in the order of the names.
func (c *checker) numbers(at string, numbers map[string]int, least, most int, names ...string) {
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		c.among(at, name, names...)
		c.within(at+"."+name, int64(numbers[name]), int64(least), int64(most))
	}
}

// levels checks skills and their levels.
func (c *checker) levels(at string, levels map[string]int, least int, skills []string) {
	for _, name := range slices.Sorted(maps.Keys(levels)) {
		if !slices.Contains(skills, name) {
			c.wrong(at, "there is no skill %q; name it in settings.skills or correct the name", name)
		}
		c.within(at+"."+name, int64(levels[name]), int64(least), mostLevel)
	}
}

func (f *File) checkSettings(c *checker) {
	s := &f.Settings
	skills := map[string]bool{}
	for i, name := range s.Skills {
		c.key(fmt.Sprintf("settings.skills[%d]", i), name, skills)
	}
	for _, one := range []struct {
		at   string
		list []Reason
	}{{"settings.pause_reasons", s.PauseReasons}, {"settings.reject_reasons", s.RejectReasons}} {
		keys, names := map[string]bool{}, map[string]bool{}
		for i := range one.list {
			r, at := &one.list[i], fmt.Sprintf("%s[%d]", one.at, i)
			c.key(at, r.Key, keys)
			if r.Name = protocol.Name(r.Name); r.Name == "" {
				r.Name = r.Key
			}
			c.once(at+".name", r.Name, names)
		}
		if len(one.list) > 50 {
			c.wrong(one.at, "%d are more than people can choose of; keep 50 at most", len(one.list))
		}
	}
	c.within("settings.waiting_limit", int64(s.WaitingLimit), 0, 1_000_000)
	c.within("settings.running_limit", int64(s.RunningLimit), 0, 1_000_000)
	c.within("settings.sticky_days", int64(s.StickyDays), 0, 365)
	c.within("settings.transfers_alarm", int64(s.TransfersAlarm), 0, 1000)
	c.within("settings.decisions_days", int64(s.DecisionsDays), 0, 365)
	if s.ShortAbandonSeconds != nil {
		c.within("settings.short_abandon_seconds", *s.ShortAbandonSeconds, 0, 600)
	}
}

func (f *File) checkQueue(c *checker, i int, queues map[string]bool) {
	q := &f.Queues[i]
	at := fmt.Sprintf("queues[%d]", i)
	c.key(at, q.Key, queues)
	if q.Name = protocol.Name(q.Name); q.Name == "" {
		q.Name = q.Key
	}
	if q.Weight == 0 {
		q.Weight = 1
	}
	c.within(at+".weight", int64(q.Weight), 1, 10)
	c.within(at+".offer_seconds", q.OfferSeconds, 0, 600)
	c.among(at+".mode", q.Mode, store.ModeRingOne, store.ModeRingAll, store.ModePull)
	c.numbers(at+".units", q.Units, 1, mostUnits, media...)
	c.numbers(at+".spare", q.Spare, 0, mostUnits, store.MediumChat, store.MediumAudio, store.MediumVideo)
	if q.Parked != nil {
		c.within(at+".parked_percent", int64(*q.Parked), 0, 100)
	}
	c.levels(at+".needs", q.Needs, 1, f.Settings.Skills)
	for _, one := range []struct {
		key     string
		seconds *int64
	}{
		{"wrap_up_seconds", q.WrapUpSeconds}, {"max_wait_seconds", &q.MaxWaitSeconds}, {"pull_seconds", &q.PullSeconds},
		{"sticky_seconds", q.StickySeconds}, {"exclude_seconds", &q.ExcludeSeconds}, {"first_reply_seconds", q.FirstReplySeconds},
		{"return_after_seconds", &q.ReturnSeconds}, {"hold_for_owner_seconds", &q.HoldSeconds},
		{"max_estimate_seconds", &q.MaxEstimateSeconds}, {"at_closing_seconds", &q.AtClosingSeconds},
	} {
		if one.seconds != nil {
			c.within(at+"."+one.key, *one.seconds, 0, dayLong)
		}
	}
	c.among(at+".after_reject", q.AfterReject, "ready", string(protocol.DeclaredPending))
	for _, name := range slices.Sorted(maps.Keys(q.Boosts)) {
		c.among(at+".boosts", name, "transfer", "returned", "verified")
		c.within(at+".boosts."+name, q.Boosts[name], 0, dayLong)
	}
	c.within(at+".limit", int64(q.Limit), 0, 100_000)
	c.among(at+".at_closing", q.AtClosing, "serve", "stop", "message")
	if q.AtClosingSeconds > 0 && q.AtClosing != "stop" && q.AtClosing != "message" {
		c.wrong(at+".at_closing_seconds", "is for at_closing stop and message; set one of them or leave it out")
	}
	if _, err := until(q.ClosedUntil); err != nil {
		c.wrong(at+".closed_until", "%q must be a time as 2026-12-24T13:00:00+01:00", q.ClosedUntil)
	}
}

// until is a time in milliseconds, 0 for none.
func until(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return 0, err
	}
	return at.UnixMilli(), nil
}

// checkReferences checks what queues name of calendars and of each other.
func (f *File) checkReferences(c *checker, i int, queues, calendars map[string]bool) {
	q := f.Queues[i]
	at := fmt.Sprintf("queues[%d]", i)
	if q.Calendar != "" {
		c.named(at+".calendar", "calendar", q.Calendar, calendars)
	}
	if len(q.Overflow) > mostSteps {
		c.wrong(at+".overflow", "%d steps are too many; keep %d at most", len(q.Overflow), mostSteps)
	}
	for j, step := range q.Overflow {
		f.checkStep(c, fmt.Sprintf("%s.overflow[%d]", at, j), q, step, queues)
	}
}

func (f *File) checkStep(c *checker, at string, q Queue, s Step, queues map[string]bool) {
	c.within(at+".after_seconds", s.AfterSeconds, 0, dayLong)
	c.within(at+".waiting_above", int64(s.WaitingAbove), 0, 100_000)
	c.within(at+".estimate_above_seconds", s.EstimateSeconds, 0, dayLong)
	if s.ReadyBelow != nil {
		c.within(at+".ready_below", int64(*s.ReadyBelow), 1, 10_000)
	}
	if s.AfterSeconds == 0 && s.WaitingAbove == 0 && s.EstimateSeconds == 0 && s.ReadyBelow == nil {
		c.wrong(at, "says not when; add after_seconds, waiting_above, ready_below or estimate_above_seconds")
	}
	if len(s.Add) == 0 && len(s.Relax) == 0 && !s.Message {
		c.wrong(at, "does nothing; add `add`, `relax` or `message: true`")
	}
	seen := map[string]bool{}
	for _, key := range s.Add {
		c.named(at+".add", "queue", key, queues)
		c.once(at+".add", key, seen)
		if key == q.Key {
			c.wrong(at+".add", "%q is the queue itself; name another one", key)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Relax)) {
		level, needed := q.Needs[name]
		if !needed {
			c.wrong(at+".relax", "the queue does not need %q; name a skill of its needs", name)
			continue
		}
		if s.Relax[name] < 0 || s.Relax[name] >= level {
			c.wrong(at+".relax."+name, "%d must be 0 to %d, below what the queue needs", s.Relax[name], level-1)
		}
	}
}
