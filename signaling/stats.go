package signaling

import (
	"maps"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// Names of transports in counters.
const (
	TransportWS = "ws"
	TransportDC = "dc"
)

// A FrameCount names a counter of frames on main.
type FrameCount struct {
	Transport string // TransportWS or TransportDC
	Direction string // "up" or "down"
	Kind      string // kinds of the dictionary; anything else is "unknown"
}

// Stats are the edge's counters at one moment.
type Stats struct {
	Frames         map[FrameCount]uint64
	Open           map[string]int64         // transports that are open, by name
	Connections    int                      // with and without a transport
	BadFrames      map[protocol.Code]uint64 // refused frames by code
	SlowCuts       uint64
	PacketsUp      uint64
	PacketsDown    uint64
	PacketsDropped uint64 // no receiver, or no such channel
	PacketsLimited uint64 // beyond Limits.PacketsPerSecond
	NoticesDropped uint64 // the connection's queue of commands was full
	RelaysAsked    uint64
	RelaysServed   uint64
	RelaysFailed   uint64
	HintsDropped   uint64 // the queue before the bus was full
	HintsFailed    uint64 // the bus refused, or what came was not ours
	BusDropped     uint64 // the bus's receiver was too slow
	TooLarge       uint64 // frames of ours that were too large to be sent; 0 unless something is wrong
	Limited        uint64 // requests and connections refused by a limit
	PollHeals      uint64 // changes that the poll found before a hint
}

type counters struct {
	mu     sync.Mutex
	frames map[FrameCount]*atomic.Uint64
	bad    map[protocol.Code]uint64

	ws, dc                                    atomic.Int64
	slow, packetsUp, packetsDown, packetsLost atomic.Uint64
	notices, hintsDropped, hintsFailed        atomic.Uint64
	relaysAsked, relaysServed, relaysFailed   atomic.Uint64
	limited, heals, tooLarge, packetsOver     atomic.Uint64
}

func newCounters() *counters {
	c := &counters{frames: map[FrameCount]*atomic.Uint64{}, bad: map[protocol.Code]uint64{}}
	for _, transport := range []string{TransportWS, TransportDC} {
		for _, r := range protocol.Rules() {
			c.frames[FrameCount{transport, "up", r.Kind}] = &atomic.Uint64{}
		}
		for _, d := range protocol.Downs() {
			c.frames[FrameCount{transport, "down", d.Kind}] = &atomic.Uint64{}
		}
		c.frames[FrameCount{transport, "up", "unknown"}] = &atomic.Uint64{}
		c.frames[FrameCount{transport, "down", "unknown"}] = &atomic.Uint64{}
	}
	return c
}

// frame counts without a lock: the map is complete from the start.
func (c *counters) frame(transport, direction, kind string) {
	n := c.frames[FrameCount{transport, direction, kind}]
	if n == nil {
		n = c.frames[FrameCount{transport, direction, "unknown"}]
	}
	n.Add(1)
}

func (c *counters) refused(code protocol.Code) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bad[code]++
}

func (c *counters) open(transport string) *atomic.Int64 {
	if transport == TransportDC {
		return &c.dc
	}
	return &c.ws
}

// Stats gives the counters as they are now; counters that are zero are left
// out of the maps.
func (e *Edge) Stats() Stats {
	c := e.stats
	s := Stats{
		Frames: map[FrameCount]uint64{}, Open: map[string]int64{TransportWS: c.ws.Load(), TransportDC: c.dc.Load()},
		Connections: len(e.hub.connections()), BadFrames: map[protocol.Code]uint64{}, SlowCuts: c.slow.Load(),
		PacketsUp: c.packetsUp.Load(), PacketsDown: c.packetsDown.Load(), PacketsDropped: c.packetsLost.Load(), PacketsLimited: c.packetsOver.Load(),
		NoticesDropped: c.notices.Load(), RelaysAsked: c.relaysAsked.Load(), RelaysServed: c.relaysServed.Load(),
		RelaysFailed: c.relaysFailed.Load(), HintsDropped: c.hintsDropped.Load(), HintsFailed: c.hintsFailed.Load(),
		BusDropped: e.hub.bus.Dropped(), Limited: c.limited.Load(), TooLarge: c.tooLarge.Load(), PollHeals: c.heals.Load(),
	}
	for k, n := range c.frames {
		if v := n.Load(); v > 0 {
			s.Frames[k] = v
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.Copy(s.BadFrames, c.bad)
	return s
}

// A collector turns Stats into Prometheus metrics when they are asked for.
type collector struct{ edge *Edge }

var (
	descFrames  = prometheus.NewDesc("parlour_frames_total", "Frames on main.", []string{"transport", "direction", "kind"}, nil)
	descOpen    = prometheus.NewDesc("parlour_transports_open", "Transports that are open.", []string{"transport"}, nil)
	descConns   = prometheus.NewDesc("parlour_connections", "Connections, with and without a transport.", nil, nil)
	descBad     = prometheus.NewDesc("parlour_frames_refused_total", "Frames that were refused.", []string{"code"}, nil)
	descSlow    = prometheus.NewDesc("parlour_slow_cuts_total", "Transports cut because the reader fell behind.", nil, nil)
	descPackets = prometheus.NewDesc("parlour_packets_total", "Binary packets.", []string{"direction"}, nil)
	descRelays  = prometheus.NewDesc("parlour_relays_total", "Questions between nodes.", []string{"result"}, nil)
	descLost    = prometheus.NewDesc("parlour_dropped_total", "What a full queue or a limit refused.", []string{"what"}, nil)
	descHeals   = prometheus.NewDesc("parlour_poll_heals_total", "Changes that the poll found before a hint.", nil, nil)
)

func (c *counters) register(r prometheus.Registerer, e *Edge) error { return r.Register(collector{e}) }

func (c collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descFrames, descOpen, descConns, descBad, descSlow, descPackets, descRelays, descLost, descHeals} {
		ch <- d
	}
}

func (c collector) Collect(ch chan<- prometheus.Metric) {
	s := c.edge.Stats()
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	gauge := func(d *prometheus.Desc, n float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, n, labels...)
	}
	for k, n := range s.Frames {
		count(descFrames, n, k.Transport, k.Direction, k.Kind)
	}
	for transport, n := range s.Open {
		gauge(descOpen, float64(n), transport)
	}
	gauge(descConns, float64(s.Connections))
	for code, n := range s.BadFrames {
		count(descBad, n, string(code))
	}
	count(descSlow, s.SlowCuts)
	count(descPackets, s.PacketsUp, "up")
	count(descPackets, s.PacketsDown, "down")
	count(descRelays, s.RelaysAsked, "asked")
	count(descRelays, s.RelaysServed, "served")
	count(descRelays, s.RelaysFailed, "failed")
	for what, n := range map[string]uint64{
		"packets": s.PacketsDropped, "packets_limited": s.PacketsLimited, "notices": s.NoticesDropped, "hints": s.HintsDropped, "hints_failed": s.HintsFailed,
		"bus": s.BusDropped, "limited": s.Limited, "too_large": s.TooLarge,
	} {
		count(descLost, n, what)
	}
	count(descHeals, s.PollHeals)
}
