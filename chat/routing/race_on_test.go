//go:build race

package routing

// raceEnabled: figures of time are not asserted under the race detector.
const raceEnabled = true
