package cobrowse

import (
	"errors"
	"strings"
)

const (
	nodeElement = 2
	nodeText    = 3
	nodeCDATA   = 4
	nodeComment = 5

	// fixedMask stands where a value came that was not masked; its length tells nothing.
	fixedMask = "••••••••"
)

var errTooDeep = errors.New("read page: too deep or too many nodes")

// masked says whether a value holds nothing but mask signs.
func masked(value string) bool {
	return strings.Trim(value, "*•") == ""
}

// bareURL cuts off query and fragment, in which pages carry secrets.
func bareURL(u string) string {
	if i := strings.IndexAny(u, "?#"); i >= 0 {
		return u[:i]
	}
	return u
}

// silent are elements of which nothing passes but their place.
var silent = map[string]bool{"script": true, "noscript": true, "template": true, "object": true, "embed": true, "applet": true, "base": true, "frame": true}

// node cleans an element with all below it. Depth and number are bounded.
func (a *admission) node(n map[string]any, depth int) error {
	a.nodes++
	if depth > maxDepth || a.nodes > maxNodes {
		return errTooDeep
	}
	kind, _ := n["type"].(float64)
	tag := strings.ToLower(text(n["tagName"]))
	switch int(kind) {
	case nodeComment, nodeCDATA:
		n["textContent"] = ""
		return nil
	case nodeElement:
		if attributes, ok := n["attributes"].(map[string]any); ok {
			a.attributes(tag, attributes)
		}
	}
	if silent[tag] {
		a.withhold(n, "childNodes", []any{})
		n["attributes"] = map[string]any{}
		return nil
	}
	children, _ := n["childNodes"].([]any)
	for _, child := range children {
		c, ok := child.(map[string]any)
		if !ok {
			return errors.New("read page: a node is no node")
		}
		if tag == "textarea" && c["type"] == float64(nodeText) && !masked(text(c["textContent"])) {
			a.withheld++
			c["textContent"] = fixedMask
		}
		if err := a.node(c, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (a *admission) withhold(n map[string]any, key string, empty any) {
	if children, ok := n[key].([]any); ok && len(children) > 0 {
		a.withheld++
	}
	n[key] = empty
}

// attributes drops what could run, load or tell a secret. The capture drops
// and masks the same before it leaves the page; what is found here is counted
// as its mistake.
func (a *admission) attributes(tag string, attributes map[string]any) {
	for name, value := range attributes {
		lower := strings.ToLower(name)
		switch {
		case strings.HasPrefix(lower, "on"), lower == "srcdoc", lower == "ping", lower == "nonce", lower == "integrity", lower == "http-equiv",
			lower == "rr_dataurl", lower == "formaction", lower == "action":
			a.withheld++
			delete(attributes, name)
		case lower == "href", lower == "src", lower == "xlink:href", lower == "poster", lower == "data":
			a.address(attributes, name, text(value))
		case lower == "value" && formField(tag) && !a.openValue(tag, attributes) && !masked(text(value)):
			a.withheld++
			attributes[name] = fixedMask
		case lower == "content" && tag == "meta":
			if n := strings.ToLower(text(attributes["name"])); n != "viewport" && n != "color-scheme" {
				a.withheld++
				delete(attributes, name)
			}
		}
	}
}

func formField(tag string) bool {
	return tag == "input" || tag == "textarea" || tag == "select" || tag == "option"
}

// openValue says whether a field's value is a label that everybody reads.
func (a *admission) openValue(tag string, attributes map[string]any) bool {
	if tag == "option" {
		return true
	}
	switch strings.ToLower(text(attributes["type"])) {
	case "submit", "button", "reset":
		return tag == "input"
	}
	return false
}

func (a *admission) address(attributes map[string]any, name, url string) {
	trimmed := strings.ToLower(strings.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, url))
	switch {
	case strings.HasPrefix(trimmed, "data:image/"), trimmed == "":
	case strings.HasPrefix(trimmed, "javascript:"), strings.HasPrefix(trimmed, "vbscript:"), strings.HasPrefix(trimmed, "data:"):
		a.withheld++
		delete(attributes, name)
	default:
		attributes[name] = bareURL(url)
	}
}
