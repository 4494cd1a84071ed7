package chat

import (
	"context"
	"sync"
	"time"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// fullFor is how long it is believed that a site is full, or is not. Who asks
// is counted anew in any case.
const fullFor = time.Second

// A fullness remembers which sites are full; at most the sites of the workspace.
type fullness struct {
	mu sync.Mutex // guards what follows
	of map[protocol.SiteID]sinceFull
}

type sinceFull struct {
	full bool
	read time.Time
}

func (f *fullness) known(site protocol.SiteID) (full, known bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	was, found := f.of[site]
	return was.full, found && time.Since(was.read) < fullFor
}

func (f *fullness) learn(site protocol.SiteID, full bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.of == nil {
		f.of = map[protocol.SiteID]sinceFull{}
	}
	f.of[site] = sinceFull{full, time.Now()}
}

// full says whether the site, or the whole workspace, takes nobody more: as many
// wait or are talked with as may. What a single queue holds is routing's to say.
// While the record does not answer nobody is sent away.
func (s *Service) full(ctx context.Context, site store.Site) bool {
	limits, err := s.limitsOf(ctx, site)
	if err != nil || limits == (store.AskLimits{}) {
		return false
	}
	if full, known := s.sites.known(site.ID); known {
		return full
	}
	full, err := s.store.Full(ctx, s.ws, site.ID, "", limits)
	if err != nil {
		return false
	}
	s.sites.learn(site.ID, full)
	return full
}

// limitsOf are the limits of a site and its workspace, without those of queues.
func (s *Service) limitsOf(ctx context.Context, site store.Site) (store.AskLimits, error) {
	settings, err := s.directory.Settings(ctx, s.ws)
	if err != nil {
		return store.AskLimits{}, err
	}
	return store.AskLimits{
		Site: site.Rules.Limit, SiteRunning: site.Rules.RunningLimit, Workspace: settings.WaitingLimit, Running: settings.RunningLimit,
	}, nil
}
