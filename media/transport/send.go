package transport

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pion/sctp"
)

// stalled is how long one message may wait to leave before the peer is given
// up as slow, though the queue has room.
const stalled = 30 * time.Second

// Send queues a message for a channel and never waits. The message must not be
// changed afterwards; one slice may be sent on many connections. When the queue
// (256 KiB over all channels) is full, ChannelPointer drops its oldest; any
// other channel ends the connection with ErrSlow. Errors: ErrNotOpen,
// ErrTooLong, ErrSlow, ErrClosed.
func (c *Conn) Send(channel string, binary bool, data []byte) error {
	index, ok := channelIndex(channel)
	if !ok {
		return fmt.Errorf("send on %.32q: %w", channel, ErrNotOpen)
	}
	if len(data) > MaxSend || (c.remote.maxMessage != 0 && len(data) > int(c.remote.maxMessage)) {
		return ErrTooLong
	}
	if c.State() == StateClosed {
		return ErrClosed
	}
	if c.stream(index) == nil {
		return ErrNotOpen
	}
	result, dropped := c.queue.put(outgoing{index, binary, data}, func() { c.writer.Go(c.write) })
	if dropped > 0 {
		// Only lossy messages give way, and one channel is lossy.
		c.shared.counters.channels[pointerIndex].dropped.Add(uint64(dropped))
	}
	switch result {
	case putFull:
		c.stop(ErrSlow)
		return ErrSlow
	case putClosed:
		return ErrClosed
	}
	return nil
}

// Buffered is what waits to be written over all channels, in bytes, each
// message counted with 64 more: the number that the queue's bound is about.
func (c *Conn) Buffered() int { return c.queue.size() }

func (c *Conn) stream(index int) *sctp.Stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.channels[index]
}

// write is the one writer; it exists while something waits, so that an idle
// connection has none.
func (c *Conn) write() {
	for {
		o, ok := c.queue.next()
		if !ok {
			return
		}
		stream := c.stream(o.channel)
		_ = stream.SetWriteDeadline(time.Now().Add(stalled))
		err := writeMessage(stream, o.binary, o.data)
		_ = stream.SetWriteDeadline(time.Time{})
		switch {
		case err == nil:
			counts := &c.shared.counters.channels[o.channel]
			counts.messagesOut.Add(1)
			counts.bytesOut.Add(uint64(len(o.data)))
		case errors.Is(err, sctp.ErrStreamClosed):
			// The peer closed this channel while the message waited.
		case c.State() == StateClosed:
			return
		default:
			c.stop(writeError(err))
			c.queue.close()
		}
	}
}

// writeError says what a failed write means: the deadline passed, or the
// association is over.
func writeError(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return ErrSlow
	}
	return ErrPeerClosed
}
