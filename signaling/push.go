package signaling

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// marksPause is the shortest time between two reads of marks by one connection.
const marksPause = 200 * time.Millisecond

// An attach makes a link the one in use and brings its client up to date.
type attach struct {
	link    *link
	op      protocol.Op
	welcome bool // answered by a welcome, else by an ack
	cursors []protocol.Cursor
}

// A pusher brings one connection what has changed: it knows what the client
// has, and reads what is new from the record. Hints only set flags, so any
// number of them cost one look. Its goroutine exists only while flags are set.
type pusher struct {
	conn *connection

	mu      sync.Mutex
	running bool
	attach  *attach
	view    bool
	convs   map[protocol.ConversationID]bool // true: to be read from the record
	marks   map[protocol.ConversationID]bool
	marksAt time.Time
	timer   *time.Timer // of marks that have to wait
	cancel  context.CancelFunc
	cursors map[protocol.ConversationID]int64 // of the followed conversations
	queues  bool                              // the view shows a queue or a place in one
	failed  bool                              // something could not be read; the poll tries again
	ended   bool

	// Owned by the running goroutine, of which there is one at most.
	items    items
	version  int64
	fresh    bool // the client has no view yet
	known    map[protocol.ConversationID]int64
	sent     map[protocol.ConversationID]string // marks, as they were sent
	actorVer int64                              // of the last poll; owned by the poll
	marksVer map[protocol.ConversationID]int64  // of the last poll; owned by the poll
}

func (p *pusher) init(c *connection) {
	p.conn, p.actorVer = c, -1
	p.convs, p.marks, p.cursors = map[protocol.ConversationID]bool{}, map[protocol.ConversationID]bool{}, map[protocol.ConversationID]int64{}
}

// do sets flags under the lock and sees to it that somebody looks at them.
func (p *pusher) do(set func()) {
	p.mu.Lock()
	if p.ended {
		p.mu.Unlock()
		return
	}
	set()
	begin := !p.running
	p.running = true
	p.mu.Unlock()
	if begin {
		p.conn.edge.start(p.run)
	}
}

// entries has a log looked at; own says that this node wrote to it, else
// somebody did, and only the record knows what. Marks are not looked at: those
// that there are do not change with it.
func (p *pusher) entries(conv protocol.ConversationID, own bool) {
	p.do(func() { p.convs[conv] = p.convs[conv] || !own })
}
func (p *pusher) marksChanged(conv protocol.ConversationID) { p.do(func() { p.marks[conv] = true }) }
func (p *pusher) viewChanged()                              { p.do(func() { p.view = true }) }

// attached asks for a link to be used; a push to the old one is given up.
func (p *pusher) attached(a attach) {
	p.do(func() {
		p.attach = &a
		if p.cancel != nil {
			p.cancel()
		}
	})
}

func (p *pusher) showsQueues() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.queues
}

// heads gives a copy of the cursors, and whether something has to be tried again.
func (p *pusher) heads() (cursors map[protocol.ConversationID]int64, failed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	failed, p.failed = p.failed, false
	return maps.Clone(p.cursors), failed
}

// unfollow ends the pusher: nothing is pushed any more.
func (p *pusher) unfollow() {
	p.mu.Lock()
	p.ended = true
	if p.timer != nil {
		p.timer.Stop()
	}
	if p.cancel != nil {
		p.cancel()
	}
	convs := p.cursors
	p.cursors = map[protocol.ConversationID]int64{}
	p.mu.Unlock()
	for conv := range convs {
		p.conn.edge.hub.follow(p.conn, conv, false)
	}
}

// work is what one round has to do.
type work struct {
	attach       *attach
	view         bool
	convs, marks map[protocol.ConversationID]bool
}

func (p *pusher) take() (w work, ctx context.Context, cancel context.CancelFunc, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w = work{attach: p.attach, view: p.view, convs: p.convs}
	if wait := marksPause - time.Since(p.marksAt); len(p.marks) > 0 && wait <= 0 {
		w.marks, p.marks, p.marksAt = p.marks, map[protocol.ConversationID]bool{}, time.Now()
	} else if len(p.marks) > 0 && p.timer == nil {
		p.timer = time.AfterFunc(wait, func() { p.do(func() { p.timer = nil }) })
	}
	if p.ended || (w.attach == nil && !w.view && len(w.convs) == 0 && len(w.marks) == 0) {
		p.running, p.cancel = false, nil
		return w, nil, nil, false
	}
	p.attach, p.view, p.convs = nil, false, map[protocol.ConversationID]bool{}
	ctx, cancel = context.WithTimeout(p.conn.edge.ctx, p.conn.edge.o.Timers.Command)
	p.cancel = cancel
	return w, ctx, cancel, true
}

func (p *pusher) run() {
	for {
		w, ctx, cancel, ok := p.take()
		if !ok {
			return
		}
		p.round(ctx, w)
		cancel()
	}
}

// round does what the flags said. What fails is noted, and tried again by the
// poll; without a link everything is left to the next attach.
func (p *pusher) round(ctx context.Context, w work) {
	c := p.conn
	if w.attach != nil {
		p.begin(*w.attach)
	}
	l := c.current()
	if l == nil {
		return
	}
	failed := false
	if w.view || p.fresh {
		added, err := p.pushView(ctx, l)
		failed = failed || p.note("build view", err)
		for _, conv := range added {
			w.convs[conv] = true
			if w.marks == nil {
				w.marks = map[protocol.ConversationID]bool{}
			}
			w.marks[conv] = true
		}
	}
	for conv, record := range w.convs {
		failed = p.note("read entries", p.pushEntries(ctx, l, conv, record)) || failed
	}
	for conv := range w.marks {
		failed = p.note("read marks", p.pushMarks(ctx, l, conv)) || failed
	}
	if failed {
		p.mu.Lock()
		p.failed = true
		p.mu.Unlock()
	}
}

func (p *pusher) note(doing string, err error) bool {
	if err == nil {
		return false
	}
	p.mu.Lock()
	given := p.attach != nil || p.ended
	p.mu.Unlock()
	if !given {
		p.conn.edge.log.Warn("push failed, will be tried again", "doing", doing, "connection", p.conn.who.Connection, "err", err)
	}
	return true
}

// begin answers hello or resume and forgets what the client had.
func (p *pusher) begin(a attach) {
	c := p.conn
	c.edge.presence.hereNow(c.who)
	if a.welcome {
		a.link.send(protocol.DownWelcome, a.op, c.welcome())
	} else {
		a.link.send(protocol.DownAck, a.op, protocol.Ack{})
	}
	c.use(a.link)
	p.fresh, p.known, p.sent = true, map[protocol.ConversationID]int64{}, map[protocol.ConversationID]string{}
	for _, cursor := range a.cursors {
		p.known[cursor.Conversation] = max(0, cursor.After)
	}
	p.mu.Lock()
	old := p.cursors
	p.cursors = map[protocol.ConversationID]int64{}
	p.mu.Unlock()
	for conv := range old {
		c.edge.hub.follow(c, conv, false)
	}
}

// pushView builds the view and sends what has changed in it; added are the
// conversations that are followed from now on.
func (p *pusher) pushView(ctx context.Context, l *link) (added []protocol.ConversationID, err error) {
	c, built := p.conn, map[string]protocol.Item{}
	err = guard(func() error { return c.edge.o.View.Items(ctx, c.who, built) })
	if err != nil {
		return nil, err
	}
	after, queues, follow := items{}, false, map[protocol.ConversationID]bool{}
	for key, item := range built {
		raw, err := json.Marshal(item)
		if err != nil {
			return nil, err
		}
		after[key] = raw
		queues = queues || item.Queue != nil || (item.Conversation != nil && item.Conversation.State == protocol.StateQueued)
		if conv, ok := followed(key); ok {
			follow[conv] = true
		}
	}
	var ended []protocol.ConversationID
	p.mu.Lock()
	p.queues = queues
	for conv := range p.cursors {
		if !follow[conv] {
			ended = append(ended, conv)
			delete(p.cursors, conv)
		}
	}
	for conv := range follow {
		if _, ok := p.cursors[conv]; !ok && !p.ended {
			p.cursors[conv] = p.known[conv]
			added = append(added, conv)
		}
	}
	p.mu.Unlock()
	for _, conv := range ended {
		c.edge.hub.follow(c, conv, false)
	}
	for _, conv := range added {
		c.edge.hub.follow(c, conv, true)
	}
	p.version = l.sendView(p.items, after, p.version, p.fresh)
	p.items, p.fresh = after, false
	return added, nil
}

// followed says which conversation's log belongs to an item of the view.
func followed(key string) (protocol.ConversationID, bool) {
	kind, id, _ := strings.Cut(key, "/")
	return protocol.ConversationID(id), kind == "card" || kind == "conversation"
}

// pushEntries sends what the log has after the cursor, at the reader's pace.
func (p *pusher) pushEntries(ctx context.Context, l *link, conv protocol.ConversationID, record bool) error {
	read := p.conn.edge.o.Log.Follow
	if record {
		read = p.conn.edge.o.Log.Entries
	}
	p.mu.Lock()
	after, ok := p.cursors[conv]
	p.mu.Unlock()
	for ok {
		found, err := read(ctx, p.conn.who.Principal, conv, after)
		if err != nil {
			return err
		}
		behind := found.Last < after // the client is ahead: an older record was restored (D12)
		if len(found.Entries) == 0 && !behind {
			return nil
		}
		if err := l.sendEntries(ctx, "", found); err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				return err // a long log: the poll goes on
			}
			return nil // the link has gone or been replaced: the next attach begins anew
		}
		if behind {
			after = found.Last
		} else {
			after = found.Entries[len(found.Entries)-1].Seq
		}
		p.mu.Lock()
		if _, ok = p.cursors[conv]; ok {
			p.cursors[conv] = after
		}
		p.mu.Unlock()
		if after >= found.Last {
			return nil
		}
	}
	return nil
}

// pushMarks sends a conversation's marks when they are others than last time.
func (p *pusher) pushMarks(ctx context.Context, l *link, conv protocol.ConversationID) error {
	p.mu.Lock()
	_, ok := p.cursors[conv]
	p.mu.Unlock()
	if !ok {
		return nil
	}
	marks, err := p.conn.edge.o.Log.Marks(ctx, p.conn.who.Principal, conv)
	if err != nil {
		return err
	}
	raw := mustJSON(marks)
	if p.sent[conv] == string(raw) || len(marks.Marks) == 0 {
		return nil
	}
	p.sent[conv] = string(raw)
	l.send(protocol.DownMarks, "", raw)
	return nil
}
