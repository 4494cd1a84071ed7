package bench

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPercentile(t *testing.T) {
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100 - i)
	}
	tests := []struct {
		name   string
		values []time.Duration
		p      float64
		want   time.Duration
	}{
		{"none", nil, 0.5, 0},
		{"one", []time.Duration{7}, 0.99, 7},
		{"middle of an odd number", []time.Duration{3, 1, 2}, 0.5, 2},
		{"middle of an even number is the lower", []time.Duration{4, 1, 3, 2}, 0.5, 2},
		{"99 of 100", hundred, 0.99, 99},
		{"lowest", hundred, 0, 1},
		{"highest", hundred, 1, 100},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := percentile(tt.values, tt.p); got != tt.want {
				t.Errorf("percentile = %d, want %d", got, tt.want)
			}
		})
	}
}

func TestResultIsOneObjectWithRatios(t *testing.T) {
	r := newResult("b", map[string]any{"n": 2}, Metrics{"a_kb": 10, "b_ms": 3.14159, "only_ours_us": 1},
		map[string]Metrics{"x": {"a_kb": 40, "b_ms": 0, "only_theirs_us": 2}, "y": {"a_kb": 5}})
	want := map[string]any{
		"bench": "b", "params": map[string]any{"n": 2.0},
		"ours":      map[string]any{"a_kb": 10.0, "b_ms": 3.142, "only_ours_us": 1.0},
		"baselines": map[string]any{"x": map[string]any{"a_kb": 40.0, "b_ms": 0.0, "only_theirs_us": 2.0}, "y": map[string]any{"a_kb": 5.0}},
		"ratios":    map[string]any{"x": map[string]any{"a_kb": 0.25}, "y": map[string]any{"a_kb": 2.0}},
	}
	var out bytes.Buffer
	if err := r.Write(&out, true); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if lines := strings.Count(out.String(), "\n"); lines != 1 {
		t.Errorf("%d lines, want 1", lines)
	}
}

func TestRounding(t *testing.T) {
	got := Metrics{"a": 123456, "b": 0.00123456, "c": -9.99996, "d": 0}.rounded()
	if diff := cmp.Diff(Metrics{"a": 123500, "b": 0.001235, "c": -10, "d": 0}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTableNamesEveryMetricAndBaseline(t *testing.T) {
	var out bytes.Buffer
	r := newResult("b", map[string]any{"n": 2}, Metrics{"a_kb": 10, "b_ms": 2}, map[string]Metrics{"x": {"a_kb": 40}})
	if err := r.Write(&out, false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a_kb", "b_ms", "ours", "x", "0.25", "n: 2"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
