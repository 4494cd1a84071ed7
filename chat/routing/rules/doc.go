// Package rules says who may be asked for what waits, who of them first, and
// what changes as the wait goes on. It makes the places, classes and steps that
// the scripts of package routing work on, and it is the plain text of what they
// decide: their tests compare them with it, and a dry run decides by it.
//
// It is pure: it reads no clock, and what it is given it does not change. Times
// and durations are milliseconds, times since 1970. All order is total: equal
// inputs give equal choices in whatever order they are listed.
package rules
