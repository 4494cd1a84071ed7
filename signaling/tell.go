package signaling

// Tell hands a payload to every other node's listener of a name. It is a hint:
// it may get lost, and nobody answers.
func (h *Hub) Tell(name string, payload []byte) {
	h.out.put(topicAll, envelope{Type: hintTell, Kind: name, data: payload})
}

// OnTold names who hears what other nodes Tell. It is called before the first
// connection, and the listener must not wait.
func (h *Hub) OnTold(name string, receive func(payload []byte)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.onTold[name] = receive
}

func (h *Hub) told(e envelope) {
	h.mu.RLock()
	receive := h.onTold[e.Kind]
	h.mu.RUnlock()
	if receive != nil {
		receive(e.data)
	}
}
