// Package bench measures Parlour beside what it could have been built on:
// idle connections (Sessions), the chat through the whole handler (Chat), and
// who gets which conversation (Routing).
package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Metrics are measured values. Each name ends in its unit.
type Metrics map[string]float64

// A Result is what every bench gives. Ratios holds ours/baseline for each
// metric that both have, where the baseline is not 0.
type Result struct {
	Bench     string             `json:"bench"`
	Params    map[string]any     `json:"params"`
	Ours      Metrics            `json:"ours"`
	Baselines map[string]Metrics `json:"baselines"`
	Ratios    map[string]Metrics `json:"ratios"`
}

// newResult rounds the values to four digits and works out the ratios of the
// rounded ones, so that who divides what is printed finds the same.
func newResult(name string, params map[string]any, ours Metrics, baselines map[string]Metrics) Result {
	r := Result{Bench: name, Params: params, Ours: ours.rounded(), Baselines: map[string]Metrics{}, Ratios: map[string]Metrics{}}
	for base, metrics := range baselines {
		r.Baselines[base] = metrics.rounded()
		r.Ratios[base] = Metrics{}
		for metric, value := range r.Baselines[base] {
			if ours, both := r.Ours[metric]; both && value != 0 {
				r.Ratios[base][metric] = ours / value
			}
		}
	}
	return r
}

func (m Metrics) rounded() Metrics {
	out := Metrics{}
	for metric, v := range m {
		if v != 0 && !math.IsInf(v, 0) && !math.IsNaN(v) {
			unit := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-3)
			out[metric] = math.Round(v/unit) * unit
			if unit < 1 { // 10^-n is no float: 1/10^n divides exactly as printed
				out[metric] = math.Round(v/unit) / math.Round(1/unit)
			}
			continue
		}
		out[metric] = 0
	}
	return out
}

// Write prints the result as one JSON object, or as a table for people.
func (r Result) Write(w io.Writer, asJSON bool) error {
	if asJSON {
		if err := json.NewEncoder(w).Encode(r); err != nil {
			return fmt.Errorf("print result: %w", err)
		}
		return nil
	}
	if _, err := io.WriteString(w, r.table()); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	return nil
}

func (r Result) table() string {
	var out strings.Builder
	t := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	names := slices.Sorted(maps.Keys(r.Baselines))
	rows := [][]string{{r.Bench, "ours"}}
	for _, name := range names {
		rows[0] = append(rows[0], name, "ratio")
	}
	for _, metric := range slices.Sorted(maps.Keys(r.Ours)) {
		row := []string{metric, cell(r.Ours, metric)}
		for _, name := range names {
			row = append(row, cell(r.Baselines[name], metric), cell(r.Ratios[name], metric))
		}
		rows = append(rows, row)
	}
	for _, row := range rows {
		_, _ = io.WriteString(t, strings.Join(row, "\t")+"\t\n") // a Builder takes everything
	}
	_ = t.Flush()
	for _, param := range slices.Sorted(maps.Keys(r.Params)) {
		fmt.Fprintf(&out, "  %s: %v\n", param, r.Params[param])
	}
	return out.String()
}

func cell(m Metrics, metric string) string {
	v, ok := m[metric]
	if !ok {
		return "-"
	}
	return fmt.Sprintf("%.4g", v)
}

// percentile is the smallest of the values that at least the share p of them
// (0 to 1) do not exceed; 0 when there are none. It sorts them.
func percentile(values []time.Duration, p float64) time.Duration {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	rank := int(math.Ceil(p*float64(len(values)))) - 1
	return values[min(max(rank, 0), len(values)-1)]
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
