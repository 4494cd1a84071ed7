package main

import (
	"runtime/debug"
	"strings"
)

// heapGrowth is by how much, in per cent, the heap of a server grows until it is
// collected. Go's own 100 collects a small heap several times a second under
// load, for memory that such a server hardly misses.
const heapGrowth = 200

// easeCollector sets heapGrowth, unless the operator says otherwise by Go's own
// variables.
func easeCollector(environ []string) {
	for _, v := range environ {
		if strings.HasPrefix(v, "GOGC=") || strings.HasPrefix(v, "GOMEMLIMIT=") {
			return
		}
	}
	debug.SetGCPercent(heapGrowth)
}
