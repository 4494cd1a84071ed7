package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// apply makes the running server's workspace what text says, from a process beside it.
func (s *server) apply(text string) (said string) {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "workspace.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run(s.t.Context(), append([]string{"admin", "apply", file}, databaseOf(s.args)...), nil, &out, &out); err != nil {
		s.t.Fatalf("apply: %v\n%s", err, &out)
	}
	return out.String()
}

func (s *server) status() (item protocol.SiteItem) {
	s.t.Helper()
	res, err := s.http.Get(s.url + "/w/shop/status")
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		s.t.Fatalf("status: %s", res.Status)
	}
	if err := json.NewDecoder(res.Body).Decode(&item); err != nil {
		s.t.Fatal(err)
	}
	return item
}

// SITE-5, SITE-2: hours that are applied while the server runs hold for the
// widget, and for who asks all the same, within 5 s; a message can be left.
func TestHoursAreInEffectWithinFiveSeconds(t *testing.T) {
	s := startServer(t, "--limits.requests_per_second_per_ip=1000") // the status is read every 5 ms
	if before := s.status(); !before.Open || !before.Accepting || before.Reason != "" {
		t.Fatalf("before: %+v", before)
	}
	within := func(what, text string, holds func(protocol.SiteItem) bool) {
		t.Helper()
		s.apply(text)
		at := time.Now()
		s.until(what, func() bool { return holds(s.status()) })
		if took := time.Since(at); took > 5*time.Second {
			t.Errorf("%s after %v", what, took)
		}
	}
	const queue = "{key: sales, name: Sales}"
	with := func(calendar, queueKeys string) string {
		return "calendars: [{key: shop, zone: Europe/Berlin, week: {" + calendar + "}}]\n" +
			strings.Replace(workspaceFile, queue, "{key: sales, name: Sales, "+queueKeys+"}", 1)
	}
	opens := time.Now().Add(90 * time.Minute).Truncate(time.Second)
	within("closed for now", with(`mon-sun: ["00:00-24:00"]`, fmt.Sprintf("calendar: shop, closed_until: %q", opens.Format(time.RFC3339))),
		func(item protocol.SiteItem) bool {
			return !item.Open && !item.Accepting && item.Reason == protocol.SiteClosed && item.OpensAt == opens.UnixMilli()
		})
	vera := s.visitor()
	if err := vera.refused(protocol.UpAsk, protocol.Ask{Text: "Are you there?"}); err.Code != protocol.CodeClosed {
		t.Errorf("asking while it is closed: %+v", err)
	}
	left := vera.do(protocol.UpLeaveMessage, protocol.LeaveMessage{Text: "Are you there?", Email: "vera@home.test"})
	var kinds []protocol.EntryKind
	for _, e := range vera.log(t, left.Conversation) {
		kinds = append(kinds, e.Kind)
	}
	if len(kinds) != 2 || kinds[0] != protocol.EntryMessage || kinds[1] != protocol.EntryMissed {
		t.Errorf("what was left: %v", kinds)
	}
	within("open at all hours", with(`mon-sun: ["00:00-24:00"]`, "calendar: shop"), func(item protocol.SiteItem) bool { return item.Open && item.Accepting })
	within("open at no hour", with("", "calendar: shop"), func(item protocol.SiteItem) bool {
		return !item.Open && item.Reason == protocol.SiteClosed && item.OpensAt == 0
	})
	within("open again", workspaceFile, func(item protocol.SiteItem) bool { return item.Open && item.Accepting && item.Reason == "" })
	vera.do(protocol.UpAsk, protocol.Ask{Text: "And now?"})
}
