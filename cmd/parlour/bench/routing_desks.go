package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/parlour-chat/parlour/chat/routing"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// chatsOfMany is how many conversations an agent may have where it is measured
// how fast many are given out.
const chatsOfMany = 100

// A desk is an agent's. Its view is read again whenever it has changed.
type desk struct {
	who     protocol.Caller
	changed chan struct{} // capacity 1: a second change is the same wish
	seen    map[protocol.OfferID]bool

	mu    sync.Mutex // guards what follows
	conv  protocol.ConversationID
	freed time.Time // when its slot was; zero: it is not
}

// A floor is agents at desks and visitors who wait, on a Router and a record.
type floor struct {
	record *store.Store
	router *routing.Router
	on     redisKind
	ws     protocol.WorkspaceID
	queue  store.Queue
	site   protocol.SiteID
	desks  []*desk
	of     map[string]*desk // by actor
	shown  func(ctx context.Context, d *desk, o store.Offer) error

	stop context.CancelCauseFunc
	work sync.WaitGroup
	late atomic.Int64 // steps that routing could not be told of: its sweep finds them
}

// openFloor makes a workspace in a new database: agents who are ready, and
// visitors who have asked.
func openFloor(ctx context.Context, on redisKind, db database, agents, chats, asked int) (f *floor, err error) {
	f = &floor{on: on, ws: bareWorkspace(), site: protocol.NewID[protocol.SiteID](), of: map[string]*desk{}, stop: func(error) {}}
	f.queue = store.Queue{ID: protocol.NewID[protocol.QueueID](), Workspace: f.ws, Key: "all", Name: "All", Weight: 1}
	if f.record, err = store.Open(ctx, store.Options{URL: db.url}); err != nil {
		return nil, err
	}
	if err = f.declare(ctx, agents, chats); err == nil {
		f.router = routing.New(routing.Options{
			Redis: on.client, Record: f.record, Notify: f, Workspace: f.ws, Node: "bench",
			Timers: routing.Timers{RampUp: -1, Amnesty: -1, Offer: time.Hour, Silent: time.Hour},
		})
		err = each(ctx, asked, 32, func(ctx context.Context, _ int) error {
			_, err := f.ask(ctx)
			return err
		})
	}
	if err != nil {
		return nil, errors.Join(err, f.record.Close())
	}
	return f, nil
}

func (f *floor) declare(ctx context.Context, agents, chats int) error {
	profile := store.Profile{ID: protocol.NewID[protocol.ProfileID](), Name: "all", Queues: []protocol.QueueID{f.queue.ID}, Media: []string{store.MediumChat}}
	role := store.Role{ID: protocol.NewID[protocol.RoleID](), Name: "agent", Permissions: []protocol.Permission{protocol.PermDesk}}
	w := store.Workspace{
		ID: f.ws, Name: "Bench", Queues: []store.Queue{f.queue}, Profiles: []store.Profile{profile}, Roles: []store.Role{role},
		Sites: []store.Site{{ID: f.site, Workspace: f.ws, Key: "bench", Name: "Bench", Queues: []protocol.QueueID{f.queue.ID}}},
	}
	for i := range agents {
		a := store.Agent{
			ID: protocol.NewID[protocol.AgentID](), Workspace: f.ws, Email: email(i), Name: fmt.Sprintf("Agent %d", i), PasswordHash: "none",
			Profile: profile, Role: role.ID, MaxChats: chats,
		}
		w.Agents = append(w.Agents, a)
		who := protocol.Caller{Connection: protocol.NewID[protocol.ConnectionID](), Principal: protocol.Principal{
			Kind: protocol.KindAgent, Workspace: f.ws, Agent: a.ID, Name: a.Name, Permissions: role.Permissions,
		}}
		d := &desk{who: who, changed: make(chan struct{}, 1), seen: map[protocol.OfferID]bool{}}
		f.desks, f.of[who.Actor()] = append(f.desks, d), d
	}
	if _, err := f.record.Apply(ctx, w); err != nil {
		return err
	}
	return each(ctx, agents, 32, func(ctx context.Context, i int) error {
		_, err := f.record.Declare(ctx, f.ws, f.desks[i].who.Agent, protocol.DeclaredReady, "", "bench", "agent")
		return err
	})
}

// ask lets somebody new wait in the record, with a page that is open.
func (f *floor) ask(ctx context.Context) (store.Conversation, error) {
	visitor := store.Visitor{ID: protocol.NewID[protocol.VisitorID](), Workspace: f.ws, Site: f.site, Name: "Visitor"}
	if err := f.record.CreateVisitor(ctx, visitor, "of "+string(visitor.ID)); err != nil {
		return store.Conversation{}, err
	}
	c, _, _, err := f.record.Ask(ctx, store.AskIn{
		Workspace: f.ws, Site: f.site, Visitor: visitor.ID, Queue: f.queue.ID, Op: protocol.NewID[protocol.Op](), Text: filler,
		Author: protocol.Author{Kind: protocol.KindVisitor, ID: string(visitor.ID), Name: visitor.Name},
	})
	f.router.Here(protocol.Caller{Connection: protocol.NewID[protocol.ConnectionID](), Principal: protocol.Principal{
		Kind: protocol.KindVisitor, Workspace: f.ws, Visitor: visitor.ID, Site: f.site,
	}})
	return c, err
}

// open lets routing run until all who asked wait there, and then the agents in,
// who hear of their offers by shown. All of it ends with ctx, which stop ends:
// as close does, and whatever goes wrong later.
func (f *floor) open(ctx context.Context, stop context.CancelCauseFunc, asked int, shown func(context.Context, *desk, store.Offer) error) error {
	f.shown, f.stop = shown, stop
	f.work.Go(func() { stop(f.router.Run(ctx)) })
	for _, d := range f.desks {
		f.work.Go(func() { f.sit(ctx, d) })
	}
	for {
		lines, err := f.router.Positions(ctx, f.queue.ID)
		if err != nil {
			return err
		}
		if lines[f.queue.ID].Waiting == asked {
			break
		}
		if err := wait(ctx, 10*time.Millisecond); err != nil {
			return fmt.Errorf("%d of %d wait in Redis: %w", lines[f.queue.ID].Waiting, asked, err)
		}
	}
	for _, d := range f.desks {
		f.router.Here(d.who)
	}
	return nil
}

// sit reads the desk's view whenever it is told to.
func (f *floor) sit(ctx context.Context, d *desk) {
	for {
		select {
		case <-d.changed:
		case <-ctx.Done():
			return
		}
		offers, err := f.record.OffersOfAgent(ctx, f.ws, d.who.Agent)
		for _, o := range offers {
			if err == nil && !d.seen[o.ID] {
				d.seen[o.ID] = true
				err = f.shown(ctx, d, o)
			}
		}
		if err != nil && ctx.Err() == nil {
			f.stop(fmt.Errorf("desk of %s: %w", d.who.Name, err))
			return
		}
	}
}

// accept takes an offer at once.
func (f *floor) accept(ctx context.Context, d *desk, o store.Offer) error {
	o, _, err := f.record.Accept(ctx, f.ws, d.who.Agent, o.ID, protocol.NewID[protocol.Op]())
	if err != nil {
		return err
	}
	f.routed(f.router.Settled(ctx, o, store.OutcomeAccepted))
	return nil
}

// routed counts what routing was not told because Redis did not answer. The
// record is right, as it is for the chat, and routing finds the change there.
func (f *floor) routed(err error) {
	if err != nil {
		f.late.Add(1)
	}
}

// ViewChanged has the floor's desks look.
func (f *floor) ViewChanged(_ protocol.WorkspaceID, actors ...string) {
	for _, actor := range actors {
		if d := f.of[actor]; d != nil {
			select {
			case d.changed <- struct{}{}:
			default:
			}
		}
	}
}

// QueuesChanged and EntriesAdded tell what no desk here shows.
func (*floor) QueuesChanged(protocol.WorkspaceID)                         {}
func (*floor) EntriesAdded(protocol.WorkspaceID, protocol.ConversationID) {}

// close ends everything and cleans up.
func (f *floor) close(ctx context.Context) error {
	f.stop(errOver)
	f.work.Wait()
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(routing.Clear(late, f.on.client, f.ws), f.record.Close())
}
