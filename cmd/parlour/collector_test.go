package main

import (
	"runtime/debug"
	"testing"
)

func TestTheOperatorDecidesAboutTheCollector(t *testing.T) {
	const before = 77
	defer debug.SetGCPercent(debug.SetGCPercent(before))
	for _, tt := range []struct {
		environ []string
		want    int
	}{
		{[]string{"GOGC=off"}, before},
		{[]string{"A=b", "GOMEMLIMIT=1GiB"}, before},
		{[]string{"A=b", "NOGOGC=1"}, heapGrowth},
	} {
		debug.SetGCPercent(before)
		easeCollector(tt.environ)
		if got := debug.SetGCPercent(before); got != tt.want {
			t.Errorf("with %v the heap grows by %d %%, want %d", tt.environ, got, tt.want)
		}
	}
}
