package main

import (
	"io"
	"net/http"
	"regexp"
	"testing"

	"github.com/parlour-chat/parlour/signaling/protocol"
	"github.com/parlour-chat/parlour/signaling/testbed"
)

// metric is what /metrics shows of one series; empty where it has none.
func (s *server) metric(series string) string {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.ops+"/metrics", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	answer, err := s.http.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if found := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindSubmatch(text); found != nil {
		return string(found[1])
	}
	return ""
}

// ROUTE-11, CALL-4, REP-1: the operator sees how many left soon, or while an agent
// was asked, and how many calls did not come about.
func TestTheOperatorSeesWhatCameToNothing(t *testing.T) {
	s := startServer(t, "--call.setup_timeout=1s", "--routing.ramp_up=0s", "--webrtc.udp_address="+testbed.FreeAddress(t))
	counts := func(what string, want map[string]string) {
		t.Helper()
		for series, n := range want {
			if got := s.metric(series); got != n {
				t.Errorf("%s: %s is %q, want %s", what, series, got, n)
			}
		}
	}
	counts("at first", map[string]string{
		`parlour_abandoned_total{how="short"}`: "0", `parlour_abandoned_total{how="offered"}`: "0", `parlour_abandoned_total{how="waiting"}`: "0",
		"parlour_failed_setups_total": "0",
	})
	hasty := s.visitor()
	asked := hasty.do(protocol.UpAsk, protocol.Ask{Text: "Hello?"})
	hasty.do(protocol.UpLeave, protocol.OfConversation{Conversation: asked.Conversation})
	counts("left soon", map[string]string{`parlour_abandoned_total{how="short"}`: "1", `parlour_abandoned_total{how="offered"}`: "0"})

	anna, vera := s.agent("anna@shop.test"), s.visitor()
	anna.do(protocol.UpDeclare, protocol.Declare{Declared: protocol.DeclaredReady})
	asked = vera.do(protocol.UpAsk, protocol.Ask{Text: "Can you call me?"})
	anna.do(protocol.UpAccept, protocol.OfOffer{Offer: anna.offer()})
	call := anna.do(protocol.UpCallAsk, protocol.CallAsk{Conversation: asked.Conversation, Media: protocol.MediaAudio})
	vera.do(protocol.UpCallAnswer, protocol.CallAnswer{Call: protocol.CallID(call.ID), Allow: true})
	s.until("a call that did not come about is counted", func() bool { return s.metric("parlour_failed_setups_total") == "1" })
	counts("in the end", map[string]string{`parlour_abandoned_total{how="short"}`: "1", `parlour_abandoned_total{how="waiting"}`: "0"})
}
