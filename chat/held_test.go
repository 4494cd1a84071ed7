package chat_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/routing"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A held keeps the first step with a text in it from Redis until it is let go.
type held struct {
	text string
	came chan struct{} // closed when it has come
	goes chan struct{}
	once sync.Once
}

func hold(text string) *held {
	return &held{text: text, came: make(chan struct{}), goes: make(chan struct{})}
}

func (h *held) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (h *held) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		for _, arg := range cmd.Args() {
			if text, ok := arg.([]byte); ok && bytes.Contains(text, []byte(h.text)) {
				h.once.Do(func() { close(h.came); <-h.goes })
			}
		}
		return next(ctx, cmd)
	}
}

func (h *held) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// S5, ROUTE-11: a question that is written just before its visitor's sign-out, and
// comes to its queue just after it, waits nowhere.
func TestAQuestionThatComesToItsQueueAfterItHasEndedDoesNotWait(t *testing.T) {
	for name, leaves := range map[string]func(*house, protocol.Caller){
		"signed out": func(h *house, who protocol.Caller) { h.signOutVisitor(who) },
		"left": func(h *house, who protocol.Caller) {
			list, err := h.store.OpenOfVisitor(h.t.Context(), h.ws, who.Visitor)
			h.must(err)
			_, err = h.Leave(h.t.Context(), who, op(), protocol.OfConversation{Conversation: list[0].ID})
			h.must(err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(t *testing.T, g ground) {
				if g.redis == nil {
					client, stop := routing.Embedded(context.Background())
					t.Cleanup(stop)
					g.redis = client
				}
				h := g.house(t)
				// A node that has just begun reads the record, and may put there what ended meanwhile, until it looks again a second later.
				for try := 1; ; try++ {
					conv, waits := h.comesLate(g.redis, leaves)
					if waits == "" {
						return
					}
					if try == 3 {
						t.Fatal(waits)
					}
					h.until("it waits no longer", func() bool {
						place, err := h.router.Place(t.Context(), conv)
						h.must(err)
						return place.Position == 0
					})
				}
			})
		})
	}
}

// comesLate lets a visitor ask, whose question comes to its queue only after he
// has left, and says how it waits there; empty: it does not.
func (h *house) comesLate(client redis.UniversalClient, leaves func(*house, protocol.Caller)) (conv protocol.ConversationID, waits string) {
	h.t.Helper()
	ctx := h.t.Context()
	late := hold(`"places":[`)
	visitor := h.visitor()
	client.AddHook(late)
	answer := make(chan error, 1)
	go func() {
		ack, err := h.Ask(ctx, visitor, op(), protocol.Ask{Text: "hello"})
		conv = ack.Conversation
		answer <- err
	}()
	<-late.came
	leaves(h, visitor)
	close(late.goes)
	h.must(<-answer)
	place, err := h.router.Place(ctx, conv)
	h.must(err)
	lines, err := h.router.Positions(ctx, h.queue.ID)
	h.must(err)
	if c := h.conv(conv); place.Position != 0 || lines[h.queue.ID].Waiting != 0 {
		waits = fmt.Sprintf("it is %s, and waits at place %d of %d", c.State, place.Position, lines[h.queue.ID].Waiting)
	}
	return conv, waits
}
