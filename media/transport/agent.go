package transport

import (
	"context"
	"fmt"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/stun/v4"
)

// Firefox checks an established pair every 4-6 s, in background tabs every
// 20-30 s; the application's heartbeat is what notices a dead peer early.
const (
	iceDisconnected = 15 * time.Second
	iceFailed       = 45 * time.Second
	iceKeepalive    = 2 * time.Second
)

func (s *shared) commonOptions() []ice.AgentOption {
	return []ice.AgentOption{
		ice.WithNet(s.network),
		ice.WithLoggerFactory(s.loggers),
		ice.WithMulticastDNSMode(ice.MulticastDNSModeDisabled),
		ice.WithCandidateTypes([]ice.CandidateType{ice.CandidateTypeHost}),
		ice.WithDisconnectedTimeout(iceDisconnected),
		ice.WithFailedTimeout(iceFailed),
		ice.WithKeepaliveInterval(iceKeepalive),
	}
}

// agentOptions are those of an ICE-lite agent on the endpoint's ports. Network
// types without a port are left out, or the agent would open sockets of its own.
func (e *Endpoint) agentOptions(c *Conn) []ice.AgentOption {
	options := append(e.commonOptions(),
		ice.WithICELite(true),
		ice.WithDisableActiveTCP(),
		ice.WithBindingRequestHandler(c.firstRequest()),
	)
	var types []ice.NetworkType
	if e.ports.udp != nil {
		types = append(types, ice.NetworkTypeUDP4, ice.NetworkTypeUDP6)
		options = append(options, ice.WithUDPMux(e.ports.udp))
	}
	if e.ports.tcp != nil {
		types = append(types, ice.NetworkTypeTCP4, ice.NetworkTypeTCP6)
		options = append(options, ice.WithTCPMux(e.ports.tcp))
	}
	if e.ports.loopback {
		options = append(options, ice.WithIncludeLoopback())
	}
	return append(options, ice.WithNetworkTypes(types))
}

// firstRequest selects the pair of the first authenticated binding request
// instead of waiting for a nomination, which browsers send a ping tick (50 ms)
// later. It fires once; a nomination of another pair still wins afterwards.
// The agent calls it from its own goroutine only.
func (c *Conn) firstRequest() func(*stun.Message, ice.Candidate, ice.Candidate, *ice.CandidatePair) bool {
	selected := false
	return func(*stun.Message, ice.Candidate, ice.Candidate, *ice.CandidatePair) bool {
		first := !selected
		selected = true
		return first
	}
}

// gather makes the agent and waits until it listens on all its ports. After an
// error the connection has to be abandoned.
func (c *Conn) gather(ctx context.Context, options []ice.AgentOption) error {
	agent, err := ice.NewAgentWithOptions(options...)
	if err != nil {
		return fmt.Errorf("make ICE agent: %w", err)
	}
	c.agent = agent
	gathered := make(chan struct{})
	err = agent.OnCandidate(func(candidate ice.Candidate) {
		if candidate == nil {
			close(gathered)
		}
	})
	if err == nil {
		err = agent.OnConnectionStateChange(c.iceChanged)
	}
	if err == nil {
		err = agent.GatherCandidates()
	}
	if err != nil {
		return fmt.Errorf("gather candidates: %w", err)
	}
	select {
	case <-gathered:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("gather candidates: %w", ctx.Err())
	}
}
