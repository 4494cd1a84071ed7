package bench

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime"
	"time"

	"github.com/parlour-chat/parlour/signaling/protocol"
)

// RoutingOptions say how much is measured, on which Redis and which database.
type RoutingOptions struct {
	Program     Program
	RedisURL    string // empty: a redis-server of its own
	DatabaseURL string // empty: SQLite in a temporary folder
	Waiting     int
	Agents      int
	Rate        float64       // agents who get free a second, while offers are timed
	Offers      time.Duration // for which they are timed
	Measured    time.Duration // of matches alone, on each Redis and for each of the two
	Assigned    int           // conversations that are given to agents at once
	Most        int           // up to which the number who wait grows, from 100 by tens
	EmbeddedTo  int           // the same on the embedded Redis
}

// Names of what is measured beside ours.
const (
	baseScript      = "bare_script"
	baseTransaction = "sql_transaction"
	baseStore       = "store_alone"
)

// Routing measures what routing does with many who wait: how long it takes from
// the moment an agent's capacity is free until an offer is in that agent's
// view, how many offers and whole assignments there are a second, and what a
// match costs when more and more wait. All of it on a real Redis and on the
// embedded one. The baselines are the match script called bare, and the
// database without routing. Router, record and load are in this process.
func Routing(ctx context.Context, o RoutingOptions) (result Result, err error) {
	if err := o.check(); err != nil {
		return Result{}, err
	}
	dir, err := os.MkdirTemp("", "parlour-bench-")
	if err != nil {
		return Result{}, fmt.Errorf("make a folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	outer, err := realRedis(ctx, o.RedisURL, dir, o.Program.Environ)
	if err != nil {
		return Result{}, err
	}
	defer outer.stop()
	version, err := outer.version(ctx)
	if err != nil {
		return Result{}, err
	}
	embedded := embeddedRedis(ctx)
	defer embedded.stop()
	ours := Metrics{}
	baselines := map[string]Metrics{baseScript: {}, baseTransaction: {}, baseStore: {}}
	for _, on := range []redisKind{outer, embedded} {
		if err := o.measure(ctx, on, dir, ours, baselines); err != nil {
			return Result{}, err
		}
	}
	err = withDatabase(ctx, o.DatabaseURL, dir, func(db database) error {
		rate, err := assignInStore(ctx, db, o)
		baselines[baseStore]["assignments_per_second"] = rate
		return err
	})
	if err != nil {
		return Result{}, fmt.Errorf("baseline %s: %w", baseStore, err)
	}
	return newResult("routing", o.params(version), ours, baselines), nil
}

func (o RoutingOptions) check() error {
	if o.Waiting < 1 || o.Agents < 1 || o.Rate <= 0 || o.Offers <= 0 || o.Measured <= 0 || o.Assigned < 1 {
		return errors.New("waiting, agents, rate, assign and seconds are above 0")
	}
	if o.Most < 100 || o.EmbeddedTo < 100 {
		return errors.New("growth and embedded-growth are at least 100, where it begins")
	}
	if o.Assigned > o.Agents*chatsOfMany {
		return fmt.Errorf("%d agents take %d at most: assign fewer or have more agents", o.Agents, o.Agents*chatsOfMany)
	}
	return nil
}

// measure measures all of it on one Redis.
func (o RoutingOptions) measure(ctx context.Context, on redisKind, dir string, ours Metrics, baselines map[string]Metrics) error {
	add := func(to Metrics, found Metrics) {
		for metric, v := range found {
			to[on.prefix+metric] = v
		}
	}
	if on.prefix != "" { // it is made for few people
		o.Most, o.Rate, o.Assigned = o.EmbeddedTo, o.Rate/embeddedShare, max(1, o.Assigned/embeddedShare)
	}
	growth, err := o.grow(ctx, on, o.Most)
	if err != nil {
		return fmt.Errorf("growth: %w", err)
	}
	add(ours, growth)
	rate, bare, err := o.offerRates(ctx, on)
	if err != nil {
		return fmt.Errorf("offers: %w", err)
	}
	add(ours, Metrics{"offers_per_second": rate})
	add(baselines[baseScript], Metrics{"offers_per_second": bare})
	err = withDatabase(ctx, o.DatabaseURL, dir, func(db database) error {
		found, err := o.freed(ctx, on, db)
		add(ours, found)
		return err
	})
	if err != nil {
		return err
	}
	return o.assignments(ctx, on, dir, func(rate, alone float64) {
		add(ours, Metrics{"assignments_per_second": rate})
		add(baselines[baseTransaction], Metrics{"assignments_per_second": alone})
	})
}

// assignments gives conversations to agents, and so does plain SQL, in turns, so
// that both meet the same machine and the same disk. The agents and how many are
// assigned are the same, and each turn has a database of its own. Who is faster
// is not told by the best turn: the rates are of all of a kind together.
func (o RoutingOptions) assignments(ctx context.Context, on redisKind, dir string, tell func(rate, alone float64)) error {
	ways := []func(context.Context, database) (float64, error){
		func(ctx context.Context, db database) (float64, error) {
			return assignInSQL(ctx, db, o.Assigned, o.Agents)
		},
		func(ctx context.Context, db database) (float64, error) {
			found, err := o.assigned(ctx, on, db)
			return found["assignments_per_second"], err
		},
	}
	var took [2]float64 // seconds for each
	for turn := range assignTurns {
		for i, way := range ways {
			err := withDatabase(ctx, o.DatabaseURL, dir, func(db database) error {
				rate, err := way(ctx, db)
				took[i] += 1 / rate
				return err
			})
			if err != nil {
				return fmt.Errorf("assignments, turn %d: %w", turn+1, err)
			}
		}
	}
	tell(assignTurns/took[1], assignTurns/took[0])
	return nil
}

// assignTurns is how often each way assigns all of them.
const assignTurns = 2

// embeddedShare is the part of the load that the embedded Redis is given.
const embeddedShare = 4

func (o RoutingOptions) params(version string) map[string]any {
	kind := "sqlite, synchronous=FULL"
	if o.DatabaseURL != "" {
		kind = "postgresql"
	}
	p := map[string]any{
		"redis": version, "database": kind, "waiting": o.Waiting, "agents": o.Agents, "freed_per_second": o.Rate, "offer_seconds": o.Offers.Seconds(),
		"offer_samples": o.samples(), "seconds": o.Measured.Seconds(), "assigned": o.Assigned, "growth_to": o.Most, "embedded_growth_to": o.EmbeddedTo,
		"cpus": runtime.NumCPU(), "embedded": "a quarter of the agents get free a second, and a quarter as many are assigned",
	}
	maps.Copy(p, map[string]any{
		"offer":  "from the commit that frees an agent's only slot until the agent's view, built anew, has the next offer; open loop, each offer is accepted at once and somebody new asks",
		"offers": "a match of all agents: decisions explained, nothing written to SQL; bare: the same script, called as often",
		"assignments": "reservation, offer row with its decision, accept; as many agents as given accept at once what they are offered. " +
			"sql_transaction: one transaction for the offer and one for the accept, as plain SQL, for as many agents at once, in turns with ours",
		"growth": "one free agent and so many who wait: a match with its offer; one place more; its position; its leaving. Medians. looked_at: places in one run at most",
	})
	return p
}

// bareWorkspace is a workspace of its own in Redis, so that nothing there is touched.
func bareWorkspace() protocol.WorkspaceID { return protocol.NewID[protocol.WorkspaceID]() }
