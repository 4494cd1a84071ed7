package cobrowse

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Event types and sources of the capture's format (rrweb 2.1).
const (
	eventFullSnapshot = 2
	eventIncremental  = 3
	eventMeta         = 4

	sourceMutation = 0
	sourceInput    = 5
	sourceAdopted  = 15
)

// passing are the types and sources that may reach an agent. Canvas (9), media
// (7), fonts (10), logs (11), plugins (type 6), custom events (type 5) and all
// that this version does not know are dropped.
var (
	passingTypes   = []int{0, 1, eventFullSnapshot, eventIncremental, eventMeta}
	passingSources = []int{sourceMutation, 1, 2, 3, 4, sourceInput, 6, 8, 12, 13, 14, sourceAdopted}
)

const (
	maxDepth  = 512
	maxNodes  = 200_000
	maxEvents = 10_000
)

type event struct {
	Type      int             `json:"type"`
	Data      json.RawMessage `json:"data"`
	Timestamp float64         `json:"timestamp"`
}

// An admission goes through one batch and counts what it withholds.
type admission struct {
	withheld int
	nodes    int
}

// admit reads a batch of events (a JSON array) and gives those that may pass,
// cleaned of what may not. An error means that the batch is no batch.
func admit(data []byte) (out []byte, passed, withheld int, err error) {
	var events []event
	if err := json.Unmarshal(data, &events); err != nil {
		return nil, 0, 0, fmt.Errorf("read batch: %w", err)
	}
	if len(events) > maxEvents {
		return nil, 0, 0, fmt.Errorf("read batch: %d events", len(events))
	}
	var a admission
	kept := events[:0]
	for _, e := range events {
		ok, err := a.event(&e)
		if err != nil {
			return nil, 0, a.withheld, err
		}
		if !ok {
			a.withheld++
			continue
		}
		kept = append(kept, e)
	}
	if len(kept) == 0 {
		return nil, 0, a.withheld, nil
	}
	out, err = plain(kept)
	if err != nil {
		return nil, 0, a.withheld, fmt.Errorf("write batch: %w", err)
	}
	return out, len(kept), a.withheld, nil
}

func (a *admission) event(e *event) (bool, error) {
	if !slices.Contains(passingTypes, e.Type) {
		return false, nil
	}
	if e.Type != eventFullSnapshot && e.Type != eventIncremental && e.Type != eventMeta {
		return true, nil
	}
	var data map[string]any
	if err := json.Unmarshal(e.Data, &data); err != nil || data == nil {
		return false, nil //nolint:nilerr // an event without data is withheld, the batch goes on
	}
	var ok bool
	switch e.Type {
	case eventMeta:
		data["href"] = bareURL(text(data["href"]))
		ok = true
	case eventFullSnapshot:
		node, isNode := data["node"].(map[string]any)
		if ok = isNode; ok {
			if err := a.node(node, 0); err != nil {
				return false, err
			}
		}
	case eventIncremental:
		var err error
		if ok, err = a.incremental(data); err != nil {
			return false, err
		}
	}
	if !ok {
		return false, nil
	}
	clean, err := plain(data)
	if err != nil {
		return false, fmt.Errorf("write event: %w", err)
	}
	e.Data = clean
	return true, nil
}

func (a *admission) incremental(data map[string]any) (bool, error) {
	source, isNumber := data["source"].(float64)
	if !isNumber || !slices.Contains(passingSources, int(source)) {
		return false, nil
	}
	switch int(source) {
	case sourceInput:
		if t, ok := data["text"].(string); ok && !masked(t) {
			a.withheld++
			data["text"] = fixedMask
		}
	case sourceMutation:
		return a.mutation(data)
	}
	return true, nil
}

func (a *admission) mutation(data map[string]any) (bool, error) {
	for _, added := range list(data["adds"]) {
		node, ok := added["node"].(map[string]any)
		if !ok {
			return false, nil
		}
		if err := a.node(node, 0); err != nil {
			return false, err
		}
	}
	for _, change := range list(data["attributes"]) {
		if attributes, ok := change["attributes"].(map[string]any); ok {
			a.attributes("", attributes)
			// What kind of element this is only the page knows: no value may change here,
			// values come as input events.
			if v, ok := attributes["value"].(string); ok && !masked(v) {
				a.withheld++
				attributes["value"] = fixedMask
			}
		}
	}
	return true, nil
}

func list(v any) []map[string]any {
	items, _ := v.([]any)
	out := make([]map[string]any, 0, len(items))
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// plain writes JSON as browsers do: < > and & as they are, not in six bytes.
func plain(v any) ([]byte, error) {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

func text(v any) string {
	s, _ := v.(string)
	return s
}
