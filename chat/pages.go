package chat

import (
	"context"
	"errors"
	"fmt"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// CobrowseShown notes in the record that a running session shows the page at a
// connection of this node from now on. CodeNotFound when the session does not run.
func (s *Service) CobrowseShown(ctx context.Context, id protocol.CobrowseID, conn protocol.ConnectionID) error {
	return s.notePage(ctx, id, store.Page{Connection: conn, Node: s.node, Here: true, Begins: true})
}

// CobrowsePage notes whether the page that a running session shows is there,
// if it is the one at this connection. Both sides see it.
func (s *Service) CobrowsePage(ctx context.Context, id protocol.CobrowseID, conn protocol.ConnectionID, here bool) error {
	return s.notePage(ctx, id, store.Page{Connection: conn, Node: s.node, Here: here})
}

func (s *Service) notePage(ctx context.Context, id protocol.CobrowseID, p store.Page) error {
	touched, err := s.store.NotePage(ctx, s.ws, id, p)
	if err != nil {
		return err
	}
	if len(touched) > 0 {
		s.notify.ViewChanged(s.ws, touched...)
	}
	return nil
}

// endDeserted ends the sessions whose page has not come back in time, and tells
// both sides. The next page of the visitor has that time to go on with one.
func (w *sweep) endDeserted(ctx context.Context) error {
	ended, err := w.store.EndDeserted(ctx, w.ws, w.limits.PageGrace)
	for _, session := range ended {
		w.shared(session.ID)
		w.over(session.Step)
		w.weigh(ctx, session.Conversation)
	}
	return err
}

// losePages takes the pages for gone that were connected to nodes last heard of
// before a time.
func (w *watch) losePages(ctx context.Context, before int64) error {
	sessions, err := w.store.StrandedPages(ctx, w.ws, before)
	if err != nil {
		return err
	}
	return w.lose(ctx, sessions)
}

// recoverPages takes the pages for gone that were connected to this node before
// it stopped: they come back by themselves, here or elsewhere.
func (s *Service) recoverPages(ctx context.Context) error {
	sessions, err := s.store.PagesOfNode(ctx, s.ws, s.node)
	if err != nil {
		return fmt.Errorf("find shared pages of an earlier run: %w", err)
	}
	return s.lose(ctx, sessions)
}

func (s *Service) lose(ctx context.Context, sessions []store.Cobrowse) error {
	var failed []error
	for _, session := range sessions {
		touched, err := s.store.LosePage(ctx, s.ws, session)
		if e, known := protocol.AsError(err); err != nil && (!known || e.Code != protocol.CodeNotFound) {
			failed = append(failed, err)
		}
		if len(touched) > 0 {
			s.notify.ViewChanged(s.ws, touched...)
		}
	}
	return errors.Join(failed...)
}
