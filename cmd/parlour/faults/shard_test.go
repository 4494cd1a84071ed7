package faults

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parlour-chat/parlour/signaling/testbed"
)

// L1: a node of a Cluster is ready while the master of its keys answers,
// whatever the others do, and is not ready while that one does not.
func TestReadinessFollowsTheServerThatHasTheKeys(t *testing.T) {
	h := build(t, func(workspace string) coordinator {
		return &cluster{testbed.RedisCluster(t, 1), "{w:" + workspace + "}"}
	})
	defer quick.CloseIdleConnections()
	own := h.redis.master()
	var other *testbed.RedisServer
	for _, s := range h.redis.(*cluster).Masters {
		if s != own {
			other = s
		}
	}
	other.Pause()
	for begun := time.Now(); time.Since(begun) < time.Second; pause(t.Context(), 50*time.Millisecond) {
		if status, body := h.nodes[0].health("/readyz"); status != http.StatusOK {
			t.Errorf("without another master: %d %s", status, body)
		}
	}
	other.Resume()
	for _, s := range h.redis.all() { // nobody who could take over
		if s == own || follows(s, own) {
			defer s.Resume()
			s.Pause()
		}
	}
	begun := time.Now()
	if !eventually(generous*toldWithin, func() bool {
		status, body := h.nodes[0].health("/readyz")
		return status == http.StatusServiceUnavailable && strings.Contains(body, "redis")
	}) {
		t.Error("ready without the master of the keys")
	}
	t.Logf("said after %v", time.Since(begun).Round(time.Millisecond))
}
