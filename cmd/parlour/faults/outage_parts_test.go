package faults

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/protocol/wiretest"
)

// withoutRedis: who talks goes on talking, across nodes; who asks is taken and
// waits; a conversation can be ended. Nothing is offered. What was asked is
// taken by fay afterwards.
func (p *pair) withoutRedis(v, asked *client, conv protocol.ConversationID) *wiretest.Call {
	t := p.t
	t.Helper()
	text, sent := p.text(), time.Now()
	if !p.do(v, protocol.UpPost, protocol.Post{Conversation: conv, Text: text}) {
		t.Error("a message is not acknowledged without Redis")
	}
	p.within(generous*readsWithin, "the agent reads it on the other node", func() bool { return p.fay.Has(text) })
	t.Logf("a message was read on the other node after %v", time.Since(sent).Round(time.Millisecond))
	during := asked.Send(protocol.UpAsk, protocol.Ask{Text: p.text(), Queue: "quiet"})
	p.within(patience, "who asks without Redis is answered", during.Answered)
	if during.End != wiretest.Acked {
		t.Fatalf("asking without Redis: %+v", during.Failed)
	}
	waiting := func() int64 {
		return p.h.record.number(`SELECT COUNT(*) FROM offers WHERE conversation = $1`, during.Ack.Conversation)
	}
	p.finish(conv)
	if n := waiting(); n != 0 {
		t.Errorf("%d offers without Redis", n)
	}
	return during
}

// withoutRecord: nothing is acknowledged that is not kept; what people send
// stays with them.
func (p *pair) withoutRecord(v *client, conv protocol.ConversationID) *wiretest.Call {
	p.t.Helper()
	during := v.Send(protocol.UpPost, protocol.Post{Conversation: conv, Text: p.text()})
	if !pause(p.t.Context(), time.Second) {
		return during
	}
	if during.Answered() {
		p.t.Errorf("a message is answered without the database: %v %+v", during.End, during.Failed)
	}
	return during
}

// A weight is what a node holds.
type weight struct{ kilobytes, goroutines int }

func (w weight) String() string {
	return fmt.Sprintf("%d MiB, %d goroutines", w.kilobytes>>10, w.goroutines)
}

func (w weight) max(o weight) weight {
	return weight{max(w.kilobytes, o.kilobytes), max(w.goroutines, o.goroutines)}
}

// weight is the most that one of the nodes holds now.
func (h *house) weight() (most weight) {
	for _, n := range h.nodes {
		most = most.max(n.weight())
	}
	return most
}

func (n *node) weight() (w weight) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.cmd.Process.Pid))
	if err == nil {
		w.kilobytes = numberAfter(string(status), "VmRSS:")
	}
	res, err := quick.Get(n.ops + "/metrics")
	if err != nil {
		return w
	}
	defer res.Body.Close()
	for lines := bufio.NewScanner(res.Body); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "go_goroutines ") {
			w.goroutines = numberAfter(lines.Text(), "go_goroutines")
		}
	}
	return w
}

// numberAfter reads the number that follows a word.
func numberAfter(text, word string) int {
	_, rest, _ := strings.Cut(text, word)
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	n, _ := strconv.Atoi(fields[0])
	return n
}
