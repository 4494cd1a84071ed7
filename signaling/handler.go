package signaling

import (
	"context"
	"fmt"
	"reflect"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// A Handler carries out one kind of frame. Command, Query and Notice make it
// of a feature's plain method.
type Handler struct {
	body  reflect.Type
	op    bool
	reply string // kind of the answer; empty: none
	run   func(ctx context.Context, who protocol.Caller, f protocol.Frame) (any, error)
	all   func(ctx context.Context, who protocol.Caller, frames []protocol.Frame) ([]any, []error) // nil: one at a time
}

// Command makes a Handler of a method that changes something and is answered
// by an ack. The method is called again for the same op when the client
// repeats itself, and must then give the same ack.
func Command[T any](do func(ctx context.Context, who protocol.Caller, op protocol.Op, body T) (protocol.Ack, error)) Handler {
	return Query(protocol.DownAck, do)
}

// Commands is Command for a method that takes what waits of one connection
// together: it carries the commands out in their order and gives each one's ack
// or error, in the same order.
func Commands[T any](do func(ctx context.Context, who protocol.Caller, ops []protocol.Op, bodies []T) ([]protocol.Ack, []error)) Handler {
	all := func(ctx context.Context, who protocol.Caller, frames []protocol.Frame) ([]any, []error) {
		replies, errs := make([]any, len(frames)), make([]error, len(frames))
		ops, bodies, at := make([]protocol.Op, 0, len(frames)), make([]T, 0, len(frames)), make([]int, 0, len(frames))
		for i, f := range frames {
			body, err := protocol.DecodeBody[T](f)
			if err != nil {
				errs[i] = err
				continue
			}
			ops, bodies, at = append(ops, f.Op), append(bodies, body), append(at, i)
		}
		acks, failed := do(ctx, who, ops, bodies)
		for k, i := range at {
			replies[i], errs[i] = acks[k], failed[k]
		}
		return replies, errs
	}
	return Handler{body: reflect.TypeFor[T](), op: true, reply: protocol.DownAck, all: all, run: func(ctx context.Context, who protocol.Caller, f protocol.Frame) (any, error) {
		replies, errs := all(ctx, who, []protocol.Frame{f})
		return replies[0], errs[0]
	}}
}

// Query makes a Handler of a method that is answered by a frame of the kind.
func Query[T, R any](kind string, do func(ctx context.Context, who protocol.Caller, op protocol.Op, body T) (R, error)) Handler {
	return Handler{
		body: reflect.TypeFor[T](), op: true, reply: kind,
		run: func(ctx context.Context, who protocol.Caller, f protocol.Frame) (any, error) {
			body, err := protocol.DecodeBody[T](f)
			if err != nil {
				return nil, err
			}
			return do(ctx, who, f.Op, body)
		},
	}
}

// Notice makes a Handler of a method that needs no op and is not answered;
// its error is sent as an error frame without op.
func Notice[T any](do func(ctx context.Context, who protocol.Caller, body T) error) Handler {
	return Handler{
		body: reflect.TypeFor[T](),
		run: func(ctx context.Context, who protocol.Caller, f protocol.Frame) (any, error) {
			body, err := protocol.DecodeBody[T](f)
			if err != nil {
				return nil, err
			}
			return nil, do(ctx, who, body)
		},
	}
}

// On joins a kind with its handler. It is called before the first connection.
// A kind without a rule, a body of another type than the rule's, or a second
// handler is a mistake in the program, and panics.
func (e *Edge) On(kind string, h Handler) {
	rule, ok := protocol.RuleOf(kind)
	switch {
	case !ok:
		panic("signaling: no rule for kind " + kind)
	case rule.Body != h.body || rule.Op != h.op:
		panic(fmt.Sprintf("signaling: handler of %s takes %v, op %v; the rule says %v, op %v", kind, h.body, h.op, rule.Body, rule.Op))
	case e.handlers[kind].run != nil:
		panic("signaling: second handler of " + kind)
	}
	e.handlers[kind] = h
}
