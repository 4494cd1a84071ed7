package signaling

import (
	"context"
	"slices"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// watchSessions cuts the connections of agents whose session has ended or whose
// rights have changed, whoever ended or changed them (S5): it asks the record
// once per period for all sessions of this node. Revoke is faster and may get
// lost; this may not.
func (e *Edge) watchSessions() {
	ticker := time.NewTicker(e.o.Timers.Recheck)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			e.checkSessions()
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
