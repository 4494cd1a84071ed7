package signaling

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// receive takes one message of the main channel. It is called by the one
// goroutine that reads it, and does not wait for a feature.
func (l *link) receive(data []byte) {
	f, err := protocol.Decode(data)
	if err != nil {
		l.edge.stats.frame(l.transport, "up", "unknown")
		l.refuse(opOf(data), err)
		return
	}
	l.edge.stats.frame(l.transport, "up", f.Kind)
	c := l.conn.Load()
	if c != nil && c.over() {
		return // it is being closed
	}
	if c != nil {
		c.alive()
	}
	if !l.attached.Load() {
		l.first(c, f)
		return
	}
	if !l.frames.take(time.Now()) {
		l.refuse(f.Op, protocol.NewError(protocol.CodeRateLimited, "Too much at once. Please wait a moment."))
		return
	}
	switch f.Kind {
	case protocol.UpPong:
	case protocol.UpResume:
		l.resume(c, f)
	case protocol.UpHello:
		l.refuse(f.Op, protocol.NewError(protocol.CodeWrongState, "This connection is open already."))
	default:
		if err := l.queue(c, f); err != nil {
			l.refuse(f.Op, err)
		}
	}
}

// first takes the first frame of a transport: hello on a WebSocket, resume on
// one that belongs to a connection from the start.
func (l *link) first(c *connection, f protocol.Frame) {
	switch {
	case f.Kind == protocol.UpHello && c == nil:
		l.hello(f)
	case f.Kind == protocol.UpResume && c != nil:
		l.resume(c, f)
	default:
		l.refuse(f.Op, protocol.NewError(protocol.CodeUnauthenticated, "The first frame of a connection is connection.hello, that of a further transport connection.resume."))
		l.closeAfterFlush(string(protocol.CodeUnauthenticated))
	}
}

// queue checks a frame against its rule and gives it to its lane.
func (l *link) queue(c *connection, f protocol.Frame) error {
	if err := l.edge.admit(c.who, f); err != nil {
		return err
	}
	into := &c.lanes[0]
	if strings.HasPrefix(f.Kind, "call.") {
		into = &c.lanes[1]
	}
	if into.put(task{f, l}) {
		return nil
	}
	if f.Op == "" {
		l.edge.stats.notices.Add(1)
		return nil
	}
	return protocol.NewError(protocol.CodeRateLimited, "Too much at once. Please wait a moment.")
}

// admit says whether a principal may send a frame: the rule that stands beside
// the kind, and the limit of messages. The object is checked by the feature.
func (e *Edge) admit(who protocol.Caller, f protocol.Frame) error {
	rule, ok := protocol.RuleOf(f.Kind)
	if !ok || e.handlers[f.Kind].run == nil {
		return protocol.NewError(protocol.CodeUnknownKind, "This server does not know this kind of frame.")
	}
	if rule.Op && f.Op == "" {
		return protocol.NewError(protocol.CodeBadFrame, "A command carries an op.")
	}
	if err := rule.Allows(who.Principal); err != nil {
		return err
	}
	says := f.Kind == protocol.UpAsk || f.Kind == protocol.UpPost || f.Kind == protocol.UpLeaveMessage
	if who.Kind == protocol.KindVisitor && says && !e.limits.messages.take(who.Actor()) {
		e.stats.limited.Add(1)
		return protocol.NewError(protocol.CodeRateLimited, "You send messages very fast. Please wait a moment.")
	}
	return nil
}

// opOf finds the op in something that is not a proper frame, so that its sender
// learns which of its commands it was.
func opOf(data []byte) protocol.Op {
	var f struct {
		Op protocol.Op `json:"op"`
	}
	if len(data) > 4*protocol.MaxUpFrame || json.Unmarshal(data, &f) != nil || !protocol.ValidID(f.Op) {
		return ""
	}
	return f.Op
}

// packet takes a message of another channel than main. What is beyond
// Limits.PacketsPerSecond is refused and counted; its feature sees a gap.
func (l *link) packet(channel string, data []byte) {
	c := l.conn.Load()
	if c == nil || !l.attached.Load() || c.over() {
		l.edge.stats.packetsLost.Add(1)
		return
	}
	c.alive()
	l.edge.hub.mu.RLock()
	receive := l.edge.hub.onPacket[channel]
	l.edge.hub.mu.RUnlock()
	if receive == nil || len(data) > protocol.MaxUpFrame {
		l.edge.stats.packetsLost.Add(1)
		return
	}
	if passes, tell := l.packets.take(time.Now()); !passes {
		l.edge.stats.packetsOver.Add(1)
		if tell {
			l.refuse("", protocol.NewError(protocol.CodeRateLimited, "Too many packets at once. Please wait a moment."))
		}
		return
	}
	l.edge.stats.packetsUp.Add(1)
	receive(c.who, data)
}
