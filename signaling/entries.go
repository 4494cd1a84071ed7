package signaling

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// maxAlone is the most bytes that one entry may have in a frame of its own: a
// long message in an alphabet that takes much room is still delivered.
const maxAlone = 60 << 10

// frameRoom is what stands around a list in a frame.
const frameRoom = 512

// fewEntries are encoded in the hope that they fit into one frame.
const fewEntries = 8

// sendEntries sends a part of a log in as many frames as MaxDownFrame asks for;
// the op, where it answers one, stands in the last. It goes at the reader's pace,
// and fails when the reader stalls or ctx ends.
func (l *link) sendEntries(ctx context.Context, op protocol.Op, all protocol.Entries) error {
	if all.Entries == nil {
		all.Entries = []protocol.Entry{}
	}
	rest := all.Entries
	for {
		if err := l.out.room(ctx); err != nil {
			if errors.Is(err, errSlow) {
				l.failed(err)
			}
			return err
		}
		if len(rest) <= fewEntries { // most times one: encoded once
			data, err := protocol.Encode(protocol.DownEntries, op, protocol.Entries{Conversation: all.Conversation, Entries: rest, Last: all.Last})
			if err == nil && (len(data) <= protocol.MaxDownFrame || len(rest) <= 1) {
				l.sendFrame(protocol.DownEntries, op, data)
				return nil
			}
		}
		n := fitting(rest)
		part, now := protocol.Entries{Conversation: all.Conversation, Entries: rest[:n], Last: all.Last}, protocol.Op("")
		if rest = rest[n:]; len(rest) == 0 {
			now = op
		}
		l.send(protocol.DownEntries, now, part)
		if len(rest) == 0 {
			return nil
		}
	}
}

// fitting is how many entries go into one frame: at least one.
func fitting(entries []protocol.Entry) int {
	bytes := frameRoom
	for i, e := range entries {
		bytes += len(mustJSON(e)) + 1
		if bytes > protocol.MaxDownFrame && i > 0 {
			return i
		}
	}
	return len(entries)
}

// items are a view in the form in which it is compared and sent.
type items map[string]json.RawMessage

// sendView brings the client from one view to the next: by a snapshot when it
// is fresh, else by what has changed. What does not fit into one frame follows
// in further patches, each with a version of its own. It gives the version
// that the client then has.
func (l *link) sendView(before, after items, version int64, fresh bool) int64 {
	set, drop := items{}, []string{}
	for key, item := range after {
		if old, ok := before[key]; fresh || !ok || string(old) != string(item) {
			set[key] = item
		}
	}
	if !fresh {
		for key := range before {
			if _, ok := after[key]; !ok {
				drop = append(drop, key)
			}
		}
		if len(set) == 0 && len(drop) == 0 {
			return version
		}
	}
	for first := true; first || len(set) > 0; first = false {
		part := items{}
		bytes := frameRoom
		for _, key := range drop {
			bytes += len(key) + 4
		}
		for key, item := range set {
			size := len(key) + len(item) + 4
			if bytes+size > protocol.MaxDownFrame && len(part) > 0 {
				continue
			}
			bytes += size
			part[key] = item
			delete(set, key)
		}
		version++
		if fresh && first {
			l.send(protocol.DownSnapshot, "", struct {
				Version int64 `json:"version"`
				Items   items `json:"items"`
			}{version, part})
		} else {
			l.send(protocol.DownPatch, "", struct {
				From    int64    `json:"from"`
				Version int64    `json:"version"`
				Set     items    `json:"set,omitempty"`
				Drop    []string `json:"drop,omitempty"`
			}{version - 1, version, part, drop})
		}
		drop = nil
	}
	return version
}
