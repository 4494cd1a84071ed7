package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pion/ice/v4"
)

// A Dialer makes client connections, for tests and load generators: browsers
// are the real clients. Its connections share one certificate and one view of
// the network.
type Dialer struct{ shared *shared }

// NewDialer makes a Dialer. log as in Options; timeout bounds one Dial, 0 is 20 s.
func NewDialer(log *slog.Logger, timeout time.Duration) (*Dialer, error) {
	s, err := newShared(log, timeout)
	if err != nil {
		return nil, err
	}
	return &Dialer{s}, nil
}

// Stats are the counters of all connections of the Dialer.
func (d *Dialer) Stats() Stats { return d.shared.counters.snapshot() }

// A Dial is one attempt. Zero values are defaults.
type Dial struct {
	// TCP uses ICE-TCP only, otherwise UDP only.
	TCP bool
	// Channels are the labels to open; nil opens all four.
	Channels []string
	// Fingerprint, if set, is put into the offer instead of the right one.
	Fingerprint string
}

// Dial makes an offer with all candidates, gives it to signal, which brings
// back the server's answer, and waits until the channels are open.
func (d *Dialer) Dial(ctx context.Context, dial Dial, h Handler, signal func(ctx context.Context, offer string) (answer string, err error)) (*Conn, error) {
	c := newConn(d.shared, h, nil)
	if err := c.choose(dial.Channels); err != nil {
		return nil, err
	}
	d.shared.counters.connections.Add(1)
	c.forget = func(*Conn) { d.shared.counters.connections.Add(-1) }
	if err := c.gather(ctx, d.agentOptions(dial.TCP)); err != nil {
		return nil, errors.Join(err, c.abandon())
	}
	err := c.exchange(ctx, dial, signal)
	if err != nil {
		return nil, errors.Join(err, c.abandon())
	}
	c.start()
	select {
	case <-c.main:
		return c, nil
	case <-c.done:
		return nil, fmt.Errorf("dial: %w", c.err)
	case <-ctx.Done():
		c.Close()
		<-c.done
		return nil, fmt.Errorf("dial: %w", ctx.Err())
	}
}

func (c *Conn) choose(channels []string) error {
	if channels == nil {
		channels = []string{ChannelMain, ChannelCobrowse, ChannelPointer, ChannelBulk}
	}
	c.client = make([]int, 0, len(channels))
	for _, name := range channels {
		index, ok := channelIndex(name)
		if !ok {
			return fmt.Errorf("dial: no channel %q", name)
		}
		c.client = append(c.client, index)
	}
	return nil
}

func (d *Dialer) agentOptions(tcp bool) []ice.AgentOption {
	types := []ice.NetworkType{ice.NetworkTypeUDP4}
	if tcp {
		types = []ice.NetworkType{ice.NetworkTypeTCP4}
	}
	return append(d.shared.commonOptions(),
		ice.WithNetworkTypes(types),
		ice.WithIncludeLoopback(),
		ice.WithCheckInterval(20*time.Millisecond),
	)
}

// exchange makes the offer, signals it and takes the answer's candidates.
func (c *Conn) exchange(ctx context.Context, dial Dial, signal func(context.Context, string) (string, error)) error {
	ufrag, pwd, err := c.agent.GetLocalUserCredentials()
	if err != nil {
		return fmt.Errorf("make offer: %w", err)
	}
	local, err := c.agent.GetLocalCandidates()
	if err != nil {
		return fmt.Errorf("make offer: %w", err)
	}
	offer := sketch{
		bundled: true, protocol: "UDP/DTLS/SCTP", mid: "0", setup: "active", ufrag: ufrag, pwd: pwd,
		fingerprint: c.shared.fingerprint, maxMessage: MaxSend,
	}
	if dial.Fingerprint != "" {
		offer.fingerprint = dial.Fingerprint
	}
	for _, candidate := range local {
		offer.candidates = append(offer.candidates, candidate.Marshal())
	}
	answer, err := signal(ctx, offer.text())
	if err != nil {
		return fmt.Errorf("signal offer: %w", err)
	}
	if c.remote, err = parseDescription(answer); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if err := c.agent.SetRemoteICELite(c.remote.lite); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	for _, line := range c.remote.candidates {
		candidate, err := ice.UnmarshalCandidate(line)
		if err != nil {
			return fmt.Errorf("read answer: %w", err)
		}
		if err := c.agent.AddRemoteCandidate(candidate); err != nil {
			return fmt.Errorf("read answer: %w", err)
		}
	}
	return nil
}
