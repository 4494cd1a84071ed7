package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/parlour-chat/parlour/chat"
	"github.com/parlour-chat/parlour/chat/people"
	"github.com/parlour-chat/parlour/chat/routing"
	"github.com/parlour-chat/parlour/chat/site"
	"github.com/parlour-chat/parlour/chat/store"
	"github.com/parlour-chat/parlour/cobrowse"
	"github.com/parlour-chat/parlour/configs"
	"github.com/parlour-chat/parlour/media"
	"github.com/parlour-chat/parlour/media/transport"
	"github.com/parlour-chat/parlour/signaling"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

// An app is the server with everything joined: the only place that sees all
// parts. build makes it, Run serves, Close undoes build in reverse.
type app struct {
	config   configs.Config
	log      *slog.Logger
	node     protocol.NodeID
	ws       protocol.WorkspaceID
	registry *prometheus.Registry
	ops      net.Listener // nil: closed

	store    *store.Store
	redis    redis.UniversalClient
	hub      *signaling.Hub
	sites    *site.Cache
	people   *people.People
	router   *routing.Router
	endpoint *transport.Endpoint
	media    *media.Node
	chat     *chat.Service
	cobrowse *cobrowse.Service
	edge     *signaling.Edge

	closers []func() error
}

// build opens the record and the clients and joins the features. What was
// opened is closed again when a later step fails.
func build(ctx context.Context, c configs.Config, log *slog.Logger) (*app, error) {
	a := &app{config: c, log: log, registry: prometheus.NewRegistry()}
	for _, step := range []func(context.Context) error{a.openClaims, a.openOps, a.openRecord, a.openRedis, a.openMedia, a.joinFeatures, a.openEdge} {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, a.Close())
		}
	}
	return a, nil
}

func (a *app) closeLater(f func() error) { a.closers = append(a.closers, f) }

// Close undoes build, last first.
func (a *app) Close() error {
	var all []error
	for _, f := range slices.Backward(a.closers) {
		all = append(all, f())
	}
	a.closers = nil
	return errors.Join(all...)
}

func (a *app) openRecord(ctx context.Context) error {
	var err error
	if a.store, err = openStore(ctx, a.config, a.log); err != nil {
		return err
	}
	a.closeLater(a.store.Close)
	node, err := a.config.NodeID()
	if err != nil {
		return err
	}
	a.node = protocol.NodeID(node)
	a.ws, err = ensureWorkspace(ctx, a.store)
	return err
}

// openStore opens the record that the settings name, and makes the data folder
// where there is none.
func openStore(ctx context.Context, c configs.Config, log *slog.Logger) (*store.Store, error) {
	if err := makeFolder(c); err != nil {
		return nil, err
	}
	s, err := store.Open(ctx, store.Options{
		URL: c.Database.URL.Reveal(), Dir: c.Data.Directory, Logger: log, AgentIdle: c.Session.AgentIdle, VisitorIdle: c.Session.VisitorIdle,
		VisitorAway: c.Routing.QueueGrace,
	})
	if err != nil {
		return nil, fmt.Errorf("open the record: %w", err)
	}
	return s, nil
}

func (a *app) openRedis(ctx context.Context) error {
	var bus signaling.Bus
	if url := a.config.Redis.URL.Reveal(); url == "" {
		client, stop := routing.Embedded(context.WithoutCancel(ctx))
		a.redis = client
		a.closeLater(func() error { stop(); return nil })
		bus = signaling.NewLocalBus()
	} else {
		clients := make([]redis.UniversalClient, 2) // a stalled subscription must hold no script up
		for i := range clients {
			client, err := routing.Connect(url)
			if err != nil {
				return fmt.Errorf("redis.url: %w", err)
			}
			a.closeLater(client.Close)
			clients[i] = client
		}
		a.redis = clients[0]
		shared := signaling.NewRedisBus(clients[1], "parlour:"+a.store.Epoch(), string(a.node), a.log)
		a.closeLater(shared.Close)
		bus = shared
	}
	a.hub = signaling.NewHub(signaling.HubOptions{Node: a.node, Bus: bus, Logger: a.log})
	a.closeLater(a.hub.Close)
	return nil
}

func (a *app) openMedia(context.Context) error {
	endpoint, err := transport.Listen(transport.Options{
		UDPAddress: a.config.WebRTC.UDPAddress, TCPAddress: a.config.WebRTC.TCPAddress, Advertise: a.config.WebRTC.Advertise, MaxConns: a.config.WebRTC.MaxConnections, Logger: a.log,
	})
	if err != nil {
		return elsewhere(fmt.Errorf("open the WebRTC ports: %w", err), "webrtc.udp_address and webrtc.tcp_address")
	}
	a.endpoint = endpoint
	a.closeLater(endpoint.Close)
	if len(endpoint.Candidates()) == 0 {
		a.log.Info("both WebRTC ports are closed: chat goes by WebSocket, and there are no calls")
		return nil
	}
	a.media = media.New(media.Options{
		Endpoint: endpoint, Grace: a.config.Call.LegGrace, MaxCalls: a.config.Call.MaxCalls, Logger: a.log,
		Events: func(e protocol.MediaEvent) { a.chat.MediaEvent(context.WithoutCancel(context.Background()), e) },
	})
	a.closeLater(a.media.Close)
	serveMedia(a.hub, a.media)
	return nil
}

func (a *app) joinFeatures(ctx context.Context) error {
	a.sites = site.NewCache(a.store)
	a.people = people.New(a.store, people.Options{SessionFor: a.config.Session.AgentAbsolute, Logger: a.log})
	a.router = routing.New(routing.Options{
		Redis: a.redis, Record: a.store, Notify: a.hub, Workspace: a.ws, Node: a.node, Timers: routingTimers(a.config.Routing), Logger: a.log, Hours: a.sites,
		ReachChanged: func(ws protocol.WorkspaceID, actor string) { a.chat.ReachChanged(ws, actor) }, Alarm: a.alarms(), AutoAccept: a.acceptItself,
	})
	var calls chat.Media
	if a.media != nil {
		calls = mediaRelay{hub: a.hub, node: a.node, local: a.media}
	}
	a.chat = chat.New(chat.Options{
		Workspace: a.ws, Node: a.node, Store: a.store, Router: a.router, Directory: directory{a.sites}, Notify: a.hub, Media: calls,
		CobrowseEnded: func(id protocol.CobrowseID) { a.cobrowse.Ended(id) },
		Limits: chat.Limits{
			MessageCharacters: a.config.Limits.MessageCharacters, WrapUp: none(a.config.Routing.WrapUp),
			Question: none(a.config.Chat.QuestionTimeout), LegGrace: a.config.Call.LegGrace, PageGrace: a.config.Cobrowse.PageGrace, SetUp: none(a.config.Call.SetupTimeout), Sweep: a.config.Routing.Sweep,
		},
		Logger: a.log,
	})
	a.cobrowse = cobrowse.New(cobrowse.Options{
		Consent: a.chat, Pages: a.chat, Wire: a.hub, Logger: a.log,
		Limits: cobrowse.Limits{
			SnapshotBytes: a.config.Cobrowse.SnapshotBytes, BatchBytes: a.config.Cobrowse.BatchBytes, TailBytes: a.config.Cobrowse.TailBytes,
			BatchesPerSecond: a.config.Cobrowse.BatchesPerSecond, Sessions: a.config.Cobrowse.MaxSessions, MemoryBytes: a.config.Cobrowse.MemoryBytes,
		},
	})
	a.closeLater(a.cobrowse.Close)
	a.hub.OnPacket(protocol.ChannelCobrowse, a.cobrowse.Packet)
	a.hub.OnTold(cobrowse.WatchService, a.cobrowse.Told)
	a.hub.OnTold(cobrowse.WhoService, a.cobrowse.Asked)
	return a.chat.Recover(ctx)
}

func (a *app) openEdge(context.Context) error {
	proxies := make([]netip.Prefix, 0, len(a.config.HTTP.TrustedProxies))
	for _, text := range a.config.HTTP.TrustedProxies {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			return fmt.Errorf("http.trusted_proxies: %w", err)
		}
		proxies = append(proxies, prefix)
	}
	var channels signaling.Channels
	if len(a.endpoint.Candidates()) > 0 {
		channels = signaling.OverEndpoint(a.endpoint)
	}
	edge, err := signaling.New(signaling.Options{
		Hub: a.hub, Log: chatLog{a.chat}, View: a.chat, Versions: a.chat, Identities: identities{a.people, a.sites, a.chat}, Sites: sites{a.sites, a.chat},
		Presence: a.router, Insight: a.chat, Channels: channels, Epoch: a.store.Epoch, Address: a.config.HTTP.Address, PublicURL: a.config.PublicURL(),
		TLSCert: a.config.HTTP.TLS.CertFile, TLSKey: a.config.HTTP.TLS.KeyFile, TrustedProxies: proxies, Checks: a.checks(), Logger: a.log,
		Registry: a.registry, Limits: edgeLimits(a.config.Limits),
		Timers: signaling.Timers{
			Body: a.config.Limits.RequestBodyTimeout, Idle: a.config.Transport.Ping, Silent: a.config.Routing.PresenceSilent, Poll: a.config.Chat.Poll, AckTimeout: a.config.Transport.AckTimeout, Keep: a.config.Transport.Keep,
		},
	})
	if err != nil {
		return err
	}
	a.edge = edge
	a.closeLater(edge.Close)
	a.joinFrames()
	a.registerMetrics()
	return nil
}

// Run serves until ctx ends, then drains: clients are told to move, and what is
// on its way is finished.
func (a *app) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	var background sync.WaitGroup
	background.Go(func() { a.end("routing", a.router.Run(work)) })
	background.Go(func() { a.end("chat", a.chat.Run(work)) })
	serving := make(chan error, 1)
	background.Go(func() { serving <- a.edge.Run(work) })
	background.Go(func() { a.end("operation", a.serveOps(work)) })
	var err error
	select {
	case err = <-serving:
		err = elsewhere(err, "http.address")
	case <-ctx.Done():
		a.log.Info("stopping: no new connections, the open ones are told to move")
		drain, cancel := context.WithTimeout(work, a.config.Shutdown.Drain)
		a.edge.Drain(drain)
		cancel()
	}
	stop()
	background.Wait()
	return err
}

func (a *app) end(part string, err error) {
	if err != nil {
		a.log.Error("a part of the server has ended", "part", part, "error", err)
	}
}
