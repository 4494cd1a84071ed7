package signaling

import (
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// hint tells the own connections and the other nodes.
func (h *Hub) hint(e envelope) {
	h.apply(e)
	h.out.put(topicAll, e)
}

// toConnection goes to the node where the connection is; while that is not
// known, to all of them, and the one that has it says so.
func (h *Hub) toConnection(e envelope, data []byte) {
	e.data = data
	if h.connection(e.Connection) != nil {
		h.apply(e)
		return
	}
	topic := topicAll
	if node, ok := h.where.of(e.Connection); ok {
		topic = nodeTopic(node)
	}
	h.out.put(topic, e)
}

// receive takes what came over the bus, in the bus's goroutine.
func (h *Hub) receive(topic string, payload []byte) {
	e, err := decodeEnvelope(payload)
	if err != nil {
		h.stats.hintsFailed.Add(1)
		return
	}
	if e.From == h.node {
		return
	}
	switch e.Type {
	case hintAsk:
		h.asked(e)
		return
	case hintAnswer:
		h.answered(e)
		return
	case hintTell:
		h.told(e)
		return
	case hintWhere:
		h.where.learn(e.Connection, e.From)
		return
	}
	if e.Connection != "" && topic == topicAll && h.connection(e.Connection) != nil {
		h.out.put(nodeTopic(e.From), envelope{Type: hintWhere, Connection: e.Connection})
	}
	h.apply(e)
}

// apply does on this node what a hint says.
func (h *Hub) apply(e envelope) {
	switch e.Type {
	case hintEntries:
		for _, c := range h.following(e.Workspace, e.Conversation) {
			c.push.entries(e.Conversation, e.From == "")
		}
	case hintMarks:
		for _, c := range h.following(e.Workspace, e.Conversation) {
			c.push.marksChanged(e.Conversation)
		}
	case hintView:
		for _, c := range h.ofActors(e.Workspace, e.Actors) {
			c.push.viewChanged()
		}
	case hintQueues:
		for _, c := range h.connections() {
			if c.who.Workspace == e.Workspace && c.push.showsQueues() {
				c.push.viewChanged()
			}
		}
	case hintTyping:
		for _, c := range h.following(e.Workspace, e.Conversation) {
			if len(e.Actors) == 1 && c.who.Actor() != e.Actors[0] {
				c.sendRaw(protocol.DownTyping, "", e.Body)
			}
		}
	case hintFrame:
		for _, c := range h.ofActors(e.Workspace, e.Actors) {
			if e.Connection == "" || c.who.Connection == e.Connection {
				c.sendRaw(e.Kind, "", e.Body)
			}
		}
	case hintPacket:
		if c := h.connection(e.Connection); c != nil {
			c.sendPacket(e.Kind, e.data)
		}
	case hintRevoke:
		for _, c := range h.ofActors(e.Workspace, e.Actors) {
			if e.Kind == "" || c.who.Session == e.Kind {
				c.drop(protocol.CodeUnauthenticated)
			}
		}
	}
}

func actorKey(ws protocol.WorkspaceID, actor string) string { return string(ws) + "\x00" + actor }

func (h *Hub) add(c *connection) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.byID[c.who.Connection] = c
	key := actorKey(c.who.Workspace, c.who.Actor())
	if h.byActor[key] == nil {
		h.byActor[key] = map[*connection]struct{}{}
	}
	h.byActor[key][c] = struct{}{}
}

func (h *Hub) remove(c *connection) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.byID, c.who.Connection)
	key := actorKey(c.who.Workspace, c.who.Actor())
	if delete(h.byActor[key], c); len(h.byActor[key]) == 0 {
		delete(h.byActor, key)
	}
}

// follow says whether a connection wants what happens in a conversation.
func (h *Hub) follow(c *connection, conv protocol.ConversationID, on bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if on {
		if h.followers[conv] == nil {
			h.followers[conv] = map[*connection]struct{}{}
		}
		h.followers[conv][c] = struct{}{}
		return
	}
	if delete(h.followers[conv], c); len(h.followers[conv]) == 0 {
		delete(h.followers, conv)
	}
}

func (h *Hub) connection(id protocol.ConnectionID) *connection {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.byID[id]
}

// connections copies the list, so that nothing is called under the lock.
func (h *Hub) connections() []*connection {
	h.mu.RLock()
	defer h.mu.RUnlock()
	all := make([]*connection, 0, len(h.byID))
	for _, c := range h.byID {
		all = append(all, c)
	}
	return all
}

func (h *Hub) following(ws protocol.WorkspaceID, conv protocol.ConversationID) []*connection {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var found []*connection
	for c := range h.followers[conv] {
		if c.who.Workspace == ws {
			found = append(found, c)
		}
	}
	return found
}

func (h *Hub) ofActors(ws protocol.WorkspaceID, actors []string) []*connection {
	h.mu.RLock()
	defer h.mu.RUnlock()
	var found []*connection
	for _, actor := range actors {
		for c := range h.byActor[actorKey(ws, actor)] {
			found = append(found, c)
		}
	}
	return found
}
