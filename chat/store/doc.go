// Package store is the record: everything that must not be lost, in SQLite or
// PostgreSQL. One method is one transaction, and SQL is written only here.
//
// What a method returned has been committed. Commands carry an op: the same op
// of the same actor with the same content gives the first result again, with
// other content CodeConflict. Methods that change what somebody sees raise the
// version of those actors in the same transaction and name them in Touched.
//
// Rows are locked in the order conversation, offer, agent, actors.
package store
