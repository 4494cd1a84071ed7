package testbed

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"
)

const slots = 16384

// A Cluster is a Redis Cluster of three masters, each with the replicas asked
// for, which take over about 2 s after their master died.
type Cluster struct {
	Masters  []*RedisServer
	Replicas []*RedisServer
}

// RedisCluster starts three masters with the given number of replicas each and
// returns when every slot is served and every replica is linked. It ends with
// the test.
func RedisCluster(t testing.TB, replicas int) *Cluster {
	t.Helper()
	c := &Cluster{}
	for i := range 3 * (1 + replicas) {
		bus, err := testPorts.give()
		if err != nil {
			t.Fatal(err)
		}
		s := redisServer(t, "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(bus), "--cluster-node-timeout", "1500",
			"--cluster-config-file", "nodes.conf", "--repl-diskless-sync-delay", "0")
		if i < 3 {
			c.Masters = append(c.Masters, s)
			s.Do("CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(i*slots/3), strconv.Itoa((i+1)*slots/3-1))
		} else {
			c.Replicas = append(c.Replicas, s)
		}
		s.Do("CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1))
		if i > 0 {
			s.Do("CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(c.Masters[0].port), strconv.Itoa(busPort(t, c.Masters[0])))
		}
	}
	all := c.nodes()
	known := fmt.Sprintf("cluster_known_nodes:%d", len(all))
	Until(t, 20*time.Second, "all nodes of the cluster know each other", func() bool { return every(all, known, "CLUSTER", "INFO") })
	for i, s := range c.Replicas {
		id := c.Masters[i%3].Do("CLUSTER", "MYID")
		s.Do("CLUSTER", "REPLICATE", id)
	}
	Until(t, 20*time.Second, "the cluster serves every slot", func() bool { return every(all, "cluster_state:ok", "CLUSTER", "INFO") })
	Until(t, 20*time.Second, "replicas are linked", func() bool {
		return every(c.Replicas, "master_link_status:up", "INFO", "replication")
	})
	return c
}

func (c *Cluster) nodes() []*RedisServer {
	return append(append([]*RedisServer{}, c.Masters...), c.Replicas...)
}

// Now is the master of a key's slot, as the nodes that answer see it; nil while
// there is none. A master that was cut off and does not know it may say so too.
func (c *Cluster) Now(key string) *RedisServer {
	for _, s := range c.nodes() {
		answer, err := s.Try("CLUSTER", "KEYSLOT", key)
		if err != nil {
			continue
		}
		slot, err := strconv.Atoi(answer)
		if err != nil {
			continue
		}
		view, err := s.Try("CLUSTER", "NODES")
		if err == nil && serves(view, slot) {
			return s
		}
	}
	return nil
}

// serves tells whether the node that gave this answer to CLUSTER NODES is the
// master of a slot: its own line says so.
func serves(view string, slot int) bool {
	for line := range strings.Lines(view) {
		fields := strings.Fields(line)
		if len(fields) < 9 || !strings.Contains(fields[2], "myself") || !strings.Contains(fields[2], "master") {
			continue
		}
		for _, part := range fields[8:] {
			first, last, several := strings.Cut(part, "-")
			low, err := strconv.Atoi(first)
			if err != nil {
				continue // a slot that moves
			}
			high := low
			if several {
				if high, err = strconv.Atoi(last); err != nil {
					continue
				}
			}
			if low <= slot && slot <= high {
				return true
			}
		}
	}
	return false
}

// URL is the address as a setting: all nodes.
func (c *Cluster) URL() string {
	all := c.nodes()
	var b strings.Builder
	b.WriteString("redis://" + all[0].Addr())
	for i, s := range all[1:] {
		b.WriteString([]string{"?", "&"}[min(i, 1)] + "addr=" + s.Addr())
	}
	return b.String()
}

func every(servers []*RedisServer, line string, command ...string) bool {
	for _, s := range servers {
		if !s.has(line, command...) {
			return false
		}
	}
	return true
}

func busPort(t testing.TB, s *RedisServer) int {
	t.Helper()
	for i, arg := range s.argv {
		if arg == "--cluster-port" {
			port, err := strconv.Atoi(s.argv[i+1])
			if err != nil {
				t.Fatal(err)
			}
			return port
		}
	}
	t.Fatal("not a node of a cluster")
	return 0
}
