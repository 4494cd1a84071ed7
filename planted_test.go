package parlour_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A bug is one that the tests have to find: one text of a file is another one.
type bug struct {
	name     string
	file     string
	old, new string // old occurs once
	tests    string // package
	run      string // which of its tests: names, and parts of the last after slashes
}

const (
	inRouting = "./chat/routing"
	inStore   = "./chat/store"
	inKills   = "./cmd/parlour"        // real processes, which are killed
	inFaults  = "./cmd/parlour/faults" // an installation, of which parts fail
	lua       = "chat/routing/lua/"

	killed = "TestKilledServerLosesNothing/SQLite"
	hurt   = "TestNothingIsLostWhilePartsFail/Sentinel"
)

var bugs = []bug{
	{
		"the token comes from Redis: the record lets an offer end twice", "chat/store/accept.go", // R3
		"settled = $5 WHERE workspace = $1 AND id = $2 AND outcome IS NULL`", "settled = $5 WHERE workspace = $1 AND id = $2`",
		inStore, "TestSQLite",
	},
	{
		"the reservation is forgotten when an offer ends", lua + "prelude.lua", // R1, R4
		"if redis.call('HGET', ring, o.a) == id then redis.call('HDEL', ring, o.a) end", "",
		inRouting, "TestScriptsAgreeWithTheModel",
	},
	{
		"who is rejected waits anew", lua + "settle.lua", // R5
		"w.n = math.max(w.n, now + arg.rest)",
		"w.n = math.max(w.n, now + arg.rest)\n    redis.call('ZREM', line, lineKey(w, o.p))\n    w.s, w.e = now, now\n    redis.call('ZADD', line, 0, lineKey(w, o.p))",
		inRouting, "TestScriptsAgreeWithTheModel|TestSimulation",
	},
	{
		"agents do not rest between offers", lua + "match.lua", // ROUTE-14
		"for _, id in ipairs(redis.call('ZRANGEBYSCORE', ramp, '(' .. now, '+inf')) do busy[id] = true end", "",
		inRouting, "TestRampUpKeepsOffersApart",
	},
	{
		"who rejected is asked again at once", lua + "match.lua", // ROUTE-4
		"(w.x[a.id] or 0) <= now and ", "",
		inRouting, "TestRejectGoesToAnotherAndRoundsBackOff|TestScriptsAgreeWithTheModel",
	},
	{
		"who is away is asked", lua + "match.lua", // R10
		"local a = here[i] and row(at)", "local a = row(at)",
		inRouting, "TestScriptsAgreeWithTheModel",
	},
	{
		"an op repeated is done again", lua + "prelude.lua", // R12
		"if done then return done end", "",
		inRouting, "TestScriptsAgreeWithTheModel",
	},
	{
		"a rebuild shows no mercy", "chat/routing/rebuild.go", // R7, STATE-6
		`"gen": gen, "amnesty": r.timers.Amnesty.Milliseconds()}`, `"gen": gen, "amnesty": 0}`,
		inRouting, "TestCorner09ServerRestartWithVisitorsOnline",
	},
	{
		"a rebuild forgets who is there", "chat/routing/rebuild.go", // R7
		"\tr.rewriteLeases()\n\tr.wantMatch()", "\tr.wantMatch()",
		inRouting, "TestFlushedRedisIsRebuilt",
	},
	{
		"the others ring on when one has accepted", "chat/store/accept.go", // ROUTE-5, R2
		"for i := range others {", "for i := range others[:0] {",
		inStore, "TestSQLite",
	},
	{
		"full agents are asked", lua + "fits.lua", // R1, R4
		"a.load + units(a, c) + (c.sp or 0) <= 100", "true",
		inRouting, "TestScriptsAgreeWithTheModel",
	},
	{
		"the last one is served first", lua + "match.lua", // R5
		"if a ~= b then return a > b end", "if a ~= b then return a < b end",
		inRouting, "TestScriptsAgreeWithTheModel",
	},
	{
		"the one above the limit is let in", "chat/store/limits.go", // ROUTE-10
		"return n >= int64(l.most), nil", "return n > int64(l.most), nil",
		inStore, "TestSQLite",
	},
	{
		"what does not fit is accepted", "chat/store/accept.go", // R1
		"load + CAST($3 AS BIGINT) <= 100 RETURNING name", "load + CAST($3 AS BIGINT) <= 1000 RETURNING name",
		inStore, "TestSQLite",
	},
	{
		"who is away for a moment counts as gone", "chat/routing/sweep.go", // STATE-6
		`"agentGone": r.timers.AgentGone.Milliseconds(), "visitorGone"`, `"agentGone": 8000, "visitorGone"`,
		inRouting, "TestSimulation|TestConversationsOfALostAgentGoToTheHead",
	},
	{
		"a visitor who is away for a minute is given up", lua + "sweep.lua", // ROUTE-11
		"elseif seen <= now - arg.visitorGone then", "else",
		inRouting, "TestSimulation",
	},
	{
		"offers ring on", lua + "sweep.lua", // R6
		"'ZRANGEBYSCORE', deadlines, '-inf', now,", "'ZRANGEBYSCORE', deadlines, '-inf', now - 5000,",
		inRouting, "TestSimulation",
	},
	{
		"who is away is blamed", lua + "sweep.lua", // STATE-4
		"if score(live, 'agent:' .. rings[i]) <= now and ", "if false and ",
		inRouting, "TestSimulation|TestOfferAtUnreachableAgentIsWithdrawnWithoutBlame",
	},
	{
		"who is there loses offers as not reached", lua + "sweep.lua", // R10
		"if score(live, 'agent:' .. rings[i]) <= now and ", "if score(live, 'agent:' .. rings[i]) <= now + 18000 and ",
		inRouting, "TestSimulation",
	},
	{
		"one tab's close counts for all", lua + "here.lua", // R10
		"u, l = math.max(u, t.u), math.max(l, t.l)", "u, l = (s.closed and tab and tab.u or math.max(u, t.u)), math.max(l, t.l)",
		inRouting, "TestSimulation",
	},
	{
		"whom the visitor knows is not waited for", lua + "enqueue.lua", // ROUTE-9
		"if not a or a.ready ~= 1 or score(live, a.actor) <= now then p.sc = nil end", "p.sc = nil",
		inRouting, "TestSimulation",
	},
	{
		"other queues are not added", lua + "ripen.lua", // ROUTE-10
		"if not sameQueue(w.cl, c) and #w.cl < 16 then", "if false then",
		inRouting, "TestSimulation",
	},
	{
		"nobody is told that no reply comes", "chat/routing/duties.go", // ROUTE-13
		`r.alarm(protocol.Alarm{Kind: "reply_overdue", Queue: c.Queue, Conversation: c.ID, Agent: c.Owner})`, "r.stats.alarms.Add(1)",
		inRouting, "TestSimulation",
	},
	{
		"a slot whose wrap-up is over is not free", "chat/routing/sweep.go", // R1, R4
		"\t\terrs = append(errs, r.refresh(ctx, s.Agent))\n", "",
		inRouting, "TestSimulation",
	},
	{
		"who is not ready is asked", "chat/routing/agent.go", // STATE-1
		"\tready := 0\n", "\tready := 1\n",
		inRouting, "TestSimulation",
	},
	{
		"what rings out ends as rejected", lua + "sweep.lua", // R6, STATE-4
		"outcome = reached and 'timed_out' or", "outcome = reached and 'rejected' or",
		inRouting, "TestSimulation",
	},
	{
		"an audit looks at nothing", "chat/routing/audit.go", // R4, R8
		"errs := []error{r.auditPlaces(ctx, d, waiting, requests), r.auditOffers(ctx, d, open)}", "errs := []error{nil}\n\t_, _, _, _ = d, waiting, open, requests",
		inRouting, "TestSimulation|TestWhatNobodyAnnouncedIsFoundInTheRecord",
	},
	{
		"what is not committed is acknowledged", "chat/store/writer.go", // D1
		"\tif err := w.run(ctx, \"COMMIT\"); err != nil {",
		"\tfor _, j := range batch {\n\t\tclose(j.done)\n\t\tj.done = make(chan struct{})\n\t}\n\tfor range 20_000 {\n\t\truntime.Gosched()\n\t}\n\tif err := w.run(ctx, \"COMMIT\"); err != nil {",
		inKills, killed,
	},
	{
		"what is sent again is stored again", "chat/store/ops.go", // D2
		`if got, err = fn(); err != nil || c.op == "" {`, `if got, err = fn(); err != nil || c.op != "-" {`,
		inKills, killed,
	},
	{
		"what is sent again to another node is stored again", "chat/store/append_postgres.go", // D2
		"FROM took WHERE $15 <> ''", "FROM took WHERE $15 = '-'",
		inFaults, hurt,
	},
	{
		"an accept believes what rang", "chat/store/accept.go", // R2, R3
		`closed, err := closeOffer(ctx, t, a.o, OutcomeAccepted, "", a.now)`,
		"closed, err := closeOffer(ctx, t, a.o, OutcomeAccepted, \"\", a.now)\n\tif a.o.Request == \"\" {\n\t\tclosed, a.c.Owner, a.c.State = true, \"\", protocol.StateQueued\n\t}",
		inFaults, hurt,
	},
	{
		"a chat takes next to nothing of an agent", "chat/store/rules.go", // R1
		"return max(1, min(Units, units))", "return max(1, min(1, units))",
		inFaults, hurt,
	},
	{
		"an offer that nobody answers rings for ten minutes", lua + "sweep.lua", // R6
		"'ZRANGEBYSCORE', deadlines, '-inf', now,", "'ZRANGEBYSCORE', deadlines, '-inf', now - 600000,",
		inFaults, hurt,
	},
}

// Each bug can be planted in the source as it is now.
func TestBugsHaveTheirPlace(t *testing.T) {
	for _, b := range bugs {
		t.Run(b.name, func(t *testing.T) { b.plant(t) })
	}
}

// Each bug, planted by an overlay of the source, makes a test fail. With
// PLANTED=1 only: it builds the tests once for each.
func TestPlantedBugsAreFound(t *testing.T) {
	if os.Getenv("PLANTED") == "" {
		t.Skip("PLANTED=1 runs the tests once for each planted bug")
	}
	for _, b := range bugs {
		t.Run(b.name, func(t *testing.T) { b.isFound(t) })
	}
}

func (b bug) isFound(t *testing.T) {
	overlay := b.plant(t)
	if out, err := b.test(t, overlay, "^$"); err != nil {
		t.Fatalf("with the bug in it, it does not build: %v\n%s", err, out)
	}
	names, part, divided := strings.Cut(b.run, "/")
	pattern := "^(" + names + ")$"
	if divided {
		pattern += "/^" + part + "$"
	}
	out, err := b.test(t, overlay, pattern)
	if err == nil {
		t.Fatalf("%s passes", b.run)
	}
	found := ""
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "--- FAIL: ") && len(line) > len(found) {
			found = strings.TrimSpace(line)
		}
	}
	if found == "" {
		t.Fatalf("it fails, and no test says so:\n%s", out)
	}
	t.Log(found)
}

// test runs tests with the bug in them, and in every program that they build.
func (b bug) test(t *testing.T, overlay, pattern string) ([]byte, error) {
	t.Helper()
	run := exec.CommandContext(t.Context(), "go", "test", "-timeout", "10m", "-failfast", "-run", pattern, b.tests)
	run.Env = append(os.Environ(), "GOFLAGS="+strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+overlay))
	return run.CombinedOutput()
}

// plant writes the file with the bug in it, and an overlay that puts it in place.
func (b bug) plant(t *testing.T) (overlay string) {
	t.Helper()
	text, err := os.ReadFile(b.file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), b.old); n != 1 {
		t.Fatalf("%s holds the text %d times, want once: plant the bug in what stands there now", b.file, n)
	}
	place, err := filepath.Abs(b.file)
	if err != nil {
		t.Fatal(err)
	}
	planted := filepath.Join(t.TempDir(), filepath.Base(b.file))
	body, err := json.Marshal(map[string]map[string]string{"Replace": {place: planted}})
	if err != nil {
		t.Fatal(err)
	}
	overlay = filepath.Join(t.TempDir(), "overlay.json")
	for name, content := range map[string][]byte{planted: []byte(strings.Replace(string(text), b.old, b.new, 1)), overlay: body} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return overlay
}
