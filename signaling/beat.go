package signaling

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// beat looks at every connection once in a while: it pings the idle, gives the
// silent up, and forgets those that nobody came back to. One goroutine for all, so that an idle connection costs none.
func (e *Edge) beat() {
	ticker := time.NewTicker(max(e.o.Timers.Idle/10, 10*time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			e.beatOnce(time.Now())
		case <-e.ctx.Done():
			return
		}
	}
}

func (e *Edge) beatOnce(now time.Time) {
	type left struct {
		conn *connection
		at   time.Time
	}
	var kept []left
	for _, c := range e.hub.connections() {
		if c.edge != e {
			continue
		}
		c.mu.Lock()
		l, at, open := c.primary, c.detached, len(c.links) > 0
		c.mu.Unlock()
		switch {
		case l != nil:
			e.look(c, l, now)
		case open:
		case now.Sub(at) > e.o.Timers.Keep:
			c.drop("")
		default:
			kept = append(kept, left{c, at})
		}
	}
	if more := len(kept) - e.o.Limits.Detached; more > 0 {
		slices.SortFunc(kept, func(a, b left) int { return a.at.Compare(b.at) })
		for _, k := range kept[:more] {
			k.conn.drop("")
		}
	}
}

// look is about a connection with a link in use.
func (e *Edge) look(c *connection, l *link, now time.Time) {
	quiet := now.Sub(time.UnixMilli(c.heard.Load()))
	switch {
	case quiet > e.o.Timers.Silent:
		l.close(string(protocol.CodeUnavailable))
	case quiet >= e.o.Timers.Idle && c.pinged.Load() <= c.heard.Load():
		c.pinged.Store(now.UnixMilli())
		l.send(protocol.DownPing, "", protocol.Ping{})
	}
}

// pollChunk is how many conversations or actors one question names.
const pollChunk = 500

// poll heals lost hints (D7, D8): it asks the record once per period where the
// followed conversations and the views of this node's actors are.
func (e *Edge) poll() {
	ticker := time.NewTicker(e.o.Timers.Poll)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			e.pollOnce()
		case <-e.ctx.Done():
			return
		}
	}
}

func (e *Edge) pollOnce() {
	ctx, cancel := context.WithTimeout(e.ctx, e.o.Timers.Command)
	defer cancel()
	cursors, actors := map[*connection]map[protocol.ConversationID]int64{}, map[string][]*connection{}
	var convs []protocol.ConversationID
	seen := map[protocol.ConversationID]bool{}
	for _, c := range e.hub.connections() {
		if c.edge != e || c.current() == nil {
			continue
		}
		heads, failed := c.push.heads()
		if failed {
			c.push.do(func() {
				c.push.view = true
				for conv := range heads {
					c.push.convs[conv] = true
				}
			})
		}
		cursors[c] = heads
		actors[c.who.Actor()] = append(actors[c.who.Actor()], c)
		for conv := range heads {
			if !seen[conv] {
				seen[conv] = true
				convs = append(convs, conv)
			}
		}
	}
	e.pollLogs(ctx, cursors, convs)
	e.pollViews(ctx, actors)
}

func (e *Edge) pollLogs(ctx context.Context, cursors map[*connection]map[protocol.ConversationID]int64, convs []protocol.ConversationID) {
	heads := map[protocol.ConversationID]Head{}
	for part := range slices.Chunk(convs, pollChunk) {
		found, err := e.o.Log.Heads(ctx, part)
		if err != nil {
			e.log.Debug("poll of logs failed", "err", err)
			return
		}
		maps.Copy(heads, found)
	}
	for c, at := range cursors {
		for conv, after := range at {
			head, ok := heads[conv]
			if !ok {
				continue
			}
			last := head.Last
			if c.who.Kind == protocol.KindVisitor {
				last = head.VisitorLast
			}
			if last > after {
				e.stats.heals.Add(1)
				c.push.entries(conv, false)
			}
			if c.push.marksMoved(conv, head.Marks) {
				c.push.marksChanged(conv)
			}
		}
	}
}

func (e *Edge) pollViews(ctx context.Context, actors map[string][]*connection) {
	names := make([]string, 0, len(actors))
	for name := range actors {
		names = append(names, name)
	}
	for part := range slices.Chunk(names, pollChunk) {
		versions, err := e.o.Versions.ActorVersions(ctx, part)
		if err != nil {
			e.log.Debug("poll of views failed", "err", err)
			return
		}
		for _, name := range part {
			for _, c := range actors[name] {
				if c.push.actorVer != versions[name] {
					c.push.actorVer = versions[name]
					c.push.viewChanged()
				}
			}
		}
	}
}

// marksMoved is called by the poll only.
func (p *pusher) marksMoved(conv protocol.ConversationID, version int64) bool {
	if p.marksVer == nil {
		p.marksVer = map[protocol.ConversationID]int64{}
	}
	before, known := p.marksVer[conv]
	p.marksVer[conv] = version
	return !known && version != 0 || known && before != version
}
