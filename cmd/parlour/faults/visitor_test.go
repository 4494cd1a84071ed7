package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/protocol/wiretest"
)

// A visitor asks, writes, and goes: in one way or another.
type visitor struct {
	*client
	name string
	rand *rand.Rand
	said int         // messages
	gone atomic.Bool // closed the page and does not come back
}

// newVisitor is a page that was just opened.
func newVisitor(ctx context.Context, urls []string, r *rand.Rand) (*visitor, error) {
	var who struct{ Token string }
	if _, err := postTo(ctx, urls, "/v1/visitors", map[string]string{"site": "shop"}, &who); err != nil {
		return nil, err
	}
	return &visitor{client: connect(urls, r.IntN(len(urls)), who.Token, nil), rand: r}, nil
}

// chance is true so many times of a hundred.
func chance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }

// between is a time of at least low and below high.
func between(r *rand.Rand, low, high time.Duration) time.Duration {
	return low + time.Duration(r.Int64N(int64(high-low)))
}

// run asks and sees it through. It returns when the conversation is over for
// the visitor, or when ctx ends.
func (v *visitor) run(ctx context.Context, queue string) {
	asked, ok := v.Do(ctx, protocol.UpAsk, protocol.Ask{Text: v.text(), Queue: queue})
	if !ok || asked.End != wiretest.Acked {
		return
	}
	conv := asked.Ack.Conversation
	for range v.rand.IntN(3) {
		v.say(conv)
	}
	switch way := v.rand.IntN(100); {
	case way < 6: // changes his mind
		if pause(ctx, between(v.rand, 100*time.Millisecond, 3*time.Second)) {
			v.Send(protocol.UpLeave, protocol.OfConversation{Conversation: conv})
		}
	case way < 8: // closes the page for good
		if pause(ctx, between(v.rand, 100*time.Millisecond, 2*time.Second)) {
			v.Leave(true)
			v.gone.Store(true)
			return
		}
	case way < 18: // the next page takes a while
		if pause(ctx, between(v.rand, 100*time.Millisecond, 2*time.Second)) {
			v.Leave(true)
			pause(ctx, between(v.rand, 100*time.Millisecond, 3*time.Second))
			v.Leave(false)
		}
	}
	v.talk(ctx, conv)
}

// talk writes while the conversation runs, until it is over.
func (v *visitor) talk(ctx context.Context, conv protocol.ConversationID) {
	words, begun, shown := 1+v.rand.IntN(5), time.Now(), false
	for pause(ctx, between(v.rand, 50*time.Millisecond, 400*time.Millisecond)) {
		state := v.conversation(conv)
		shown = shown || state != ""
		switch {
		case state == protocol.StateEnded || state == protocol.StateClosed:
			return
		case state == "" && (shown || time.Since(begun) > patience): // over while the page was closed
			if v.here() {
				return
			}
		case state != protocol.StateActive:
		case words > 0:
			v.say(conv)
			words--
		case chance(v.rand, 20):
			v.Do(ctx, protocol.UpEnd, protocol.OfConversation{Conversation: conv}) // or the agent was first
		}
	}
}

// conversation is the state that the page shows; empty: it shows none.
func (v *visitor) conversation(conv protocol.ConversationID) protocol.ConversationState {
	for _, item := range v.Items() {
		if item.Conversation != nil && item.Conversation.Conversation == conv {
			return item.Conversation.State
		}
	}
	return ""
}

func (v *visitor) say(conv protocol.ConversationID) {
	v.Send(protocol.UpPost, protocol.Post{Conversation: conv, Text: v.text()})
}

// text is a message as nobody has written one before.
func (v *visitor) text() string {
	v.said++
	return fmt.Sprintf("%s says %d", v.name, v.said)
}

// answered waits until every command is.
func (v *visitor) answered(ctx context.Context) {
	for v.Waiting() > 0 && !v.gone.Load() && pause(ctx, 50*time.Millisecond) {
		continue
	}
}
