package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat/routing"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// withBare runs do with the scripts alone, and cleans up.
func withBare(ctx context.Context, on redisKind, do func(bare *routing.Bare, ws protocol.WorkspaceID) error) error {
	ws := bareWorkspace()
	bare, err := routing.NewBare(ctx, on.client, ws)
	if err != nil {
		return err
	}
	err = do(bare, ws)
	late, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	return errors.Join(err, bare.Clear(late))
}

// samplesOfGrowth is how often each step is timed at each size.
const samplesOfGrowth = 25

// grow measures single steps while 100, 1,000, ... and at last most wait.
func (o RoutingOptions) grow(ctx context.Context, on redisKind, most int) (Metrics, error) {
	found := Metrics{}
	err := withBare(ctx, on, func(bare *routing.Bare, _ protocol.WorkspaceID) error {
		if err := bare.Staff(ctx, 1); err != nil {
			return err
		}
		steps := map[string]Metrics{} // step -> its first and last time
		looked := 0
		for n, had := 100, 0; n <= most; n *= 10 {
			if err := bare.Wait(ctx, had, n); err != nil {
				return err
			}
			had = n
			times, most, err := growthAt(ctx, bare, n)
			if err != nil {
				return fmt.Errorf("%d wait: %w", n, err)
			}
			looked = max(looked, most)
			for step, t := range times {
				us := float64(percentile(t, 0.5).Nanoseconds()) / 1000
				found[fmt.Sprintf("%s_at_%d_us", step, n)] = us
				if steps[step] == nil {
					steps[step] = Metrics{"first": us}
				}
				steps[step]["last"] = us
			}
		}
		found["looked_at_places"] = float64(looked)
		for step, t := range steps {
			found[step+"_growth_times"] = t["last"] / t["first"]
		}
		return nil
	})
	return found, err
}

func growthAt(ctx context.Context, bare *routing.Bare, n int) (times map[string][]time.Duration, looked int, err error) {
	times = map[string][]time.Duration{}
	for i := range samplesOfGrowth + 3 {
		var offers []protocol.OfferID
		last := n + i
		for _, step := range []struct {
			name string
			do   func() error
		}{
			{"match", func() (err error) {
				var most int
				offers, most, err = bare.Match(ctx)
				looked = max(looked, most)
				if err == nil && len(offers) != 1 {
					err = fmt.Errorf("%d offers were made, want 1", len(offers))
				}
				return err
			}},
			{"", func() error { return bare.Undo(ctx, offers) }},
			{"enqueue", func() error { return bare.Wait(ctx, last, last+1) }},
			{"position", func() error {
				p, err := bare.Position(ctx, last)
				if err == nil && p != n+1 {
					err = fmt.Errorf("the last of %d is at place %d", n+1, p)
				}
				return err
			}},
			{"remove", func() error { return bare.Leave(ctx, last) }},
		} {
			start := time.Now()
			if err := step.do(); err != nil {
				return nil, 0, err
			}
			if i >= 3 && step.name != "" { // the first warm up
				times[step.name] = append(times[step.name], time.Since(start))
			}
		}
	}
	return times, looked, nil
}

// noRecord is a record that keeps nothing: what a Router needs of it to match.
type noRecord struct {
	routing.Record

	mu     sync.Mutex // guards what follows
	offers []protocol.OfferID
}

func (*noRecord) Epoch() string { return routing.BareEpoch }

func (n *noRecord) OpenOffer(_ context.Context, o store.Offer, why *store.Decision) error {
	if why == nil {
		return errors.New("an offer without the decision that it comes of")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.offers = append(n.offers, o.ID)
	return nil
}

func (*noRecord) Agent(_ context.Context, _ protocol.WorkspaceID, id protocol.AgentID) (store.Agent, error) {
	return store.Agent{ID: id, Name: string(id)}, nil
}

// deaf hears nothing.
type deaf struct{}

func (deaf) ViewChanged(protocol.WorkspaceID, ...string)                {}
func (deaf) QueuesChanged(protocol.WorkspaceID)                         {}
func (deaf) EntriesAdded(protocol.WorkspaceID, protocol.ConversationID) {}
func newRouter(client redis.UniversalClient, ws protocol.WorkspaceID, record routing.Record) *routing.Router {
	return routing.New(routing.Options{Redis: client, Record: record, Notify: deaf{}, Workspace: ws, Node: "bench"})
}

// offerRates lets all agents be free again and again, and gives how many offers
// a second the Router makes, and how many the script alone; in turns, so that
// both meet the same machine.
func (o RoutingOptions) offerRates(ctx context.Context, on redisKind) (ours, alone float64, err error) {
	err = withBare(ctx, on, func(bare *routing.Bare, ws protocol.WorkspaceID) error {
		if err := errors.Join(bare.Staff(ctx, o.Agents), bare.Wait(ctx, 0, max(o.Waiting, o.Agents))); err != nil {
			return err
		}
		record := &noRecord{}
		router := newRouter(on.client, ws, record)
		ways := []func() ([]protocol.OfferID, error){
			func() ([]protocol.OfferID, error) {
				record.offers = nil
				err := router.Match(ctx)
				return record.offers, err
			},
			func() (offers []protocol.OfferID, err error) {
				offers, _, err = bare.Match(ctx)
				return offers, err
			},
		}
		var took [2]time.Duration
		var made [2]int
		for round := 0; took[0] < o.Measured || took[1] < o.Measured; round++ {
			for i, way := range ways {
				start := time.Now()
				offers, err := way()
				if err != nil {
					return err
				}
				if len(offers) != o.Agents {
					return fmt.Errorf("%d offers for %d agents", len(offers), o.Agents)
				}
				if round > 0 { // the first warms up
					took[i], made[i] = took[i]+time.Since(start), made[i]+len(offers)
				}
				if err := bare.Undo(ctx, offers); err != nil {
					return err
				}
			}
		}
		ours, alone = float64(made[0])/took[0].Seconds(), float64(made[1])/took[1].Seconds()
		return nil
	})
	return ours, alone, err
}
