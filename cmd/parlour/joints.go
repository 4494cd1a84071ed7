package main

import (
	"context"
	"time"

	"github.com/parlour-chat/parlour/chat"
	"github.com/parlour-chat/parlour/chat/people"
	"github.com/parlour-chat/parlour/chat/routing"
	"github.com/parlour-chat/parlour/chat/site"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/configs"
	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// chatLog gives the edge the contact centre's log in the edge's own words.
type chatLog struct{ *chat.Service }

func (l chatLog) Heads(ctx context.Context, convs []protocol.ConversationID) (map[protocol.ConversationID]signaling.Head, error) {
	heads, err := l.Service.Heads(ctx, convs)
	if err != nil {
		return nil, err
	}
	out := make(map[protocol.ConversationID]signaling.Head, len(heads))
	for id, h := range heads {
		marks := h.VisitorDelivered + h.VisitorRead + h.AgentDelivered + h.AgentRead // each only grows
		out[id] = signaling.Head{Last: h.Seq, VisitorLast: h.VisitorSeq, Marks: marks}
	}
	return out, nil
}

// identities proves who visitors and agents are.
type identities struct {
	*people.People
	sites *site.Cache
	chat  *chat.Service
}

// SignedOut ends at once what the visitor, or an agent without any other
// session, has running (S5).
func (i identities) SignedOut(ctx context.Context, who protocol.Principal) {
	switch who.Kind {
	case protocol.KindAgent:
		i.chat.SignedOut(ctx, who.Agent)
	case protocol.KindVisitor:
		i.chat.VisitorSignedOut(ctx, who)
	default:
	}
}

func (i identities) NewVisitor(ctx context.Context, v signaling.NewVisitor) (protocol.Principal, string, error) {
	s, err := i.sites.Site(ctx, v.SiteKey)
	if err != nil {
		return protocol.Principal{}, "", err
	}
	return i.People.NewVisitor(ctx, s, v.Identity, v.Name)
}

// sites tells the edge what the panel needs to know.
type sites struct {
	cache *site.Cache
	chat  *chat.Service
}

func (s sites) Site(ctx context.Context, key string) (signaling.Site, error) {
	found, err := s.cache.Site(ctx, key)
	if err != nil {
		return signaling.Site{}, err
	}
	item := s.chat.SiteItem(ctx, found)
	return signaling.Site{
		ID: found.ID, Key: found.Key, Name: found.Name, Origins: found.Origins, Color: found.Color, HostStorage: found.HostStorage,
		Audio: item.Audio, Video: item.Video, Cobrowse: item.Cobrowse, Mask: found.Mask,
	}, nil
}

func (s sites) Status(ctx context.Context, key string) (protocol.SiteItem, error) {
	found, err := s.cache.Site(ctx, key)
	if err != nil {
		return protocol.SiteItem{}, err
	}
	return s.chat.SiteItem(ctx, found), nil
}

// directory gives the contact centre the sites by id.
type directory struct{ *site.Cache }

func (d directory) Site(ctx context.Context, ws protocol.WorkspaceID, id protocol.SiteID) (store.Site, error) {
	return d.SiteByID(ctx, ws, id)
}

// emptyWorkspace is what an installation has before a workspace file is applied.
const emptyWorkspace = "workspace: {key: default, name: Parlour}\n"

// ensureWorkspace finds the one workspace, or makes it, empty.
func ensureWorkspace(ctx context.Context, s *store.Store) (protocol.WorkspaceID, error) {
	all, err := s.Workspaces(ctx)
	if err != nil {
		return "", err
	}
	if len(all) > 0 {
		return all[0], nil
	}
	empty, err := site.Parse([]byte(emptyWorkspace), "")
	if err != nil {
		return "", err
	}
	report, err := site.Apply(ctx, s, empty)
	return report.Workspace, err
}

func edgeLimits(l configs.Limits) signaling.Limits {
	return signaling.Limits{
		OutboxBytes: l.OutboxBytes, ConnectionsPerIP: l.ConnectionsPerIP, VisitorsPerMinute: l.VisitorsPerMinutePerIP,
		MessagesPerMinute: l.MessagesPerMinutePerVisitor, SignInsPerMinute: l.SignInsPerMinutePerIP, MessageCharacters: l.MessageCharacters,
		FramesPerSecond: l.FramesPerSecond, PacketsPerSecond: l.PacketsPerSecond, RequestsPerSecond: l.RequestsPerSecondPerIP, TransportsPerAddress: l.WebRTCOffersPerMinutePerIP,
	}
}

// none turns a setting's 0, which means none, into what means none where 0 is
// the default.
func none(d time.Duration) time.Duration {
	if d == 0 {
		return -1
	}
	return d
}

// routingTimers turns settings, in which 0 means none, into routing's, in which
// 0 means the default.
func routingTimers(r configs.Routing) routing.Timers {
	return routing.Timers{
		Offer: r.OfferTimeout, RampUp: none(r.RampUp), Exclude: none(r.ExcludeFor), Closed: r.PresenceClosed, Silent: r.PresenceSilent,
		AgentGone: r.PresenceGone, VisitorGone: r.QueueGrace, Amnesty: none(r.RestartAmnesty), Sweep: r.Sweep,
	}
}

// acceptItself accepts an offer for the agent who was asked, as the agent would.
// The offer's id is the op: twice is once. One that cannot be accepted rings on.
func (a *app) acceptItself(ctx context.Context, o store.Offer) {
	who := protocol.Caller{Principal: protocol.Principal{Kind: protocol.KindAgent, Workspace: o.Workspace, Agent: o.Agent}}
	if _, err := a.chat.Accept(ctx, who, protocol.Op(o.ID), protocol.OfOffer{Offer: o.ID}); err != nil {
		a.log.Info("an offer was not accepted by itself", "offer", o.ID, "err", err)
	}
}
