// Package hours tells when a calendar is open: several intervals a day, past
// midnight, dated exceptions, in an IANA time zone with its changes of clocks.
package hours
