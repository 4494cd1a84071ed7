package signaling

import (
	"context"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// welcome is what the answer to hello holds.
func (c *connection) welcome() protocol.Welcome {
	w := protocol.Welcome{
		Connection: c.who.Connection, Secret: c.secret, Epoch: c.edge.o.Epoch(),
		You:         protocol.Author{Kind: c.who.Kind, ID: string(c.who.Agent), Name: c.who.Name},
		Permissions: c.who.Permissions, AckTimeoutMs: c.edge.o.Timers.AckTimeout.Milliseconds(),
		Now: time.Now().UnixMilli(), DataChannels: c.edge.o.Channels != nil,
		MessageCharacters: c.edge.o.Limits.MessageCharacters,
	}
	if c.who.Kind == protocol.KindVisitor {
		w.You.ID = string(c.who.Visitor)
	}
	return w
}

// hello opens a connection, or goes on with one that the client names.
func (l *link) hello(f protocol.Frame) {
	body, err := protocol.DecodeBody[protocol.Hello](f)
	if err == nil && f.Op == "" {
		err = protocol.NewError(protocol.CodeBadFrame, "A command carries an op.")
	}
	var who protocol.Principal
	if err == nil {
		who, err = l.prove(body.Token)
	}
	if err != nil {
		l.refuseHello(f.Op, err)
		return
	}
	c := l.edge.owned(body.Connection, body.Secret)
	if c == nil || !c.belongsTo(who) || !c.link(l) {
		if c = l.edge.newConnection(who); !c.link(l) {
			return
		}
	}
	if err := c.signedIn(); err != nil {
		if known := l.refuseHello(f.Op, err); known == protocol.CodeUnauthenticated {
			c.drop(known)
		}
		return
	}
	l.attached.Store(true)
	c.push.attached(attach{link: l, op: f.Op, welcome: true, cursors: body.Cursors})
}

// refuseHello answers a hello that leads to nothing and closes the link.
func (l *link) refuseHello(op protocol.Op, err error) protocol.Code {
	known, ok := protocol.AsError(err)
	if !ok {
		l.edge.log.Error("hello failed", "op", op, "err", err)
	}
	l.refuse(op, known)
	l.closeAfterFlush(string(known.Code))
	return known.Code
}

// signedIn looks again at an agent's session, which the cookie proved before
// the upgrade, and at a visitor's token: it may have ended since. The connection
// is known to the hub by then, so an end that is not seen here finds it there.
func (c *connection) signedIn() error {
	if c.who.Kind == protocol.KindVisitor {
		ended, err := c.edge.endedVisitors([]protocol.VisitorID{c.who.Visitor})
		if err == nil && ended[c.who.Visitor] {
			err = errUnauthenticated
		}
		return err
	}
	held, err := c.edge.heldSessions([]string{c.who.Session})
	if err != nil {
		return err
	}
	if who, ok := held[c.who.Session]; !ok || !sameRights(who, c.who.Principal) {
		return errUnauthenticated
	}
	return nil
}

// prove says who speaks: a visitor by its token, an agent by the cookie that
// was checked before the upgrade.
func (l *link) prove(token string) (protocol.Principal, error) {
	if token == "" {
		if l.agent == nil {
			return protocol.Principal{}, protocol.NewError(protocol.CodeUnauthenticated, "Please sign in.")
		}
		return *l.agent, nil
	}
	ctx, cancel := context.WithTimeout(l.edge.ctx, l.edge.o.Timers.Command)
	defer cancel()
	return l.edge.o.Identities.Visitor(ctx, token)
}

// resume makes this link the one in use.
func (l *link) resume(c *connection, f protocol.Frame) {
	body, err := protocol.DecodeBody[protocol.Resume](f)
	if err == nil && f.Op == "" {
		err = protocol.NewError(protocol.CodeBadFrame, "A command carries an op.")
	}
	if err == nil && !c.link(l) {
		err = protocol.NewError(protocol.CodeNotFound, "This connection has ended. Please connect anew.")
	}
	if err != nil {
		l.refuse(f.Op, err)
		return
	}
	l.attached.Store(true)
	c.push.attached(attach{link: l, op: f.Op, cursors: body.Cursors})
}
