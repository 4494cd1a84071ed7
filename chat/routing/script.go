package routing

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

//go:embed lua/*.lua
var luaFiles embed.FS

// A step is one atomic script.
type step struct {
	name   string
	script *redis.Script
}

// newStep is a step whose script stands behind the prelude and what else it
// wants, in that order: what it does not want is not made for each run of it.
func newStep(name string, wants ...string) step {
	text := luaFile("prelude")
	for _, part := range wants {
		text += luaFile(part)
	}
	return step{name, redis.NewScript(text + luaFile(name))}
}

func luaFile(name string) string {
	text, err := luaFiles.ReadFile("lua/" + name + ".lua")
	if err != nil {
		panic(err) // embedded: cannot be missing in a program that was built
	}
	return string(text)
}

// keyNames are the keys of one workspace, in the order of lua/prelude.lua.
var keyNames = []string{
	"ops", "opsat", "meta", "agents", "ring", "ramp", "waiting", "order", "places", "offers", "deadlines", "tabs", "live", "lost",
	"line", "classes", "timers", "aside", "queues", "used", "verdicts",
}

// layout is the version of what the keys hold: an older program beside this one has keys of its own.
const layout = "2"

// keysOf names a workspace's keys. The braces keep them in one Cluster slot.
func keysOf(ws protocol.WorkspaceID) []string {
	keys := make([]string, len(keyNames))
	for i, name := range keyNames {
		keys[i] = "{w:" + string(ws) + "}:" + layout + ":" + name
	}
	return keys
}

// newOp names one run of a script, so that asking again does not do it again.
func newOp() string { return string(protocol.NewID[protocol.Op]()) }

// run executes a step and decodes its answer into out. What timed out may have
// run, or may still be on its way: it is asked once more with the same op, which
// changes nothing then, whichever of the two comes first.
func (r *Router) run(ctx context.Context, s step, op string, in, out any) error {
	arg, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("encode %s: %w", s.name, err)
	}
	text, err := s.script.Run(ctx, r.redis, r.keys, op, arg).Text()
	if err != nil && ctx.Err() == nil && unknown(err) {
		text, err = s.script.Run(ctx, r.redis, r.keys, op, arg, "again").Text()
	}
	if err != nil {
		r.stats.scriptErrors.Add(1)
		if away(err) {
			err = fmt.Errorf("%w: %w", errNotAnswered, err)
		}
		return fmt.Errorf("routing script %s: %w", s.name, err)
	}
	r.outage.over(r)
	if out == nil {
		return nil
	}
	if err := json.Unmarshal([]byte(text), out); err != nil {
		return fmt.Errorf("decode answer of %s: %w", s.name, err)
	}
	return nil
}

// unknown says whether a script may have run although it failed.
func unknown(err error) bool {
	var answered redis.Error
	return !errors.As(err, &answered) || redis.HasErrorPrefix(err, "READONLY")
}

// errNotAnswered is what people read whose command needs Redis while it does not answer.
var errNotAnswered = protocol.NewError(protocol.CodeUnavailable, "The queues cannot be asked just now. Please try again.")

// away says whether an error is one of Redis, not of the script: it did not
// answer, or it is not ready to.
func away(err error) bool {
	for _, prefix := range []string{"LOADING", "MASTERDOWN", "CLUSTERDOWN", "TRYAGAIN", "NOREPLICAS"} {
		if redis.HasErrorPrefix(err, prefix) {
			return true
		}
	}
	return unknown(err)
}

// failed notes that Redis or the record did not answer, in time or at all. It is
// logged once per outage, and Redis is compared with the record when it is over.
func (r *Router) failed(ctx context.Context, doing string, err error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return // this node ends
	}
	r.markDirty()
	r.outage.begin(r, doing, err)
}

func (r *Router) markDirty() {
	r.mu.Lock()
	r.dirty = true
	r.mu.Unlock()
}

// An outage is a time without answers.
type outage struct {
	mu sync.Mutex
	on bool
}

func (o *outage) begin(r *Router, doing string, err error) {
	o.mu.Lock()
	first := !o.on
	o.on = true
	o.mu.Unlock()
	if first {
		r.log.Warn("routing is held up; conversations go on", "doing", doing, "err", err)
	}
}

func (o *outage) over(r *Router) {
	o.mu.Lock()
	was := o.on
	o.on = false
	o.mu.Unlock()
	if was {
		r.log.Info("routing goes on")
		r.rewriteLeases() // another Redis may have missed the last ones
	}
}

func millis(all []time.Duration) []int64 {
	ms := make([]int64, len(all))
	for i, d := range all {
		ms[i] = d.Milliseconds()
	}
	return ms
}
