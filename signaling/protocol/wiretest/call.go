package wiretest

import (
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// An Outcome is what a client knows of a command.
type Outcome int

const (
	Unknown Outcome = iota // never answered: it may have been carried out
	Acked                  // carried out, once
	Refused                // not carried out, and never will be
)

// A Call is one command of a client.
type Call struct {
	Op   protocol.Op
	Kind string
	Body any
	data []byte
	sent time.Time // last; zero: waits for those before it

	// What follows may be read once Done is closed, and does not change then.
	End    Outcome
	Ack    protocol.Ack
	Failed protocol.Failed
	At     time.Time // of the answer
	done   chan struct{}
}

// Done is closed when the command has been answered.
func (c *Call) Done() <-chan struct{} { return c.done }

// Answered says whether the command has been answered.
func (c *Call) Answered() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// A Break is the end of a connection that had been welcomed, after everything
// was read that had come over it.
type Break struct {
	// Call is the command that was written to this connection and not answered
	// on it; nil: none was. It may have been carried out or not.
	Call *Call
	// Written is when the socket had taken all of it, by this process' clock.
	Written time.Time
	Ended   time.Time
	Moved   bool // the server had asked for it
}
