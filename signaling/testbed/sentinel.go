package testbed

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// MasterName is what the sentinels call the master that they watch.
const MasterName = "parlour"

// A SentinelSet is a master, its two replicas and three sentinels, which make
// a replica master about 2 s after the master died. Master is the first one;
// which one is it now, Now tells.
type SentinelSet struct {
	Master    *RedisServer
	Replicas  []*RedisServer
	Sentinels []*RedisServer
}

// Sentinel starts a set and returns when the sentinels agree on it. It ends
// with the test.
func Sentinel(t testing.TB) *SentinelSet {
	t.Helper()
	// Servers keep their settings in files as well: sentinels have them written
	// again with each failover, so that who comes back is what it was last.
	settings := "bind 127.0.0.1\nport %d\ndir %s\nsave \"\"\nappendonly no\nrepl-diskless-sync-delay 0\n"
	set := &SentinelSet{Master: fromFile(t, "redis", settings)}
	for range 2 {
		set.Replicas = append(set.Replicas, fromFile(t, "redis", settings+"replicaof 127.0.0.1 "+strconv.Itoa(set.Master.port)+"\n"))
	}
	Until(t, 20*time.Second, "the replicas are linked", func() bool {
		return every(set.Replicas, "master_link_status:up", "INFO", "replication")
	})
	for range 3 {
		set.Sentinels = append(set.Sentinels, sentinel(t, set.Master.port))
	}
	Until(t, 20*time.Second, "the sentinels agree", func() bool {
		for _, s := range set.Sentinels {
			answer, err := do(s.Addr(), "SENTINEL", "CKQUORUM", MasterName)
			if err != nil || !strings.Contains(answer, "3 usable") {
				return false
			}
			replicas, err := do(s.Addr(), "SENTINEL", "REPLICAS", MasterName)
			if err != nil || !strings.Contains(replicas, strconv.Itoa(set.Replicas[0].port)) || !strings.Contains(replicas, strconv.Itoa(set.Replicas[1].port)) {
				return false
			}
		}
		return true
	})
	return set
}

// sentinel starts one that watches the server at a port.
func sentinel(t testing.TB, master int) *RedisServer {
	t.Helper()
	return fromFile(t, "sentinel", fmt.Sprintf("bind 127.0.0.1\nport %%d\ndir %%s\nsentinel monitor %s 127.0.0.1 %d 2\n"+
		"sentinel down-after-milliseconds %[1]s 1000\nsentinel failover-timeout %[1]s 3000\n", MasterName, master), "--sentinel")
}

// fromFile starts a server that keeps its settings in a file, which it writes
// to itself. The settings have places for the port and the folder.
func fromFile(t testing.TB, name, settings string, more ...string) *RedisServer {
	t.Helper()
	path, err := program("redis-server", "redis-server")
	if err != nil {
		t.Fatal(err)
	}
	var last error
	for range 5 {
		port, err := testPorts.give()
		if err != nil {
			t.Fatal(err)
		}
		p, err := newProcess(name, "KILL", nil)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(p.dir, name+".conf")
		if err := os.WriteFile(file, fmt.Appendf(nil, settings, port, p.dir), 0o600); err != nil {
			t.Fatal(err)
		}
		s := &RedisServer{t: t, process: p, port: port, argv: append([]string{path, file}, more...)}
		if last = s.run(); last == nil {
			t.Cleanup(func() { s.process.end(false) })
			return s
		}
		p.end(false)
	}
	t.Fatal(last)
	return nil
}

// Now is the server that most of the sentinels say is master; nil while they do
// not agree, or say none of ours. One alone may be the last to hear of a failover.
func (s *SentinelSet) Now() *RedisServer {
	said := map[string]int{}
	for _, sentinel := range s.Sentinels {
		answer, err := sentinel.Try("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MasterName)
		if err != nil {
			continue
		}
		_, port, _ := strings.Cut(answer, "\n")
		said[port]++
	}
	for _, one := range append([]*RedisServer{s.Master}, s.Replicas...) {
		if said[strconv.Itoa(one.port)] > len(s.Sentinels)/2 {
			return one
		}
	}
	return nil
}

// URL is the address as a setting: all sentinels and the master's name.
func (s *SentinelSet) URL() string {
	address := "redis://" + s.Sentinels[0].Addr() + "?master_name=" + MasterName
	for _, other := range s.Sentinels[1:] {
		address += "&addr=" + other.Addr()
	}
	return address
}
