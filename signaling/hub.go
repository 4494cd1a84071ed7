package signaling

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// HubOptions build a Hub.
type HubOptions struct {
	Node   protocol.NodeID
	Bus    Bus          // nil: a LocalBus of its own
	Logger *slog.Logger // nil: silent
}

// A Hub tells the connections of all nodes what has changed. Its methods never
// wait for a browser, for the record or for the bus; what they say is a hint,
// and a hint that got lost is healed by the poll. They may be called
// concurrently, and before the Edge is built.
type Hub struct {
	node  protocol.NodeID
	bus   Bus
	log   *slog.Logger
	stats *counters
	out   publisher
	relay relay
	where whereabouts

	ctx     context.Context // ends with Close; bounds what runs for the bus
	stop    context.CancelFunc
	workers sync.WaitGroup
	cancel  func() // of the subscription

	mu        sync.RWMutex
	byID      map[protocol.ConnectionID]*connection
	byActor   map[string]map[*connection]struct{}
	followers map[protocol.ConversationID]map[*connection]struct{}
	onPacket  map[string]func(protocol.Caller, []byte)
	onTold    map[string]func([]byte)

	queues queueHints
}

// NewHub starts a hub. Close ends it, after the Edge.
func NewHub(o HubOptions) *Hub {
	if o.Bus == nil {
		o.Bus = NewLocalBus()
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background())
	h := &Hub{
		node: o.Node, bus: o.Bus, log: o.Logger, stats: newCounters(), ctx: ctx, stop: stop,
		byID: map[protocol.ConnectionID]*connection{}, byActor: map[string]map[*connection]struct{}{},
		followers: map[protocol.ConversationID]map[*connection]struct{}{}, onPacket: map[string]func(protocol.Caller, []byte){}, onTold: map[string]func([]byte){},
		queues: queueHints{every: time.Second, pending: map[protocol.WorkspaceID]*time.Timer{}},
	}
	h.out.init(h)
	h.relay.init()
	h.cancel = h.bus.Subscribe([]string{topicAll, nodeTopic(h.node)}, h.receive)
	h.workers.Go(h.out.run)
	return h
}

// Close ends the hub and waits for its goroutines.
func (h *Hub) Close() error {
	h.stop()
	h.cancel()
	h.queues.close()
	h.workers.Wait()
	return nil
}

// Node is the hub's own node.
func (h *Hub) Node() protocol.NodeID { return h.node }

// EntriesAdded makes the followers of a conversation, on all nodes, pull its
// log from where they are. It is called after the entry is committed.
func (h *Hub) EntriesAdded(ws protocol.WorkspaceID, conv protocol.ConversationID) {
	h.hint(envelope{Type: hintEntries, Workspace: ws, Conversation: conv})
}

// MarksChanged makes the followers of a conversation pull its marks, at most
// every 200 ms each. EntriesAdded does not.
func (h *Hub) MarksChanged(ws protocol.WorkspaceID, conv protocol.ConversationID) {
	h.hint(envelope{Type: hintMarks, Workspace: ws, Conversation: conv})
}

// ViewChanged makes the connections of the actors rebuild their views.
func (h *Hub) ViewChanged(ws protocol.WorkspaceID, actors ...string) {
	if len(actors) > 0 {
		h.hint(envelope{Type: hintView, Workspace: ws, Actors: actors})
	}
}

// QueuesChanged makes the connections that show queues or a place in one
// rebuild their views: once at once, and then at most once a second.
func (h *Hub) QueuesChanged(ws protocol.WorkspaceID) {
	h.queues.hint(ws, func() { h.hint(envelope{Type: hintQueues, Workspace: ws}) })
}

// Typing tells the followers of a conversation that somebody types; the
// sender's own connections are left out. It may get lost.
func (h *Hub) Typing(ws protocol.WorkspaceID, conv protocol.ConversationID, from protocol.Caller, now protocol.TypingNow) {
	h.hint(envelope{Type: hintTyping, Workspace: ws, Conversation: conv, Actors: []string{from.Actor()}, Body: mustJSON(now)})
}

// Send gives a frame to an actor's connection, or to all of them when conn is
// empty, on whatever node they are. It may get lost: what matters is in a view.
func (h *Hub) Send(ws protocol.WorkspaceID, actor string, conn protocol.ConnectionID, kind string, body any) {
	e := envelope{Type: hintFrame, Workspace: ws, Actors: []string{actor}, Connection: conn, Kind: kind, Body: mustJSON(body)}
	if conn == "" {
		h.hint(e)
		return
	}
	h.toConnection(e, nil)
}

// SendPacket gives binary data to one connection on whatever node it is. Order
// is kept. Up to Limits.PacketBytes wait; then the connection's transport is
// cut with CodeSlow, and the client resumes and asks for a new snapshot.
func (h *Hub) SendPacket(conn protocol.ConnectionID, channel string, data []byte) {
	h.toConnection(envelope{Type: hintPacket, Connection: conn, Kind: channel}, data)
}

// Connected says whether a connection of this node has a transport that frames
// go out by now.
func (h *Hub) Connected(conn protocol.ConnectionID) bool {
	c := h.connection(conn)
	return c != nil && c.current() != nil
}

// Revoke cuts the connections that a session proved, on all nodes; with an
// empty session all of the actor's.
func (h *Hub) Revoke(ws protocol.WorkspaceID, actor, session string) {
	h.hint(envelope{Type: hintRevoke, Workspace: ws, Actors: []string{actor}, Kind: session})
}

// OnPacket names who receives the binary data of a channel. It is called
// before the first connection; the callee must not wait, and owns the data.
func (h *Hub) OnPacket(channel string, receive func(who protocol.Caller, data []byte)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.onPacket[channel] = receive
}
