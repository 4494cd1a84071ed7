// Package testbed starts what tests need beside the program: real Redis (one
// server, Cluster, Sentinel), real PostgreSQL, and proxies that break networks
// on demand. It is for tests alone.
//
// Everything listens on loopback, keeps its files in a folder of its own, and
// ends with the test, or with the test process when that ends in any other way
// (a panic, a time-out, kill -9). What is not installed fails the test and
// names the package to install; nothing is ever skipped.
package testbed
