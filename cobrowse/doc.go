// Package cobrowse passes the visitor's page on to the agent who was allowed to
// see it: consent first, then admission event by event, then a bounded tail for
// those who come later. Nothing is stored.
//
// The way of a batch: visitor's packets -> session (assembles) -> admit (what
// may pass, a second lock on what is masked) -> tail and viewers.
package cobrowse
