package routing

import (
	"context"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// An overtaken keeps the next script on its way until it is sent by hand; who
// sent it hears nothing in time.
type overtaken struct {
	next bool
	args []any // of what is on its way
}

func (o *overtaken) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (o *overtaken) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if !o.next || !strings.HasPrefix(cmd.Name(), "eval") {
			return next(ctx, cmd)
		}
		o.next, o.args = false, cmd.Args()
		cmd.SetErr(os.ErrDeadlineExceeded)
		return os.ErrDeadlineExceeded
	}
}

func (o *overtaken) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func TestWhatComesBehindItsRepetitionChangesNothing(t *testing.T) { // R12, R4
	backends(t, func(t *testing.T, client redis.UniversalClient) {
		b := newBench(t, client)
		late := &overtaken{}
		client.AddHook(late)
		b.do(agentStep, newOp(), agentA)
		b.do(hereStep, newOp(), bothHere)
		late.next = true
		if out := b.do(matchStep, newOp(), matchO1); out["offers"] != nil {
			t.Fatalf("%v is offered, and nobody waits", out)
		}
		b.do(enqueueStep, newOp(), placeC1)
		if err := client.Do(t.Context(), late.args...).Err(); err != nil {
			t.Fatal(err)
		}
		for key := range b.state() {
			if strings.HasPrefix(key, "offers/") || strings.HasPrefix(key, "ring/") {
				t.Errorf("%s is reserved by what nobody listens to any more", key)
			}
		}
	})
}
