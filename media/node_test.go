package media_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"github.com/parlour-chat/parlour/media"
	"github.com/parlour-chat/parlour/media/transport"
	"github.com/parlour-chat/parlour/signaling/protocol"
)

const hang = time.Minute // a guard against hanging, no bound

type house struct {
	*media.Node
	events chan protocol.MediaEvent
}

func newHouse(t *testing.T, grace time.Duration) *house {
	t.Helper()
	endpoint, err := transport.Listen(transport.Options{UDPAddress: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{events: make(chan protocol.MediaEvent, 100)}
	h.Node = media.New(media.Options{Endpoint: endpoint, Grace: grace, Events: func(e protocol.MediaEvent) { h.events <- e }, Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if err := endpoint.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func (h *house) await(t *testing.T, kind protocol.MediaEventKind, ordinal int) {
	t.Helper()
	guard := time.After(hang)
	for {
		select {
		case e := <-h.events:
			if e.Kind == kind && e.Ordinal == ordinal {
				return
			}
		case <-guard:
			t.Fatalf("no %s of party %d", kind, ordinal)
		}
	}
}

// A browser is a party with the fixed pool of m-lines.
type browser struct {
	pc     *webrtc.PeerConnection
	audio  *webrtc.TrackLocalStaticRTP
	video  *webrtc.TrackLocalStaticRTP
	heard  [15]atomic.Int64 // payload bytes of the last packet plus one, by m-line
	counts [15]atomic.Int64
	gaps   atomic.Int64
	muted  bool // joins with nothing on
	stop   context.CancelFunc
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	var s webrtc.SettingEngine
	s.SetIncludeLoopbackCandidate(true)
	s.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(s)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	b := &browser{pc: pc, stop: stop}
	t.Cleanup(b.close)
	b.audio, _ = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeOpus, ClockRate: 48000, Channels: 2}, "a", "a")
	b.video, _ = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, "v", "v")
	screen, _ := webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8, ClockRate: 90000}, "s", "s")
	for _, track := range []webrtc.TrackLocal{b.audio, b.video, screen} {
		if _, err := pc.AddTransceiverFromTrack(track, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 12 {
		kind := webrtc.RTPCodecTypeVideo
		if i < 5 {
			kind = webrtc.RTPCodecTypeAudio
		}
		if _, err := pc.AddTransceiverFromKind(kind, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionRecvonly}); err != nil {
			t.Fatal(err)
		}
	}
	pc.OnTrack(b.onTrack)
	go b.talk(ctx)
	return b
}

func (b *browser) close() {
	b.stop()
	_ = b.pc.Close()
}

func (b *browser) onTrack(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
	mid := 0
	for i, tr := range b.pc.GetTransceivers() {
		if tr.Receiver() == receiver {
			mid = i
		}
	}
	last := -1
	for {
		p, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		if last >= 0 && int(p.SequenceNumber) != (last+1)&0xffff {
			b.gaps.Add(1)
		}
		last = int(p.SequenceNumber)
		b.heard[mid].Store(int64(p.Payload[0]))
		b.counts[mid].Add(1)
	}
}

// talk sends packets whose first byte tells the sender, 100 a second.
func (b *browser) talk(ctx context.Context) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for n := uint16(0); ; n++ {
		select {
		case <-tick.C:
			for _, track := range []*webrtc.TrackLocalStaticRTP{b.audio, b.video} {
				p := &rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: n, Timestamp: uint32(n) * 960, Marker: true}, Payload: []byte(track.ID() + strings.Repeat("x", 40))}
				_ = track.WriteRTP(p) // before the connection is up there is nobody to hear
			}
		case <-ctx.Done():
			return
		}
	}
}

func (b *browser) join(t *testing.T, h *house, call protocol.CallID, ordinal int) {
	t.Helper()
	offer, err := b.pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(b.pc)
	if err := b.pc.SetLocalDescription(offer); err != nil {
		t.Fatal(err)
	}
	<-gathered
	reply := h.Do(t.Context(), protocol.MediaRequest{Do: protocol.MediaJoin, Call: call, Ordinal: ordinal, SDP: b.pc.LocalDescription().SDP, Audio: !b.muted, Video: !b.muted})
	if reply.Failed != nil {
		t.Fatalf("join: %+v", reply.Failed)
	}
	if err := b.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: reply.SDP}); err != nil {
		t.Fatal(err)
	}
}

func until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	guard := time.After(hang)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-guard:
			t.Fatalf("never: %s", what)
		}
	}
}

func TestTwoPartiesHearAndSeeEachOther(t *testing.T) { // CALL-1, S16
	h := newHouse(t, time.Minute)
	call := protocol.NewID[protocol.CallID]()
	visitor, agent := newBrowser(t), newBrowser(t)
	visitor.join(t, h, call, 0)
	h.await(t, protocol.MediaLegUp, 0)
	agent.join(t, h, call, 1)
	h.await(t, protocol.MediaLegUp, 1)
	// The visitor is 0 and sees the agent in his slot 0; the agent sees the visitor in slot 0.
	for _, b := range []*browser{visitor, agent} {
		until(t, "both media arrive", func() bool { return b.heard[3].Load() == 'a' && b.heard[8].Load() == 'v' })
	}
	for mid := range 15 {
		for name, b := range map[string]*browser{"visitor": visitor, "agent": agent} {
			if mid != 3 && mid != 8 && b.counts[mid].Load() > 0 {
				t.Errorf("%s got media in m-line %d", name, mid)
			}
		}
	}
	if s := h.Stats(); s.Forwarded == 0 || s.Received < s.Forwarded/2 || s.Calls != 1 || s.Legs != 2 {
		t.Errorf("stats %+v", s)
	}
}

func TestThirdPartyTakesTheNextSlot(t *testing.T) { // CALL-7
	h := newHouse(t, time.Minute)
	call := protocol.NewID[protocol.CallID]()
	parties := []*browser{newBrowser(t), newBrowser(t), newBrowser(t)}
	for i, b := range parties {
		b.join(t, h, call, i)
	}
	for _, b := range parties {
		until(t, "two others in two slots", func() bool {
			return b.counts[3].Load() > 5 && b.counts[4].Load() > 5 && b.counts[8].Load() > 5 && b.counts[9].Load() > 5
		})
		if b.counts[5].Load() > 0 {
			t.Error("media in the slot of nobody")
		}
	}
}

func TestMuteIsHeldByTheServer(t *testing.T) { // CALL-3
	h := newHouse(t, time.Minute)
	call := protocol.NewID[protocol.CallID]()
	visitor, agent := newBrowser(t), newBrowser(t)
	visitor.join(t, h, call, 0)
	agent.join(t, h, call, 1)
	until(t, "the agent hears", func() bool { return agent.counts[3].Load() > 10 && agent.counts[8].Load() > 10 })
	h.Do(t.Context(), protocol.MediaRequest{Do: protocol.MediaMute, Call: call, Ordinal: 0, Audio: false, Video: true})
	video := agent.counts[8].Load()
	until(t, "the picture goes on", func() bool { return agent.counts[8].Load() > video+30 })
	sound := agent.counts[3].Load()
	video = agent.counts[8].Load()
	until(t, "the picture goes on again", func() bool { return agent.counts[8].Load() > video+30 })
	if got := agent.counts[3].Load(); got != sound {
		t.Errorf("%d packets of a muted microphone came through", got-sound)
	}
	h.Do(t.Context(), protocol.MediaRequest{Do: protocol.MediaMute, Call: call, Ordinal: 0, Audio: true, Video: true})
	until(t, "the sound comes back", func() bool { return agent.counts[3].Load() > sound+5 })
}

func TestNextPageJoinsAgainInTheSameSlot(t *testing.T) { // CALL-6
	h := newHouse(t, time.Minute)
	call := protocol.NewID[protocol.CallID]()
	page, agent := newBrowser(t), newBrowser(t)
	page.join(t, h, call, 0)
	agent.join(t, h, call, 1)
	until(t, "the agent sees the first page", func() bool { return agent.counts[8].Load() > 20 })
	page.close()
	h.await(t, protocol.MediaLegLost, 0)
	next := newBrowser(t)
	next.join(t, h, call, 0)
	h.await(t, protocol.MediaLegUp, 0)
	seen := agent.counts[8].Load()
	until(t, "the agent sees the next page", func() bool { return agent.counts[8].Load() > seen+20 })
	until(t, "the next page sees the agent", func() bool { return next.counts[8].Load() > 20 })
	if agent.counts[9].Load() > 0 {
		t.Error("the visitor moved to another slot")
	}
}

func TestWhoWasMutedJoinsMuted(t *testing.T) { // CALL-3, CALL-6
	h := newHouse(t, time.Minute)
	call := protocol.NewID[protocol.CallID]()
	visitor, agent := newBrowser(t), newBrowser(t)
	visitor.muted = true
	visitor.join(t, h, call, 0)
	agent.join(t, h, call, 1)
	until(t, "the visitor hears the agent for a while", func() bool { return visitor.counts[3].Load() > 50 })
	if sound, picture := agent.counts[3].Load(), agent.counts[8].Load(); sound != 0 || picture != 0 {
		t.Errorf("%d packets of sound and %d of picture came of a muted party", sound, picture)
	}
	h.Do(t.Context(), protocol.MediaRequest{Do: protocol.MediaMute, Call: call, Ordinal: 0, Audio: true, Video: true})
	until(t, "then both come", func() bool { return agent.counts[3].Load() > 5 && agent.counts[8].Load() > 5 })
}

func TestGraceEndsALostLeg(t *testing.T) { // CALL-6
	h := newHouse(t, time.Millisecond)
	call := protocol.NewID[protocol.CallID]()
	b := newBrowser(t)
	b.join(t, h, call, 0)
	h.await(t, protocol.MediaLegUp, 0)
	// The server is the first of the two to have a connection. A browser that is
	// closed before it has one too says no goodbye, and is found by its silence.
	until(t, "the browser has the connection too", func() bool { return b.pc.ConnectionState() == webrtc.PeerConnectionStateConnected })
	b.close()
	h.await(t, protocol.MediaLegGone, 0)
	until(t, "nothing is left", func() bool {
		s := h.Stats()
		return s.Calls == 0 && s.Legs == 0 && s.Lost == 1
	})
}

func TestEndClosesEveryLeg(t *testing.T) {
	h := newHouse(t, time.Minute)
	call := protocol.NewID[protocol.CallID]()
	a, b := newBrowser(t), newBrowser(t)
	a.join(t, h, call, 0)
	b.join(t, h, call, 1)
	until(t, "the call runs", func() bool { return b.counts[3].Load() > 5 })
	for range 2 { // asked twice does no harm
		if r := h.Do(t.Context(), protocol.MediaRequest{Do: protocol.MediaEnd, Call: call}); r.Failed != nil {
			t.Errorf("end: %+v", r.Failed)
		}
	}
	if s := h.Stats(); s.Calls != 0 || s.Legs != 0 {
		t.Errorf("stats %+v", s)
	}
	until(t, "the browsers notice", func() bool {
		return a.pc.ConnectionState() != webrtc.PeerConnectionStateConnected && b.pc.ConnectionState() != webrtc.PeerConnectionStateConnected
	})
}

func TestBadOffersAreRefusedAndLeaveNothing(t *testing.T) { // S10
	h := newHouse(t, time.Minute)
	b := newBrowser(t)
	offer, err := b.pc.CreateOffer(nil)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, sdp string
		want      protocol.Code
	}{
		{"empty", "", protocol.CodeUnsupportedMedia},
		{"not SDP", "hello", protocol.CodeInvalid},
		{"too long", strings.Repeat("a", 65<<10), protocol.CodeTooLarge},
		{"no m-lines", "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n", protocol.CodeUnsupportedMedia},
		{"directions turned", strings.ReplaceAll(offer.SDP, "a=sendonly", "a=inactive"), protocol.CodeUnsupportedMedia},
		{"no VP8", strings.ReplaceAll(offer.SDP, " VP8/", " XY9/"), protocol.CodeUnsupportedMedia},
		{"no fingerprint", strings.ReplaceAll(offer.SDP, "a=fingerprint:", "a=x:"), protocol.CodeInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := h.Do(t.Context(), protocol.MediaRequest{Do: protocol.MediaJoin, Call: protocol.NewID[protocol.CallID](), SDP: tt.sdp})
			if r.Failed == nil || r.Failed.Code != tt.want {
				t.Errorf("join = %+v, want %s", r.Failed, tt.want)
			}
		})
	}
	if r := h.Do(t.Context(), protocol.MediaRequest{Do: protocol.MediaJoin, Ordinal: 6, SDP: offer.SDP}); r.Failed == nil || r.Failed.Code != protocol.CodeFull {
		t.Errorf("seventh party: %+v", r.Failed)
	}
	if s := h.Stats(); s.Calls != 0 || s.Legs != 0 {
		t.Errorf("refused offers left %+v", s)
	}
}

// One comes in while the last of the others leaves: the call is found or made, never lost.
func TestOneComesWhileTheLastLeaves(t *testing.T) { // CALL-6
	h := newHouse(t, time.Minute)
	const call = protocol.CallID("c")
	for range 15 {
		first, second := newBrowser(t), newBrowser(t)
		first.join(t, h, call, 0)
		var left sync.WaitGroup
		left.Go(func() { h.Do(t.Context(), protocol.MediaRequest{Do: protocol.MediaLeave, Call: call, Ordinal: 0}) })
		second.join(t, h, call, 1)
		left.Wait()
		if n := h.Stats().Calls; n != 1 {
			t.Fatalf("%d calls", n)
		}
		h.Do(t.Context(), protocol.MediaRequest{Do: protocol.MediaLeave, Call: call, Ordinal: 1})
		if n := h.Stats().Calls; n != 0 {
			t.Fatalf("%d calls after all have left", n)
		}
		first.close()
		second.close()
	}
}
