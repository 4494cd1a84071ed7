package chat

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// offeredFirst is how much of the first message an offer shows; characters.
// The rest is read in the log.
const offeredFirst = 1000

// A text in an item is cut to so many bytes of JSON at first, and to no less
// than leastText, when the item would not go into a frame.
const (
	mostText  = 6000
	leastText = 12
)

// fitted gives an item that goes into one frame, whatever people and the
// workspace file have written: the longest of its texts are cut, and those that
// are cut end with "…". Ids and keys stay as they are.
func fitted(item protocol.Item) protocol.Item {
	texts := textsOf(item)
	raw := 0
	for _, text := range texts {
		raw += len(*text)
	}
	var form map[string]string
	if item.Offer != nil {
		form = item.Offer.Form
	}
	for key, value := range form {
		raw += len(key) + len(value)
	}
	const widest, around = 6, 160 // bytes of JSON for one of a text at most; of ids and names of fields for each text
	if raw*widest+(len(texts)+len(form)+4)*around <= protocol.MaxItem {
		return item
	}
	for most := mostText; most >= leastText && sizeOf(item) > protocol.MaxItem; most = most * 4 / 5 {
		for _, text := range texts {
			*text = protocol.Fit(*text, most)
		}
		if form != nil {
			item.Offer.Form = fittedForm(form, most)
		}
	}
	return item
}

func sizeOf(item protocol.Item) int {
	raw, err := json.Marshal(item)
	if err != nil {
		return 0 // it holds texts and numbers only
	}
	return len(raw)
}

// fittedForm cuts the names and answers of a form; names that are the same then
// are told apart by a number.
func fittedForm(form map[string]string, most int) map[string]string {
	out := make(map[string]string, len(form))
	for _, key := range slices.Sorted(maps.Keys(form)) {
		short := protocol.Fit(key, most)
		for n := 2; ; n++ {
			if _, taken := out[short]; !taken {
				break
			}
			short = protocol.Fit(key, most) + " " + strconv.Itoa(n)
		}
		out[short] = protocol.Fit(form[key], most)
	}
	return out
}

// textsOf are the texts of an item that people or the workspace file have
// written; those of a form are not among them.
func textsOf(item protocol.Item) (texts []*string) {
	switch {
	case item.Agent != nil:
		texts = append(texts, &item.Agent.Name, &item.Agent.Reason)
		for _, list := range [][]protocol.Named{item.Agent.Profiles, item.Agent.PauseReasons, item.Agent.RejectReasons} {
			for i := range list {
				texts = append(texts, &list[i].Name)
			}
		}
	case item.Offer != nil:
		o := item.Offer
		texts = append(texts, &o.Site, &o.Queue, &o.Name, &o.First, &o.From, &o.Note, &o.LastAgent, &o.TakenBy)
	case item.Card != nil:
		texts = append(texts, &item.Card.Site, &item.Card.Queue, &item.Card.Name)
		for i := range item.Card.Agents {
			texts = append(texts, &item.Card.Agents[i].Name)
		}
		if item.Card.Request != nil {
			texts = append(texts, &item.Card.Request.To, &item.Card.Request.Cause)
		}
	case item.Queue != nil:
		texts = append(texts, &item.Queue.Name)
	case item.Waiting != nil:
		texts = append(texts, &item.Waiting.QueueName, &item.Waiting.Name, &item.Waiting.First)
	case item.Site != nil:
		texts = append(texts, &item.Site.Name)
	case item.Conversation != nil:
		texts = append(texts, &item.Conversation.Agent)
		for i := range item.Conversation.Agents {
			texts = append(texts, &item.Conversation.Agents[i])
		}
	case item.Call != nil:
		texts = append(texts, &item.Call.AskedByName)
		for i := range item.Call.Parties {
			texts = append(texts, &item.Call.Parties[i].Name)
		}
	case item.Cobrowse != nil:
		texts = append(texts, &item.Cobrowse.Agent)
	}
	return texts
}
