// Package wiretest is a client that speaks the wire as the web apps do: tests
// of whole installations send commands with it and see what becomes of each.
// It is for tests alone.
package wiretest
