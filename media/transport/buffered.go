package transport

// Buffered is how many bytes wait to be written, over all channels.
func (c *Conn) Buffered() int {
	c.queue.mu.Lock()
	defer c.queue.mu.Unlock()
	return c.queue.bytes
}
