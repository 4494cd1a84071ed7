package signaling

import (
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
)

type written struct {
	net.Conn

	writes []string
	err    error
}

func (w *written) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	w.writes = append(w.writes, string(p))
	return len(p), nil
}

// What waits together leaves together, in order; nothing stays behind once
// nothing follows, and no more than the bound is ever held.
func TestCork(t *testing.T) {
	var to written
	c := &cork{Conn: &to}
	put := func(more bool, text string) {
		t.Helper()
		c.expect(more)
		if n, err := c.Write([]byte(text)); n != len(text) || err != nil {
			t.Errorf("write %q: %d, %v", text, n, err)
		}
	}
	put(false, "a")
	put(true, "b")
	put(true, "c")
	put(false, "d")
	long := strings.Repeat("e", corkBytes)
	put(true, "f")
	put(true, long)
	put(false, "g")
	if want := []string{"a", "bcd", "f" + long, "g"}; !slices.Equal(to.writes, want) {
		t.Errorf("%d writes, want %d in that order", len(to.writes), len(want))
	}
	put(true, "lost")
	to.err = errors.New("gone")
	c.expect(false)
	if n, err := c.Write([]byte("x")); n != 0 || err == nil {
		t.Errorf("a write that fails gives %d, %v", n, err)
	}
}
