package chat

import (
	"context"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// SiteItem is what the widget knows of its site now (SITE-5). A site accepts
// while one of its queues does and there is room in the site and the workspace;
// why not, its first queue that does not says, and how long it would take in that.
func (s *Service) SiteItem(ctx context.Context, site store.Site) protocol.SiteItem {
	item := protocol.SiteItem{
		Site: site.ID, Name: site.Name, Staffed: s.router.Staffed(ctx, site.Queues...),
		Audio: site.Audio && s.media != nil, Video: site.Video && s.media != nil, Cobrowse: site.Cobrowse,
	}
	var refusing store.Queue // the one that says why not
	for _, id := range site.Queues {
		queue, err := s.directory.Queue(ctx, s.ws, id)
		if err != nil {
			continue
		}
		reason, opens := s.router.Accepting(ctx, site, queue)
		if reason != protocol.SiteClosed {
			item.Open = true
		} else if opens > 0 && (item.OpensAt == 0 || opens < item.OpensAt) {
			item.OpensAt = opens
		}
		if reason == "" {
			item.Accepting = true
		} else if item.Reason == "" {
			item.Reason, refusing = reason, queue
		}
	}
	if item.Accepting && s.full(ctx, site) {
		item.Accepting, item.Reason, refusing = false, protocol.SiteFull, store.Queue{}
	}
	if item.Accepting && !item.Staffed && site.Rules.Unstaffed == unstaffedMessage {
		item.Accepting, item.Reason = false, protocol.SiteNobody
	}
	switch {
	case item.Accepting:
		item.Reason = ""
	case refusing.ID != "" && (item.Reason == protocol.SiteFull || item.Reason == protocol.SiteSlow):
		w := s.waitIn(ctx, refusing)
		item.LowMs, item.HighMs = w.low, w.high
	}
	if item.Open {
		item.OpensAt = 0
	}
	return item
}

// unstaffedMessage is a site's rule: with nobody there a message can be left
// and no conversation waits.
const unstaffedMessage = "message"

func (s *Service) conversationItem(ctx context.Context, c store.Conversation) (protocol.ConversationItem, error) {
	item := protocol.ConversationItem{Conversation: c.ID, State: c.State, Last: c.VisitorSeq, Read: c.VisitorRead, Medium: c.Medium}
	if c.State == protocol.StateQueued {
		return item, s.placeItem(ctx, c, &item)
	}
	if c.Owner == "" {
		return item, nil
	}
	agent, err := s.store.Agent(ctx, s.ws, c.Owner)
	if err != nil {
		return item, err
	}
	item.Agent = agent.Name
	if c.State != protocol.StateActive {
		return item, nil
	}
	item.AgentReach = s.router.Reach(ctx, agentActor(c.Owner))
	slots, err := s.store.SlotsOf(ctx, s.ws, c.ID)
	if err != nil {
		return item, err
	}
	for _, slot := range slots {
		item.Parked = item.Parked || (slot.Agent == c.Owner && slot.State == protocol.SlotParked)
	}
	if len(slots) < 2 {
		return item, nil
	}
	item.Agents = []string{agent.Name}
	for _, slot := range slots {
		if slot.Agent == c.Owner {
			continue
		}
		other, err := s.store.Agent(ctx, s.ws, slot.Agent)
		if err != nil {
			return item, err
		}
		item.Agents = append(item.Agents, other.Name)
	}
	return item, nil
}

// placeItem is what a waiting visitor reads (VIS-1). With Redis away the place
// is not known; the conversation waits all the same.
func (s *Service) placeItem(ctx context.Context, c store.Conversation, item *protocol.ConversationItem) error {
	now, err := s.store.Now(ctx)
	if err != nil {
		return err
	}
	item.Choice = now-c.Asked >= s.limits.Choice.Milliseconds() // as all times of waiting: since it was first asked for
	if place, err := s.router.Place(ctx, c.ID); err == nil {
		item.Position, item.Ahead, item.LowMs, item.HighMs = place.Position, place.Ahead, place.LowMs, place.HighMs
		item.ChatOnly = place.ChatOnly
		item.Choice = item.Choice || place.Message || place.ChatOnly
	}
	if lines, err := s.router.Positions(ctx, c.Queue); err == nil {
		item.Choice = item.Choice || lines[c.Queue].Bare
	}
	return nil
}
