package main

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// The benches start this program again: under test that is the test's binary,
// which becomes the program when this variable stands in its environment.
const asProgram = "BENCH_TEST_AS_PROGRAM"

func init() { //nolint:gochecknoinits // before any test, whoever has TestMain
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
}

type printed struct {
	Bench     string                        `json:"bench"`
	Params    map[string]any                `json:"params"`
	Ours      map[string]float64            `json:"ours"`
	Baselines map[string]map[string]float64 `json:"baselines"`
	Ratios    map[string]map[string]float64 `json:"ratios"`
}

// runSmall runs a bench and checks what holds for all of them: one JSON object
// of five keys, and ratios that are ours/baseline.
func runSmall(t *testing.T, arguments ...string) printed {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out, errs bytes.Buffer
	err := run(ctx, append([]string{"bench"}, arguments...), append(os.Environ(), asProgram+"=1", "PARLOUR_REDIS_URL=not a url"), &out, &errs)
	if err != nil {
		t.Fatalf("%v\n%s", err, errs.String())
	}
	if bytes.Count(out.Bytes(), []byte("\n")) != 1 {
		t.Fatalf("want one line, got\n%s", out.String())
	}
	var p printed
	d := json.NewDecoder(&out)
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		t.Fatal(err)
	}
	if len(p.Params) == 0 || p.Bench != arguments[0] {
		t.Errorf("bench %q with params %v", p.Bench, p.Params)
	}
	for base, metrics := range p.Baselines {
		for metric, value := range metrics {
			ours, both := p.Ours[metric]
			ratio, told := p.Ratios[base][metric]
			switch {
			case told != (both && value != 0):
				t.Errorf("%s.%s: ratio told is %v", base, metric, told)
			case told && ratio != ours/value:
				t.Errorf("%s.%s: ratio %v, want %v/%v", base, metric, ratio, ours, value)
			}
		}
	}
	return p
}

func keys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func TestBenchSessionsPrintsOneObject(t *testing.T) {
	p := runSmall(t, "sessions", "--n=6", "--settle=0.1", "--seconds=1", "--json")
	want := []string{"goroutines_per_session", "handshakes_per_second", "idle_cpu_us_per_session_second", "rss_kb_per_session"}
	if diff := cmp.Diff(want, keys(p.Ours)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"pion_peerconnection", "websocket"}, keys(p.Baselines)); diff != "" {
		t.Error(diff)
	}
	for base, metrics := range p.Baselines {
		if diff := cmp.Diff(want, keys(metrics)); diff != "" {
			t.Errorf("%s: %s", base, diff)
		}
	}
	if ratio := p.Ratios["pion_peerconnection"]["goroutines_per_session"]; ratio <= 0 || ratio > 0.6 {
		t.Errorf("goroutines are %.2f of a PeerConnection's, want at most 0.6", ratio)
	}
}

func TestBenchChatPrintsOneObject(t *testing.T) { // G12, D1
	p := runSmall(t, "chat", "--senders=5", "--seconds=1", "--rate=20", "--deliver-seconds=1", "--json")
	want := []string{"ack_p50_ms", "ack_p99_ms", "acked_messages_per_second", "deliver_p50_ms", "deliver_p99_ms", "generator_cpu_us_per_message", "server_cpu_us_per_message"}
	if diff := cmp.Diff(want, keys(p.Ours)); diff != "" {
		t.Error(diff)
	}
	for metric, value := range p.Ours {
		if value <= 0 && metric != "server_cpu_us_per_message" { // which the kernel tells in steps of 10 ms
			t.Errorf("%s = %v, want more than 0", metric, value)
		}
	}
	if p.Ours["deliver_p50_ms"] > p.Ours["deliver_p99_ms"] {
		t.Errorf("p50 above p99: %v", p.Ours)
	}
	if diff := cmp.Diff([]string{"sql_insert", "store_append"}, keys(p.Ratios)); diff != "" {
		t.Error(diff)
	}
}

func TestBenchRoutingPrintsOneObject(t *testing.T) { // ROUTE-8, G5
	p := runSmall(t, "routing", "--waiting=30", "--agents=6", "--rate=20", "--offer-seconds=0.5", "--seconds=0.1", "--assign=24",
		"--growth=1000", "--embedded-growth=100", "--json")
	for _, metric := range []string{"offer_p50_ms", "offer_p99_ms", "offers_per_second", "assignments_per_second", "match_at_100_us", "match_at_1000_us", "match_growth_times"} {
		if p.Ours[metric] <= 0 {
			t.Errorf("%s = %v, want more than 0", metric, p.Ours[metric])
		}
		if embedded, told := p.Ours["embedded_"+metric]; told != (metric != "match_at_1000_us") || told && embedded <= 0 {
			t.Errorf("embedded_%s = %v, told: %v", metric, embedded, told)
		}
	}
	if p.Ours["offer_p50_ms"] > p.Ours["offer_p99_ms"] {
		t.Errorf("p50 above p99: %v", p.Ours)
	}
	if looked := p.Ours["looked_at_places"]; looked < 1 || looked > 64 {
		t.Errorf("a match looked at %v places, want 1 to 64", looked)
	}
	want := map[string][]string{
		"bare_script": {"embedded_offers_per_second", "offers_per_second"}, "store_alone": {"assignments_per_second"},
		"sql_transaction": {"assignments_per_second", "embedded_assignments_per_second"},
	}
	for base, metrics := range want {
		if diff := cmp.Diff(metrics, keys(p.Ratios[base])); diff != "" {
			t.Errorf("ratios to %s: %s", base, diff)
		}
	}
	if len(p.Baselines) != len(want) {
		t.Errorf("baselines %v", keys(p.Baselines))
	}
}

func TestBenchRoutingNeedsARedis(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := run(t.Context(), []string{"bench", "routing"}, os.Environ(), &bytes.Buffer{}, &bytes.Buffer{})
	if err == nil || !strings.Contains(err.Error(), "needs redis-server (of the package redis-server) on PATH, or a Redis at --redis-url") {
		t.Errorf("without redis-server: %v", err)
	}
}

func TestBenchSaysWhatItNeeds(t *testing.T) {
	tests := []struct{ name, arguments, want string }{
		{"no bench", "", "sessions, chat, routing"},
		{"unknown bench", "other", "sessions, chat, routing"},
		{"Redis away", "routing --redis-url=redis://127.0.0.1:1/0", "needs a Redis that answers at --redis-url"},
		{"not Redis", "routing --redis-url=http://x", "--redis-url"},
		{"nobody waits", "routing --waiting=0", "above 0"},
		{"more than agents take", "routing --agents=2 --assign=1000", "2 agents take 200 at most"},
		{"PostgreSQL away", "chat --database-url=postgres://nobody@127.0.0.1:1/none", "needs a PostgreSQL that answers at --database-url"},
		{"not PostgreSQL", "chat --database-url=mysql://x", "postgres://user:password@host:5432/database"},
		{"too short a time", "sessions --n=4 --limit=0.2", "raise --limit"},
		{"nothing to measure", "sessions --n=0", "at least 1"},
		{"no number", "chat --seconds=10s", "number of seconds"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			arguments := append([]string{"bench"}, strings.Fields(tt.arguments)...)
			err := run(t.Context(), arguments, append(os.Environ(), asProgram+"=1"), &out, &bytes.Buffer{})
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if out.Len() > 0 {
				t.Errorf("printed %q beside the error", out.String())
			}
		})
	}
}
