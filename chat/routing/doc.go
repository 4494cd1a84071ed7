// Package routing decides who is offered what: queues, presence, capacity,
// offers and their deadlines.
//
// Redis proposes, the record disposes. One Lua script chooses a conversation
// and an agent, reserves the agent and sets the deadline; then the offer row is
// written, and only then does anybody ring. Whatever Redis loses, the row alone
// decides who gets the conversation, and everything here is rebuilt from the
// record.
//
// All times that decide are Redis TIME inside the scripts, in milliseconds
// since 1970; no decision is taken by a node's clock.
package routing
