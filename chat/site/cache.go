package site

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/parlour-chat/parlour/chat/site/hours"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

const (
	// freshFor is how old an answer may be: a changed workspace is in effect
	// everywhere within 5 s (SITE-2).
	freshFor = 2 * time.Second
	// healFor is after how long everything is read although no version grew: an
	// older program that applies a file during an upgrade raises none.
	healFor = 30 * time.Second
	// patience is how long Open may wait for the record. Then the last answer holds.
	patience = time.Second
)

// A Cache answers about sites, queues and hours from memory. When its answers
// are 2 s old it looks whether the workspaces' versions grew, and reads again
// what they declare if so. Unknown keys cost no query. It starts nothing by
// itself.
type Cache struct {
	record *store.Store
	now    func() time.Time
	kept   atomic.Pointer[snapshot]
	looked atomic.Int64  // when Open last tried, Unix ms
	reads  atomic.Int64  // of all that is declared
	turn   chan struct{} // held by the one who reads
}

type snapshot struct {
	looked    time.Time // at the versions
	read      time.Time
	versions  map[protocol.WorkspaceID]int64
	byKey     map[string]store.Site
	byID      map[protocol.SiteID]store.Site
	queues    map[protocol.WorkspaceID][]store.Queue
	settings  map[protocol.WorkspaceID]store.Settings
	schedules map[calendarKey]*hours.Schedule
}

type calendarKey struct {
	workspace protocol.WorkspaceID
	key       string
}

// NewCache makes an empty one; the first question reads the record.
func NewCache(record *store.Store) *Cache {
	return &Cache{record: record, now: time.Now, turn: make(chan struct{}, 1)}
}

func (c *Cache) fresh() *snapshot {
	if s := c.kept.Load(); s != nil && c.now().Sub(s.looked) < freshFor {
		return s
	}
	return nil
}

// current gives the kept snapshot or a newer one. Of several who find it too
// old one reads, and the others wait for it or for their context.
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
	s, err := c.renewed(ctx)
	if err != nil {
		return nil, fmt.Errorf("read sites: %w", err)
	}
	c.kept.Store(s)
	return s, nil
}

// renewed is the kept snapshot where no version grew, else a new one.
func (c *Cache) renewed(ctx context.Context) (*snapshot, error) {
	now := c.now()
	workspaces, err := c.record.Workspaces(ctx)
	if err != nil {
		return nil, err
	}
	versions := make(map[protocol.WorkspaceID]int64, len(workspaces))
	for _, w := range workspaces { // before what they declare: what comes between is read the next time
		if versions[w], err = c.record.Version(ctx, w); err != nil {
			return nil, err
		}
	}
	if old := c.kept.Load(); old != nil && now.Sub(old.read) < healFor && maps.Equal(old.versions, versions) {
		same := *old
		same.looked = now
		return &same, nil
	}
	c.reads.Add(1)
	s := &snapshot{
		looked: now, read: now, versions: versions, byKey: map[string]store.Site{}, byID: map[protocol.SiteID]store.Site{},
		queues: map[protocol.WorkspaceID][]store.Queue{}, settings: map[protocol.WorkspaceID]store.Settings{},
		schedules: map[calendarKey]*hours.Schedule{},
	}
	for _, w := range workspaces {
		if err := c.read(ctx, w, s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (c *Cache) read(ctx context.Context, w protocol.WorkspaceID, into *snapshot) error {
	sites, err := c.record.Sites(ctx, w)
	if err != nil {
		return err
	}
	for _, site := range sites {
		into.byKey[site.Key], into.byID[site.ID] = site, site
	}
	if into.queues[w], err = c.record.Queues(ctx, w); err != nil {
		return err
	}
	if into.settings[w], err = c.record.Settings(ctx, w); err != nil {
		return err
	}
	calendars, err := c.record.Calendars(ctx, w)
	if err != nil {
		return err
	}
	for _, k := range calendars {
		if schedule, err := hours.New(k); err == nil { // it was checked when it was applied
			into.schedules[calendarKey{w, k.Key}] = schedule
		}
	}
	return nil
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

// Settings are those of a workspace; none for one that is not known.
func (c *Cache) Settings(ctx context.Context, workspace protocol.WorkspaceID) (store.Settings, error) {
	s, err := c.current(ctx)
	if err != nil {
		return store.Settings{}, err
	}
	return s.settings[workspace], nil
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
