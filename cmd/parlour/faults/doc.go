// Package faults shows that people lose nothing while parts of an installation
// die, hang, forget and come back. Its tests start the program as two nodes
// with a real PostgreSQL and a real Redis, as Cluster or with Sentinel, let
// visitors and agents use them over the wire, and hurt one part after the
// other, by a seed. Everything that was asked and answered, and every change of
// the record, is kept as a history, which is then checked.
package faults
