//go:build race

package routing

// raceEnabled: the race detector makes all of it some ten times slower, so that
// tests do less.
const raceEnabled = true
