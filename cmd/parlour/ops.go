package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// checks are the lines of /readyz.
func (a *app) checks() []signaling.Check {
	return []signaling.Check{
		{Name: "record", Run: a.store.Ping},
		{Name: "redis", Run: a.router.Ping},
	}
}

// serveOps serves metrics and profiles where openOps listens until ctx ends.
// They are for the operator alone and have a port of their own.
func (a *app) serveOps(ctx context.Context) error {
	if a.ops == nil {
		return nil
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(a.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	stopped := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stopped()
	if err := server.Serve(a.ops); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve ops.address: %w", err)
	}
	return nil
}

// alarms counts and logs the states of routing that people should know of.
func (a *app) alarms() func(protocol.Alarm) {
	counted := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "parlour_alarms_total", Help: "Alarms of routing, by kind."}, []string{"kind"})
	a.registry.MustRegister(counted)
	return func(alarm protocol.Alarm) {
		counted.WithLabelValues(alarm.Kind).Inc()
		a.log.Warn("alarm", "kind", alarm.Kind, "queue", alarm.Queue, "conversation", alarm.Conversation, "agent", alarm.Agent)
	}
}

// registerMetrics shows the features' counters as metrics.
func (a *app) registerMetrics() {
	gauge := func(name, help string, value func() float64) {
		a.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "parlour_" + name, Help: help}, value))
	}
	counter := func(name, help string, value func() int64) {
		a.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "parlour_" + name, Help: help}, func() float64 { return float64(value()) }))
	}
	a.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	counter("record_panics_total", "Functions of the record that panicked and failed alone.", func() int64 { return a.store.Stats().Panics })
	a.registerEndings()
	if a.media != nil {
		gauge("media_calls", "Calls that run on this node.", func() float64 { return float64(a.media.Stats().Calls) })
		gauge("media_legs", "Legs of calls that are open on this node.", func() float64 { return float64(a.media.Stats().Legs) })
		counter("media_packets_received_total", "RTP packets from senders.", func() int64 { return a.media.Stats().Received })
		counter("media_packets_forwarded_total", "RTP packets to viewers.", func() int64 { return a.media.Stats().Forwarded })
		counter("media_packets_dropped_total", "RTP packets that a viewer's full queue had no room for.", func() int64 { return a.media.Stats().Dropped })
	}
	gauge("cobrowse_sessions", "Co-browse sessions on this node.", func() float64 { return float64(a.cobrowse.Stats().Sessions) })
	gauge("cobrowse_held_bytes", "What is held for all co-browse sessions.", func() float64 { return float64(a.cobrowse.Stats().Held) })
	counter("cobrowse_full_total", "Packets and snapshots that found no room.", func() int64 { return a.cobrowse.Stats().Full })
	counter("cobrowse_events_total", "Events of pages that were passed on.", func() int64 { return a.cobrowse.Stats().Events })
	counter("cobrowse_withheld_total", "Events, attributes and values that may not pass.", func() int64 { return a.cobrowse.Stats().Withheld })
	counter("cobrowse_unconsented_total", "Packets that came without a consent that runs.", func() int64 { return a.cobrowse.Stats().Unconsented })
}

// registerEndings shows what came to nothing. Each is counted by the node that wrote it.
func (a *app) registerEndings() {
	count := func(name, help string, labels prometheus.Labels, value func(store.Endings) int64) {
		opts := prometheus.CounterOpts{Name: name, Help: help, ConstLabels: labels}
		a.registry.MustRegister(prometheus.NewCounterFunc(opts, func() float64 { return float64(value(a.store.Endings())) }))
	}
	for how, value := range map[string]func(store.Endings) int64{
		"short":   func(e store.Endings) int64 { return e.AbandonedShort },
		"offered": func(e store.Endings) int64 { return e.AbandonedOffered },
		"waiting": func(e store.Endings) int64 { return e.Abandoned },
	} {
		count("parlour_abandoned_total", "Visitors who left before anybody came, by how.", prometheus.Labels{"how": how}, value)
	}
	count("parlour_failed_setups_total", "Calls that were allowed and did not come about.", nil, func(e store.Endings) int64 { return e.FailedSetups })
}
