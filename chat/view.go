package chat

import (
	"context"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Items puts into a map what a caller may see now. Each item goes into a frame.
func (s *Service) Items(ctx context.Context, who protocol.Caller, into map[string]protocol.Item) error {
	if who.Workspace != s.ws {
		return protocol.NewError(protocol.CodeNotFound, "There is no such workspace.")
	}
	items := s.deskItems
	if who.Kind == protocol.KindVisitor {
		items = s.visitorItems
	}
	if err := items(ctx, who, into); err != nil {
		return err
	}
	for key, item := range into {
		into[key] = fitted(item)
	}
	return nil
}

func (s *Service) visitorItems(ctx context.Context, who protocol.Caller, into map[string]protocol.Item) error {
	site, err := s.directory.Site(ctx, s.ws, who.Site)
	if err != nil {
		return err
	}
	siteItem := s.SiteItem(ctx, site)
	into["site/"+string(site.ID)] = protocol.Item{Site: &siteItem}
	conversations, err := s.store.ConversationsOfVisitor(ctx, s.ws, who.Visitor, openPerVisitor)
	if err != nil {
		return err
	}
	for _, c := range conversations {
		item, err := s.conversationItem(ctx, c)
		if err != nil {
			return err
		}
		into["conversation/"+string(c.ID)] = protocol.Item{Conversation: &item}
		if c.State == protocol.StateActive {
			if err := s.stepItems(ctx, who, c, into); err != nil {
				return err
			}
		}
	}
	return nil
}

// stepItems are the call and the co-browse session of a conversation.
func (s *Service) stepItems(ctx context.Context, who protocol.Caller, c store.Conversation, into map[string]protocol.Item) error {
	calls, err := s.store.CallsOf(ctx, s.ws, c.ID)
	if err != nil {
		return err
	}
	for _, call := range calls {
		if state, open := consentState(call.State); open {
			item := callItem(who, call, state)
			into["call/"+string(call.ID)] = protocol.Item{Call: &item}
		}
	}
	sessions, err := s.store.CobrowsesOf(ctx, s.ws, c.ID)
	if err != nil {
		return err
	}
	for _, session := range sessions {
		if state, open := consentState(session.State); open {
			item := protocol.CobrowseItem{
				Cobrowse: session.ID, Conversation: c.ID, State: state, Agent: session.AgentName, Started: session.Started, Away: session.Away(),
			}
			if state == protocol.ConsentRunning {
				item.Watchers = 1
			} else {
				item.Deadline = session.Deadline
			}
			into["cobrowse/"+string(session.ID)] = protocol.Item{Cobrowse: &item}
		}
	}
	return nil
}

func consentState(state store.StepState) (protocol.ConsentState, bool) {
	switch state {
	case store.StepAsked:
		return protocol.ConsentAsked, true
	case store.StepRunning:
		return protocol.ConsentRunning, true
	default:
		return "", false
	}
}

func callItem(who protocol.Caller, call store.Call, state protocol.ConsentState) protocol.CallItem {
	item := protocol.CallItem{
		Call: call.ID, Conversation: call.Conversation, Media: call.Media, State: state, AskedBy: call.AskedBy, AskedByName: call.AskedByName, Started: call.Started,
	}
	if state == protocol.ConsentAsked {
		item.Deadline = call.Deadline
	}
	for _, p := range call.Parties {
		you := p.Actor == who.Actor()
		if you {
			item.Tab = p.Connection
		}
		item.Parties = append(item.Parties, protocol.PartyItem{
			Ordinal: p.Ordinal, Side: p.Side, Name: p.Name, You: you, Here: p.Here, Audio: p.Audio, Video: p.Video,
		})
	}
	return item
}
