package site

import (
	"maps"
	"slices"

	"github.com/parlour-chat/parlour/chat/site/hours"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A Proposed is what a workspace file would declare, for a dry run.
type Proposed struct {
	declared  store.Workspace
	schedules map[string]*hours.Schedule // by the key of the calendar
}

// Propose reads and checks a workspace file's text as Parse does, without what
// it says of passwords and secrets: no file that it names is opened, and the
// record is not touched.
func Propose(text []byte) (*Proposed, error) {
	f, err := decode(text)
	if err != nil {
		return nil, err
	}
	for i := range f.Agents {
		f.Agents[i].Password, f.Agents[i].PasswordFile = "", ""
	}
	for i := range f.Sites {
		f.Sites[i].Identity = nil
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	p := &Proposed{declared: f.declared(), schedules: map[string]*hours.Schedule{}}
	for _, c := range p.declared.Calendars {
		if p.schedules[c.Key], err = hours.New(c); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// Open says whether a queue would be open at a time, and when that changes; 0:
// not within a year. Times are Unix milliseconds.
func (p *Proposed) Open(q store.Queue, at int64) (open bool, changes int64) {
	return opensUntil(p.schedules[q.Rules.Calendar], q.Rules.ClosedUntil, at)
}

// Known gives queues and agents of the proposal the ids that a record has for
// the same keys and e-mails. What is not in the record yet keeps its own. An
// agent keeps the profile that is chosen now, where it may still be.
func (p *Proposed) Known(queues []store.Queue, agents []store.Agent) (map[protocol.QueueID]store.Queue, map[protocol.AgentID]store.Agent) {
	ids := map[protocol.QueueID]protocol.QueueID{}
	for _, q := range p.declared.Queues {
		ids[q.ID] = q.ID
		if at := slices.IndexFunc(queues, func(k store.Queue) bool { return k.Key == q.Key }); at >= 0 {
			ids[q.ID] = queues[at].ID
		}
	}
	renamed := func(list []protocol.QueueID) []protocol.QueueID {
		all := make([]protocol.QueueID, len(list))
		for i, id := range list {
			all[i] = ids[id]
		}
		return all
	}
	known := map[protocol.QueueID]store.Queue{}
	for _, q := range p.declared.Queues {
		q.ID, q.Rules.Overflow = ids[q.ID], slices.Clone(q.Rules.Overflow)
		for i := range q.Rules.Overflow {
			q.Rules.Overflow[i].Queues = renamed(q.Rules.Overflow[i].Queues)
		}
		known[q.ID] = q
	}
	rights := map[protocol.RoleID][]protocol.Permission{}
	for _, r := range p.declared.Roles {
		rights[r.ID] = r.Permissions
	}
	staff := map[protocol.AgentID]store.Agent{}
	for _, a := range p.declared.Agents {
		a.Permissions, a.Skills = rights[a.Role], maps.Clone(a.Skills)
		if at := slices.IndexFunc(agents, func(k store.Agent) bool { return k.Email == a.Email }); at >= 0 {
			a.ID = agents[at].ID
			for _, other := range a.Profiles {
				if other.Name == agents[at].Profile.Name {
					a.Profile = other
				}
			}
		}
		a.Profile.Queues = renamed(a.Profile.Queues)
		staff[a.ID] = a
	}
	return known, staff
}
