package cobrowse

import (
	"context"
	"time"
)

// noteAgain is how often what the record knows is compared with what is so.
const noteAgain = 10 * time.Second

// A presence is what a session knows of its page's connection, which is one of
// this node.
type presence struct {
	lost time.Time // since when it has no transport; zero: it has one
	told bool      // the record knows that this is the page
	here bool      // what it knows of it
	at   time.Time // since when
}

// look notes in the record whether the page is there. A page that is loaded
// anew comes within Limits.Away most times, and nobody hears of it. What could
// not be noted is tried again at the next look.
func (x *session) look(ctx context.Context) {
	conn, now, p := x.page.Connection, time.Now(), &x.there
	if conn == "" {
		return
	}
	if x.service.wire.Connected(conn) {
		p.lost = time.Time{}
	} else if p.lost.IsZero() {
		p.lost = now
	}
	here := p.lost.IsZero() || now.Sub(p.lost) < x.service.limits.Away
	if p.told && p.here == here && (!here || now.Sub(p.at) < noteAgain) {
		return
	}
	var err error
	if !p.told {
		err = x.service.pages.CobrowseShown(ctx, x.id, conn)
		here = true
	} else {
		err = x.service.pages.CobrowsePage(ctx, x.id, conn, here)
	}
	if err != nil && unanswered(err) {
		x.service.log.Warn("note of a shared page failed", "cobrowse", x.id, "error", err)
		return
	}
	p.told, p.here, p.at = true, here, now
}
