// Package rules is how routing chooses, as plain functions: who fits a
// conversation, in which order they are asked, and what happens when somebody
// has waited for a while. The scripts in Redis do the same; this is what they
// are compared with, and what a dry run decides by.
package rules
