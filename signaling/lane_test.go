package signaling_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Commands that wait together are carried out together, in their order; what is
// of another kind stays where it is among them, and each has its own answer.
func TestCommandsThatWaitAreCarriedOutTogether(t *testing.T) { // D13
	h := newHouse(t, newRecord(), nil)
	release, began := make(chan struct{}), make(chan struct{})
	var groups []string // by the lane's goroutine; read after the last answer
	h.edge.On(protocol.UpAsk, signaling.Commands(func(_ context.Context, _ protocol.Caller, ops []protocol.Op, bodies []protocol.Ask) ([]protocol.Ack, []error) {
		acks, errs, group := make([]protocol.Ack, len(ops)), make([]error, len(ops)), ""
		for i, b := range bodies {
			group += b.Text
			switch acks[i].ID = b.Text; b.Text {
			case "a":
				close(began)
				<-release
			case "c":
				errs[i] = protocol.NewError(protocol.CodeNotFound, "No.")
			case "d":
				errs[i] = errors.New("a secret of ours")
			case "h":
				panic("broken")
			}
		}
		groups = append(groups, group)
		return acks, errs
	}))
	h.edge.On(protocol.UpLeave, signaling.Command(func(context.Context, protocol.Caller, protocol.Op, protocol.OfConversation) (protocol.Ack, error) {
		groups = append(groups, "-")
		return protocol.Ack{ID: "left"}, nil
	}))
	c := h.open("secret-a", protocol.Hello{})
	texts := []string{"a", "b", "!", "c", "d", "", "e", "f", "", "g", "h"}
	ops := make([]protocol.Op, len(texts))
	for i, text := range texts {
		ops[i] = protocol.NewID[protocol.Op]()
		switch text {
		case "":
			c.send(protocol.UpLeave, ops[i], protocol.OfConversation{})
		case "!":
			c.send(protocol.UpAsk, ops[i], "no body")
		default:
			c.send(protocol.UpAsk, ops[i], protocol.Ask{Text: text})
		}
		if i == 0 {
			<-began
		}
	}
	c.send(protocol.UpHello, "", protocol.Hello{}) // its answer says that all has been read
	c.reply("")
	close(release)
	want := []string{"ack a", "ack b", "bad_frame", "not_found", "internal", "ack left", "ack e", "ack f", "ack left", "internal", "internal"}
	for i, op := range ops {
		f := c.answer(op)
		got := string(code(f))
		if f.Kind == protocol.DownAck {
			ack, err := protocol.DecodeBody[protocol.Ack](f)
			if err != nil {
				t.Fatal(err)
			}
			got = "ack " + ack.ID
		}
		if got != want[i] {
			t.Errorf("%q is answered by %s, want %s", texts[i], got, want[i])
		}
	}
	if got, want := fmt.Sprint(groups), fmt.Sprint([]string{"a", "bcd", "-", "ef", "-"}); got != want {
		t.Errorf("carried out as %s, want %s", got, want)
	}
}
