package signaling_test

import (
	"errors"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// leave ends a visitor's token in the record alone.
func (r *record) leave(token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.revoked[token] = true
}

// A hello whose visitor logs out while it is answered is not let in, though the
// end found no connection yet and nobody looks later.
func TestAVisitorsHelloThatCrossesTheSignOutIsCut(t *testing.T) { // S5
	never := func(o *signaling.Options) { o.Timers.Recheck = time.Hour }
	t.Run("between the proof and the connection", func(t *testing.T) {
		r := newRecord()
		h := newHouse(t, r, never)
		panel := h.dial(nil, nil)
		r.mu.Lock()
		r.proved = func() {
			r.leave("secret-a")
			h.hub.Revoke(ws, visitorA.Actor(), visitorA.Session)
		}
		r.mu.Unlock()
		panel.send(protocol.UpHello, protocol.NewID[protocol.Op](), protocol.Hello{Token: "secret-a"})
		if panel.cut(); panel.close != signaling.CloseWho {
			t.Errorf("closed with %v", panel.close)
		}
	})
	t.Run("while the record is asked again", func(t *testing.T) {
		r := newRecord()
		h := newHouse(t, r, never)
		panel := h.dial(nil, nil)
		r.mu.Lock()
		r.looked = func() { h.hub.Revoke(ws, visitorA.Actor(), visitorA.Session) }
		r.mu.Unlock()
		panel.send(protocol.UpHello, protocol.NewID[protocol.Op](), protocol.Hello{Token: "secret-a"})
		if panel.cut(); panel.close != signaling.CloseWho {
			t.Errorf("closed with %v", panel.close)
		}
	})
}

// Nobody tells the nodes that a visitor has logged out: the record is all that has
// changed. A record that cannot be asked cuts nobody.
func TestAVisitorWhoHasLeftIsCutOnEveryNode(t *testing.T) { // S5
	r := newRecord()
	one, two := newNode(t, r, "n1", deafBus{}, nil), newNode(t, r, "n2", deafBus{}, nil)
	panels := []*client{one.open("secret-a", protocol.Hello{}), two.open("secret-a", protocol.Hello{})}
	bystander := two.open("secret-b", protocol.Hello{})
	r.mu.Lock()
	r.unsigned = errors.New("the database is away")
	r.mu.Unlock()
	conv := r.conversation(visitorA, visitorB)
	if f := panels[0].command(protocol.UpSince, protocol.Since{Conversation: conv}); f.Kind != protocol.DownEntries {
		t.Fatalf("with the record away: %s %s", f.Kind, f.Body)
	}
	r.mu.Lock()
	r.unsigned = nil
	r.mu.Unlock()
	r.leave("secret-a")
	for _, panel := range panels {
		if took := panel.cut(); took > 2*time.Second || panel.close != signaling.CloseWho {
			t.Errorf("cut after %v with %v", took, panel.close)
		}
	}
	if f := bystander.command(protocol.UpSince, protocol.Since{Conversation: conv}); f.Kind != protocol.DownEntries {
		t.Errorf("bystander: %s %s", f.Kind, f.Body)
	}
}

// What runs ends after the connections are cut: who is still connected begins
// nothing anew meanwhile.
func TestWhoSignsOutIsCutBeforeWhatRunsEnds(t *testing.T) { // S5
	r := newRecord()
	h := newHouse(t, r, nil)
	panel := h.open("secret-a", protocol.Hello{})
	var was bool
	r.signedOut = func(who protocol.Principal) {
		was = who.Actor() == visitorA.Actor() && !h.hub.Connected(panel.welcome.Connection)
	}
	if res, _ := h.request("POST", "/v1/sign-out", "secret-a", nil, ""); res.StatusCode != 204 {
		t.Fatal(res.Status)
	}
	if !was {
		t.Error("the visitor was still connected when what runs was ended")
	}
}

// Of many visitors at most 500 are looked at in a period, and each has a turn.
func TestLooksAtVisitorsTakeTurns(t *testing.T) { // S5, R10
	r := newRecord()
	h := newHouse(t, r, func(o *signaling.Options) {
		o.Timers.Recheck, o.Limits.ConnectionsPerIP, o.Limits.RequestsPerSecond = 10*time.Millisecond, 2000, 2000
	})
	for range 501 {
		h.open("secret-b", protocol.Hello{})
	}
	last := h.open("secret-a", protocol.Hello{})
	testbed.Until(t, 10*time.Second, "a full look", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.mostLooked >= 500
	})
	r.leave("secret-a")
	if last.cut(); last.close != signaling.CloseWho {
		t.Errorf("closed with %v", last.close)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.mostLooked != 500 {
		t.Errorf("%d at once", r.mostLooked)
	}
}
