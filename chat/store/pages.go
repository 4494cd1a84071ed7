package store

import (
	"context"
	"fmt"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// CausePageGone is why a co-browse session ended whose page did not come back.
const CausePageGone = "page_gone"

// A Page is a connection that shows a shared page, or showed it.
type Page struct {
	Connection protocol.ConnectionID
	Node       protocol.NodeID // that it is connected to
	Here       bool
	Begins     bool // it is shown from now on, whichever was before; else what is said counts only if it is still this one
}

// awaitPage lets the time run for the first page to come.
func awaitPage(ctx context.Context, t *tx, workspace protocol.WorkspaceID, id protocol.CobrowseID, now int64) error {
	if _, err := t.exec(ctx, `UPDATE cobrowses SET page_gone = $3 WHERE workspace = $1 AND id = $2`, workspace, id, now); err != nil {
		return fmt.Errorf("await the page: %w", err)
	}
	return nil
}

// NotePage notes that a connection shows the page of a running session from now
// on, or whether the one which does is there. It gives whose views have changed by it. CodeNotFound when the
// session does not run.
func (s *Store) NotePage(ctx context.Context, workspace protocol.WorkspaceID, id protocol.CobrowseID, p Page) (touched []string, err error) {
	session, err := cobrowseKind.read(ctx, s.db.reader(), workspace, id)
	if err != nil {
		return nil, err
	}
	if session.State == StepRunning && session.knows(p) {
		return nil, nil
	}
	touched, err = write(ctx, s, func(ctx context.Context, t *tx) ([]string, error) {
		c, err := conversation(ctx, t, workspace, session.Conversation, t.lock)
		if err != nil {
			return nil, err
		}
		now, err := cobrowseKind.read(ctx, t, workspace, id)
		if err != nil {
			return nil, err
		}
		if now.State != StepRunning {
			return nil, protocol.NewError(protocol.CodeNotFound, "This co-browse session does not run.")
		}
		if now.knows(p) {
			return nil, nil
		}
		was := now.Away()
		if err := t.movePage(ctx, workspace, &now, p); err != nil {
			return nil, err
		}
		if now.Away() == was {
			return nil, nil
		}
		actors, err := audienceOf(ctx, t, &c)
		if err != nil {
			return nil, err
		}
		return t.touch(ctx, workspace, actors...)
	})
	if err != nil {
		return nil, fmt.Errorf("note the shared page: %w", err)
	}
	return touched, nil
}

func (t *tx) movePage(ctx context.Context, workspace protocol.WorkspaceID, b *Cobrowse, p Page) error {
	at, err := t.time(ctx)
	if err != nil {
		return err
	}
	b.Page, b.pageNode, b.PageGone = p.Connection, p.Node, at
	if p.Here {
		b.PageGone = 0
		if err := t.beat(ctx, workspace, p.Node, at); err != nil { // or it would be taken for a page of a lost node
			return err
		}
	}
	_, err = t.exec(ctx, `UPDATE cobrowses SET page = $3, page_node = $4, page_gone = $5 WHERE workspace = $1 AND id = $2`, workspace, b.ID, b.Page, b.pageNode, b.PageGone)
	return err
}

// knows says that a page's note adds nothing.
func (b Cobrowse) knows(p Page) bool {
	if b.Page != p.Connection {
		return !p.Begins
	}
	return p.Here == (b.PageGone == 0) && (!p.Here || b.pageNode == p.Node)
}

// Away says that the page which was shown is gone, and no other has come yet.
func (b Cobrowse) Away() bool { return b.Page != "" && b.PageGone > 0 }

// PagesOfNode lists the running sessions whose page is connected to a node.
func (s *Store) PagesOfNode(ctx context.Context, workspace protocol.WorkspaceID, node protocol.NodeID) ([]Cobrowse, error) {
	return cobrowseKind.list(ctx, s.db.reader(), workspace, `page_node = $2 AND page_gone = 0 AND state = 'running' ORDER BY started, id`, node)
}

// StrandedPages lists the running sessions whose page was connected to a node
// that has not been heard of since a time.
func (s *Store) StrandedPages(ctx context.Context, workspace protocol.WorkspaceID, before int64) ([]Cobrowse, error) {
	return cobrowseKind.list(ctx, s.db.reader(), workspace, `page <> '' AND page_gone = 0 AND state = 'running' AND NOT EXISTS
		(SELECT 1 FROM nodes WHERE nodes.workspace = cobrowses.workspace AND nodes.node = cobrowses.page_node AND nodes.seen >= $2) ORDER BY started, id`, before)
}

// LosePage is NotePage for a page that went without a word, with its node.
func (s *Store) LosePage(ctx context.Context, workspace protocol.WorkspaceID, b Cobrowse) (touched []string, err error) {
	return s.NotePage(ctx, workspace, b.ID, Page{Connection: b.Page, Node: b.pageNode})
}

// EndDeserted ends the sessions whose page has been gone for so long by the
// record's clock, with CausePageGone, one transaction each, and returns them.
// What failed is left for the next time; the error tells of every failure.
func (s *Store) EndDeserted(ctx context.Context, workspace protocol.WorkspaceID, grace time.Duration) ([]Cobrowse, error) {
	deserted := func(b *Cobrowse, now int64) bool {
		return b.State == StepRunning && b.PageGone > 0 && b.PageGone <= now-grace.Milliseconds()
	}
	return cobrowseKind.endDue(ctx, s, workspace, `state = 'running' AND page_gone > 0 AND page_gone <= $2 ORDER BY page_gone, id`, grace.Milliseconds(), CausePageGone, deserted)
}
