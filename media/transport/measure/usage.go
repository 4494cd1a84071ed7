// Package measure holds many idle connections in one process and says what
// they cost there: those of media/transport, and default pion PeerConnections and
// WebSockets beside them. Offers and answers travel over HTTP, so that the server, whose
// cost counts, and the clients, whose cost does not, are different processes.
package measure

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"
)

// A Usage is what this process uses now. Differences between two of them are
// what counts.
type Usage struct {
	RSSKB      int64 `json:"rss_kb"`     // resident memory
	HeapKB     int64 `json:"heap_kb"`    // live heap objects
	StackKB    int64 `json:"stack_kb"`   // goroutine stacks
	Goroutines int   `json:"goroutines"` // existing now
	CPUUS      int64 `json:"cpu_us"`     // user and system time since the process began
	ClockUS    int64 `json:"clock_us"`   // monotonic time of the reading
	Open       int64 `json:"open"`       // connections whose main channel is open
}

var began = time.Now()

// Now reads the usage of this process; collect runs the garbage collector and
// gives free memory back first, without which RSS says little.
func Now(collect bool) (Usage, error) {
	if collect {
		runtime.GC() // finalizers run after the first
		debug.FreeOSMemory()
	}
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	rss, err := residentKB()
	if err != nil {
		return Usage{}, err
	}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return Usage{}, fmt.Errorf("read CPU time: %w", err)
	}
	return Usage{
		RSSKB: rss, HeapKB: int64(mem.HeapAlloc / 1024), StackKB: int64(mem.StackInuse / 1024),
		Goroutines: runtime.NumGoroutine(),
		CPUUS:      (usage.Utime.Nano() + usage.Stime.Nano()) / 1000,
		ClockUS:    time.Since(began).Microseconds(),
	}, nil
}

// residentKB reads the process's resident set from the kernel (Linux).
func residentKB() (int64, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("read resident memory: %w", err)
	}
	for line := range bytes.Lines(status) {
		if value, ok := bytes.CutPrefix(line, []byte("VmRSS:")); ok {
			kb, err := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(value), []byte("kB")))), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("read resident memory: %w", err)
			}
			return kb, nil
		}
	}
	return 0, fmt.Errorf("read resident memory: no VmRSS line")
}
