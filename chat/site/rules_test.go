package site_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/chat/site"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// manual is the example of docs/workspace.md.
func manual(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/workspace.md")
	if err != nil {
		t.Fatal(err)
	}
	var example strings.Builder
	for line := range strings.Lines(string(text)) {
		if code, ok := strings.CutPrefix(line, "    "); ok {
			example.WriteString(code)
		}
	}
	return example.String()
}

func apply(t *testing.T, s *store.Store, text string) site.Report {
	t.Helper()
	f, err := site.Parse([]byte(text), "")
	if err != nil {
		t.Fatal(err)
	}
	report, err := site.Apply(t.Context(), s, f)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func ms(d time.Duration) int64 { return d.Milliseconds() }

func TestTheManualsExampleIsApplied(t *testing.T) {
	s := open(t)
	first := apply(t, s, manual(t))
	if again := apply(t, s, manual(t)); len(again.Changes.Created)+len(again.Changes.Updated)+len(again.Changes.Disabled) != 0 {
		t.Errorf("the same file changed %+v", again.Changes)
	}
	queues, err := s.Queues(t.Context(), first.Workspace)
	if err != nil || len(queues) != 2 {
		t.Fatalf("%+v, %v", queues, err)
	}
	share, ready := 50, 1
	want := store.QueueRules{
		Units: map[string]int{"chat": 25, "audio": 50, "video": 100, "cobrowse": 25}, Spare: map[string]int{"video": 100}, ParkedShare: &share,
		Needs: map[string]int{"german": 3}, MaxWaitMs: ms(10 * time.Minute), PullMaxMs: ms(5 * time.Minute), StickyMs: ms(30 * time.Second),
		ExcludeMs: ms(2 * time.Minute), FirstReplyMs: ms(2 * time.Minute),
		Boosts: map[string]int64{"transfer": ms(5 * time.Minute), "returned": ms(5 * time.Minute), "verified": 0}, Limit: 100, Calendar: "shop",
		Overflow: []store.OverflowStep{
			{AfterMs: ms(time.Minute), Queues: []protocol.QueueID{queues[1].ID}},
			{AfterMs: ms(2 * time.Minute), Ready: &ready, Relax: map[string]int{"german": 0}},
			{Waiting: 50, Message: true},
		},
	}
	if d := cmp.Diff(want, queues[0].Rules); d != "" {
		t.Errorf("rules: %s", d)
	}
	if d := cmp.Diff(store.QueueRules{}, queues[1].Rules); d != "" {
		t.Errorf("a queue that says nothing: %s", d)
	}
	settings, err := s.Settings(t.Context(), first.Workspace)
	on := true
	if d := cmp.Diff(store.Settings{
		Skills: []string{"german", "repairs"}, PauseReasons: []store.Reason{{Key: "break", Name: "Break"}, {Key: "lunch", Name: "Lunch"}},
		RejectReasons: []store.Reason{{Key: "busy", Name: "Too busy"}, {Key: "subject", Name: "Not my subject"}},
		WaitingLimit:  10000, StickyDays: 30, DecisionDays: 30, TransfersAlarm: 5, PickWhilePaused: &on, ShortAbandonMs: 5000,
	}, settings); d != "" || err != nil {
		t.Errorf("settings: %s %v", d, err)
	}
	calendars, err := s.Calendars(t.Context(), first.Workspace)
	if err != nil || len(calendars) != 1 || calendars[0].Zone != "Europe/Berlin" || len(calendars[0].Days) != 2 {
		t.Fatalf("calendars %+v, %v", calendars, err)
	}
	work := []store.Hours{{From: 540, To: 720}, {From: 780, To: 1080}}
	if d := cmp.Diff([7][]store.Hours{work, work, work, work, work, {{From: 1260, To: 120}}, nil}, calendars[0].Week); d != "" {
		t.Errorf("week: %s", d)
	}
	known, err := s.AgentByEmail(t.Context(), "anna@example.com")
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Agent(t.Context(), first.Workspace, known.ID)
	if err != nil || a.Profile.Name != "Everything" || len(a.Profiles) != 2 || a.Profiles[1].Name != "Sales only" || a.Skills["german"] != 5 || a.Rules.MaxVideo != 1 {
		t.Errorf("agent %+v, %v", a, err)
	}
}

func TestZeroIsNotTheDefault(t *testing.T) {
	s := open(t)
	const none = "queues: [{key: q, sticky_seconds: 0, first_reply_seconds: 0, wrap_up_seconds: 0, parked_percent: 0, mode: pull, " +
		"after_reject: pending_not_ready, closed_until: 2026-12-24T13:00:00+01:00, at_closing: message, at_closing_seconds: 60}]\n" +
		"sites: [{key: s, queues: [q], transfer: false, waiting_limit: 7, running_limit: 8, when_nobody: message}]\n"
	report := apply(t, s, none)
	queues, err := s.Queues(t.Context(), report.Workspace)
	if err != nil {
		t.Fatal(err)
	}
	zero := 0
	want := store.QueueRules{
		Mode: store.ModePull, StickyMs: -1, FirstReplyMs: -1, ParkedShare: &zero, AfterReject: "pending_not_ready", AtClosing: "message", AtClosingMs: 60_000,
		ClosedUntil: time.Date(2026, 12, 24, 12, 0, 0, 0, time.UTC).UnixMilli(),
	}
	if d := cmp.Diff(want, queues[0].Rules); d != "" || queues[0].WrapUpMs != -1 {
		t.Errorf("rules: %s, wrap-up %d", d, queues[0].WrapUpMs)
	}
	found, err := s.SiteByKey(t.Context(), "s")
	if d := cmp.Diff(store.SiteRules{NoTransfer: true, Limit: 7, RunningLimit: 8, Unstaffed: "message"}, found.Rules); d != "" || err != nil {
		t.Errorf("site: %s, %v", d, err)
	}
}

func TestWrongRulesAreTold(t *testing.T) {
	example := manual(t)
	tests := []struct{ name, from, to, want string }{
		{"unknown key", "parked_percent:", "parked:", "unknown key `parked` in line "},
		{"mode", "mode: ring_one", "mode: ring_two", `queues[0].mode: "ring_two" is not one of ring_one, ring_all, pull`},
		{"medium", "{chat: 25, audio", "{fax: 25, audio", `queues[0].units: "fax" is not one of chat`},
		{"units", "chat: 25, audio", "chat: 0, audio", "queues[0].units.chat: 0 must be 1 to 100"},
		{"spare", "spare: {video: 100}", "spare: {video: 101}", "queues[0].spare.video: 101 must be 0 to 100"},
		{"percent", "parked_percent: 50", "parked_percent: 101", "queues[0].parked_percent: 101 must be 0 to 100"},
		{"skill that a queue needs", "needs: {german: 3}", "needs: {french: 3}", `there is no skill "french"; name it in settings.skills`},
		{"level", "needs: {german: 3}", "needs: {german: 11}", "queues[0].needs.german: 11 must be 1 to 10"},
		{"an agent's skill", "skills: {german: 5}", "skills: {french: 5}", `agents[0].skills: there is no skill "french"`},
		{"an agent's level", "skills: {german: 5}", "skills: {german: 0}", "agents[0].skills.german: 0 must be 1 to 10"},
		{"weight", "weight: 1 ", "weight: 11 ", "queues[0].weight: 11 must be 1 to 10"},
		{"seconds", "max_wait_seconds: 600", "max_wait_seconds: -1", "queues[0].max_wait_seconds: -1 must be 0 to 86400"},
		{"boost", "boosts: {transfer", "boosts: {friends", `"friends" is not one of transfer, returned, verified`},
		{"overflow into nothing", "add: [support]", "add: [repairs]", `there is no queue "repairs"`},
		{"overflow into itself", "add: [support]", "add: [sales]", `queues[0].overflow[0].add: "sales" is the queue itself`},
		{"a step that does nothing", "{after_seconds: 60, add: [support]}", "{after_seconds: 60}", "queues[0].overflow[0]: does nothing"},
		{"a step without a condition", "{after_seconds: 60, add", "{add", "queues[0].overflow[0]: says not when"},
		{"nobody is fewer than none", "ready_below: 1", "ready_below: 0", "ready_below: 0 must be 1 to"},
		{"relaxing what is not needed", "relax: {german: 0}", "relax: {repairs: 0}", `does not need "repairs"`},
		{"relaxing upwards", "relax: {german: 0}", "relax: {german: 3}", "relax.german: 3 must be 0 to 2"},
		{"too many steps", "- {waiting_above: 50, message: true}", strings.Repeat("- {waiting_above: 50, message: true}\n      ", 7), "9 steps are too many"},
		{"unknown calendar", "calendar: shop", "calendar: office", `there is no calendar "office"`},
		{"zone", "Europe/Berlin", "Europe/Bärlin", `calendars[0]: time zone "Europe/Bärlin" is not known; name one`},
		{"hour", "09:00-12:00\", \"13", "9-12\", \"13", `calendars[0]: week.mon-fri: hours "9-12" must have the form 09:00-17:00`},
		{"hours that overlap", "13:00-18:00", "11:00-18:00", "hours that begin at 11:00 overlap"},
		{"weekday", "sat: [", "saturday: [", `"saturday" is no day; write mon`},
		{"a day twice", "sat: [", "fri-sat: [", `fri is in "fri-sat" and in "mon-fri"; keep one`},
		{"date", `"2026-12-25"`, `"25.12."`, `day "25.12." must be a date`},
		{"time", `closed_until: ""`, `closed_until: tomorrow`, `"tomorrow" must be a time as`},
		{"at closing", "at_closing: serve", "at_closing: leave", `"leave" is not one of serve, stop, message`},
		{"later than nothing", "at_closing_seconds: 0", "at_closing_seconds: 60", "is for at_closing stop and message"},
		{"when nobody is there", "when_nobody: wait", "when_nobody: go", `"go" is not one of wait, message`},
		{"after reject", "after_reject: ready", "after_reject: gone", `"gone" is not one of ready, pending_not_ready`},
		{"a reason twice", "{key: lunch", "{key: break", `settings.pause_reasons[1]: "break" is declared twice`},
		{"a reason's words twice", "name: Lunch", "name: Break", `"Break" is declared twice`},
		{"too many profiles", "profiles: [Sales only]", "profiles: [Sales only" + strings.Repeat(", Sales only", 50) + "]", "agents[0].profiles: 51 are more than people can choose of"},
		{"no such profile", "profiles: [Sales only]", "profiles: [Nothing]", `there is no profile "Nothing"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := strings.Replace(example, tt.from, tt.to, 1)
			if text == example {
				t.Fatal("the test changes nothing")
			}
			if _, err := site.Parse([]byte(text), ""); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q in it", err, tt.want)
			}
		})
	}
}

// Every key that a file may have stands in the manual.
func TestTheManualHasEveryKey(t *testing.T) {
	example := manual(t)
	elsewhere := "identity|id|algorithm|secret|secret_file|password_file|estimate_above_seconds"
	for _, name := range []string{"file.go", "file_queue.go"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("`yaml:\"([a-z_]+)\"`").FindAllStringSubmatch(string(text), -1) {
			if !regexp.MustCompile(`\b`+m[1]+`:`).MatchString(example) && !regexp.MustCompile(`^(`+elsewhere+`)$`).MatchString(m[1]) {
				t.Errorf("docs/workspace.md does not have %s", m[1])
			}
		}
	}
}
