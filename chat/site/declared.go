package site

import (
	"maps"
	"slices"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// declared is the file in the record's words. It has been checked.
func (f *File) declared() store.Workspace {
	w := store.Workspace{ID: f.id(), Name: f.Workspace.Name, Settings: f.Settings.declared()}
	for _, k := range f.Calendars {
		c, _ := k.declared(f) // checked
		w.Calendars = append(w.Calendars, c)
	}
	for _, q := range f.Queues {
		w.Queues = append(w.Queues, store.Queue{
			ID: derived[protocol.QueueID](f, "queue", q.Key), Workspace: w.ID, Key: q.Key, Name: q.Name, Weight: q.Weight,
			OfferMs: q.OfferSeconds * 1000, WrapUpMs: orNever(q.WrapUpSeconds), Rules: f.declaredRules(q),
		})
	}
	for _, s := range f.Sites {
		w.Sites = append(w.Sites, f.declaredSite(s))
	}
	profiles := map[string]store.Profile{}
	for _, p := range f.Profiles {
		profiles[p.Name] = store.Profile{ID: derived[protocol.ProfileID](f, "profile", p.Name), Name: p.Name, Queues: f.queueIDs(p.Queues), Media: p.Media}
		w.Profiles = append(w.Profiles, profiles[p.Name])
	}
	for _, r := range f.Roles {
		role := store.Role{ID: derived[protocol.RoleID](f, "role", r.Name), Name: r.Name}
		for _, p := range r.Permissions {
			role.Permissions = append(role.Permissions, protocol.Permission(p))
		}
		w.Roles = append(w.Roles, role)
	}
	for _, a := range f.Agents {
		agent := store.Agent{
			ID: derived[protocol.AgentID](f, "agent", a.Email), Workspace: w.ID, Email: a.Email, Name: a.Name,
			Role: derived[protocol.RoleID](f, "role", a.Role), Profile: profiles[a.Profile], MaxChats: a.MaxChats,
			Skills: maps.Clone(a.Skills), Rules: store.AgentRules{OfferMs: a.OfferSeconds * 1000, MaxVideo: a.MaxVideo, AutoAccept: a.AutoAccept},
		}
		for _, p := range a.Profiles {
			agent.Profiles = append(agent.Profiles, profiles[p])
		}
		w.Agents = append(w.Agents, agent)
	}
	return w
}

func (s Settings) declared() store.Settings {
	reasons := func(list []Reason) (all []store.Reason) {
		for _, r := range list {
			all = append(all, store.Reason{Key: r.Key, Name: r.Name})
		}
		return all
	}
	return store.Settings{
		PauseReasons: reasons(s.PauseReasons), RejectReasons: reasons(s.RejectReasons), Skills: slices.Clone(s.Skills),
		WaitingLimit: s.WaitingLimit, RunningLimit: s.RunningLimit, PickWhilePaused: s.PickWhilePaused,
		StickyDays: s.StickyDays, DecisionDays: s.DecisionsDays, TransfersAlarm: s.TransfersAlarm,
		ShortAbandonMs: orNever(s.ShortAbandonSeconds),
	}
}

// orNever is milliseconds where 0 stands for the default: none given is 0, and
// 0 given is below it.
func orNever(seconds *int64) int64 {
	switch {
	case seconds == nil:
		return 0
	case *seconds == 0:
		return -1
	default:
		return *seconds * 1000
	}
}

// unless is a word, or none where it is the usual one.
func unless(word, usual string) string {
	if word == usual {
		return ""
	}
	return word
}

func (f *File) declaredRules(q Queue) store.QueueRules {
	closed, _ := until(q.ClosedUntil) // checked
	r := store.QueueRules{
		Mode: unless(q.Mode, store.ModeRingOne), AutoAccept: q.AutoAccept, Units: maps.Clone(q.Units), Spare: maps.Clone(q.Spare),
		ParkedShare: q.Parked, Needs: maps.Clone(q.Needs), MaxWaitMs: q.MaxWaitSeconds * 1000, PullMaxMs: q.PullSeconds * 1000,
		StickyMs: orNever(q.StickySeconds), ExcludeMs: q.ExcludeSeconds * 1000, FirstReplyMs: orNever(q.FirstReplySeconds),
		AfterReject: unless(q.AfterReject, "ready"), ReturnMs: q.ReturnSeconds * 1000, HoldMs: q.HoldSeconds * 1000,
		Limit: q.Limit, MaxEstimateMs: q.MaxEstimateSeconds * 1000, Calendar: q.Calendar, ClosedUntil: closed,
		AtClosing: unless(q.AtClosing, "serve"), AtClosingMs: q.AtClosingSeconds * 1000,
	}
	for _, s := range q.Overflow {
		step := store.OverflowStep{
			AfterMs: s.AfterSeconds * 1000, Waiting: s.WaitingAbove, Ready: s.ReadyBelow, EstimateMs: s.EstimateSeconds * 1000,
			Relax: maps.Clone(s.Relax), Message: s.Message,
		}
		if len(s.Add) > 0 {
			step.Queues = f.queueIDs(s.Add)
		}
		r.Overflow = append(r.Overflow, step)
	}
	for name, seconds := range q.Boosts {
		if r.Boosts == nil {
			r.Boosts = map[string]int64{}
		}
		r.Boosts[name] = seconds * 1000
	}
	return r
}

func (f *File) declaredSite(s Site) store.Site {
	site := store.Site{
		ID: derived[protocol.SiteID](f, "site", s.Key), Workspace: f.id(), Key: s.Key, Name: s.Name, Origins: s.Origins, Queues: f.queueIDs(s.Queues),
		Audio: on(s.Audio), Video: on(s.Video), Cobrowse: on(s.Cobrowse), HostStorage: on(s.HostStorage), Mask: s.Mask, Color: s.Color,
		Rules: store.SiteRules{NoTransfer: !on(s.Transfer), Limit: s.WaitingLimit, RunningLimit: s.RunningLimit, Unstaffed: unless(s.WhenNobody, "wait")},
	}
	for _, k := range s.Identity {
		site.Identity = append(site.Identity, store.IdentityKey{ID: k.ID, Algorithm: k.Algorithm, Secret: k.Secret})
	}
	return site
}

func on(b *bool) bool { return b == nil || *b }
