package signaling

import (
	"context"
	"slices"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// watchSessions cuts the connections of agents whose session has ended or whose
// rights have changed, and of visitors whose token has ended, whoever ended or changed them (S5): it asks the record
// once per period for all sessions of this node, and for pollChunk of its
// visitors, in turn: of 10,000 each is looked at every 20 periods, by one
// question a period. Revoke is faster and may get lost; this may not.
func (e *Edge) watchSessions() {
	var turn visitorTurn
	ticker := time.NewTicker(e.o.Timers.Recheck)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			e.checkSessions()
			e.checkVisitors(&turn)
		case <-e.ctx.Done():
			return
		}
	}
}

func (e *Edge) checkSessions() {
	open := map[string][]*connection{}
	var sessions []string
	for _, c := range e.own() {
		session := c.who.Session
		if c.who.Kind != protocol.KindAgent {
			continue
		}
		if open[session] == nil {
			sessions = append(sessions, session)
		}
		open[session] = append(open[session], c)
	}
	for part := range slices.Chunk(sessions, pollChunk) {
		held, err := e.heldSessions(part)
		if err != nil { // a record that cannot be asked leaves the agents in
			e.log.Debug("look at sessions failed", "err", err)
			return
		}
		for _, session := range part {
			who, ok := held[session]
			for _, c := range open[session] {
				if !ok || !sameRights(who, c.who.Principal) {
					c.drop(protocol.CodeUnauthenticated)
				}
			}
		}
	}
}

// A visitorTurn is whose connections are still to be looked at in this round.
type visitorTurn struct{ left []*connection }

// next takes the connections of the next visitors, at most pollChunk, and begins
// a new round when all had their turn.
func (t *visitorTurn) next(e *Edge) (part []*connection) {
	if len(t.left) == 0 {
		for _, c := range e.own() {
			if c.who.Kind == protocol.KindVisitor {
				t.left = append(t.left, c)
			}
		}
	}
	n := min(len(t.left), pollChunk)
	part, t.left = t.left[:n], t.left[n:]
	return part
}

func (e *Edge) checkVisitors(turn *visitorTurn) {
	part := turn.next(e)
	if len(part) == 0 {
		return
	}
	ids := make([]protocol.VisitorID, len(part))
	for i, c := range part {
		ids[i] = c.who.Visitor
	}
	ended, err := e.endedVisitors(ids)
	if err != nil { // a record that cannot be asked leaves the visitors in
		e.log.Debug("look at visitors failed", "err", err)
		return
	}
	for _, c := range part {
		if ended[c.who.Visitor] {
			c.drop(protocol.CodeUnauthenticated)
		}
	}
}

func (e *Edge) endedVisitors(ids []protocol.VisitorID) (map[protocol.VisitorID]bool, error) {
	ctx, cancel := context.WithTimeout(e.ctx, e.o.Timers.Command)
	defer cancel()
	return e.o.Identities.EndedVisitors(ctx, ids)
}

func (e *Edge) heldSessions(sessions []string) (map[string]protocol.Principal, error) {
	ctx, cancel := context.WithTimeout(e.ctx, e.o.Timers.Command)
	defer cancel()
	return e.o.Identities.Sessions(ctx, sessions)
}

// belongsTo says whether somebody who comes back goes on with this connection.
func (c *connection) belongsTo(who protocol.Principal) bool {
	if who.Kind == protocol.KindAgent {
		return c.who.Session == who.Session && sameRights(who, c.who.Principal)
	}
	return c.who.Actor() == who.Actor() && c.who.Workspace == who.Workspace
}

// sameRights says whether a principal still is what the connection was opened
// with; a change cuts it, and the page connects with what is true now.
func sameRights(a, b protocol.Principal) bool {
	if a.Kind != b.Kind || a.Workspace != b.Workspace || a.Actor() != b.Actor() || a.Name != b.Name || len(a.Permissions) != len(b.Permissions) {
		return false
	}
	for _, right := range a.Permissions {
		if !b.Can(right) {
			return false
		}
	}
	return true
}
