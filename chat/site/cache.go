package site

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// freshFor is how old an answer may be: a changed workspace is in effect
// everywhere within 5 s (SITE-2).
const freshFor = 2 * time.Second

// A Cache answers about sites and queues from memory and reads them again when
// they are 2 s old. Unknown keys cost no query. It starts nothing by itself.
type Cache struct {
	record *store.Store
	now    func() time.Time
	kept   atomic.Pointer[snapshot]
	turn   chan struct{} // held by the one who reads
}

type snapshot struct {
	read   time.Time
	byKey  map[string]store.Site
	byID   map[protocol.SiteID]store.Site
	queues map[protocol.WorkspaceID][]store.Queue
}

// NewCache makes an empty one; the first question reads the record.
func NewCache(record *store.Store) *Cache {
	return &Cache{record: record, now: time.Now, turn: make(chan struct{}, 1)}
}

func (c *Cache) fresh() *snapshot {
	if s := c.kept.Load(); s != nil && c.now().Sub(s.read) < freshFor {
		return s
	}
	return nil
}

// current gives the kept snapshot or reads a new one. Of several who find it
// too old one reads, and the others wait for it or for their context.
func (c *Cache) current(ctx context.Context) (*snapshot, error) {
	if s := c.fresh(); s != nil {
		return s, nil
	}
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s := c.fresh(); s != nil {
		return s, nil
	}
	s, err := c.read(ctx)
	if err != nil {
		return nil, fmt.Errorf("read sites: %w", err)
	}
	c.kept.Store(s)
	return s, nil
}

func (c *Cache) read(ctx context.Context) (*snapshot, error) {
	s := &snapshot{
		read: c.now(), byKey: map[string]store.Site{}, byID: map[protocol.SiteID]store.Site{}, queues: map[protocol.WorkspaceID][]store.Queue{},
	}
	workspaces, err := c.record.Workspaces(ctx)
	if err != nil {
		return nil, err
	}
	for _, w := range workspaces {
		sites, err := c.record.Sites(ctx, w)
		if err != nil {
			return nil, err
		}
		for _, site := range sites {
			s.byKey[site.Key], s.byID[site.ID] = site, site
		}
		if s.queues[w], err = c.record.Queues(ctx, w); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Site finds the site of a snippet, or fails with CodeUnknownSite.
func (c *Cache) Site(ctx context.Context, key string) (store.Site, error) {
	s, err := c.current(ctx)
	if err != nil {
		return store.Site{}, err
	}
	site, ok := s.byKey[key]
	if !ok {
		return store.Site{}, protocol.NewError(protocol.CodeUnknownSite, "This site is not known here. Check the key in the snippet.")
	}
	return site, nil
}

// SiteByID finds a site of a workspace, or fails with CodeUnknownSite.
func (c *Cache) SiteByID(ctx context.Context, workspace protocol.WorkspaceID, id protocol.SiteID) (store.Site, error) {
	s, err := c.current(ctx)
	if err != nil {
		return store.Site{}, err
	}
	site, ok := s.byID[id]
	if !ok || site.Workspace != workspace {
		return store.Site{}, protocol.NewError(protocol.CodeUnknownSite, "This site is not known here any more.")
	}
	return site, nil
}

// Queues lists a workspace's queues in the order of its file.
func (c *Cache) Queues(ctx context.Context, workspace protocol.WorkspaceID) ([]store.Queue, error) {
	s, err := c.current(ctx)
	if err != nil {
		return nil, err
	}
	return slices.Clone(s.queues[workspace]), nil
}

// Queue finds a queue of a workspace, or fails with CodeNotFound.
func (c *Cache) Queue(ctx context.Context, workspace protocol.WorkspaceID, id protocol.QueueID) (store.Queue, error) {
	s, err := c.current(ctx)
	if err != nil {
		return store.Queue{}, err
	}
	for _, q := range s.queues[workspace] {
		if q.ID == id {
			return q, nil
		}
	}
	return store.Queue{}, protocol.NewError(protocol.CodeNotFound, "There is no such queue.")
}

// QueueOf finds one of a site's queues by its key, or the site's first one for
// an empty key. CodeInvalid when the site has no such queue.
func (c *Cache) QueueOf(ctx context.Context, site store.Site, key string) (store.Queue, error) {
	s, err := c.current(ctx)
	if err != nil {
		return store.Queue{}, err
	}
	for _, id := range site.Queues {
		for _, q := range s.queues[site.Workspace] {
			if q.ID == id && (key == "" || q.Key == key) {
				return q, nil
			}
		}
	}
	return store.Queue{}, protocol.NewError(protocol.CodeInvalid, "This site has no such queue. Leave it out to ask in the first one.")
}
