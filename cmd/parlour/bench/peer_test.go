package bench

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

func TestHeadReadsWhatTheServerEncodes(t *testing.T) {
	op := protocol.NewID[protocol.Op]()
	ack, err := protocol.Encode(protocol.DownAck, op, protocol.Ack{Seq: 3})
	if err != nil {
		t.Fatal(err)
	}
	ping, err := protocol.Encode(protocol.DownPing, "", protocol.Ping{})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, data string
		kind       string
		op         protocol.Op
	}{
		{"answer", string(ack), protocol.DownAck, op},
		{"no op", string(ping), protocol.DownPing, ""},
		{"another order", `{"op":"` + string(op) + `","kind":"ack"}`, "ack", op},
		{"no frame", `nonsense`, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if kind, op := head([]byte(tt.data)); kind != tt.kind || op != tt.op {
				t.Errorf("head = %q, %q, want %q, %q", kind, op, tt.kind, tt.op)
			}
		})
	}
}

func TestTextsFindsNumberedMessages(t *testing.T) {
	entry := func(text string) protocol.Entry {
		return protocol.Entry{Kind: protocol.EntryMessage, Body: protocol.EntryBody{Text: text}}
	}
	data, err := protocol.Encode(protocol.DownEntries, "", protocol.Entries{Entries: []protocol.Entry{
		entry("open 000007 some words"), entry("closed 000001 others"), entry("open sesame"), entry("open 000012 more"), entry(`he said "text":"open 5`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	texts(data, markOpen, func(n int) { got = append(got, n) })
	if diff := cmp.Diff([]int{7, 12}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAgentsForSenders(t *testing.T) {
	for senders, want := range map[int]int{1: 1, 4: 1, 5: 2, 128: 32} {
		if got := agentsFor(senders); got != want {
			t.Errorf("%d senders need %d agents, want %d", senders, got, want)
		}
	}
}
