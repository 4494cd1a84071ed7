package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/parlour-chat/parlour/media/transport/measure"
)

// SessionsOptions say how much is measured.
type SessionsOptions struct {
	Program  Program
	N        int           // connections of each kind
	Parallel int           // handshakes at a time
	Rounds   int           // the kinds take turns this often until all N are open
	Settle   time.Duration // after the last handshake, before anything is read
	Idle     time.Duration // for how long the idle CPU time is read
}

// Names of what is measured beside ours.
const (
	basePeerConnection = "pion_peerconnection"
	baseWebSocket      = "websocket"
)

// Sessions holds N idle connections of our transport, N default PeerConnections
// of pion and N WebSockets, each kind with a process for the server and one for
// the clients, and tells what one costs at the server. The kinds take turns
// with their handshakes and are idle at the same time, so that what else the
// machine does falls on all alike.
func Sessions(ctx context.Context, o SessionsOptions) (Result, error) {
	if o.N < 1 || o.Parallel < 1 || o.Rounds < 1 || o.Idle <= 0 {
		return Result{}, errors.New("n, parallel, rounds and seconds are at least 1")
	}
	kinds := []measure.Kind{measure.KindTransport, measure.KindPeerConnection, measure.KindWebSocket}
	var all []*pair
	defer func() {
		for _, p := range all {
			p.close()
		}
	}()
	for _, kind := range kinds {
		p, err := startPair(ctx, o, kind)
		if err != nil {
			return Result{}, err
		}
		all = append(all, p)
	}
	for round := range o.Rounds {
		for i := range all { // another kind begins each round
			if err := all[(i+round)%len(all)].open(ctx, o.N*(round+1)/o.Rounds); err != nil {
				return Result{}, err
			}
		}
	}
	if err := wait(ctx, o.Settle); err != nil {
		return Result{}, err
	}
	for _, p := range all {
		if err := p.readIdle(ctx); err != nil {
			return Result{}, err
		}
	}
	if err := wait(ctx, o.Idle); err != nil {
		return Result{}, err
	}
	measured := make([]Metrics, len(all))
	for i, p := range all {
		m, err := p.metrics(ctx)
		if err != nil {
			return Result{}, err
		}
		measured[i] = m
	}
	params := map[string]any{
		"n": o.N, "parallel": o.Parallel, "rounds": o.Rounds, "settle_s": o.Settle.Seconds(), "idle_s": o.Idle.Seconds(), "cpus": runtime.NumCPU(),
		"layout": "for each kind one process for the server, which is measured, and one for the clients, all on this machine; no application pings",
	}
	return newResult("sessions", params, measured[0], map[string]Metrics{basePeerConnection: measured[1], baseWebSocket: measured[2]}), nil
}

// A pair is the server and the clients of one kind, each a process.
type pair struct {
	kind              measure.Kind
	server, clients   *child
	base              string
	count             int
	took              time.Duration
	empty, full, idle measure.Usage // without connections, with all after collecting garbage, when the idle time begins
}

func startPair(ctx context.Context, o SessionsOptions, kind measure.Kind) (*pair, error) {
	p := &pair{kind: kind}
	var err error
	if p.server, err = o.Program.start(ctx, "bench", "hold-server", string(kind)); err != nil {
		return nil, err
	}
	if p.base, err = p.server.line(); err != nil {
		return nil, err
	}
	if p.clients, err = o.Program.start(ctx, "bench", "hold-clients", string(kind), p.base, fmt.Sprint(o.Parallel)); err != nil {
		p.server.close()
		return nil, err
	}
	if p.empty, err = measure.UsageOf(ctx, p.base, true); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

// open opens connections until there are total, and waits until the server has
// seen them all.
func (p *pair) open(ctx context.Context, total int) error {
	more := total - p.count
	if more == 0 {
		return nil
	}
	if _, err := fmt.Fprintln(p.clients.in, more); err != nil {
		return fmt.Errorf("open %s: %w", p.kind, err)
	}
	line, err := p.clients.line()
	if err != nil {
		return fmt.Errorf("open %s: %w", p.kind, err)
	}
	var said opened
	if err := json.Unmarshal([]byte(line), &said); err != nil {
		return fmt.Errorf("open %s: %w", p.kind, err)
	}
	if said.Alive != total {
		return fmt.Errorf("open %s: %d of %d connections are open", p.kind, said.Alive, total)
	}
	p.count, p.took = total, p.took+time.Duration(said.TookUS)*time.Microsecond
	return p.seen(ctx)
}

func (p *pair) seen(ctx context.Context) error {
	for {
		usage, err := measure.UsageOf(ctx, p.base, false)
		if err != nil {
			return err
		}
		if usage.Open == int64(p.count) {
			return nil
		}
		if err := wait(ctx, 10*time.Millisecond); err != nil {
			return fmt.Errorf("open %s: the server has seen %d of %d: %w", p.kind, usage.Open, p.count, err)
		}
	}
}

// readIdle reads the memory, collecting garbage, and then where the CPU time
// stands, so that collecting is not counted as idle time.
func (p *pair) readIdle(ctx context.Context) (err error) {
	if p.full, err = measure.UsageOf(ctx, p.base, true); err != nil {
		return err
	}
	p.idle, err = measure.UsageOf(ctx, p.base, false)
	return err
}

func (p *pair) metrics(ctx context.Context) (Metrics, error) {
	end, err := measure.UsageOf(ctx, p.base, false)
	if err != nil {
		return nil, err
	}
	if end.Open != int64(p.count) {
		return nil, fmt.Errorf("%d of %d connections of %s stayed open", end.Open, p.count, p.kind)
	}
	n := float64(p.count)
	seconds := float64(end.ClockUS-p.idle.ClockUS) / 1e6
	return Metrics{
		"rss_kb_per_session":             float64(p.full.RSSKB-p.empty.RSSKB) / n,
		"goroutines_per_session":         float64(p.full.Goroutines-p.empty.Goroutines) / n,
		"idle_cpu_us_per_session_second": float64(end.CPUUS-p.idle.CPUUS) / n / seconds,
		"handshakes_per_second":          n / p.took.Seconds(),
	}, nil
}

func (p *pair) close() {
	if p.clients != nil {
		p.clients.close()
	}
	p.server.close()
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
