package signaling

import (
	"io/fs"
	"log/slog"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Options build an Edge. Hub, Log, View, Versions, Identities, Sites and
// Presence are needed; zero values of the others are defaults.
type Options struct {
	Hub        *Hub
	Log        Log
	View       ViewSource
	Versions   Versions
	Identities Identities
	Sites      Sites
	Presence   Presence
	Channels   Channels // nil: WebSocket alone
	Insight    Insight  // nil: its routes are not there

	// Epoch is the record's epoch (D12), asked at each hello.
	Epoch func() string
	// Address is host:port for Run.
	Address string
	// PublicURL is how browsers reach the server; empty: http at Address.
	PublicURL string
	// TLSCert and TLSKey are PEM files, read again when they change. Both or none.
	TLSCert, TLSKey string
	// TrustedProxies are believed when they say whom they speak for.
	TrustedProxies []netip.Prefix

	Checks   []Check
	Web      fs.FS                 // nil: the embedded build
	Logger   *slog.Logger          // nil: silent
	Registry prometheus.Registerer // nil: none
	Limits   Limits
	Timers   Timers
}

// Limits bound what one participant or address may take. Zero is the default.
type Limits struct {
	OutboxBytes          int // frames waiting for one connection, 256 KiB; more: cut with CodeSlow
	PacketBytes          int // co-browse packets waiting for one connection, 20 MiB: the largest snapshot and more; beyond: cut with CodeSlow
	Commands             int // commands waiting in one connection, 64; more: CodeRateLimited
	BadFrames            int // bad frames in 10 s, 20; more: the transport is closed
	FramesPerSecond      int // frames up on main, 100 with bursts of three times as many; more: CodeRateLimited
	PacketsPerSecond     int // packets up on the other channels of one transport, 500 with bursts of four times as many; more: CodeRateLimited
	MessagesPerMinute    int // posts and asks of one visitor, 60
	ConnectionsPerIP     int // 200, per IPv4 address or IPv6 /64
	VisitorsPerMinute    int // new visitors per address, 60
	SignInsPerMinute     int // per address, 20
	RequestsPerSecond    int // REST requests per address, 100 with bursts of four times as many
	Detached             int // connections without transport that are kept, 10,000; more: the oldest are dropped
	Addresses            int // addresses and visitors that are remembered, 65,536
	RequestBytes         int // body of a REST request, 64 KiB
	MessageCharacters    int // told to the panel; the feature enforces it; 4000
	TransportsPerAddress int // WebRTC offers a minute per address, 240
}

// Timers are the edge's times. Zero is the default.
type Timers struct {
	Hello      time.Duration // for the first frame, 5 s
	Body       time.Duration // until a request's body has come, 30 s
	Idle       time.Duration // before a ping, 10 s
	Silent     time.Duration // before the transport is given up, 20 s
	Keep       time.Duration // a connection without transport, 60 s
	Replace    time.Duration // until an old transport is closed, 5 s
	Poll       time.Duration // for what hints did not tell, 1 s
	Stall      time.Duration // one write, 10 s
	Command    time.Duration // one command, 15 s
	AckTimeout time.Duration // told to the client, 1.5 s
	Recheck    time.Duration // between looks at agents' sessions, and at 500 visitors, 1 s
	Queues     time.Duration // between rebuilds for queue hints, 1 s
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		field *int
		value int
	}{
		{&l.OutboxBytes, 256 << 10}, {&l.PacketBytes, 20 << 20}, {&l.Commands, 64}, {&l.BadFrames, 20}, {&l.FramesPerSecond, 100}, {&l.PacketsPerSecond, 500},
		{&l.MessagesPerMinute, 60}, {&l.ConnectionsPerIP, 200}, {&l.VisitorsPerMinute, 60}, {&l.SignInsPerMinute, 20},
		{&l.RequestsPerSecond, 100}, {&l.Detached, 10_000}, {&l.Addresses, 65_536}, {&l.RequestBytes, 64 << 10},
		{&l.MessageCharacters, 4000}, {&l.TransportsPerAddress, 240},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return l
}

func (t Timers) withDefaults() Timers {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.Hello, 5 * time.Second}, {&t.Body, 30 * time.Second}, {&t.Idle, 10 * time.Second}, {&t.Silent, 20 * time.Second}, {&t.Keep, time.Minute},
		{&t.Replace, 5 * time.Second}, {&t.Poll, time.Second}, {&t.Stall, 10 * time.Second}, {&t.Command, 15 * time.Second},
		{&t.AckTimeout, 1500 * time.Millisecond}, {&t.Recheck, time.Second}, {&t.Queues, time.Second},
	} {
		if *d.field == 0 {
			*d.field = d.value
		}
	}
	return t
}
